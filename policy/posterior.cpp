#include "policy/posterior.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace sluice::policy {
namespace {

// A cost regression that has seen little may be far off in a far context: the expected cost is held
// below e^4 times the list price of a thousand tokens.
constexpr double kExpectedLogRatioMax = 4;
constexpr double kNormalQuantile99 = 2.3263478740408408;
constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

double ExpectedCostUsd(const RidgeFactor& cost, const Context& context, const ArmTerms& terms) {
  const double half_variance = cost.sigma() * cost.sigma() / 2;
  const double log_ratio =
      std::min(cost.Mean(context.data()) + half_variance, kExpectedLogRatioMax);
  const double expected = std::max(terms.list_price_usd * std::exp(log_ratio), terms.cost_usd_min);
  return terms.cost_usd_max > 0 ? std::min(expected, terms.cost_usd_max) : expected;
}

}  // namespace

Posterior::Posterior(std::vector<ArmPosterior> arms) : arms_(std::move(arms)) {}

std::size_t Posterior::dimension() const {
  for (const ArmPosterior& arm : arms_) {
    if (arm.quality) {
      return arm.quality->dimension();
    }
  }
  return 0;
}

Estimate Posterior::Predict(ArmId id, const Context& context, const ArmTerms& terms) const {
  const ArmPosterior& arm = arms_[id];
  if (!arm.quality || !arm.cost) {
    return {.mean = kUnknown, .width = kUnknown, .expected_cost_usd = kUnknown};
  }
  const Prediction quality = arm.quality->Predict(context.data());
  return {.mean = quality.mean,
          .width = arm.quality->sigma() * std::sqrt(quality.variance),
          .expected_cost_usd = ExpectedCostUsd(*arm.cost, context, terms)};
}

double Posterior::CostWorstUsd(ArmId id, const Context& context, const ArmTerms& terms) const {
  if (terms.cost_usd_max > 0) {
    return terms.cost_usd_max;
  }
  const ArmPosterior& arm = arms_[id];
  if (!arm.cost) {
    return std::numeric_limits<double>::infinity();
  }
  const Prediction cost = arm.cost->Predict(context.data());
  const double deviation = arm.cost->sigma() * std::sqrt(1 + cost.variance);
  const double quantile =
      terms.list_price_usd * std::exp(cost.mean + kNormalQuantile99 * deviation);
  return std::max({quantile, terms.cost_usd_min, ExpectedCostUsd(*arm.cost, context, terms)});
}

}  // namespace sluice::policy
