// Records and outcomes in a test's terms.
#include <algorithm>
#include <array>

#include "daemon/challengers.h"
#include "daemon/decisions.h"
#include "daemon/lessons.h"
#include "policy/policy.h"

namespace sluice::daemon {

namespace {

constexpr std::string_view kJudge = "judge";

// As it would explore in force. The cap that held may have been wider than the configured one; less
// than was wanted, or less than the floor, is explored where money or tokens were short.
policy::PolicyOptions WrappedAsIn(const store::DecisionRecord& record,
                                  policy::PolicyOptions policy) {
  policy::ExplorationOptions& exploration = policy.exploration;
  exploration.mode = static_cast<policy::ExplorationMode>(record.exploration_mode);
  exploration.cap = std::max(exploration.cap, record.exploration);
  if (HasNote(record, Note::kExplorationLimited) || HasNote(record, Note::kNoSupport)) {
    exploration.mode = policy::ExplorationMode::kExact;
    exploration.epsilon = record.exploration;
  }
  return policy;
}

policy::Estimate EstimateOf(const store::ArmShare& share) {
  return {.mean = share.mean,
          .width = share.width,
          .expected_cost_usd = share.expected_cost_usd,
          .expected_latency_s = 1e-3 * share.expected_latency_ms,
          .utility = 0,
          .score = 0};
}

}  // namespace

std::optional<ComparedRecord> CompareRecord(const store::DecisionRecord& record,
                                            const policy::PolicyOptions& policy) {
  const bool drawn = record.learnable && !record.observed_arm && record.shares.size() > 1;
  // Which arms are new or sought is not in the record.
  const bool bound = HasNote(record, Note::kNewArmBound) || HasNote(record, Note::kSoughtArm);
  if (!drawn || bound) return std::nullopt;
  policy::Context context = Eigen::Map<const policy::Context>(
      record.context.data(), static_cast<Eigen::Index>(record.context.size()));
  policy::Situation situation;
  situation.context = &context;
  situation.tick = record.tick;
  situation.cost_weight = record.cost_weight;
  situation.latency_weight = record.latency_weight;
  policy::Estimates estimates{};
  for (const store::ArmShare& share : record.shares) {
    if (share.arm >= policy::kArmsMax) return std::nullopt;
    estimates[share.arm] = EstimateOf(share);
    situation.eligible.Add(share.arm);
  }
  const policy::Distribution other =
      policy::Reconsider(WrappedAsIn(record, policy), estimates, situation);
  ComparedRecord compared;
  compared.chosen = record.shares.size();
  for (const store::ArmShare& share : record.shares) {
    if (share.arm == record.arm && share.probability_q32 > 0) {
      compared.chosen = compared.arms.size();
    }
    compared.arms.push_back({.logged_q32 = share.probability_q32,
                             .other_q32 = other.q32[share.arm],
                             .quality = share.mean,
                             .cost_usd = share.expected_cost_usd});
  }
  if (compared.chosen == record.shares.size()) return std::nullopt;
  return compared;
}

std::optional<std::optional<double>> LabelOf(const RouterDefinition& definition,
                                             const store::DecisionStory& story,
                                             policy::PromotionLabels labels) {
  const store::OutcomeRecord& outcome = story.outcomes.back().record;
  const bool audited = labels == policy::PromotionLabels::kAudited;
  if (audited && (!story.decision.audit || outcome.source != kJudge)) return std::nullopt;
  const auto source = definition.sources.find(outcome.source);
  const bool heard = audited || (source != definition.sources.end() && source->second.weight > 0);
  if (!heard || outcome.source == store::kTimerSource || outcome.revoked) return std::nullopt;
  const std::array<policy::Report, 1> report{
      policy::Report{.source = 0, .event_id = outcome.event_id, .signals = SignalsOf(outcome)}};
  const policy::Verdict verdict = policy::Judge(report);
  if (!verdict.quality) return std::nullopt;
  const std::string& chosen = definition.arm_names[story.decision.arm];
  const bool failed_over =
      std::any_of(story.outcomes.begin(), story.outcomes.end(), [&](const auto& placed) {
        return !placed.record.served_arm.empty() && placed.record.served_arm != chosen;
      });
  if (failed_over) return std::optional<double>();
  return std::optional<double>(verdict.quality->value);
}

}  // namespace sluice::daemon
