// One opened database: the column families under their names, typed reads, and writes that say
// whether they worked. Private to rocks_*.cpp and the committer.
//
// Reads may come from any thread; everything that is not const comes from the committer alone.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rocksdb/db.h>
#include <rocksdb/env.h>

#include "store/rocks_layout.h"
#include "store/rocks_watch.h"
#include "store/store.h"

namespace sluice::store {

struct RocksPlace {
  std::string directory;
  std::shared_ptr<rocksdb::FileSystem> file_system;  // null: the operating system's

  // Called by RocksDB's threads, or within a write, when work in the background failed.
  std::function<void(const std::string& fault)> on_background_fault;
};

class RocksDb {
 public:
  // `log_end_min` is a position that the log is known to reach; an open that finds it ending
  // earlier is kCorrupt, as is one that finds holes.
  static Result<std::unique_ptr<RocksDb>> Open(const RocksPlace& place, Position log_end_read);
  // As it stands now, held by another process or not. Nothing in the directory is written. kCorrupt
  // may pass when the holder is just rearranging its files. [rocks_read_only.cpp]
  static Result<std::unique_ptr<RocksDb>> OpenReadOnly(const RocksPlace& place);

  // Closes. Nobody may read any more.
  ~RocksDb();
  RocksDb(const RocksDb&) = delete;
  RocksDb& operator=(const RocksDb&) = delete;

  // -- What was found when it was opened ---------------------------------------------------------

  Position log_end() const { return log_end_; }
  std::uint64_t log_bytes() const { return log_bytes_; }

  // -- Reading -----------------------------------------------------------------------------------

  Result<std::vector<LogEntry>> ReadLog(Position after, std::size_t entries_max) const;
  Result<Record> RecordAt(Position position) const;  // kCorrupt when nothing stands there
  Result<DecisionRecord> DecisionAt(Position position) const;
  Result<OutcomeRecord> OutcomeAt(Position position) const;
  Result<std::optional<DecisionIndex>> FindIndex(const DecisionId& id) const;
  Result<std::optional<Position>> FindEvent(std::string_view event_key) const;
  Result<std::optional<DecisionStory>> FindStory(const DecisionId& id) const;
  Result<Store::Checkpoints> LoadCheckpoints() const;

  // -- Writing -----------------------------------------------------------------------------------

  rocksdb::ColumnFamilyHandle* handle(Family family) const {
    return handles_[static_cast<std::size_t>(family)];
  }
  Result<Done> Write(rocksdb::WriteBatch& batch, bool sync);
  Result<Done> SyncWal();
  // Starts writing all tables in memory to files, and returns before that is done. Everything that
  // was written must be synced.
  Result<Done> StartFlush();
  Result<Done> WriteMark(Position synced);

  // A checkpoint's chunks are written first, under a serial of their own; its head makes it stand,
  // and lets the oldest beyond kCheckpointsKept go.
  std::uint64_t NewCheckpointSerial() { return ++last_checkpoint_serial_; }
  Result<Done> WriteChunk(std::uint64_t serial, std::uint32_t chunk, std::string_view bytes);
  Result<Done> WriteHead(std::uint64_t serial, const CheckpointHead& head, bool sync);

 private:
  explicit RocksDb(const RocksPlace& place);

  struct KnownHead {
    std::uint64_t serial = 0;
    std::optional<CheckpointHead> head;  // nothing: it is damaged
  };

  Result<Done> CheckFamilies() const;
  Result<Done> OpenDatabase();
  Result<Done> OpenDatabaseReadOnly();
  Result<Done> CheckFormat();
  Result<Done> FindLogEnd();
  Result<Done> CheckNoHoles(Position first) const;
  Result<Done> CheckReaches(Position marked) const;
  Error Shorter(Position known_end) const;
  Result<Done> DropUnfinishedCheckpoints();
  Result<std::optional<Mark>> ReadMark() const;
  bool FlushUnderWay() const;
  Result<std::optional<std::string>> Get(Family family, std::string_view key) const;
  // Newest first. The snapshot may be null.
  Result<std::vector<KnownHead>> ReadHeads(const rocksdb::Snapshot* snapshot) const;
  Result<Checkpoint> ReadCheckpoint(const KnownHead& known,
                                    const rocksdb::Snapshot* snapshot) const;
  void DeleteChunksFound(rocksdb::WriteBatch& batch, std::uint64_t serial) const;

  const std::string directory_;  // of RocksDB's own files
  const std::string mark_path_;
  const std::shared_ptr<rocksdb::FileSystem> file_system_;
  const std::unique_ptr<rocksdb::Env> own_env_;  // over a file system that was given
  const std::shared_ptr<RocksWatch> watch_;
  rocksdb::DBOptions options_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;  // in the order of kFamilyNames

  Position log_end_ = 0;
  std::uint64_t log_bytes_ = 0;
  std::uint64_t last_checkpoint_serial_ = 0;
};

// Of a key and value on their way through a batch and a table in memory.
inline constexpr std::size_t kBatchProtectionBytes = 8;

inline constexpr char kRestoreAdvice[] =
    "Restore the directory from a backup; nothing in it was repaired or removed.";

// A status that is not ok, as the store says it.
Error ToError(const std::string& what, const rocksdb::Status& status);

}  // namespace sluice::store
