// The in-memory twin: what the store promises, said with maps, as plainly as can be. It shares no
// code with the real one beyond the records, so that each can be held against the other.

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <utility>

#include "store/store.h"

namespace sluice::store {
namespace {

constexpr std::size_t kCheckpointsKept = 3;
constexpr std::chrono::milliseconds kWaitMax = std::chrono::hours(24);

class MemoryStore final : public Store {
 public:
  bool AppendDecision(DecisionRecord record) override {
    {
      const std::lock_guard lock(mutex_);
      // The first decision with an id stands.
      if (stories_.contains(record.id)) return true;
      const DecisionId id = record.id;
      stories_[id].position = Append(std::move(record));
    }
    grown_.notify_all();
    return true;
  }

  bool AppendOutcomes(std::vector<OutcomeRecord> records, OutcomesDone done) override {
    std::vector<Appended> results;
    results.reserve(records.size());
    {
      const std::lock_guard lock(mutex_);
      for (OutcomeRecord& record : records) results.push_back(AppendOutcome(std::move(record)));
    }
    grown_.notify_all();
    done(std::move(results));
    return true;
  }

  Result<Position> AppendRouter(RouterRecord record) override {
    return AppendAwaited(std::move(record));
  }

  Result<Position> AppendAdmin(AdminRecord record) override {
    return AppendAwaited(std::move(record));
  }

  Position last_position() const override {
    const std::lock_guard lock(mutex_);
    return log_.size();
  }

  Result<std::vector<LogEntry>> Read(Position after, std::size_t entries_max) const override {
    const std::lock_guard lock(mutex_);
    std::vector<LogEntry> entries;
    if (after >= log_.size()) return entries;
    const std::size_t count = std::min(entries_max, static_cast<std::size_t>(log_.size() - after));
    entries.reserve(count);
    for (std::size_t i = 0; i < count; ++i) entries.push_back({after + i + 1, log_[after + i]});
    return entries;
  }

  bool WaitPast(Position after, std::chrono::milliseconds timeout) const override {
    std::unique_lock lock(mutex_);
    return grown_.wait_for(lock, std::min(timeout, kWaitMax), [&] { return log_.size() > after; });
  }

  Result<DecisionRecord> DecisionAt(Position position) const override {
    const std::lock_guard lock(mutex_);
    if (position >= 1 && position <= log_.size()) {
      const auto* decision = std::get_if<DecisionRecord>(&log_[position - 1]);
      if (decision != nullptr) return *decision;
    }
    return Error{Code::kCorrupt, "no decision stands at position " + std::to_string(position)};
  }

  Result<std::optional<DecisionStory>> FindDecision(const DecisionId& id) const override {
    const std::lock_guard lock(mutex_);
    const auto found = stories_.find(id);
    if (found == stories_.end()) return std::optional<DecisionStory>();
    DecisionStory story;
    story.position = found->second.position;
    story.decision = std::get<DecisionRecord>(log_[story.position - 1]);
    for (const Position position : found->second.outcomes) {
      story.outcomes.push_back({position, std::get<OutcomeRecord>(log_[position - 1])});
    }
    return std::optional(std::move(story));
  }

  Result<Done> SaveCheckpoint(const Checkpoint& checkpoint) override {
    const std::lock_guard lock(mutex_);
    if (checkpoint.position > log_.size()) {
      return Error{Code::kCorrupt, "a checkpoint lies beyond the end of the log"};
    }
    checkpoints_.push_front(checkpoint);
    if (checkpoints_.size() > kCheckpointsKept) checkpoints_.pop_back();
    return Done{};
  }

  Result<Checkpoints> LoadCheckpoints() const override {
    const std::lock_guard lock(mutex_);
    return Checkpoints{{checkpoints_.begin(), checkpoints_.end()}, 0};
  }

  StoreHealth health() const override {
    const std::lock_guard lock(mutex_);
    StoreHealth health;
    health.log_bytes = log_bytes_;
    return health;
  }

 private:
  struct Story {
    Position position = 0;
    std::vector<Position> outcomes;
  };

  Position AppendAwaited(Record record) {
    Position position = 0;
    {
      const std::lock_guard lock(mutex_);
      position = Append(std::move(record));
    }
    grown_.notify_all();
    return position;
  }

  // The two below want mutex_ held.
  Position Append(Record record) {
    log_bytes_ += EncodeRecord(record).size();
    log_.push_back(std::move(record));
    return log_.size();
  }

  Appended AppendOutcome(OutcomeRecord record) {
    const auto key = std::pair(record.source, record.event_id);
    const auto same_key = events_.find(key);
    if (same_key != events_.end()) {
      const auto& standing = std::get<OutcomeRecord>(log_[same_key->second - 1]);
      return SameContent(standing, record) ? Appended::kDuplicate : Appended::kConflict;
    }
    const auto story = stories_.find(record.decision);
    if (story == stories_.end()) return Appended::kUnknown;
    if (story->second.outcomes.size() >= OutcomesMax(record.source)) return Appended::kTooMany;
    record.decision_position = story->second.position;
    record.ordinal = static_cast<std::uint8_t>(story->second.outcomes.size());
    const Position position = Append(std::move(record));
    story->second.outcomes.push_back(position);
    events_.emplace(key, position);
    return Appended::kAccepted;
  }

  mutable std::mutex mutex_;
  mutable std::condition_variable grown_;
  // Everything below is guarded by mutex_.
  std::deque<Record> log_;  // position p is log_[p - 1]
  std::map<DecisionId, Story> stories_;
  std::map<std::pair<std::string, std::string>, Position> events_;
  std::deque<Checkpoint> checkpoints_;  // newest first
  std::uint64_t log_bytes_ = 0;
};

}  // namespace

std::unique_ptr<Store> MakeMemoryStore() {
  return std::make_unique<MemoryStore>();
}

}  // namespace sluice::store
