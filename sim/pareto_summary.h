// The metrics of the public experiments: reward, utilisation and regret by phase and seed, steps of
// recovery, and what was possible on the same rows. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/dataset_pareto.h"
#include "sim/pareto_protocol.h"
#include "sim/summary.h"

namespace sluice::sim {

struct MeanAndError {
  double mean = 0;
  double error = 0;  // of the mean: sd / sqrt(n), ddof 1; 0 for one value
};
MeanAndError Of(const std::vector<double>& values);

// One case in one phase over all seeds.
struct ParetoCell {
  std::string phase;
  std::vector<double> rewards;       // means by seed
  std::vector<double> utilisations;  // mean cost / budget, likewise
  std::vector<double> regrets;       // sums, likewise
  std::vector<double> shares;        // of each arm
  std::vector<double> last_shares;   // of each arm over the last 200 requests
  std::vector<double> step_rewards;  // by request, means over the seeds
  std::vector<double> step_costs;
  double blind_mix = 0;        // rewards at the budget that were possible on the phase's rows,
  double oracle_frontier = 0;  // without prompts and with everything known
};

// One run: the arm that served every request, and what was paid beside its own answer, by request;
// empty where nothing is (all but cascades).
struct ParetoPlayed {
  Choices choices;
  std::vector<double> unserved_usd;
};

struct ParetoResult {
  ParetoCase parameters;
  std::vector<std::uint64_t> seeds;
  std::vector<ParetoCell> cells;  // by phase
};

// `played` by seed, the burn-in first.
ParetoResult SummarisePareto(const ParetoData& data, const ParetoCase& parameters,
                             const std::vector<ParetoStream>& streams,
                             const std::vector<ParetoPlayed>& played);

// Steps of a phase, on means over the seeds smoothed by a trailing mean of 50; 50 is the least.
// Empty: not within the phase. Only for results with three phases.
struct ParetoRecovery {
  std::optional<std::size_t> adapt;   // P2: reward at 99 % of that of its last 100 requests
  std::optional<std::size_t> reward;  // P3: reward at 98 % of that of P1
  std::optional<std::size_t> cost;    // P3: cost within 1.1 budgets
};
ParetoRecovery RecoveryOf(const ParetoResult& result);

// Unweighted means over the cells of all results, by seed.
std::vector<double> MeanBySeed(const std::vector<ParetoResult>& results);

}  // namespace sluice::sim
