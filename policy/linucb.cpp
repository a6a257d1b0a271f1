// LinUCB: Li, Chu, Langford, Schapire, "A contextual-bandit approach to personalized news article
// recommendation", WWW 2010; alpha is in posterior standard deviations.

#include <cmath>
#include <limits>

#include "policy/policy.h"

namespace sluice::policy {

Shares LinUcbShares(const Estimates& estimates, ArmSet eligible, double alpha) {
  ArmId best = eligible.First();
  double best_bound = -std::numeric_limits<double>::infinity();
  for (ArmId arm : eligible) {
    const double bound = estimates[arm].utility + alpha * estimates[arm].width;
    if (bound > best_bound && std::isfinite(bound)) {
      best = arm;
      best_bound = bound;
    }
  }
  Shares shares{};
  shares[best] = 1;
  return shares;
}

}  // namespace sluice::policy
