#include "daemon/learner.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

#include <spdlog/spdlog.h>

#include "daemon/metrics.h"

namespace sluice::daemon {

namespace {

using store::Done;
using store::Error;
using store::Result;

constexpr std::size_t kReadMax = 256;           // log entries a read
constexpr std::size_t kContributionsMax = 256;  // between two snapshots
constexpr std::uint64_t kLateMaxUs = 5000;      // a snapshot waits no longer for the log's end
constexpr std::size_t kRecentDecisions = 4096;  // kept for joining
constexpr std::size_t kCheckpointsKept = 3;
constexpr std::chrono::milliseconds kIdleWait{200};
constexpr std::chrono::milliseconds kFaultWait{500};
constexpr std::uint64_t kProgressEvery = 200000;  // log entries between two lines at start

}  // namespace

Learner::Learner(store::Store& store, SnapshotBoard& board, Metrics& metrics,
                 const config::LearnerOptions& options, Clock clock,
                 const policy::EncodingMemory* memory)
    : store_(store),
      board_(board),
      metrics_(metrics),
      options_(options),
      clock_(std::move(clock)),
      memory_(memory),
      recent_(kRecentDecisions) {}

Learner::~Learner() {
  if (thread_.joinable()) Stop();
}

// -- Folding --------------------------------------------------------------------------------------

Result<Done> Learner::Fold(store::LogEntry entry) {
  const store::Position position = entry.position;
  Result<Done> result = Done{};
  if (auto* decision = std::get_if<store::DecisionRecord>(&entry.record)) {
    result = FoldDecision(position, std::move(*decision));
  } else if (auto* outcome = std::get_if<store::OutcomeRecord>(&entry.record)) {
    result = FoldOutcome(position, std::move(*outcome));
  } else if (const auto* router = std::get_if<store::RouterRecord>(&entry.record)) {
    result = FoldRouter(position, *router);
  } else {
    result = FoldAdmin(position, std::get<store::AdminRecord>(entry.record));
  }
  if (result.ok()) position_ = position;
  return result;
}

Result<Done> Learner::FoldRouter(store::Position position, const store::RouterRecord& record) {
  if (record.router > routers_.size()) {
    return Error{store::Code::kCorrupt, "the log defines router number " +
                                            std::to_string(record.router) + " before " +
                                            std::to_string(routers_.size())};
  }
  if (record.router == routers_.size()) {
    routers_.push_back(std::make_unique<RouterFold>(store_, memory_));
    if (live_) routers_.back()->GoLive(position);
  }
  changed_ = true;
  return Whole(routers_[record.router]->Define(position, record));
}

Result<Done> Learner::FoldDecision(store::Position position, store::DecisionRecord record) {
  newest_decision_ = std::max(newest_decision_, record.id);
  if (record.router >= routers_.size()) return Done{};
  auto decided = Whole(routers_[record.router]->Decided(position, record));
  changed_ = changed_ || routers_[record.router]->changed();
  recent_[position % kRecentDecisions] = {{position, std::move(record), {}}, /*whole=*/true};
  return decided;
}

Result<Done> Learner::FoldAdmin(store::Position position, const store::AdminRecord& record) {
  if (record.router >= routers_.size()) return Done{};
  changed_ = true;
  return Whole(routers_[record.router]->Administer(position, record));
}

// A router that stopped half-way is not to be folded on: the next step begins at a checkpoint.
Result<Done> Learner::Whole(Result<Done> folded) {
  broken_ = broken_ || !folded.ok();
  return folded;
}

// The decision of an outcome with what was reported before: from memory where it lies, else from
// the log. Both say the same.
Result<Learner::Recent*> Learner::StoryOf(store::Position position,
                                          const store::OutcomeRecord& record) {
  Recent& kept = recent_[record.decision_position % kRecentDecisions];
  if (kept.whole && kept.story.position == record.decision_position) return &kept;
  elsewhere_ = Recent();
  if (record.ordinal == 0) {
    auto decision = store_.DecisionAt(record.decision_position);
    if (!decision.ok()) return decision.error();
    elsewhere_.story = {record.decision_position, *std::move(decision), {}};
    return &elsewhere_;
  }
  auto found = store_.FindDecision(record.decision);
  if (!found.ok()) return found.error();
  if (!found->has_value()) {
    return Error{store::Code::kCorrupt, "an outcome's decision is not in the log"};
  }
  elsewhere_.story = **std::move(found);
  std::erase_if(elsewhere_.story.outcomes,
                [&](const store::PlacedOutcome& outcome) { return outcome.position >= position; });
  return &elsewhere_;
}

Result<Done> Learner::FoldOutcome(store::Position position, store::OutcomeRecord record) {
  auto recent = StoryOf(position, record);
  if (!recent.ok()) return recent.error();
  store::DecisionStory& story = (*recent)->story;
  if (story.decision.router >= routers_.size()) {
    return Error{store::Code::kCorrupt, "an outcome's decision is of a router that is not defined"};
  }
  story.outcomes.push_back({position, std::move(record)});
  switch (routers_[story.decision.router]->Reported(position, story)) {
    case RouterFold::Taught::kSomething:
      ++contributions_;
      changed_ = true;
      break;
    case RouterFold::Taught::kNotLearnable:
      metrics_.OutcomeNotLearnt();
      break;
    case RouterFold::Taught::kNothing:
      break;
  }
  return Done{};
}

Result<std::size_t> Learner::FoldAll(bool publishing) {
  std::size_t folded = 0;
  while (true) {
    auto entries = store_.Read(position_, kReadMax);
    if (!entries.ok()) return entries.error();
    const std::size_t count = entries->size();
    for (store::LogEntry& entry : *entries) {
      if (auto result = Fold(std::move(entry)); !result.ok()) return result.error();
      if (publishing && contributions_ >= kContributionsMax) PublishSnapshot();
    }
    if (publishing && contributions_ > 0 && clock_() >= published_us_ + kLateMaxUs) {
      PublishSnapshot();
    }
    folded += count;
    if (count < kReadMax) return folded;
  }
}

Result<std::size_t> Learner::Step() {
  if (broken_) {
    if (auto recovered = Recover(); !recovered.ok()) return recovered.error();
  }
  std::size_t folded = 0;
  {
    const std::lock_guard lock(folding_);
    auto all = FoldAll(/*publishing=*/true);
    if (!all.ok()) return all;
    folded = *all;
    if (changed_) PublishSnapshot();
    if (folded > 0) ReportProgress();
  }
  FireTimers();
  return folded;
}

std::optional<Standing> Learner::StandingOf(const store::DecisionStory& story) const {
  const std::lock_guard lock(folding_);
  if (story.decision.router >= routers_.size()) return std::nullopt;
  return routers_[story.decision.router]->StandingOf(story);
}

std::optional<std::string> Learner::ArmStatistics(std::uint32_t router, policy::ArmId arm) const {
  const std::lock_guard lock(folding_);
  if (router >= routers_.size() || arm >= routers_[router]->model().arms()) return std::nullopt;
  return routers_[router]->ArmStatistics(arm);
}

bool Learner::FitsStatistics(std::uint32_t router, const std::string& statistics) const {
  const std::lock_guard lock(folding_);
  if (router >= routers_.size()) return false;
  const auto inside = routers_[router]->StatisticsIn(statistics);
  if (!inside) return false;
  policy::Model trial(routers_[router]->model().options());
  const policy::ArmStart start{.from = policy::ArmStart::From::kStatistics,
                               .others = {},
                               .arm = 0,
                               .statistics = *inside,
                               .strength = 1};
  return trial.AddArm(start).has_value();
}

std::vector<store::Position> Learner::checkpoints() const {
  const std::lock_guard lock(mutex_);
  return checkpoints_;
}

// -- Publishing -----------------------------------------------------------------------------------

void Learner::PublishSnapshot() {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->position = position_;
  published_us_ = clock_();
  snapshot->published_us = published_us_;
  snapshot->routers.reserve(routers_.size());
  for (const auto& router : routers_) {
    snapshot->routers.push_back(router->View());
    snapshot->router_ids.emplace(router->definition().name(), router->definition().id);
  }
  board_.Publish(std::move(snapshot));
  metrics_.SnapshotPublished();
  contributions_ = 0;
  changed_ = false;
  ReportProgress();
}

void Learner::ReportProgress() {
  std::vector<FoldReport> reports;
  reports.reserve(routers_.size());
  for (const auto& router : routers_) reports.push_back(router->MakeReport());
  const std::lock_guard lock(mutex_);
  report_ = {position_, std::move(reports)};
}

LearnerReport Learner::Report() const {
  const std::lock_guard lock(mutex_);
  return report_;
}

// -- Starting, running, stopping ------------------------------------------------------------------

Result<Done> Learner::Recover() {
  const std::lock_guard lock(folding_);
  auto checkpoints = store_.LoadCheckpoints();
  if (!checkpoints.ok()) return checkpoints.error();
  std::size_t set_aside = checkpoints->damaged;
  std::vector<store::Position> kept;  // the one that holds and those before it, newest first
  for (const store::Checkpoint& checkpoint : checkpoints->entries) {
    if (kept.empty()) Reset();
    if (!kept.empty() || (checkpoint.position <= store_.last_position() &&
                          RestoreState(checkpoint.bytes) && position_ == checkpoint.position)) {
      kept.push_back(checkpoint.position);
    } else {
      ++set_aside;
    }
  }
  if (kept.empty()) Reset();
  if (set_aside > 0) {
    spdlog::warn(
        "{} checkpoint(s) did not hold and were set aside; learning again from position {}",
        set_aside, position_);
    metrics_.CheckpointSetAside(set_aside);
  }
  checkpointed_ = position_;
  {
    const std::lock_guard report_lock(mutex_);
    checkpoints_ = std::move(kept);
  }
  broken_ = false;
  if (auto replayed = Replay(); !replayed.ok()) {
    broken_ = true;
    return replayed;
  }
  live_ = true;
  for (const auto& router : routers_) router->GoLive(position_);
  PublishSnapshot();
  return Done{};
}

// Everything after the checkpoint, with a line now and then when it takes long.
Result<Done> Learner::Replay() {
  const store::Position end = store_.last_position();
  store::Position said = position_;
  while (position_ < end) {
    auto entries = store_.Read(position_, kReadMax);
    if (!entries.ok()) return entries.error();
    if (entries->empty()) break;
    for (store::LogEntry& entry : *entries) {
      if (auto result = Fold(std::move(entry)); !result.ok()) return result.error();
    }
    if (position_ - said >= kProgressEvery) {
      spdlog::info("folding the log: position {} of {}", position_, end);
      said = position_;
    }
  }
  return Done{};
}

void Learner::Start() {
  stopping_ = false;
  thread_ = std::thread([this] { Run(); });
}

void Learner::Stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
  if (auto folded = Step(); !folded.ok()) {
    spdlog::error("the learner stops before the log's end: {}", folded.error().message);
  }
  if (position_ == checkpointed_ || broken_) return;
  if (auto saved = SaveCheckpoint(); !saved.ok()) {
    spdlog::error("no checkpoint at stop (the next start folds the log): {}",
                  saved.error().message);
  }
}

void Learner::Run() {
  auto due = std::chrono::steady_clock::now() + std::chrono::seconds(options_.checkpoint_seconds);
  store::Position attempted = checkpointed_;
  std::string fault;  // said once, until it changes
  while (!stopping_) {
    store_.WaitPast(position_, kIdleWait);
    if (auto folded = Step(); !folded.ok()) {
      if (folded.error().message != fault) {
        fault = folded.error().message;
        spdlog::error("the learner waits at position {}: {}", position_, fault);
      }
      std::this_thread::sleep_for(kFaultWait);
      continue;
    }
    fault.clear();
    const auto now = std::chrono::steady_clock::now();
    const bool due_now = now >= due && position_ > checkpointed_;
    // Counted from the last attempt: one that failed is tried again when the time is due.
    if (!due_now && position_ - attempted < options_.checkpoint_events) continue;
    attempted = position_;
    if (auto saved = SaveCheckpoint(); !saved.ok()) {
      spdlog::error("checkpoint at position {} failed: {}", position_, saved.error().message);
    }
    due = now + std::chrono::seconds(options_.checkpoint_seconds);
  }
}

Result<Done> Learner::SaveCheckpoint() {
  if (broken_) return Error{store::Code::kUnavailable, "what is folded is not whole"};
  for (const auto& router : routers_) {
    if (router->Sound()) continue;
    metrics_.CheckpointFailed();
    return Error{store::Code::kUnavailable, "router '" + router->definition().name() +
                                                "' has an arm in quarantine: reset the arm or roll "
                                                "back; the last checkpoint without it stays"};
  }
  auto saved = store_.SaveCheckpoint({position_, State()});
  if (saved.ok()) {
    checkpointed_ = position_;
    metrics_.CheckpointSaved();
    const std::lock_guard lock(mutex_);
    checkpoints_.insert(checkpoints_.begin(), position_);
    if (checkpoints_.size() > kCheckpointsKept) checkpoints_.pop_back();
  } else {
    metrics_.CheckpointFailed();
  }
  return saved;
}

}  // namespace sluice::daemon
