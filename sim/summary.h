// What a course of choices was worth, beside what else could have been had on the same tasks. Pure
// functions. Figures are expectations where the environment knows them, else what was recorded.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "sim/environment.h"

namespace sluice::sim {

// The arm that each task went to, by place in the environment; kNoArm where no answer came.
inline constexpr std::int32_t kNoArm = -1;
using Choices = std::vector<std::int32_t>;

struct Mean {
  double reward = 0;
  double cost_usd = 0;
  double utility = 0;  // reward - cost_weight * cost_usd
};

// The best reward that a router without prompt information can have at a spend of `cost_usd` a
// task: the upper concave envelope of the fixed arms, which is reached by mixing two of them
// blindly in hindsight. Below the cheapest arm's cost: that arm. Never falls with the spend.
double BlindMix(const std::vector<Mean>& fixed, double cost_usd);

// Ours and the references over the answered tasks of one stretch.
struct Comparison {
  std::size_t tasks = 0;
  Mean ours;
  std::vector<Mean> fixed;   // every arm alone, by arm
  std::vector<bool> always;  // by arm: it was there all the time; if not, `fixed` says nothing
  Mean uniform;              // each arm that is there equally often
  Mean oracle_by_reward;     // per task the best reward, the cheaper arm on ties
  Mean oracle_by_utility;    // per task the best utility
  double blind_mix = 0;      // reward at our own spend
  double regret_reward = 0;  // sum over tasks of the best reward minus ours
  double regret_utility = 0;
};

// Over tasks [first, first + choices.size()).
Comparison Compare(const Environment& environment, std::size_t first,
                   std::span<const std::int32_t> choices, double cost_weight);

struct ArmSummary {
  std::size_t tasks = 0;
  double share_first_fifth = 0;
  double share_last_fifth = 0;
  double share = 0;
  double reward = 0;    // mean over its own tasks; 0 when it had none
  double cost_usd = 0;  // likewise
};

// What the router was told of its outcomes, where that is not everything and the truth.
struct Told {
  std::size_t rated = 0;   // outcomes whose own reward was reported
  double reward_sum = 0;   // of those
  std::size_t claims = 0;  // rewards that poisoned sources reported
  bool operator==(const Told&) const = default;
};

inline constexpr std::size_t kFifths = 5;
// After so many tasks the regret so far is told, as the literature does.
inline constexpr std::array<std::size_t, 3> kRegretPoints = {1000, 5000, 20000};

struct Summary {
  Comparison whole;
  Comparison second_half;
  std::vector<ArmSummary> arms;
  std::size_t best_fixed = 0;   // largest mean reward
  std::size_t premium = 0;      // highest tier, then highest price
  double saving = 0;            // share of always-premium's cost that was not spent
  double quality_given_up = 0;  // always-premium's mean reward minus ours
  // How far our utility came from uniform choice (0) to the oracle by utility (1), by fifth of the
  // tasks. 0 where the two are the same.
  std::array<double, kFifths> learnt{};
  std::vector<double> regret_at;  // in reward, at the kRegretPoints that were reached
  Mean reported;                  // mean of the drawn rewards and costs that the router was told
  std::size_t rated = 0;          // how many of the rewards it was told
  std::size_t claims = 0;         // and how many of poisoned sources
};

Summary Summarise(const Environment& environment, const Choices& choices, double cost_weight);
// The same of a router that was told so much.
Summary Summarise(const Environment& environment, const Choices& choices, double cost_weight,
                  const Told& told);

}  // namespace sluice::sim
