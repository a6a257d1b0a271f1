// One batch on its way to disk: gives positions, tells duplicates from conflicts, keeps the
// indexes. Private to the committer.
//
// Everything is held both against what is on disk and against the batch itself, because two copies
// of an event can arrive together.
#pragma once

#include <string>
#include <unordered_map>

#include <rocksdb/write_batch.h>

#include "store/rocks_db.h"
#include "store/store.h"

namespace sluice::store {

class CommitBatch {
 public:
  // The database must outlive the batch. The log ends at `log_end`.
  CommitBatch(const RocksDb& db, Position log_end, std::uint64_t log_bytes);

  // A second decision with the same id is not written: the first one stands.
  void AddDecision(DecisionRecord record);
  Appended AddOutcome(OutcomeRecord record);
  // Somebody waits for it to be on disk.
  Position AddAwaited(const Record& record);

  // Writes all of it or nothing. `sync_allowed` is false only for the power-cut test's control.
  Result<Done> Write(RocksDb& db, bool sync_allowed);

  Position log_end() const { return log_end_; }
  std::uint64_t log_bytes() const { return log_bytes_; }
  std::size_t bytes() const { return batch_.GetDataSize(); }
  // Somebody waits for something in it to be on disk.
  bool promised() const { return promised_; }
  // What could not be read, when that kept a record out; empty: nothing.
  const std::string& read_fault() const { return read_fault_; }

 private:
  struct IdHash {
    std::size_t operator()(const DecisionId& id) const;
  };
  struct Touched {
    DecisionIndex index;
    bool changed = false;
  };

  // Null: there is no such decision.
  Result<Touched*> Find(const DecisionId& id);
  Appended CompareWithLog(Position position, const OutcomeRecord& record);
  Appended ReadFailed(const Error& error);
  Position Append(const Record& record);
  void PutIndexes();

  const RocksDb& db_;
  rocksdb::WriteBatch batch_;
  const Position log_end_before_;
  Position log_end_;
  std::uint64_t log_bytes_;
  bool promised_ = false;
  std::string read_fault_;
  std::unordered_map<DecisionId, Touched, IdHash> touched_;
  std::unordered_map<std::string, OutcomeRecord> accepted_;  // of this batch, by their event keys
};

}  // namespace sluice::store
