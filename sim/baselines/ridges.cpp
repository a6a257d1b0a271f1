#include "sim/baselines/ridges.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "policy/check.h"

namespace sluice::sim {
namespace {

const policy::Forgetting kNever{0};

}  // namespace

const policy::RidgeSolution& Ridges::SolutionOf(policy::Regression& regression) {
  const policy::RidgeSolution* solution = regression.Solution(kNever);
  policy::Check(solution != nullptr, "a ridge with a prior has a solution");
  return *solution;
}

policy::Regression& Ridges::Of(policy::ArmId arm) {
  while (arms_.size() <= arm) {
    policy::RidgePrior prior{.precision = std::vector(options_.dimension, options_.precision),
                             .mean = std::vector(options_.dimension, 0.0)};
    prior.precision.back() = options_.bias_precision;
    prior.mean.back() = options_.mean;
    const auto labelled = std::ranges::count_if(
        arms_, [](const policy::Regression& other) { return other.sums().count() > 0; });
    if (labelled > 0) prior.mean.back() = 0;
    for (policy::Regression& other : arms_) {
      if (other.sums().count() == 0) continue;
      const std::vector<double>& theta = SolutionOf(other).theta;
      for (std::size_t i = 0; i < theta.size(); ++i) {
        prior.mean[i] += theta[i] / static_cast<double>(labelled);
      }
    }
    arms_.emplace_back(std::make_shared<const policy::RidgePrior>(std::move(prior)));
  }
  return arms_[arm];
}

void Ridges::Add(policy::ArmId arm, const policy::Context& context, double target) {
  Of(arm).Add(context, target, 1);
}

double Ridges::labels(policy::ArmId arm) const {
  return arm < arms_.size() ? static_cast<double>(arms_[arm].sums().count()) : 0;
}

double Ridges::Mean(policy::ArmId arm, const policy::Context& context) {
  return policy::MeanExactly(SolutionOf(Of(arm)), context);
}

Ridges::MeanAndWidth Ridges::Predict(policy::ArmId arm, const policy::Context& context) {
  const auto prediction = policy::PredictExactly(SolutionOf(Of(arm)), context);
  return {prediction.mean, std::sqrt(prediction.variance)};
}

}  // namespace sluice::sim
