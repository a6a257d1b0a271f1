#include "sim/summary.h"

#include <algorithm>
#include <utility>

namespace sluice::sim {
namespace {

double Utility(const Outcome& outcome, double cost_weight) {
  return outcome.expected_reward - cost_weight * outcome.expected_cost_usd;
}

const Outcome& BestByReward(const std::vector<Outcome>& outcomes) {
  return *std::max_element(outcomes.begin(), outcomes.end(),
                           [](const Outcome& a, const Outcome& b) {
                             if (a.offered != b.offered) return b.offered;
                             if (a.expected_reward != b.expected_reward)
                               return a.expected_reward < b.expected_reward;
                             return a.expected_cost_usd > b.expected_cost_usd;
                           });
}

const Outcome& BestByUtility(const std::vector<Outcome>& outcomes, double cost_weight) {
  return *std::max_element(outcomes.begin(), outcomes.end(),
                           [cost_weight](const Outcome& a, const Outcome& b) {
                             if (a.offered != b.offered) return b.offered;
                             return Utility(a, cost_weight) < Utility(b, cost_weight);
                           });
}

void AddTo(Mean& sum, const Outcome& outcome, double share) {
  sum.reward += share * outcome.expected_reward;
  sum.cost_usd += share * outcome.expected_cost_usd;
}

void Finish(Mean& mean, std::size_t tasks, double cost_weight) {
  if (tasks > 0) {
    mean.reward /= static_cast<double>(tasks);
    mean.cost_usd /= static_cast<double>(tasks);
  }
  mean.utility = mean.reward - cost_weight * mean.cost_usd;
}

double Share(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

// Share of each arm among the answered tasks of a stretch.
std::vector<double> Shares(std::span<const std::int32_t> choices, std::size_t arms) {
  std::vector<std::size_t> counts(arms, 0);
  std::size_t answered = 0;
  for (const std::int32_t arm : choices) {
    if (arm == kNoArm) continue;
    ++counts[static_cast<std::size_t>(arm)];
    ++answered;
  }
  std::vector<double> shares;
  for (const std::size_t count : counts) shares.push_back(Share(count, answered));
  return shares;
}

std::vector<ArmSummary> SummariseArms(const Environment& environment, const Choices& choices) {
  std::vector<ArmSummary> arms(environment.arms.size());
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (choices[i] == kNoArm) continue;
    const auto arm = static_cast<std::size_t>(choices[i]);
    const Outcome& outcome = environment.tasks[i].outcomes[arm];
    ++arms[arm].tasks;
    arms[arm].reward += outcome.expected_reward;
    arms[arm].cost_usd += outcome.expected_cost_usd;
  }
  const std::span<const std::int32_t> all(choices);
  const std::size_t fifth = choices.size() / kFifths;
  const std::vector<double> whole = Shares(all, arms.size());
  const std::vector<double> first = Shares(all.first(fifth), arms.size());
  const std::vector<double> last = Shares(all.last(fifth), arms.size());
  for (std::size_t a = 0; a < arms.size(); ++a) {
    arms[a].share = whole[a];
    arms[a].share_first_fifth = first[a];
    arms[a].share_last_fifth = last[a];
    if (arms[a].tasks == 0) continue;
    arms[a].reward /= static_cast<double>(arms[a].tasks);
    arms[a].cost_usd /= static_cast<double>(arms[a].tasks);
  }
  return arms;
}

Mean Reported(const Environment& environment, const Choices& choices, double cost_weight) {
  Mean mean;
  std::size_t tasks = 0;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (choices[i] == kNoArm) continue;
    const Outcome& outcome = environment.tasks[i].outcomes[static_cast<std::size_t>(choices[i])];
    mean.reward += outcome.reward;
    mean.cost_usd += outcome.cost_usd;
    ++tasks;
  }
  Finish(mean, tasks, cost_weight);
  return mean;
}

double Learnt(const Comparison& comparison) {
  const double reach = comparison.oracle_by_utility.utility - comparison.uniform.utility;
  return reach > 0 ? (comparison.ours.utility - comparison.uniform.utility) / reach : 0;
}

// The place of the largest rank among the arms that were there all the time, the first on ties.
template <typename Rank>
std::size_t Largest(const std::vector<bool>& always, Rank&& rank) {
  std::size_t best = 0;
  while (best + 1 < always.size() && !always[best]) ++best;
  for (std::size_t a = best; a < always.size(); ++a) {
    if (always[a] && rank(best) < rank(a)) best = a;
  }
  return best;
}

}  // namespace

double BlindMix(const std::vector<Mean>& fixed, double cost_usd) {
  const Mean& cheapest =
      *std::min_element(fixed.begin(), fixed.end(), [](const Mean& a, const Mean& b) {
        return a.cost_usd != b.cost_usd ? a.cost_usd < b.cost_usd : a.reward > b.reward;
      });
  double best = cheapest.reward;
  for (const Mean& low : fixed) {
    if (low.cost_usd > cost_usd) continue;
    best = std::max(best, low.reward);
    // The chords to the arms beyond the spend: the best of them is the envelope.
    for (const Mean& high : fixed) {
      if (high.cost_usd <= cost_usd) continue;
      const double share = (cost_usd - low.cost_usd) / (high.cost_usd - low.cost_usd);
      best = std::max(best, low.reward + share * (high.reward - low.reward));
    }
  }
  return best;
}

Comparison Compare(const Environment& environment, std::size_t first,
                   std::span<const std::int32_t> choices, double cost_weight) {
  Comparison comparison;
  const std::size_t arms = environment.arms.size();
  comparison.fixed.resize(arms);
  comparison.always.resize(arms, true);
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (choices[i] == kNoArm) continue;
    const std::vector<Outcome>& outcomes = environment.tasks[first + i].outcomes;
    const Outcome& ours = outcomes[static_cast<std::size_t>(choices[i])];
    const Outcome& best_reward = BestByReward(outcomes);
    const Outcome& best_utility = BestByUtility(outcomes, cost_weight);
    ++comparison.tasks;
    AddTo(comparison.ours, ours, 1);
    AddTo(comparison.oracle_by_reward, best_reward, 1);
    AddTo(comparison.oracle_by_utility, best_utility, 1);
    const auto offered = std::ranges::count_if(outcomes, &Outcome::offered);
    for (std::size_t a = 0; a < arms; ++a) {
      AddTo(comparison.fixed[a], outcomes[a], 1);
      if (!outcomes[a].offered) {
        comparison.always[a] = false;
        continue;
      }
      AddTo(comparison.uniform, outcomes[a], 1 / static_cast<double>(offered));
    }
    comparison.regret_reward += best_reward.expected_reward - ours.expected_reward;
    comparison.regret_utility += Utility(best_utility, cost_weight) - Utility(ours, cost_weight);
  }
  for (Mean* mean : {&comparison.ours, &comparison.oracle_by_reward, &comparison.oracle_by_utility,
                     &comparison.uniform}) {
    Finish(*mean, comparison.tasks, cost_weight);
  }
  for (Mean& mean : comparison.fixed) Finish(mean, comparison.tasks, cost_weight);
  std::vector<Mean> always;
  for (std::size_t a = 0; a < arms; ++a) {
    if (comparison.always[a]) always.push_back(comparison.fixed[a]);
  }
  comparison.blind_mix = BlindMix(always, comparison.ours.cost_usd);
  return comparison;
}

Summary Summarise(const Environment& environment, const Choices& choices, double cost_weight) {
  const std::span<const std::int32_t> all(choices);
  const std::size_t half = choices.size() / 2;
  Summary summary;
  summary.whole = Compare(environment, 0, all, cost_weight);
  summary.second_half = Compare(environment, half, all.subspan(half), cost_weight);
  summary.arms = SummariseArms(environment, choices);
  for (std::size_t i = 0; i < kFifths; ++i) {
    const std::size_t begin = i * choices.size() / kFifths;
    const std::size_t end = (i + 1) * choices.size() / kFifths;
    summary.learnt[i] =
        Learnt(Compare(environment, begin, all.subspan(begin, end - begin), cost_weight));
  }
  for (const std::size_t point : kRegretPoints) {
    if (point > choices.size()) break;
    summary.regret_at.push_back(
        Compare(environment, 0, all.first(point), cost_weight).regret_reward);
  }
  summary.reported = Reported(environment, choices, cost_weight);

  summary.rated = static_cast<std::size_t>(
      std::ranges::count_if(choices, [](const std::int32_t arm) { return arm != kNoArm; }));

  const std::vector<Mean>& fixed = summary.whole.fixed;
  const std::vector<ArmFacts>& arms = environment.arms;
  summary.best_fixed =
      Largest(summary.whole.always, [&fixed](std::size_t a) { return fixed[a].reward; });
  summary.premium = Largest(summary.whole.always, [&arms](std::size_t a) {
    return std::pair(arms[a].tier, arms[a].price());
  });
  const Mean& premium = fixed[summary.premium];
  if (premium.cost_usd > 0) summary.saving = 1 - summary.whole.ours.cost_usd / premium.cost_usd;
  summary.quality_given_up = premium.reward - summary.whole.ours.reward;
  return summary;
}

Summary Summarise(const Environment& environment, const Choices& choices, double cost_weight,
                  const Told& told) {
  Summary summary = Summarise(environment, choices, cost_weight);
  if (told.rated == summary.rated && told.claims == 0) return summary;
  summary.rated = told.rated;
  summary.claims = told.claims;
  summary.reported.reward = told.rated == 0 ? 0 : told.reward_sum / static_cast<double>(told.rated);
  return summary;
}

}  // namespace sluice::sim
