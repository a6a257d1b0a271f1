#include "policy/posterior.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "policy/normal.h"

namespace sluice::policy {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
// A posterior older than four half-lives is one whose learner has stopped: its arms need not all
// be explored anew for that.
constexpr double kDecayMin = 0x1p-4;

double ExpectedCostUsd(const ArmPosterior& arm, const Context& context, const ArmTerms& terms) {
  const double log_ratio = std::min(arm.cost->Mean(context.data()), kExpectedLogRatioMax);
  const double expected =
      std::max(arm.cost_ratio * terms.list_price_usd * std::exp(log_ratio), terms.cost_usd_min);
  return terms.cost_usd_max > 0 ? std::min(expected, terms.cost_usd_max) : expected;
}

}  // namespace

Posterior::Posterior(std::vector<ArmPosterior> arms, std::uint64_t tick, std::uint64_t half_life)
    : arms_(std::move(arms)), tick_(tick), half_life_(half_life) {}

std::size_t Posterior::dimension() const {
  for (const ArmPosterior& arm : arms_) {
    if (arm.quality) {
      return arm.quality->dimension();
    }
  }
  return 0;
}

bool Posterior::IsStale(std::uint64_t tick) const {
  return half_life_ > 0 && tick > tick_ &&
         static_cast<double>(tick - tick_) > .04 * static_cast<double>(half_life_);
}

Prediction Posterior::Aged(const ArmPosterior& arm, const Context& context,
                           std::uint64_t tick) const {
  const double age = static_cast<double>(tick - tick_) / static_cast<double>(half_life_);
  return Decayed(arm.quality->Predict(context.data()), PredictPrior(*arm.quality_prior, context),
                 std::max(std::exp2(-age), kDecayMin));
}

Estimate Posterior::Predict(ArmId id, const Context& context, const ArmTerms& terms,
                            std::uint64_t tick) const {
  const ArmPosterior& arm = arms_[id];
  if (!arm.quality || !arm.cost) {
    return {.mean = kUnknown,
            .width = kUnknown,
            .expected_cost_usd = kUnknown,
            .expected_latency_s = kUnknown};
  }
  const Prediction quality = IsStale(tick) && arm.quality_prior
                                 ? Aged(arm, context, tick)
                                 : arm.quality->Predict(context.data());
  return {.mean = quality.mean,
          .width = arm.quality->sigma() * std::sqrt(quality.variance),
          .expected_cost_usd = ExpectedCostUsd(arm, context, terms),
          .expected_latency_s = arm.latency_s};
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
  const double sigma = arm.cost->sigma();
  // A log-normal explains a ratio of exp(sigma^2 / 2); what is above it is bills that the
  // logarithms do not show, such as a price that moved.
  const double unexplained = std::max(1.0, arm.cost_ratio * std::exp(-sigma * sigma / 2));
  const double quantile =
      unexplained * terms.list_price_usd *
      std::exp(cost.mean + kNormalQuantile99 * sigma * std::sqrt(1 + cost.variance));
  return std::max({quantile, terms.cost_usd_min, ExpectedCostUsd(arm, context, terms)});
}

}  // namespace sluice::policy
