#include "policy/policy.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "policy/rng.h"

namespace sluice::policy {
namespace {

constexpr std::uint64_t kArmStream = 0;  // the stream of RandomBits that arms are drawn from

constexpr std::array<std::pair<PolicyKind, std::string_view>, 5> kKindNames{{
    {PolicyKind::kLinUcb, "linucb"},
    {PolicyKind::kThompson, "thompson"},
    {PolicyKind::kEpsilonGreedy, "epsilon_greedy"},
    {PolicyKind::kUniform, "uniform"},
    {PolicyKind::kFixed, "fixed"},
}};

// Fills in the estimates of the arms that can be scored and returns which these are: an arm that
// the posterior does not know, or knows nothing finite about, is left out and its entry stays 0.
ArmSet ScoreInto(const PolicyOptions& options, const Posterior& posterior,
                 const Situation& situation, Estimates& estimates) {
  ArmSet usable;
  if (static_cast<std::size_t>(situation.context->size()) != posterior.dimension()) {
    return usable;
  }
  for (ArmId arm : situation.eligible) {
    if (arm >= posterior.arms() || arm >= situation.terms.size()) {
      continue;
    }
    Estimate estimate = posterior.Predict(arm, *situation.context, situation.terms[arm]);
    estimate.utility = estimate.mean - options.cost_weight * estimate.expected_cost_usd;
    estimate.score = options.kind == PolicyKind::kLinUcb
                         ? estimate.utility + options.alpha * estimate.width
                         : estimate.utility;
    if (std::isfinite(estimate.utility) && std::isfinite(estimate.width) &&
        std::isfinite(estimate.score)) {
      estimates[arm] = estimate;
      usable.Add(arm);
    }
  }
  return usable;
}

Shares BaseShares(const PolicyOptions& options, const Decision& decision) {
  switch (options.kind) {
    case PolicyKind::kLinUcb:
      return LinUcbShares(decision.estimates, decision.eligible, options.alpha);
    case PolicyKind::kThompson:
      return ThompsonShares(decision.estimates, decision.eligible, options.thompson_scale);
    case PolicyKind::kEpsilonGreedy:
      return EpsilonGreedyShares(decision.estimates, decision.eligible, options.epsilon);
    case PolicyKind::kUniform:
      return UniformShares(decision.eligible);
    case PolicyKind::kFixed:
      break;
  }
  return FixedShares(decision.estimates, decision.eligible, options.fixed_arm);
}

// Scores and finds the greedy arm, and gives it everything until somebody explores.
Decision GreedyDecision(const PolicyOptions& options, const Posterior& posterior,
                        const Situation& situation) {
  Decision decision;
  if (situation.eligible.Empty()) {
    return decision;
  }
  decision.eligible = ScoreInto(options, posterior, situation, decision.estimates);
  if (decision.eligible.Empty()) {
    decision.eligible.Add(situation.eligible.First());
  }
  decision.greedy_arm = GreedyArm(decision.estimates, decision.eligible);
  decision.arm = decision.greedy_arm;
  decision.distribution.q32[decision.arm] = kProbabilityOne;
  return decision;
}

}  // namespace

std::string_view PolicyKindName(PolicyKind kind) {
  for (const auto& [known, name] : kKindNames) {
    if (known == kind) {
      return name;
    }
  }
  return "unknown";
}

std::optional<PolicyKind> PolicyKindFromName(std::string_view name) {
  for (const auto& [kind, known] : kKindNames) {
    if (known == name) {
      return kind;
    }
  }
  return std::nullopt;
}

Estimates Score(const PolicyOptions& options, const Posterior& posterior,
                const Situation& situation) {
  Estimates estimates{};
  ScoreInto(options, posterior, situation, estimates);
  return estimates;
}

Decision Choose(const PolicyOptions& options, const Posterior& posterior,
                const Situation& situation, const DrawKey& key) {
  Decision decision = GreedyDecision(options, posterior, situation);
  if (decision.eligible.Size() < 2) {
    return decision;
  }
  decision.distribution = Explore(BaseShares(options, decision), decision.eligible,
                                  decision.greedy_arm, options.exploration);
  decision.exploration = 1 - decision.distribution.Probability(decision.greedy_arm);
  decision.arm = Sample(decision.distribution, decision.eligible,
                        RandomBits(key.seed, key.sequence, kArmStream));
  return decision;
}

Decision ChooseGreedy(const PolicyOptions& options, const Posterior& posterior,
                      const Situation& situation) {
  Decision decision = GreedyDecision(options, posterior, situation);
  if (options.kind != PolicyKind::kFixed || !decision.eligible.Has(options.fixed_arm)) {
    return decision;
  }
  decision.distribution.q32[decision.arm] = 0;
  decision.distribution.q32[options.fixed_arm] = kProbabilityOne;
  decision.arm = options.fixed_arm;
  decision.exploration = decision.arm == decision.greedy_arm ? 0 : 1;
  return decision;
}

}  // namespace sluice::policy
