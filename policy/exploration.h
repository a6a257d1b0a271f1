// From a policy's base vector to the distribution that is sampled: exploration at a controlled
// rate. "Exploring" means choosing another arm than the greedy one; e is its probability.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "policy/types.h"

namespace sluice::policy {

enum class ExplorationMode : std::uint8_t {
  kCap,      // e = clip(1 - P(greedy), floor, cap)
  kExact,    // e = epsilon
  kNatural,  // e = 1 - P(greedy): the policy's own
  kOff,      // e = 0
};

// By mode; as the configuration and the reports name them.
inline constexpr std::array<std::string_view, 4> kExplorationModeNames = {"cap", "exact", "natural",
                                                                          "off"};

struct ExplorationOptions {
  ExplorationMode mode = ExplorationMode::kCap;
  double cap = 0.05;
  double floor = 0.005;
  double epsilon = 0.05;  // mode exact only
  bool operator==(const ExplorationOptions&) const = default;
};

// Probabilities as the policy sees them, before fixed point: eligible entries sum to 1.
using Shares = std::array<double, kArmsMax>;

// Mixes `base` with the greedy arm: pi = (1 - e) 1_greedy + e q, where q is `base` without the
// greedy arm, renormalised (uniform over the others when nothing is left). One eligible arm gets
// everything. A share that is negative or not finite counts as 0. The result sums to exactly 2^32
// and is 0 off `eligible`: shares are rounded down, though no positive one to 0, and the greedy arm
// gets the remainder (the largest, when e is 1). `eligible` is not empty and has `greedy`.
Distribution Explore(const Shares& base, ArmSet eligible, ArmId greedy,
                     const ExplorationOptions& options);

// The first arm whose cumulative probability, in id order, exceeds the draw (its upper 32 bits).
ArmId Sample(const Distribution& distribution, ArmSet eligible, std::uint64_t random_bits);

}  // namespace sluice::policy
