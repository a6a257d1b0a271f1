// What the tests of policy/ share: random contexts and models, and comparing decisions.
#pragma once

#include <bit>
#include <cstdint>
#include <memory>
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

// A model that has seen `examples` outcomes of random contexts, arms, qualities and costs.
inline policy::Model TaughtModel(policy::Rng& rng, std::size_t dimension, std::size_t arms,
                                 std::size_t examples) {
  policy::Model model({.dimension = dimension});
  for (std::size_t arm = 0; arm < arms; ++arm) {
    model.AddArm();
  }
  for (std::size_t i = 0; i < examples; ++i) {
    const policy::Context context = RandomContext(rng, dimension);
    model.Update({.arm = static_cast<policy::ArmId>(rng.Below(arms)),
                  .context = &context,
                  .weight = rng.Below(4) == 0 ? 0.5 : 1,
                  .quality = rng.Uniform(),
                  .cost_log_ratio = rng.Uniform() - 1});
  }
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
         a.utility == b.utility && a.score == b.score;
}

inline bool Same(const policy::Decision& a, const policy::Decision& b) {
  for (std::size_t arm = 0; arm < policy::kArmsMax; ++arm) {
    if (!Same(a.estimates[arm], b.estimates[arm])) {
      return false;
    }
  }
  return a.arm == b.arm && a.greedy_arm == b.greedy_arm && a.eligible == b.eligible &&
         a.distribution == b.distribution && a.exploration == b.exploration;
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
