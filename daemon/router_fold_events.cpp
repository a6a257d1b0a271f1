// Decisions and outcomes: counts, bills, and what a label teaches.
#include <algorithm>

#include <spdlog/spdlog.h>

#include "daemon/decisions.h"
#include "daemon/router_fold.h"
#include "policy/policy.h"

namespace sluice::daemon {

namespace {

using store::Done;
using store::Position;
using store::Result;

constexpr double kCostSumMax = 1e300;

double ExpectedCostOf(const store::DecisionRecord& record, policy::ArmId arm) {
  for (const store::ArmShare& share : record.shares) {
    if (share.arm == arm) return share.expected_cost_usd;
  }
  return 0;
}

policy::QualityLesson LessonOf(const QualityStanding& standing, const policy::Context& context,
                               std::uint64_t tick) {
  return {.arm = standing.arm,
          .context = &context,
          .tick = tick,
          .value = standing.value,
          .weight = standing.weight,
          .since = standing.since};
}

policy::CostLesson LessonOf(const CostStanding& standing, const policy::Context& context,
                            std::uint64_t tick) {
  return {.arm = standing.arm, .context = &context, .tick = tick, .log_ratio = standing.log_ratio};
}

// What the decision's money comes to, as far as is known: the bill, or what was expected where
// nobody sent one in time.
double SettledUsd(const store::DecisionRecord& decision, const Standing& standing) {
  if (standing.billed_usd) return *standing.billed_usd;
  return standing.settled ? ExpectedCostOf(decision, decision.arm) : 0;
}

}  // namespace

// -- Decisions ------------------------------------------------------------------------------------

Result<Done> RouterFold::Decided(Position position, const store::DecisionRecord& record) {
  changed_ = false;
  if (record.arm >= tally_.arms.size()) return Done{};
  ++tally_.decisions;
  ++tally_.arms[record.arm].decisions;
  const policy::ArmId drawn = record.observed_arm.value_or(record.arm);
  if (drawn != record.greedy_arm) ++tally_.explored;
  tally_.exploration_sum += record.exploration;
  tally_.limited += HasNote(record, Note::kExplorationLimited) ? 1 : 0;
  tally_.audits += record.audit ? 1 : 0;
  tally_.sequence_next = std::max(tally_.sequence_next, record.sequence + 1);
  tally_.tick_next = std::max(tally_.tick_next, record.tick + 1);
  CountObserved(record);
  model_->Advance(record.tick);
  if (tally_.decisions % kMarkEvery == 1) marks_.push_back(position);
  if (marks_.size() > kMarksMax) marks_.pop_front();
  const auto context = ContextOf(record);
  Pace(record, context ? &*context : nullptr);
  WaitFor(position, record, context);
  challengers_.Decided(*definition_, position, record);
  // Last: a new map folds everything so far again, this decision included.
  return Sample(position, record);
}

// What the policy would have taken beside what the caller took.
void RouterFold::CountObserved(const store::DecisionRecord& record) {
  if (!record.observed_arm) return;
  RouterTally::Observed& observed = tally_.observed;
  ++observed.decisions;
  if (*record.observed_arm == record.arm) ++observed.agreed;
  for (const store::ArmShare& share : record.shares) {
    if (share.arm == *record.observed_arm) {
      observed.ours_cost_usd += share.expected_cost_usd;
      observed.ours_quality += share.mean;
    }
    if (share.arm == record.arm) {
      observed.baseline_cost_usd += share.expected_cost_usd;
      observed.baseline_quality += share.mean;
    }
  }
}

// For whatever a timer may have to stand in for, and for what widens estimates meanwhile.
void RouterFold::WaitFor(Position position, const store::DecisionRecord& record,
                         const std::optional<policy::Context>& context) {
  const bool wants_settling = record.reserved_usd > 0 || HasCeiling();
  const bool wants_default = definition_->options.feedback.default_reward.has_value();
  const bool pending = CountsPending() && context.has_value();
  if (!wants_settling && !wants_default && !pending) return;
  const auto dropped = open_.Add({.position = position,
                                  .id = record.id,
                                  .time_us = record.time_us,
                                  .arm = record.arm,
                                  .active = record.active,
                                  .labelled = !wants_default && !pending,
                                  .settled = !wants_settling,
                                  .pending = pending});
  if (pending) {
    model_->AddPending(record.arm, *context);
    changed_ = true;  // requests read the narrower width
  }
  if (dropped) StopWaiting(*dropped);
  const std::uint64_t window_us = RevisionWindowUs(*definition_);
  open_.Trim(record.time_us > window_us ? record.time_us - window_us : 0,
             [&](const OpenDecisions::Entry& entry) { StopWaiting(entry); });
}

void RouterFold::StopWaiting(const OpenDecisions::Entry& entry) {
  if (!entry.pending) return;
  const auto decision = store_.DecisionAt(entry.position);
  if (!decision.ok()) return;
  if (const auto context = ContextOf(*decision)) model_->RemovePending(entry.arm, *context);
}

bool RouterFold::HasCeiling() const {
  return std::any_of(
      definition_->scopes.begin(), definition_->scopes.end(),
      [](const Scope& scope) { return scope.ceiling.day_usd > 0 || scope.ceiling.month_usd > 0; });
}

bool RouterFold::PredictsOffline() const {
  return definition_->policy.kind == policy::PolicyKind::kLogistic ||
         definition_->policy.kind == policy::PolicyKind::kClusters;
}

bool RouterFold::CountsPending() const {
  return definition_->policy.kind == policy::PolicyKind::kLinUcb;
}

// A plan's money is the router's as well.
std::array<RouterFold::ScopeState*, 2> RouterFold::BoundBy(ScopeState& scope) {
  ScopeState* const own = &scopes_.front();
  return {own, &scope == own ? nullptr : &scope};
}

// -- Outcomes -------------------------------------------------------------------------------------

RouterFold::Taught RouterFold::Reported(Position position, const store::DecisionStory& story) {
  const LessonRules rules = Rules();
  Standing before;
  if (story.outcomes.size() > 1) {
    before = StandingAt(rules, story, position - 1);
  } else {
    before.active = story.decision.active;
    before.served = story.decision.arm;
  }
  const Standing after = StandingAt(rules, story, position);
  Settle(story, before, after);
  challengers_.Reported(*definition_, story);
  if (OpenDecisions::Entry* entry = open_.Find(story.position)) {
    entry->active = after.active;
    entry->settled = entry->settled || after.settled;
    if ((after.quality || after.spoken) && !entry->labelled) {
      StopWaiting(*entry);
      entry->pending = false;
      entry->labelled = true;
    }
  }
  if (after.served_unknown && !before.served_unknown) return Taught::kNotLearnable;
  return Teach(story, before, after, position);
}

void RouterFold::Settle(const store::DecisionStory& story, const Standing& before,
                        const Standing& after) {
  const store::DecisionRecord& decision = story.decision;
  ScopeState& scope = HomeOf(decision);
  const double usd_before = SettledUsd(decision, before);
  const double usd_after = SettledUsd(decision, after);
  for (ScopeState* bound : BoundBy(scope)) {
    if (bound == nullptr) continue;
    if (!before.settled && after.settled) bound->ledger.Release(ToNano(decision.reserved_usd));
    bound->ledger.Spend(ToNano(usd_after) - ToNano(usd_before), decision.time_us);
    bound->live->ledger.Publish(bound->ledger);
  }
  if (before.billed_usd == after.billed_usd && before.served == after.served) return;
  CountCost(before, -1);
  CountCost(after, 1);
  if (before.billed_usd == after.billed_usd) return;
  const double expected_usd = ExpectedCostOf(decision, decision.arm);
  scope.pacer.Settled(before.billed_usd.value_or(expected_usd),
                      after.billed_usd.value_or(expected_usd));
}

void RouterFold::CountCost(const Standing& standing, int sign) {
  if (!standing.billed_usd) return;
  RouterTally::ArmTally& tally = tally_.arms[standing.served];
  tally.costs += sign > 0 ? 1 : -1;
  tally.cost_usd_sum =
      std::clamp(tally.cost_usd_sum + sign * *standing.billed_usd, 0.0, kCostSumMax);
}

RouterFold::Taught RouterFold::Teach(const store::DecisionStory& story, const Standing& before,
                                     const Standing& after, Position position) {
  Count(before, after);
  // What was left out of the last fold is neither learnt nor taken back.
  if (story.position <= learnt_from_) return Taught::kNotLearnable;
  const auto context = ContextOf(story.decision);
  if (!context) return Taught::kNotLearnable;
  const Difference difference{before, after, *context, story.decision.tick};
  const bool taught = before.cost != after.cost || before.quality != after.quality;
  TeachCost(difference, *model_);
  NoteLabel(story.decision, before, after);
  if (before.quality != after.quality) NoteAlarm(TeachQuality(difference, *model_), position);
  if (after.latency_s && !before.latency_s) model_->LearnLatency(after.served, *after.latency_s);
  return taught ? Taught::kSomething : Taught::kNothing;
}

// How far off the estimates of what is chosen are.
void RouterFold::NoteLabel(const store::DecisionRecord& decision, const Standing& before,
                           const Standing& after) {
  if (before.had_quality || !after.quality) return;
  for (const store::ArmShare& share : decision.shares) {
    if (share.arm != after.quality->arm) continue;
    HomeOf(decision).pacer.Labelled(share.mean, after.quality->value);
  }
}

void RouterFold::TeachCost(const Difference& difference, policy::Model& model) {
  const auto& [before, after, context, tick] = difference;
  if (before.cost == after.cost) return;
  if (before.cost && after.cost && before.cost->arm == after.cost->arm) {
    model.ReviseCost(LessonOf(*before.cost, context, tick), after.cost->log_ratio);
    return;
  }
  if (before.cost) model.RetractCost(LessonOf(*before.cost, context, tick));
  if (!after.cost) return;
  // Calibrated on what was expected before the bill was learnt.
  if (!before.cost) model.Calibrate(LessonOf(*after.cost, context, tick));
  model.LearnCost(LessonOf(*after.cost, context, tick));
}

policy::Alarm RouterFold::TeachQuality(const Difference& difference, policy::Model& model) {
  const auto& [before, after, context, tick] = difference;
  if (before.quality == after.quality) return policy::Alarm::kNone;
  if (before.quality && after.quality && before.quality->arm == after.quality->arm &&
      before.quality->weight == after.quality->weight) {
    model.Revise(LessonOf(*before.quality, context, tick), after.quality->value);
    return policy::Alarm::kNone;
  }
  if (before.quality) model.Retract(LessonOf(*before.quality, context, tick));
  if (!after.quality) return policy::Alarm::kNone;
  return model.Learn(LessonOf(*after.quality, context, tick));
}

void RouterFold::Count(const Standing& before, const Standing& after) {
  if (before.quality == after.quality) return;
  if (before.quality) {
    RouterTally::ArmTally& arm = tally_.arms[before.quality->arm];
    --arm.labels;
    arm.reward_sum = std::max(0.0, arm.reward_sum - before.quality->value);
    --tally_.labels;
  }
  if (after.quality) {
    RouterTally::ArmTally& arm = tally_.arms[after.quality->arm];
    ++arm.labels;
    arm.reward_sum += after.quality->value;
    ++tally_.labels;
  }
}

void RouterFold::NoteAlarm(policy::Alarm alarm, Position position) {
  if (alarm == policy::Alarm::kReset) {
    alarm_until_tick_ = model_->tick() + definition_->options.alarm.decisions;
    RecomputeBonuses(alarm);
  } else if (alarm == policy::Alarm::kReturn) {
    RecomputeBonuses(alarm);
  } else if (alarm == policy::Alarm::kFreeze) {
    excluded_.push_back({position, kNoEnd, std::nullopt});
  }
  if (alarm == policy::Alarm::kNone || position <= live_from_) return;
  if (alarm == policy::Alarm::kFreeze) {
    spdlog::error(
        "router '{}': most arms left what was learnt of them at once, so it is the judge that "
        "changed and not the arms. Learning is frozen; look at the feedback, then unfreeze or roll "
        "back",
        definition_->name());
  } else if (alarm == policy::Alarm::kReset) {
    spdlog::warn("router '{}': an arm left what was learnt of it and was reset in part",
                 definition_->name());
  } else {
    spdlog::info("router '{}': an arm is again what was learnt of it before a reset",
                 definition_->name());
  }
}

}  // namespace sluice::daemon
