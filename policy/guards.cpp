#include "policy/guards.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sluice::policy {

bool GateDoubts(const ConfidenceGateOptions& options, const Estimate& greedy,
                const Estimate& premium) {
  constexpr double kRootHalf = 0.70710678118654752;
  const double surplus = greedy.mean - premium.mean + options.margin;
  const double width = std::hypot(greedy.width, premium.width);
  const double probability =
      width > 0 ? 0.5 * std::erfc(-surplus / width * kRootHalf) : (surplus >= 0 ? 1 : 0);
  return probability < options.probability;
}

Baseline::Baseline(const BaselineGuard& guard, const Estimates& estimates, ArmSet eligible)
    : guard_(guard) {
  const double measure = std::max(0.0, estimates[guard.arm].mean);
  const double target = (1 - guard.tolerance) * measure;
  for (ArmId arm : eligible) {
    const Estimate& estimate = estimates[arm];
    const double bound =
        arm == guard.arm ? measure : estimate.mean - guard.bound_widths * estimate.width;
    shortfall_[arm] = target - bound;
  }
}

double Baseline::RateMax(const Shares& others, ArmSet arms, ArmId greedy, bool arm_floor) const {
  double explored = 0;
  double uniform = 0;
  for (ArmId arm : arms) {
    if (arm != greedy) {
      explored += others[arm] * shortfall_[arm];
      uniform += shortfall_[arm] / (static_cast<double>(arms.Size()) - 1);
    }
  }
  if (arm_floor) {
    explored = std::max(explored, uniform);
  }
  // A greedy arm that adds to the slack is not counted on to pay for exploring at once.
  const double certain = std::max(0.0, shortfall_[greedy]);
  if (explored <= certain) {
    return std::numeric_limits<double>::infinity();
  }
  return std::max(0.0, guard_.slack - certain) / (explored - certain);
}

double Baseline::Change(const Distribution& distribution, ArmSet arms) const {
  double change = 0;
  for (ArmId arm : arms) {
    change -= distribution.Probability(arm) * shortfall_[arm];
  }
  return change;
}

}  // namespace sluice::policy
