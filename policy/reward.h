// From the raw signals of an outcome to what is learnt: a quality in [0, 1] with a trust weight,
// and a cost in USD.
#pragma once

#include <cstdint>
#include <optional>

namespace sluice::policy {

// What was reported about one answer. Absent means not reported.
struct Signals {
  std::optional<double> reward;  // in [0, 1]; when present it is the quality, with weight 1
  std::optional<int> thumb;      // -1, 0 (withdrawn: says nothing) or 1
  std::optional<double> score;   // in [0, 1]
  std::optional<bool> task_success;
  std::optional<bool> regenerated;  // true: implicit dissatisfaction; false says nothing
  std::optional<double> cost_usd;
  std::optional<std::uint32_t> input_tokens;
  std::optional<std::uint32_t> cached_input_tokens;
  std::optional<std::uint32_t> output_tokens;
  std::optional<std::uint32_t> reasoning_tokens;
  bool operator==(const Signals&) const = default;
};

struct Quality {
  double value = 0;   // in [0, 1]
  double weight = 1;  // min(1, sum of the signals' weights)
};

// sum(omega s) / sum(omega) with omega 1 for what the user or task says outright and .3 for what is
// implied. Empty when no signal says anything about quality.
std::optional<Quality> QualityOf(const Signals& signals);

struct TokenPrices {
  double input_usd_per_million = 0;
  double output_usd_per_million = 0;
};

// The billed cost when reported, else tokens at list price; this takes both directions, because
// half a bill would teach that the arm is cheap. Reasoning tokens are output tokens and cached ones
// input tokens: they are part of these counts, and stand for them where these are missing. Empty
// when neither is known or the result is not finite and positive.
std::optional<double> CostUsdOf(const Signals& signals, const TokenPrices& prices);

}  // namespace sluice::policy
