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

// Whether it is the operator who says how often to explore, and not the policy.
constexpr bool IsRateAsked(ExplorationMode mode) {
  return mode == ExplorationMode::kCap || mode == ExplorationMode::kExact;
}

struct ExplorationOptions {
  ExplorationMode mode = ExplorationMode::kCap;
  double cap = 0.05;
  double floor = 0.005;
  double epsilon = 0.05;  // mode exact only
  double arm_floor = 0;   // least probability of each eligible arm, inside e, not on top of it
  bool operator==(const ExplorationOptions&) const = default;
};

// Probabilities as the policy sees them, before fixed point: eligible entries sum to 1.
using Shares = std::array<double, kArmsMax>;

// What else bounds exploration of this request.
struct ExplorationBounds {
  double cap = -1;       // mode cap, instead of the option's; negative: the option's
  double allowance = 1;  // e is at most this (budgets), but never below the floor of mode cap
  double scale = 1;      // last, e is multiplied by it in any mode, floor and all (the pacer's)
  // Arms that a quality floor has to know better (pacer.h): where the rate is asked for, nine
  // tenths of exploration are theirs, as often as the mode allows and whatever the request, so that
  // what is learnt of them is true of all requests and not of those that looked hard. Choose keeps
  // this one too.
  ArmSet sought;
  // Still under new_arm_share_max: together at most `new_arm_share` of a decision, greedy choices
  // included. Choose keeps this one (policy.h), because it ranks the others anew.
  ArmSet new_arms;
  double new_arm_share = 1;
};

// e as the mode wants it, before allowances, given what the policy's own distribution puts on other
// arms than the greedy one.
double ExplorationRate(double natural, const ExplorationOptions& options, double cap);

// e as `bounds` allow it.
double AllowedRate(double rate, const ExplorationOptions& options, const ExplorationBounds& bounds);

// q: `base` without the greedy arm, renormalised; uniform over the others when nothing is left. All
// 0 when there is no other. A share that is negative or not finite counts as 0.
Shares OtherShares(const Shares& base, ArmSet eligible, ArmId greedy);
// What `base` puts on other arms than the greedy one, of 1.
double NaturalRate(const Shares& base, ArmSet eligible, ArmId greedy);

// pi = (1 - e) 1_greedy + e q with arm_floor mixed into q: s = min(1, arm_floor (m - 1) / e),
// q <- (1 - s) q + s / (m - 1), so that the rate stays e. One eligible arm gets everything.
Shares MixIn(const Shares& others, ArmSet eligible, ArmId greedy, double rate, double arm_floor);

// Sums to exactly 2^32 and is 0 off `eligible`: shares (of 1) are rounded down, though no positive
// one to 0, and the greedy arm gets the remainder (the largest, when the greedy one has nothing).
Distribution ToFixedPoint(const Shares& shares, ArmSet eligible, ArmId greedy);

// All of the above but for sought and new arms. `eligible` is not empty and has `greedy`.
Distribution Explore(const Shares& base, ArmSet eligible, ArmId greedy,
                     const ExplorationOptions& options, const ExplorationBounds& bounds = {});

// The first arm whose cumulative probability, in id order, exceeds the draw (its upper 32 bits).
ArmId Sample(const Distribution& distribution, ArmSet eligible, std::uint64_t random_bits);

}  // namespace sluice::policy
