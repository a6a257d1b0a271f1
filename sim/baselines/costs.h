// What a call is expected to cost, for all baselines alike, so that they differ in what they know
// of quality: by arm a ridge on ln(cost / list price) over the context and a calibrated ratio of
// sums, which are the product's own (policy/regression.h, policy/cost_latency.h). One thread at a
// time.
#pragma once

#include <vector>

#include "policy/cost_latency.h"
#include "sim/baselines/baseline.h"
#include "sim/baselines/ridges.h"

namespace sluice::sim {

class Costs {
 public:
  explicit Costs(std::size_t dimension);

  // Of a call of each arm, at the list prices.
  std::vector<double> ExpectedUsd(const policy::Context& context, std::span<const ArmFacts> arms);
  void Learn(const BaselineLesson& lesson);

 private:
  double Predicted(policy::ArmId arm, const policy::Context& context, double list_price_usd);

  Ridges log_ratios_;
  std::vector<policy::CostCalibration> calibrations_;
};

}  // namespace sluice::sim
