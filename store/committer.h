// The one thread that writes. It takes what was queued, writes it as one batch with at most one
// sync, publishes how far the log reaches, and answers. After any fault it fails everything that
// waits, closes the database and opens it again, for ever, until that works. Private to
// rocks_store.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "store/commit_queue.h"
#include "store/db_slot.h"
#include "store/progress.h"
#include "store/rocks_batch.h"
#include "store/rocks_env.h"
#include "store/store.h"

namespace sluice::store {

// Where faults are noted, by whichever thread meets them. Outlives the databases, whose threads
// report here.
class FaultBook {
 public:
  void Note(const std::string& fault);
  void Explain(const std::string& fault);  // says more about the last one, without counting another
  std::uint64_t count() const;
  std::string last() const;

 private:
  mutable std::mutex mutex_;
  std::uint64_t count_ = 0;
  std::string last_;
};

class Committer {
 public:
  static Result<std::unique_ptr<Committer>> Start(const StoreOptions& options,
                                                  const RocksTuning& tuning);
  // Writes what is queued, syncs and closes.
  ~Committer();
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  // What everyone may use, from any thread.
  CommitQueue& queue() { return queue_; }
  const CommitQueue& queue() const { return queue_; }
  const Progress& progress() const { return progress_; }
  const DbSlot& slot() const { return slot_; }
  const FaultBook& faults() const { return faults_; }
  std::uint64_t log_bytes() const { return log_bytes_.load(std::memory_order_relaxed); }

 private:
  using Clock = std::chrono::steady_clock;

  // A checkpoint of which some chunks are written.
  struct Saving {
    CheckpointJob job;
    CheckpointHead head;
    std::uint64_t serial = 0;
  };
  // Taken off the queue whole; answered when the batch is written.
  struct Answers {
    std::vector<OutcomesJob> outcomes;
    std::vector<std::pair<AwaitedJob, Position>> awaited;
  };

  Committer(const StoreOptions& options, const RocksTuning& tuning);

  Result<std::unique_ptr<RocksDb>> OpenDb();
  void Install(std::unique_ptr<RocksDb> db);
  void Run();
  void Close();

  // One step of work. An error means that the database must be reopened.
  Result<Done> Step();
  Result<Done> CommitNextBatch();
  Result<Done> SaveNextChunk();
  Result<Done> FlushWhenDue();

  std::size_t FillBatch(CommitBatch& batch);
  std::size_t AddOutcomes(OutcomesJob& job, CommitBatch& batch, std::size_t room);
  void Answer();
  void MarkSynced(bool at_once);

  // False: it is time to stop, everything was answered, and the database is closed.
  bool Recover(const Error& fault);
  void FailEverything(const Error& fault);
  bool Reopen();

  const StoreOptions options_;
  const RocksTuning tuning_;

  FaultBook faults_;
  std::atomic<bool> background_fault_ = false;
  CommitQueue queue_;
  Progress progress_;
  DbSlot slot_;
  std::atomic<std::uint64_t> log_bytes_ = 0;

  // Everything below belongs to the committer's thread.
  std::deque<CommitJob> pending_;
  std::deque<CheckpointJob> checkpoints_;
  std::optional<Saving> saving_;
  Answers answers_;
  std::uint64_t bytes_since_flush_ = 0;
  std::chrono::milliseconds reopen_wait_;
  Position marked_ = 0;
  Clock::time_point marked_at_;

  std::thread thread_;
};

}  // namespace sluice::store
