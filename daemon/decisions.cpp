#include "daemon/decisions.h"

#include <algorithm>
#include <string>
#include <vector>

#include "daemon/ids.h"
#include "policy/policy.h"

namespace sluice::daemon {

namespace {

using api::Narrowing;
using api::Reason;

constexpr std::array kNarrowings = {Narrowing::kAllow, Narrowing::kDeny, Narrowing::kNeeds,
                                    Narrowing::kMaxCost};

constexpr std::uint8_t BitOf(Narrowing narrowing) {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(narrowing));
}

// The width of an arm that the posterior knows is never 0.
bool Known(const policy::Decision& decision) {
  return decision.estimates[decision.arm].width > 0;
}

Reason ReasonOf(const policy::Decision& decision, const Eligible& eligible) {
  if (eligible.overridden) return Reason::kOverride;
  if (!Known(decision)) return Reason::kFallback;
  if (decision.eligible.Size() == 1 && eligible.narrowed_by != 0) {
    return (eligible.narrowed_by & BitOf(Narrowing::kMaxCost)) != 0 ? Reason::kLimits
                                                                    : Reason::kRule;
  }
  return decision.arm == decision.greedy_arm ? Reason::kPolicy : Reason::kExplore;
}

store::ArmShare ShareOf(const policy::Decision& decision, policy::ArmId arm) {
  const policy::Estimate& estimate = decision.estimates[arm];
  return {.arm = arm,
          .probability_q32 = decision.distribution.q32[arm],
          .mean = static_cast<float>(estimate.mean),
          .width = static_cast<float>(estimate.width),
          .expected_cost_usd = static_cast<float>(estimate.expected_cost_usd),
          .score = static_cast<float>(estimate.score)};
}

// The other eligible arms, best utility first.
std::vector<std::string> FallbacksOf(const RouterDefinition& definition,
                                     const store::DecisionRecord& record) {
  std::vector<store::ArmShare> others;
  for (const store::ArmShare& share : record.shares) {
    if (share.arm != record.arm) others.push_back(share);
  }
  const auto utility = [&](const store::ArmShare& share) {
    return share.mean - record.cost_weight * share.expected_cost_usd;
  };
  std::stable_sort(others.begin(), others.end(),
                   [&](const auto& a, const auto& b) { return utility(a) > utility(b); });
  std::vector<std::string> names;
  names.reserve(others.size());
  for (const store::ArmShare& share : others) names.push_back(definition.arm_names[share.arm]);
  return names;
}

}  // namespace

void FallBackIfUnknown(const RouterDefinition& definition, policy::ArmSet eligible,
                       policy::Decision& decision) {
  if (Known(decision) || !eligible.Has(definition.fallback)) return;
  decision = policy::Decision();
  decision.arm = definition.fallback;
  decision.greedy_arm = definition.fallback;
  decision.eligible.Add(definition.fallback);
  decision.distribution.q32[definition.fallback] = policy::kProbabilityOne;
}

store::DecisionRecord RecordOf(const RouterDefinition& definition, const policy::Decision& decision,
                               const Eligible& eligible) {
  store::DecisionRecord record;
  record.router = definition.id;
  record.policy_kind = static_cast<std::uint8_t>(definition.policy.kind);
  record.exploration_mode = static_cast<std::uint8_t>(definition.policy.exploration.mode);
  record.reason = static_cast<std::uint8_t>(ReasonOf(decision, eligible));
  record.narrowed_by = eligible.narrowed_by;
  record.learnable = !eligible.overridden;
  record.arm = decision.arm;
  record.greedy_arm = decision.greedy_arm;
  record.eligible = decision.eligible.bits();
  record.cost_weight = definition.policy.cost_weight;
  record.exploration = decision.exploration;
  record.list_price_usd = definition.list_terms[decision.arm].list_price_usd;
  record.shares.reserve(decision.eligible.Size());
  for (const policy::ArmId arm : decision.eligible) record.shares.push_back(ShareOf(decision, arm));
  return record;
}

api::RouteAnswer AnswerOf(const RouterDefinition& definition, const store::DecisionRecord& record,
                          bool explain) {
  const config::ArmOptions& arm = definition.arms[record.arm];
  api::RouteAnswer answer;
  answer.decision_id = FormatId(record.id);
  answer.arm = arm.name;
  answer.model = arm.model;
  answer.params = arm.params;
  answer.tier = arm.tier;
  answer.reason = static_cast<Reason>(record.reason);
  answer.narrowed_by = NarrowingsOf(record);
  answer.propensity = PropensityOf(record);
  answer.policy_kind = policy::PolicyKindName(static_cast<policy::PolicyKind>(record.policy_kind));
  answer.policy_version = record.policy_version;
  answer.fallbacks = FallbacksOf(definition, record);
  if (explain) answer.explanation = ExplanationOf(definition, record);
  return answer;
}

std::vector<api::ArmExplanation> ExplanationOf(const RouterDefinition& definition,
                                               const store::DecisionRecord& record) {
  std::vector<api::ArmExplanation> explanation;
  explanation.reserve(record.shares.size());
  for (const store::ArmShare& share : record.shares) {
    const double probability =
        static_cast<double>(share.probability_q32) / static_cast<double>(policy::kProbabilityOne);
    explanation.push_back({.arm = definition.arm_names[share.arm],
                           .mean = share.mean,
                           .width = share.width,
                           .expected_cost_usd = share.expected_cost_usd,
                           .score = share.score,
                           .probability = probability});
  }
  return explanation;
}

double PropensityOf(const store::DecisionRecord& record) {
  for (const store::ArmShare& share : record.shares) {
    if (share.arm == record.arm) {
      return static_cast<double>(share.probability_q32) /
             static_cast<double>(policy::kProbabilityOne);
    }
  }
  return 1;
}

std::vector<api::Narrowing> NarrowingsOf(const store::DecisionRecord& record) {
  std::vector<Narrowing> narrowings;
  for (const Narrowing narrowing : kNarrowings) {
    if ((record.narrowed_by & BitOf(narrowing)) != 0) narrowings.push_back(narrowing);
  }
  return narrowings;
}

policy::Signals SignalsOf(const store::OutcomeRecord& outcome) {
  policy::Signals signals;
  signals.reward = outcome.reward;
  if (outcome.thumb) signals.thumb = *outcome.thumb;
  signals.score = outcome.score;
  signals.task_success = outcome.task_success;
  signals.regenerated = outcome.regenerated;
  signals.cost_usd = outcome.cost_usd;
  signals.input_tokens = outcome.input_tokens;
  signals.cached_input_tokens = outcome.cached_input_tokens;
  signals.output_tokens = outcome.output_tokens;
  signals.reasoning_tokens = outcome.reasoning_tokens;
  return signals;
}

}  // namespace sluice::daemon
