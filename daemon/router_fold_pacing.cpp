// The money of a router as its fold keeps it: what each decision says to its scope's pacer, and
// what lambda is solved with.
#include <algorithm>
#include <vector>

#include "daemon/decisions.h"
#include "daemon/router_fold.h"
#include "policy/policy.h"

namespace sluice::daemon {

namespace {

constexpr double kWarmupLabels = 200;  // that make the widest cap an even one

// Of widths that are added to a score, or are the deviation of what is drawn.
double BonusScaleOf(const policy::PolicyOptions& options) {
  if (options.kind == policy::PolicyKind::kThompson) return options.thompson_scale;
  return options.kind == policy::PolicyKind::kLinUcb ? options.alpha : 0;
}

// The pacer weighs the model's quality plus a bonus: what the policy predicts beyond the model, so
// that lambda is solved for what the policy will choose. As of the decision, for as long as its
// context is kept.
void CorrectBonus(const store::DecisionRecord& record, const policy::Context& context,
                  policy::Model& model, policy::PacedDecision& paced) {
  for (const store::ArmShare& share : record.shares) {
    const policy::RidgeSolution* quality = model.Heads(share.arm).quality;
    if (quality == nullptr) continue;
    paced.bonus[share.arm] =
        static_cast<float>(share.mean - policy::MeanExactly(*quality, context));
  }
}

}  // namespace

// Money and the contexts that lambda is solved over.
void RouterFold::Pace(const store::DecisionRecord& record, const policy::Context* context) {
  ScopeState& scope = HomeOf(record);
  const NanoUsd held = ToNano(record.reserved_usd);
  for (ScopeState* bound : BoundBy(scope)) {
    if (bound == nullptr) continue;
    bound->ledger.Turn(record.time_us);
    bound->ledger.Reserve(held);
    bound->live->ledger.Publish(bound->ledger);
    if (record.policy_version >= live_from_) bound->live->ledger.Release(held);
  }

  policy::PacedDecision paced = PacedOf(record, context);
  if (HasNote(record, Note::kNoSupport)) {
    paced.exploration_scale = scope.pacer.exploration_scale();
  }
  if (context != nullptr && scope.pacer.options().objective == policy::Objective::kBudget &&
      PredictsOffline()) {
    CorrectBonus(record, *context, *model_, paced);
  }
  scope.pacer.Decided(paced);
  SolveWhenDue(scope);
}

policy::PacedDecision RouterFold::PacedOf(const store::DecisionRecord& record,
                                          const policy::Context* context) const {
  policy::PacedDecision paced;
  if (context != nullptr) {
    paced.context = {context->data(), static_cast<std::size_t>(context->size())};
  }
  const double scale = BonusScaleOf(definition_->policy);
  double expected_usd = 0;
  double greedy_usd = 0;
  double expected_quality = 0;
  double greedy_quality = 0;
  const auto one = static_cast<double>(policy::kProbabilityOne);
  for (const store::ArmShare& share : record.shares) {
    const double probability = static_cast<double>(share.probability_q32) / one;
    expected_usd += probability * share.expected_cost_usd;
    expected_quality += probability * share.mean;
    if (share.arm == record.greedy_arm) {
      greedy_usd = share.expected_cost_usd;
      greedy_quality = share.mean;
    }
    if (share.arm == record.arm) paced.expected_cost_usd = share.expected_cost_usd;
    paced.bonus[share.arm] = static_cast<float>(scale) * share.width;
  }
  paced.surcharge_usd = expected_usd - greedy_usd;
  paced.quality_shift = expected_quality - greedy_quality;
  return paced;
}

void RouterFold::SolveWhenDue(ScopeState& scope) {
  if (!scope.pacer.Due()) return;
  changed_ = true;
  const policy::PolicyOptions& policy = definition_->policy;
  const auto arms = PacedArms();
  for (const policy::PacedArm& arm : arms) {
    if (IsNew(arm.arm)) scope.pacer.ForeseeTrials(arm, BonusScaleOf(policy));
  }
  if (policy.kind == policy::PolicyKind::kThompson) {
    const policy::Draws draws = DrawsOf(scope);
    scope.pacer.Solve(arms, &draws);
  } else {
    scope.pacer.Solve(arms);
  }
}

// What requests will find: the cap in force, and no more in the long run than budgets of
// exploration allow.
policy::Draws RouterFold::DrawsOf(const ScopeState& scope) const {
  const policy::ExplorationOptions& exploration = definition_->policy.exploration;
  double cap = CapInForce();
  if (model_->tick() < alarm_until_tick_) {
    cap = std::max(cap, definition_->options.alarm.exploration_cap);
  }
  policy::Draws draws{.rate_min = policy::ExplorationRate(0, exploration, cap),
                      .rate_max = policy::ExplorationRate(1, exploration, cap),
                      .arm_floor = exploration.arm_floor};
  const bool capped = exploration.mode == policy::ExplorationMode::kCap;
  for (const Scope& bound : definition_->scopes) {
    const double rate = bound.exploration_budget.rate;
    if (rate == 0 || (!bound.plan.empty() && bound.plan != scope.plan)) continue;
    draws.rate_max = std::min(draws.rate_max, rate + (capped ? exploration.floor : 0));
  }
  draws.rate_min = std::min(draws.rate_min, draws.rate_max);
  return draws;
}

// The operator's, or more while labels are few and the operator allows it.
double RouterFold::CapInForce() const {
  const config::RouterOptions& options = definition_->options;
  const double warm =
      std::min(options.warmup_cap,
               kWarmupLabels / static_cast<double>(std::max<std::uint64_t>(1, tally_.labels)));
  return std::max(options.policy.exploration.cap, warm);
}

// After a reset the widths that were logged say too much of what is known, after a return too
// little; without an alarm it is the policy that makes something else of them.
void RouterFold::RecomputeBonuses(policy::Alarm alarm) {
  if (PredictsOffline() && alarm != policy::Alarm::kNone) return;
  const double scale = BonusScaleOf(definition_->policy);
  for (ScopeState& scope : scopes_) {
    for (const policy::PacedArm& arm : PacedArms()) scope.pacer.RecomputeBonus(arm, scale);
    if (alarm == policy::Alarm::kReset) {
      scope.pacer.NoteReset();
    } else {
      scope.pacer.Invalidate();
    }
  }
}

// What a policy makes of widths, and of contexts that wait, is no other policy's.
void RouterFold::NotePolicy(const policy::PolicyOptions& before) {
  const policy::PolicyOptions& now = definition_->policy;
  if (before.kind != now.kind) RestorePending();
  if (before.kind != now.kind || BonusScaleOf(before) != BonusScaleOf(now)) {
    RecomputeBonuses(policy::Alarm::kNone);
  }
}

std::vector<policy::PacedArm> RouterFold::PacedArms() {
  std::vector<policy::PacedArm> arms;
  for (const policy::ArmId arm : definition_->choosable) {
    arms.push_back({.arm = arm,
                    .heads = model_->Heads(arm),
                    .list_price_usd = definition_->list_terms[arm].list_price_usd,
                    .labels = tally_.arms[arm].labels});
  }
  return arms;
}

}  // namespace sluice::daemon
