#include "sim/baselines/costs.h"

#include <algorithm>
#include <cmath>

#include "policy/model.h"

namespace sluice::sim {
namespace {

constexpr double kLeastUsd = 1e-9;  // of a bill and of a price, before logarithms
constexpr double kLogRatioMax = 4;

RidgesOptions LikeTheProduct(std::size_t dimension) {
  const policy::ModelOptions options;
  return {.dimension = dimension,
          .precision = options.feature_precision,
          .bias_precision = options.bias_precision,
          .mean = options.cost_log_ratio_mean};
}

}  // namespace

Costs::Costs(std::size_t dimension) : log_ratios_(LikeTheProduct(dimension)) {}

double Costs::Predicted(policy::ArmId arm, const policy::Context& context, double list_price_usd) {
  const double log_ratio = std::min(log_ratios_.Mean(arm, context), kLogRatioMax);
  return std::max(list_price_usd, kLeastUsd) * std::exp(log_ratio);
}

std::vector<double> Costs::ExpectedUsd(const policy::Context& context,
                                       std::span<const ArmFacts> arms) {
  calibrations_.resize(std::max(calibrations_.size(), arms.size()));
  std::vector<double> costs;
  for (std::size_t a = 0; a < arms.size(); ++a) {
    const auto arm = static_cast<policy::ArmId>(a);
    costs.push_back(calibrations_[a].Ratio() * Predicted(arm, context, BlendedPriceUsd(arms[a])));
  }
  return costs;
}

void Costs::Learn(const BaselineLesson& lesson) {
  calibrations_.resize(std::max<std::size_t>(calibrations_.size(), lesson.arm + 1U));
  calibrations_[lesson.arm].Add(lesson.cost_usd,
                                Predicted(lesson.arm, lesson.context, lesson.list_price_usd));
  const double ratio =
      std::max(lesson.cost_usd, kLeastUsd) / std::max(lesson.list_price_usd, kLeastUsd);
  log_ratios_.Add(lesson.arm, lesson.context, std::log(ratio));
}

}  // namespace sluice::sim
