// How a router chooses: estimates to a base vector (by kind), to a distribution (by exploration
// mode), to one draw. Pure functions of their arguments; any thread; no allocation.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "policy/exploration.h"
#include "policy/posterior.h"
#include "policy/types.h"

namespace sluice::policy {

enum class PolicyKind : std::uint8_t { kLinUcb, kThompson, kEpsilonGreedy, kUniform, kFixed };

struct PolicyOptions {
  PolicyKind kind = PolicyKind::kThompson;
  double alpha = 1;             // LinUCB: width in posterior standard deviations
  double thompson_scale = 0.5;  // Thompson: posterior standard deviations are multiplied by it
  double epsilon = 0.1;         // epsilon-greedy: epsilon/K on every eligible arm
  ArmId fixed_arm = 0;          // fixed: greedy by utility when that arm is not eligible
  double cost_weight = 0;       // utility = quality - cost_weight * cost_usd; per USD, >= 0
  // Uniform, fixed and epsilon-greedy have a distribution of their own: with them only the mode
  // natural makes sense, and the configuration insists on it.
  ExplorationOptions exploration;
  bool operator==(const PolicyOptions&) const = default;
};

std::string_view PolicyKindName(PolicyKind kind);
std::optional<PolicyKind> PolicyKindFromName(std::string_view name);

// One request as the policy sees it. Everything that narrows arms has already narrowed `eligible`;
// nothing overrides the arm afterwards, which is what keeps the logged propensity true.
struct Situation {
  const Context* context = nullptr;
  ArmSet eligible;                  // not empty
  std::span<const ArmTerms> terms;  // by arm id
};

// What the draw is keyed by: the router's seed and the decision's sequence number.
struct DrawKey {
  std::uint64_t seed = 0;
  std::uint64_t sequence = 0;
};

// Estimates of the eligible arms, with utility and score filled in. An arm whose estimate is not
// finite, that the posterior or `terms` does not cover, or any arm when the context has another
// dimension, cannot be scored: its entry stays 0.
Estimates Score(const PolicyOptions& options, const Posterior& posterior,
                const Situation& situation);

// Distribution first, then one draw. An arm that cannot be scored (above) counts as not eligible
// and is missing from the decision's eligible set. If none is left, the lowest eligible arm is
// chosen with propensity 1 and estimates of 0. An empty eligible set gives Decision{}.
Decision Choose(const PolicyOptions& options, const Posterior& posterior,
                const Situation& situation, const DrawKey& key);

// The greedy choice (fixed: the fixed arm) with propensity 1, for when nothing can be logged.
Decision ChooseGreedy(const PolicyOptions& options, const Posterior& posterior,
                      const Situation& situation);

// -- Base vectors, one file each. `estimates` has utility and width; eligible is not empty. ------

// All on the largest utility + alpha * width. [linucb.cpp]
Shares LinUcbShares(const Estimates& estimates, ArmSet eligible, double alpha);

// Probability that each arm has the largest of K independent normals (utility, scale * width),
// by Gauss-Legendre panels: within 1e-4. At most the 16 arms that reach highest (at 3 widths)
// count; widths are at least 1e-6; an arm that is not finite gets nothing. [thompson.cpp]
Shares ThompsonShares(const Estimates& estimates, ArmSet eligible, double scale);

// [baselines.cpp]
Shares EpsilonGreedyShares(const Estimates& estimates, ArmSet eligible, double epsilon);
Shares UniformShares(ArmSet eligible);
Shares FixedShares(const Estimates& estimates, ArmSet eligible, ArmId fixed_arm);

// Largest utility, lowest id on ties.
ArmId GreedyArm(const Estimates& estimates, ArmSet eligible);

}  // namespace sluice::policy
