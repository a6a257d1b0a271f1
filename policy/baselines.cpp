// Policies that others are measured against, and the greedy choice that all of them share.

#include <cmath>
#include <limits>

#include "policy/policy.h"

namespace sluice::policy {

ArmId GreedyArm(const Estimates& estimates, ArmSet eligible) {
  ArmId best = eligible.First();
  double best_score = -std::numeric_limits<double>::infinity();
  for (ArmId arm : eligible) {
    const double score = estimates[arm].score;
    if (score > best_score && std::isfinite(score)) {
      best = arm;
      best_score = score;
    }
  }
  return best;
}

Shares EpsilonGreedyShares(const Estimates& estimates, ArmSet eligible, double epsilon) {
  Shares shares{};
  for (ArmId arm : eligible) {
    shares[arm] = epsilon / static_cast<double>(eligible.Size());
  }
  shares[GreedyArm(estimates, eligible)] += 1 - epsilon;
  return shares;
}

Shares UniformShares(ArmSet eligible) {
  Shares shares{};
  for (ArmId arm : eligible) {
    shares[arm] = 1 / static_cast<double>(eligible.Size());
  }
  return shares;
}

Shares FixedShares(const Estimates& estimates, ArmSet eligible, ArmId fixed_arm) {
  Shares shares{};
  shares[eligible.Has(fixed_arm) ? fixed_arm : GreedyArm(estimates, eligible)] = 1;
  return shares;
}

}  // namespace sluice::policy
