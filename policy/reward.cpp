#include "policy/reward.h"

#include <algorithm>
#include <cmath>

namespace sluice::policy {
namespace {

constexpr double kExplicitWeight = 1;
constexpr double kImpliedWeight = 0.3;

// Tokens of one direction: the part (cached input, reasoning output) is counted in the whole by
// those who report both, and stands for it when it alone is known.
std::optional<std::uint32_t> TokensOf(std::optional<std::uint32_t> whole,
                                      std::optional<std::uint32_t> part) {
  if (whole && part) {
    return std::max(*whole, *part);
  }
  return whole ? whole : part;
}

}  // namespace

std::optional<Quality> QualityOf(const Signals& signals) {
  if (signals.reward) {
    return Quality{.value = *signals.reward, .weight = 1};
  }
  double sum = 0;
  double weight = 0;
  const auto add = [&](double value, double omega) {
    sum += omega * value;
    weight += omega;
  };
  if (signals.thumb && *signals.thumb != 0) {
    add(*signals.thumb > 0 ? 1 : 0, kExplicitWeight);
  }
  if (signals.score) {
    add(*signals.score, kExplicitWeight);
  }
  if (signals.task_success) {
    add(*signals.task_success ? 1 : 0, kExplicitWeight);
  }
  if (signals.regenerated && *signals.regenerated) {
    add(0, kImpliedWeight);
  }
  if (weight == 0) {
    return std::nullopt;
  }
  return Quality{.value = sum / weight, .weight = std::min(1.0, weight)};
}

std::optional<double> CostUsdOf(const Signals& signals, const TokenPrices& prices) {
  std::optional<double> cost = signals.cost_usd;
  const auto input = TokensOf(signals.input_tokens, signals.cached_input_tokens);
  const auto output = TokensOf(signals.output_tokens, signals.reasoning_tokens);
  if (!cost && input && output) {
    cost = (*input * prices.input_usd_per_million + *output * prices.output_usd_per_million) * 1e-6;
  }
  if (!cost || !std::isfinite(*cost) || *cost <= 0) {
    return std::nullopt;
  }
  return cost;
}

}  // namespace sluice::policy
