// The store on disk: appending goes to the committer, reading straight to the database.

#include <utility>

#include "store/committer.h"
#include "store/directory.h"
#include "store/rocks_env.h"
#include "store/store.h"

namespace sluice::store {
namespace {

constexpr std::size_t kCheckpointBytesMax = std::size_t{1} << 30;

class RocksStore final : public Store {
 public:
  RocksStore(DirectoryHold hold, std::unique_ptr<Committer> committer)
      : hold_(std::move(hold)), committer_(std::move(committer)) {}

  bool AppendDecision(DecisionRecord record) override {
    return committer_->queue().Push(std::move(record), 1);
  }

  bool AppendOutcomes(std::vector<OutcomeRecord> records, OutcomesDone done) override {
    const std::size_t count = records.size();
    return committer_->queue().Push(OutcomesJob{std::move(records), std::move(done), {}}, count);
  }

  Result<Position> AppendRouter(RouterRecord record) override {
    return AppendAwaited(std::move(record));
  }

  Result<Position> AppendAdmin(AdminRecord record) override {
    return AppendAwaited(std::move(record));
  }

  Position last_position() const override { return committer_->progress().last(); }

  Result<std::vector<LogEntry>> Read(Position after, std::size_t entries_max) const override {
    return committer_->slot().Use(
        [&](const RocksDb& db) { return db.ReadLog(after, entries_max); });
  }

  bool WaitPast(Position after, std::chrono::milliseconds timeout) const override {
    return committer_->progress().WaitPast(after, timeout);
  }

  Result<DecisionRecord> DecisionAt(Position position) const override {
    return committer_->slot().Use([&](const RocksDb& db) { return db.DecisionAt(position); });
  }

  Result<std::optional<DecisionStory>> FindDecision(const DecisionId& id) const override {
    return committer_->slot().Use([&](const RocksDb& db) { return db.FindStory(id); });
  }

  Result<Done> SaveCheckpoint(const Checkpoint& checkpoint) override {
    if (checkpoint.position > last_position()) return BeyondLog(checkpoint);
    if (checkpoint.bytes.size() > kCheckpointBytesMax) return TooLarge(checkpoint);
    CheckpointJob job{&checkpoint, {}};
    std::future<Result<Done>> saved = job.done.get_future();
    if (!committer_->queue().PushCheckpoint(std::move(job))) return Refused();
    return saved.get();
  }

  Result<Checkpoints> LoadCheckpoints() const override {
    return committer_->slot().Use([](const RocksDb& db) { return db.LoadCheckpoints(); });
  }

  StoreHealth health() const override {
    StoreHealth health;
    health.writable = committer_->queue().accepting();
    health.queued = committer_->queue().unwritten();
    health.log_bytes = committer_->log_bytes();
    health.faults = committer_->faults().count();
    health.last_fault = committer_->faults().last();
    return health;
  }

 private:
  Result<Position> AppendAwaited(Record record) {
    AwaitedJob job{std::move(record), {}};
    std::future<Result<Position>> appended = job.done.get_future();
    if (!committer_->queue().Push(std::move(job), 1)) return Refused();
    return appended.get();
  }

  static Error Refused() {
    return Error{Code::kUnavailable, "the store is full or not writable after a fault"};
  }
  static Error BeyondLog(const Checkpoint& checkpoint) {
    return Error{Code::kCorrupt, "a checkpoint for position " +
                                     std::to_string(checkpoint.position) +
                                     " lies beyond the end of the log"};
  }
  static Error TooLarge(const Checkpoint& checkpoint) {
    return Error{Code::kIo, "a checkpoint of " + std::to_string(checkpoint.bytes.size()) +
                                " bytes is above the limit of " +
                                std::to_string(kCheckpointBytesMax)};
  }

  // Given back after the committer has closed.
  const DirectoryHold hold_;
  const std::unique_ptr<Committer> committer_;
};

}  // namespace

Result<std::unique_ptr<Store>> OpenRocksStore(const StoreOptions& options,
                                              const RocksTuning& tuning) {
  if (auto made = MakeDirectories(options.directory); !made.ok()) return made.error();
  auto hold = DirectoryHold::Take(options.directory);
  if (!hold.ok()) return hold.error();
  auto committer = Committer::Start(options, tuning);
  if (!committer.ok()) return committer.error();
  return std::unique_ptr<Store>(
      std::make_unique<RocksStore>(std::move(*hold), std::move(*committer)));
}

Result<std::unique_ptr<Store>> OpenStore(const StoreOptions& options) {
  return OpenRocksStore(options, RocksTuning());
}

}  // namespace sluice::store
