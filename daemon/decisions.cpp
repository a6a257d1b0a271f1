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

constexpr std::array kNarrowings = {Narrowing::kAllow,      Narrowing::kDeny,
                                    Narrowing::kNeeds,      Narrowing::kMaxCost,
                                    Narrowing::kMaxLatency, Narrowing::kCeiling};
constexpr std::array<const char*, 7> kNoteNames = {
    "exploration_limited", "alarm_cap",  "new_arm_bound", "no_support",
    "near_ceiling",        "at_ceiling", "sought_arm"};

// The width of an arm that the posterior knows is never 0.
bool Known(const policy::Decision& decision) {
  return decision.estimates[decision.arm].width > 0;
}

Reason ReasonOf(policy::PolicyKind kind, const policy::Decision& decision,
                const Eligible& eligible) {
  if (eligible.overridden) return Reason::kOverride;
  if (!Known(decision)) return Reason::kFallback;
  if (decision.eligible.Size() == 1 && eligible.narrowed_by != 0) {
    const auto narrowed = [&](Narrowing narrowing) {
      return (eligible.narrowed_by & BitOf(narrowing)) != 0;
    };
    if (narrowed(Narrowing::kCeiling)) return Reason::kBudget;
    if (narrowed(Narrowing::kMaxCost) || narrowed(Narrowing::kMaxLatency)) return Reason::kLimits;
    return Reason::kRule;
  }
  if (decision.arm != decision.greedy_arm) return Reason::kExplore;
  if (kind == policy::PolicyKind::kRules) return Reason::kRule;
  return decision.gated ? Reason::kConfidence : Reason::kPolicy;
}

store::ArmShare ShareOf(const policy::Decision& decision, policy::ArmId arm) {
  const policy::Estimate& estimate = decision.estimates[arm];
  return {.arm = arm,
          .probability_q32 = decision.distribution.q32[arm],
          .mean = static_cast<float>(estimate.mean),
          .width = static_cast<float>(estimate.width),
          .expected_cost_usd = static_cast<float>(estimate.expected_cost_usd),
          .expected_latency_ms = static_cast<float>(1e3 * estimate.expected_latency_s),
          .score = static_cast<float>(estimate.score)};
}

double UtilityOf(const store::DecisionRecord& record, const store::ArmShare& share) {
  return share.mean - record.cost_weight * share.expected_cost_usd -
         record.latency_weight * 1e-3 * share.expected_latency_ms;
}

// The other eligible arms, best utility first.
std::vector<std::string> FallbacksOf(const RouterDefinition& definition,
                                     const store::DecisionRecord& record) {
  std::vector<store::ArmShare> others;
  for (const store::ArmShare& share : record.shares) {
    if (share.arm != record.arm) others.push_back(share);
  }
  std::stable_sort(others.begin(), others.end(), [&](const auto& a, const auto& b) {
    return UtilityOf(record, a) > UtilityOf(record, b);
  });
  std::vector<std::string> names;
  names.reserve(others.size());
  for (const store::ArmShare& share : others) names.push_back(definition.arm_names[share.arm]);
  return names;
}

const store::ArmShare* ShareOf(const store::DecisionRecord& record, policy::ArmId arm) {
  for (const store::ArmShare& share : record.shares) {
    if (share.arm == arm) return &share;
  }
  return nullptr;
}

// What would have to change, alone, for `share` to be ranked above `first`.
api::ArmToWin ToWin(const store::DecisionRecord& record, const store::ArmShare& share,
                    const store::ArmShare& first) {
  api::ArmToWin to_win;
  to_win.mean_by = std::max(0.0, static_cast<double>(first.score) - share.score);
  if (record.cost_weight > 0) {
    const double cheaper_by = to_win.mean_by / record.cost_weight;
    if (cheaper_by <= share.expected_cost_usd) to_win.cost_usd_by = cheaper_by;
  }
  // Both scores are lines in lambda; they meet where the gap is paid by the difference in cost.
  const double dearer = share.expected_cost_usd - static_cast<double>(first.expected_cost_usd);
  if (dearer == 0) return to_win;
  const double tie = record.cost_weight - to_win.mean_by / dearer;
  if (tie >= 0) to_win.cost_weight = tie;
  return to_win;
}

std::vector<std::string> NotesOf(const store::DecisionRecord& record) {
  std::vector<std::string> notes;
  for (std::size_t i = 0; i < kNoteNames.size(); ++i) {
    if (HasNote(record, static_cast<Note>(i))) notes.emplace_back(kNoteNames[i]);
  }
  return notes;
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
  record.reason = static_cast<std::uint8_t>(ReasonOf(definition.policy.kind, decision, eligible));
  record.narrowed_by = eligible.narrowed_by;
  record.learnable = !eligible.overridden;
  record.arm = decision.arm;
  record.greedy_arm = decision.greedy_arm;
  record.eligible = decision.eligible.bits();
  record.notes = eligible.notes;
  if (decision.sought) record.notes |= BitOf(Note::kSoughtArm);
  if (decision.limited) record.notes |= BitOf(Note::kExplorationLimited);
  record.exploration = decision.exploration;
  record.list_price_usd = definition.list_terms[decision.arm].list_price_usd;
  record.shares.reserve(decision.eligible.Size());
  for (const policy::ArmId arm : decision.eligible) record.shares.push_back(ShareOf(decision, arm));
  return record;
}

void Observe(const RouterDefinition& definition, policy::ArmId baseline,
             store::DecisionRecord& record) {
  record.observed_arm = record.arm;
  record.arm = baseline;
  record.reason = static_cast<std::uint8_t>(Reason::kObserve);
  record.list_price_usd = definition.list_terms[baseline].list_price_usd;
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
  answer.audit = record.audit;
  if (explain) answer.explanation = ExplanationOf(definition, record);
  return answer;
}

api::Explanation ExplanationOf(const RouterDefinition& definition,
                               const store::DecisionRecord& record) {
  api::Explanation explanation;
  explanation.cost_weight = record.cost_weight;
  explanation.latency_weight = record.latency_weight;
  explanation.exploration = record.exploration;
  explanation.map_version = record.map_version;
  explanation.greedy_arm = definition.arm_names[record.greedy_arm];
  if (record.observed_arm) explanation.observed_arm = definition.arm_names[*record.observed_arm];
  explanation.notes = NotesOf(record);
  const store::ArmShare* first = ShareOf(record, record.greedy_arm);
  for (const store::ArmShare& share : record.shares) {
    const double probability =
        static_cast<double>(share.probability_q32) / static_cast<double>(policy::kProbabilityOne);
    api::ArmExplanation arm{.arm = definition.arm_names[share.arm],
                            .mean = share.mean,
                            .width = share.width,
                            .expected_cost_usd = share.expected_cost_usd,
                            .expected_latency_ms = {},
                            .score = share.score,
                            .probability = probability,
                            .to_win = {}};
    if (share.expected_latency_ms > 0) arm.expected_latency_ms = share.expected_latency_ms;
    if (first != nullptr && &share != first) arm.to_win = ToWin(record, share, *first);
    explanation.arms.push_back(std::move(arm));
  }
  return explanation;
}

double PropensityOf(const store::DecisionRecord& record) {
  // The caller's own choice is nobody's draw.
  if (record.observed_arm) return 1;
  const store::ArmShare* share = ShareOf(record, record.arm);
  if (share == nullptr) return 1;
  return static_cast<double>(share->probability_q32) / static_cast<double>(policy::kProbabilityOne);
}

std::vector<api::Narrowing> NarrowingsOf(const store::DecisionRecord& record) {
  std::vector<Narrowing> narrowings;
  for (const Narrowing narrowing : kNarrowings) {
    if ((record.narrowed_by & BitOf(narrowing)) != 0) narrowings.push_back(narrowing);
  }
  return narrowings;
}

}  // namespace sluice::daemon
