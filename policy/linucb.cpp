// LinUCB: Li, Chu, Langford, Schapire, "A contextual-bandit approach to personalized news article
// recommendation", WWW 2010; alpha is in posterior standard deviations. The optimism is in the
// score (policy.cpp), so that the arm it takes is the greedy one.

#include "policy/policy.h"

namespace sluice::policy {

Shares LinUcbShares(const Estimates& estimates, ArmSet eligible) {
  Shares shares{};
  shares[GreedyArm(estimates, eligible)] = 1;
  return shares;
}

}  // namespace sluice::policy
