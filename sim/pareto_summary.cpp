#include "sim/pareto_summary.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sluice::sim {
namespace {

constexpr std::size_t kSmooth = 50;
constexpr std::size_t kSettled = 100;  // requests at a phase's end that say what was reached
constexpr std::size_t kLast = 200;
constexpr double kAdapted = 0.99;
constexpr double kRecovered = 0.98;
constexpr double kWithinBudget = 1.1;
// Weights of cost that the oracle frontier is drawn from.
constexpr int kWeights = 241;
constexpr double kWeightLeast = 1e-2;
constexpr double kWeightMost = 1e5;

double MeanOf(std::span<const double> values) {
  if (values.empty()) return 0;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// What every available arm's answer is worth in the phase.
std::vector<Outcome> OutcomesOf(const ParetoCase& parameters, const ParetoPhase& phase,
                                const Task& task) {
  std::vector<Outcome> outcomes;
  for (std::size_t a = 0; a < parameters.arms(); ++a) {
    outcomes.push_back(InPhase(phase, a, task.outcomes[a]));
  }
  return outcomes;
}

// The phase's rows as every order has them.
struct Phase {
  const ParetoCase& parameters;
  const ParetoPhase& rules;
  std::vector<std::vector<Outcome>> rows;
};

Phase PhaseOf(const ParetoData& data, const ParetoCase& parameters, std::size_t index,
              const ParetoStream& stream) {
  Phase phase{parameters, parameters.phases[index], {}};
  for (const std::size_t row : stream.segments[index + 1]) {
    phase.rows.push_back(OutcomesOf(parameters, phase.rules, data.rows[row]));
  }
  return phase;
}

double BlindMixOf(const Phase& phase) {
  std::vector<Mean> fixed(phase.parameters.arms());
  const auto n = static_cast<double>(phase.rows.size());
  for (const auto& outcomes : phase.rows) {
    for (std::size_t a = 0; a < outcomes.size(); ++a) {
      fixed[a].reward += outcomes[a].reward / n;
      fixed[a].cost_usd += outcomes[a].cost_usd / n;
    }
  }
  return BlindMix(fixed, phase.parameters.budget_usd);
}

// Every row's best arm at this weight.
Mean OracleAt(const Phase& phase, double weight) {
  Mean mean;
  const auto n = static_cast<double>(phase.rows.size());
  for (const auto& outcomes : phase.rows) {
    const auto best = std::ranges::max_element(outcomes, {}, [weight](const Outcome& outcome) {
      return outcome.reward - weight * outcome.cost_usd;
    });
    mean.reward += best->reward / n;
    mean.cost_usd += best->cost_usd / n;
  }
  return mean;
}

double OracleFrontierOf(const Phase& phase) {
  std::vector<Mean> points{OracleAt(phase, 0)};
  for (int i = 0; i < kWeights; ++i) {
    const double share = static_cast<double>(i) / (kWeights - 1);
    points.push_back(OracleAt(phase, kWeightLeast * std::pow(kWeightMost / kWeightLeast, share)));
  }
  return BlindMix(points, phase.parameters.budget_usd);
}

// One seed's requests in a phase.
struct Stretch {
  std::span<const std::int32_t> choices;
  std::span<const double> unserved_usd;  // empty: none
};

Stretch StretchOf(const ParetoPlayed& played, std::size_t begin, std::size_t count) {
  const std::span unserved(played.unserved_usd);
  return {std::span(played.choices).subspan(begin, count),
          unserved.empty() ? unserved : unserved.subspan(begin, count)};
}

// Adds one seed's requests in the phase to the cell.
void AddSeed(const Phase& phase, const Stretch& stretch, std::size_t seeds, ParetoCell& cell) {
  const auto choices = stretch.choices;
  const auto n = static_cast<double>(choices.size());
  const auto all = static_cast<double>(seeds);
  const std::size_t last = std::min(kLast, choices.size());
  double reward = 0;
  double cost = 0;
  double regret = 0;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    const auto& outcomes = phase.rows[i];
    const auto arm = static_cast<std::size_t>(choices[i]);
    const Outcome& ours = outcomes[arm];
    const double paid =
        ours.cost_usd + (stretch.unserved_usd.empty() ? 0 : stretch.unserved_usd[i]);
    reward += ours.reward;
    cost += paid;
    regret += std::ranges::max(outcomes, {}, &Outcome::reward).reward - ours.reward;
    cell.shares[arm] += 1 / (n * all);
    if (i + last >= choices.size()) cell.last_shares[arm] += 1 / (static_cast<double>(last) * all);
    cell.step_rewards[i] += ours.reward / all;
    cell.step_costs[i] += paid / all;
  }
  cell.rewards.push_back(reward / n);
  cell.utilisations.push_back(cost / n / phase.parameters.budget_usd);
  cell.regrets.push_back(regret);
}

ParetoCell CellOf(const ParetoData& data, const ParetoCase& parameters, std::size_t index,
                  const std::vector<ParetoStream>& streams,
                  const std::vector<ParetoPlayed>& played) {
  const Phase first = PhaseOf(data, parameters, index, streams.front());
  ParetoCell cell;
  cell.phase = first.rules.name;
  cell.shares.assign(parameters.arms(), 0);
  cell.last_shares.assign(parameters.arms(), 0);
  cell.step_rewards.assign(first.rows.size(), 0);
  cell.step_costs.assign(first.rows.size(), 0);
  cell.blind_mix = BlindMixOf(first);
  cell.oracle_frontier = OracleFrontierOf(first);
  for (std::size_t s = 0; s < streams.size(); ++s) {
    std::size_t begin = 0;
    for (std::size_t i = 0; i <= index; ++i) begin += streams[s].segments[i].size();
    const std::size_t count = streams[s].segments[index + 1].size();
    AddSeed(PhaseOf(data, parameters, index, streams[s]), StretchOf(played[s], begin, count),
            streams.size(), cell);
  }
  return cell;
}

// The first step whose trailing mean holds, counted from 1.
template <typename Holds>
std::optional<std::size_t> FirstStep(const std::vector<double>& values, const Holds& holds) {
  for (std::size_t end = kSmooth; end <= values.size(); ++end) {
    if (holds(MeanOf(std::span(values).subspan(end - kSmooth, kSmooth)))) return end;
  }
  return std::nullopt;
}

}  // namespace

MeanAndError Of(const std::vector<double>& values) {
  MeanAndError result{.mean = MeanOf(values)};
  if (values.size() < 2) return result;
  double square = 0;
  for (const double value : values) square += (value - result.mean) * (value - result.mean);
  const auto n = static_cast<double>(values.size());
  result.error = std::sqrt(square / (n - 1) / n);
  return result;
}

ParetoResult SummarisePareto(const ParetoData& data, const ParetoCase& parameters,
                             const std::vector<ParetoStream>& streams,
                             const std::vector<ParetoPlayed>& played) {
  ParetoResult result{.parameters = parameters, .seeds = {}, .cells = {}};
  for (const ParetoStream& stream : streams) result.seeds.push_back(stream.seed);
  for (std::size_t p = 0; p < parameters.phases.size(); ++p) {
    result.cells.push_back(CellOf(data, parameters, p, streams, played));
  }
  return result;
}

ParetoRecovery RecoveryOf(const ParetoResult& result) {
  const ParetoCell& before = result.cells[0];
  const ParetoCell& during = result.cells[1];
  const ParetoCell& after = result.cells[2];
  const std::span<const double> rewards(during.step_rewards);
  const double reached = kAdapted * MeanOf(rewards.last(std::min(kSettled, rewards.size())));
  const double recovered = kRecovered * MeanOf(before.step_rewards);
  const double most = kWithinBudget * result.parameters.budget_usd;
  return {FirstStep(during.step_rewards, [=](double mean) { return mean >= reached; }),
          FirstStep(after.step_rewards, [=](double mean) { return mean >= recovered; }),
          FirstStep(after.step_costs, [=](double mean) { return mean <= most; })};
}

std::vector<double> MeanBySeed(const std::vector<ParetoResult>& results) {
  std::vector<double> means(results.front().seeds.size(), 0);
  std::size_t cells = 0;
  for (const ParetoResult& result : results) {
    for (const ParetoCell& cell : result.cells) {
      ++cells;
      for (std::size_t s = 0; s < means.size(); ++s) means[s] += cell.rewards[s];
    }
  }
  for (double& mean : means) mean /= static_cast<double>(cells);
  return means;
}

}  // namespace sluice::sim
