// What may overrule the ranking before the draw: the confidence gate and the baseline guard of one
// request. For policy.cpp only.
#pragma once

#include <array>
#include <cstdint>

#include "policy/policy.h"
#include "policy/types.h"

namespace sluice::policy {

// True when the quality of `greedy` is not surely enough that of `premium`: P(greedy >= premium -
// margin) < probability, the two being independent normals.
bool GateDoubts(const ConfidenceGateOptions& options, const Estimate& greedy,
                const Estimate& premium);

// What the arms of one request can cost the guard's slack.
class Baseline {
 public:
  // `eligible` has the guard's arm.
  Baseline(const BaselineGuard& guard, const Estimates& estimates, ArmSet eligible);

  ArmId arm() const { return guard_.arm; }
  // Whether the slack pays for choosing `greedy` for certain.
  bool Affords(ArmId greedy) const { return guard_.slack >= shortfall_[greedy]; }
  // The largest e that it pays for when exploring means `others` or, under an arm_floor, something
  // between that and uniform. `greedy` is afforded.
  double RateMax(const Shares& others, ArmSet arms, ArmId greedy, bool arm_floor) const;
  // What playing `distribution` adds to the slack.
  double Change(const Distribution& distribution, ArmSet arms) const;
  bool Covers(double change) const { return guard_.slack + change >= 0; }

 private:
  BaselineGuard guard_;
  // (1 - tolerance) m_b - LCB, by arm: what choosing it takes from the slack.
  std::array<double, kArmsMax> shortfall_{};
};

}  // namespace sluice::policy
