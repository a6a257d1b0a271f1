// SquareCB: Foster and Rakhlin, "Beyond UCB: optimal and efficient contextual bandits with
// regression oracles", ICML 2020; inverse gap weighting (Abe and Long 1999) with a rate that grows
// as the square root of the number of decisions.

#include <cmath>

#include "policy/policy.h"

namespace sluice::policy {

Shares SquareCbShares(const Estimates& estimates, ArmSet eligible, double gamma,
                      std::uint64_t tick) {
  const ArmId best = GreedyArm(estimates, eligible);
  const double count = static_cast<double>(eligible.Size());
  const double slope = gamma * std::sqrt(static_cast<double>(tick) + 1);
  Shares shares{};
  shares[best] = 1;
  for (ArmId arm : eligible) {
    if (arm == best || !std::isfinite(estimates[arm].utility)) {
      continue;
    }
    shares[arm] = 1 / (count + slope * (estimates[best].utility - estimates[arm].utility));
    shares[best] -= shares[arm];
  }
  return shares;
}

}  // namespace sluice::policy
