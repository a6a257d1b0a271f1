#include "daemon/learner.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>
#include <variant>

#include <spdlog/spdlog.h>

#include "daemon/decisions.h"
#include "daemon/metrics.h"
#include "policy/reward.h"

namespace sluice::daemon {

namespace {

using store::Done;
using store::Error;
using store::Result;

constexpr std::size_t kReadMax = 256;           // log entries a read
constexpr std::size_t kContributionsMax = 256;  // between two snapshots
constexpr std::uint64_t kLateMaxUs = 5000;      // a snapshot waits no longer for the log's end
constexpr std::size_t kRecentDecisions = 4096;  // kept for joining
// The log may hold any cost that is a number; what is learnt and summed stays far from infinity.
constexpr double kLogRatioMax = 20;
constexpr double kCostSumMax = 1e300;
constexpr std::chrono::milliseconds kIdleWait{200};
constexpr std::chrono::milliseconds kFaultWait{500};
constexpr std::uint64_t kProgressEvery = 200000;  // log entries between two lines at start

policy::TokenPrices PricesOf(const config::ArmOptions& arm) {
  return {.input_usd_per_million = arm.price_input_per_million_usd,
          .output_usd_per_million = arm.price_output_per_million_usd};
}

}  // namespace

Learner::Learner(store::Store& store, SnapshotBoard& board, Metrics& metrics,
                 const config::LearnerOptions& options, Clock clock)
    : store_(store),
      board_(board),
      metrics_(metrics),
      options_(options),
      clock_(std::move(clock)),
      recent_(kRecentDecisions) {}

Learner::~Learner() {
  if (thread_.joinable()) Stop();
}

// -- Folding --------------------------------------------------------------------------------------

Result<Done> Learner::Fold(const store::LogEntry& entry) {
  Result<Done> result = Done{};
  if (const auto* decision = std::get_if<store::DecisionRecord>(&entry.record)) {
    FoldDecision(*decision);
    Keep(entry.position, *decision);
  } else if (const auto* outcome = std::get_if<store::OutcomeRecord>(&entry.record)) {
    result = FoldOutcome(*outcome);
  } else {
    result = FoldRouter(std::get<store::RouterRecord>(entry.record));
  }
  if (result.ok()) position_ = entry.position;
  return result;
}

Result<Done> Learner::FoldRouter(const store::RouterRecord& record) {
  auto definition = MakeDefinition(record);
  if (!definition.ok()) return definition.error();
  if (record.router > routers_.size()) {
    return Error{store::Code::kCorrupt, "the log defines router number " +
                                            std::to_string(record.router) + " before " +
                                            std::to_string(routers_.size())};
  }
  if (record.router == routers_.size()) {
    RouterState fresh;
    fresh.model = std::make_unique<policy::Model>((*definition)->model);
    fresh.counters = std::make_shared<RouterCounters>();
    routers_.push_back(std::move(fresh));
  }
  RouterState& router = routers_[record.router];
  if (router.definition != nullptr && router.definition->name() != record.name) {
    return Error{store::Code::kCorrupt, "the log gives the number of router '" +
                                            router.definition->name() + "' to '" + record.name +
                                            "'"};
  }
  router.definition = *std::move(definition);
  router.record = store::EncodeRecord(record);
  while (router.model->arms() < record.arm_names.size()) router.model->AddArm();
  router.tally.arms.resize(record.arm_names.size());
  changed_ = true;
  return Done{};
}

void Learner::FoldDecision(const store::DecisionRecord& record) {
  newest_decision_ = std::max(newest_decision_, record.id);
  if (record.router >= routers_.size()) return;
  RouterTally& tally = routers_[record.router].tally;
  if (record.arm >= tally.arms.size()) return;
  ++tally.decisions;
  ++tally.arms[record.arm].decisions;
  if (record.arm != record.greedy_arm) ++tally.explored;
  tally.exploration_sum += record.exploration;
  tally.sequence_next = std::max(tally.sequence_next, record.sequence + 1);
}

// Learns at most once a decision and kind: the committer has said which outcome is the first.
Result<Done> Learner::FoldOutcome(const store::OutcomeRecord& record) {
  const auto& kept = recent_[record.decision_position % kRecentDecisions];
  if (kept.first == record.decision_position) return Contribute(kept.second, record);
  auto read = store_.DecisionAt(record.decision_position);
  if (!read.ok()) return read.error();
  return Contribute(*read, record);
}

Result<Done> Learner::Contribute(const store::DecisionRecord& decision,
                                 const store::OutcomeRecord& outcome) {
  if (decision.router >= routers_.size()) {
    return Error{store::Code::kCorrupt, "an outcome's decision is of a router that is not defined"};
  }
  RouterState& router = routers_[decision.router];
  policy::ArmId arm = decision.arm;
  if (!outcome.served_arm.empty()) {
    const auto served = router.definition->arm_ids.find(outcome.served_arm);
    if (served == router.definition->arm_ids.end()) {
      metrics_.OutcomeNotLearnt();
      return Done{};
    }
    arm = served->second;
  }
  const bool fits =
      decision.context.size() == router.definition->model.dimension && arm < router.model->arms();
  if (!fits) {
    metrics_.OutcomeNotLearnt();
    return Done{};
  }
  Learn(router, arm, decision, outcome);
  return Done{};
}

void Learner::Learn(RouterState& router, policy::ArmId arm, const store::DecisionRecord& decision,
                    const store::OutcomeRecord& outcome) {
  const policy::Signals signals = SignalsOf(outcome);
  const config::ArmOptions& served = router.definition->arms[arm];
  RouterTally::ArmTally& tally = router.tally.arms[arm];
  const policy::Context context = Eigen::Map<const Eigen::VectorXf>(
      decision.context.data(), static_cast<Eigen::Index>(decision.context.size()));
  policy::Example example;
  example.arm = arm;
  example.context = &context;

  const auto cost_usd = policy::CostUsdOf(signals, PricesOf(served));
  if (outcome.first_cost && cost_usd) {
    ++tally.costs;
    tally.cost_usd_sum = std::min(tally.cost_usd_sum + *cost_usd, kCostSumMax);
    // A bill is read against what the decision was priced at, so that a price change since does not
    // look like usage; tokens were just priced at today's prices.
    const bool billed_as_decided = signals.cost_usd && arm == decision.arm;
    const double list_price = billed_as_decided ? decision.list_price_usd
                                                : router.definition->list_terms[arm].list_price_usd;
    if (list_price > 0) {
      example.cost_log_ratio =
          std::clamp(std::log(*cost_usd) - std::log(list_price), -kLogRatioMax, kLogRatioMax);
    }
  }
  const auto quality = policy::QualityOf(signals);
  if (outcome.first_quality && quality && decision.learnable) {
    ++tally.rewards;
    tally.reward_sum += quality->value;
    example.quality = quality->value;
    example.weight = quality->weight;
  }
  if (!example.quality && !example.cost_log_ratio) return;
  router.model->Update(example);
  ++contributions_;
  changed_ = true;
}

void Learner::Keep(store::Position position, const store::DecisionRecord& record) {
  recent_[position % kRecentDecisions] = {position, record};
}

Result<std::size_t> Learner::Step() {
  std::size_t folded = 0;
  while (true) {
    auto entries = store_.Read(position_, kReadMax);
    if (!entries.ok()) return entries.error();
    for (const store::LogEntry& entry : *entries) {
      if (auto result = Fold(entry); !result.ok()) return result.error();
      if (contributions_ >= kContributionsMax) PublishSnapshot();
    }
    if (contributions_ > 0 && clock_() >= published_us_ + kLateMaxUs) PublishSnapshot();
    folded += entries->size();
    if (entries->size() < kReadMax) break;
  }
  if (changed_) PublishSnapshot();
  ReportProgress();
  return folded;
}

// -- Publishing -----------------------------------------------------------------------------------

void Learner::PublishSnapshot() {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->position = position_;
  published_us_ = clock_();
  snapshot->published_us = published_us_;
  snapshot->routers.reserve(routers_.size());
  for (RouterState& router : routers_) {
    snapshot->routers.push_back({router.definition, router.model->Derive(), router.counters});
    snapshot->router_ids.emplace(router.definition->name(), router.definition->id);
  }
  board_.Publish(std::move(snapshot));
  metrics_.SnapshotPublished();
  contributions_ = 0;
  changed_ = false;
  ReportProgress();
}

void Learner::ReportProgress() {
  const std::lock_guard lock(mutex_);
  report_.applied = position_;
  report_.tallies.resize(routers_.size());
  report_.quarantined.resize(routers_.size());
  for (std::size_t i = 0; i < routers_.size(); ++i) {
    report_.tallies[i] = routers_[i].tally;
    report_.quarantined[i] = routers_[i].model->quarantined();
  }
}

LearnerReport Learner::Report() const {
  const std::lock_guard lock(mutex_);
  return report_;
}

// -- Starting, running, stopping ------------------------------------------------------------------

Result<Done> Learner::Recover() {
  auto checkpoints = store_.LoadCheckpoints();
  if (!checkpoints.ok()) return checkpoints.error();
  std::size_t set_aside = checkpoints->damaged;
  for (const store::Checkpoint& checkpoint : checkpoints->entries) {
    if (checkpoint.position <= store_.last_position() && RestoreState(checkpoint.bytes) &&
        position_ == checkpoint.position) {
      break;
    }
    ++set_aside;
    Reset();
  }
  if (set_aside > 0) {
    spdlog::warn(
        "{} checkpoint(s) did not hold and were set aside; learning again from position {}",
        set_aside, position_);
    metrics_.CheckpointSetAside(set_aside);
  }
  checkpointed_ = position_;
  return Replay();
}

// Everything after the checkpoint, with a line now and then when it takes long.
Result<Done> Learner::Replay() {
  const store::Position end = store_.last_position();
  store::Position said = position_;
  while (position_ < end) {
    auto entries = store_.Read(position_, kReadMax);
    if (!entries.ok()) return entries.error();
    if (entries->empty()) break;
    for (const store::LogEntry& entry : *entries) {
      if (auto result = Fold(entry); !result.ok()) return result.error();
    }
    if (position_ - said >= kProgressEvery) {
      spdlog::info("folding the log: position {} of {}", position_, end);
      said = position_;
    }
  }
  PublishSnapshot();
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
  if (position_ == checkpointed_) return;
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
  auto saved = store_.SaveCheckpoint({position_, State()});
  if (saved.ok()) {
    checkpointed_ = position_;
    metrics_.CheckpointSaved();
  } else {
    metrics_.CheckpointFailed();
  }
  return saved;
}

}  // namespace sluice::daemon
