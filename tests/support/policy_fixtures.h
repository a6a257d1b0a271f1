// What the tests of policy/ share: random contexts and models, and comparing decisions.
#pragma once

#include <bit>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "policy/model.h"
#include "policy/policy.h"
#include "policy/rng.h"

namespace sluice::test {

// Entries in [-1, 1), the bias last.
inline policy::Context RandomContext(policy::Rng& rng, std::size_t dimension) {
  policy::Context context(static_cast<Eigen::Index>(dimension));
  for (Eigen::Index i = 0; i + 1 < context.size(); ++i) {
    context[i] = static_cast<float>(2 * rng.Uniform() - 1);
  }
  context[context.size() - 1] = 1;
  return context;
}

// One outcome of one arm: what was liked and what was billed, either of which may be missing.
struct Outcome {
  policy::ArmId arm = 0;
  const policy::Context* context = nullptr;
  double weight = 1;
  std::optional<double> quality;
  std::optional<double> cost_log_ratio;
};

// Teaches it as the next decision of the router, in log order.
inline policy::Alarm Teach(policy::Model& model, const Outcome& outcome) {
  const std::uint64_t tick = model.tick() + 1;
  model.Advance(tick);
  policy::Alarm alarm = policy::Alarm::kNone;
  if (outcome.quality) {
    alarm = model.Learn({.arm = outcome.arm,
                         .context = outcome.context,
                         .tick = tick,
                         .value = *outcome.quality,
                         .weight = outcome.weight,
                         .since = tick});
  }
  if (outcome.cost_log_ratio) {
    model.LearnCost({.arm = outcome.arm,
                     .context = outcome.context,
                     .tick = tick,
                     .log_ratio = *outcome.cost_log_ratio});
  }
  return alarm;
}

inline policy::Model ColdModel(const policy::ModelOptions& options, std::size_t arms) {
  policy::Model model(options);
  for (std::size_t arm = 0; arm < arms; ++arm) {
    model.AddArm();
  }
  return model;
}

// Teaches `examples` outcomes of random contexts, arms, qualities and costs.
inline void TeachAtRandom(policy::Model& model, policy::Rng& rng, std::size_t examples) {
  for (std::size_t i = 0; i < examples; ++i) {
    const policy::Context context = RandomContext(rng, model.options().dimension);
    Teach(model, {.arm = static_cast<policy::ArmId>(rng.Below(model.arms())),
                  .context = &context,
                  .weight = rng.Below(4) == 0 ? 0.5 : 1,
                  .quality = rng.Uniform(),
                  .cost_log_ratio = rng.Uniform() - 1});
  }
}

// A model that has seen `examples` such outcomes.
inline policy::Model TaughtModel(policy::Rng& rng, std::size_t dimension, std::size_t arms,
                                 std::size_t examples) {
  policy::Model model = ColdModel({.dimension = dimension}, arms);
  TeachAtRandom(model, rng, examples);
  return model;
}

inline std::vector<policy::ArmTerms> TermsOf(std::size_t arms) {
  std::vector<policy::ArmTerms> terms(arms);
  for (std::size_t arm = 0; arm < arms; ++arm) {
    terms[arm].list_price_usd = 1e-4 * static_cast<double>(arm + 1);
  }
  return terms;
}

inline bool Same(const policy::Estimate& a, const policy::Estimate& b) {
  return a.mean == b.mean && a.width == b.width && a.expected_cost_usd == b.expected_cost_usd &&
         a.expected_latency_s == b.expected_latency_s && a.utility == b.utility &&
         a.score == b.score;
}

inline bool Same(const policy::Decision& a, const policy::Decision& b) {
  for (std::size_t arm = 0; arm < policy::kArmsMax; ++arm) {
    if (!Same(a.estimates[arm], b.estimates[arm])) {
      return false;
    }
  }
  return a.arm == b.arm && a.greedy_arm == b.greedy_arm && a.eligible == b.eligible &&
         a.distribution == b.distribution && a.exploration == b.exploration && a.gated == b.gated &&
         a.sought == b.sought && a.limited == b.limited && a.slack_change == b.slack_change;
}

inline std::uint64_t Sum(const policy::Distribution& distribution) {
  std::uint64_t sum = 0;
  for (std::uint64_t part : distribution.q32) {
    sum += part;
  }
  return sum;
}

// FNV-1a over the bits: equal only when every double is.
inline std::uint64_t HashBits(std::span<const double> values) {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (double value : values) {
    hash = (hash ^ std::bit_cast<std::uint64_t>(value)) * 0x100000001B3ULL;
  }
  return hash;
}

}  // namespace sluice::test
