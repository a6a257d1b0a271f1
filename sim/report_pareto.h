// What `bench pareto` prints: one table a scenario, references beside it, and the same as JSON.
// Pure functions; equal arguments give equal bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/dataset_pareto.h"
#include "sim/pareto_summary.h"

namespace sluice::sim {

// What was run.
struct ParetoHeading {
  std::string rows;  // the data set
  std::string policy;
  std::string exploration;
  std::string features;  // file; empty: the product's own text features
};

// One policy's results of one experiment.
struct ParetoContender {
  ParetoHeading heading;
  std::vector<ParetoResult> results;
};

// Results of an earlier run, by cell and seed.
struct ParetoEarlier {
  std::string experiment;
  std::string scenario;
  double budget_usd = 0;
  std::string phase;
  std::vector<std::uint64_t> seeds;
  std::vector<double> rewards;
};

struct ParetoTables {
  const ParetoHeading& heading;
  const std::vector<ParetoResult>& results;  // of one experiment
  const std::vector<ParetoReference>& references;
  const std::vector<ParetoEarlier>& earlier;  // of --against; empty: none
};
std::string RenderPareto(const ParetoTables& tables);

// A list of one object a cell: experiment, scenario, policy, budget, phase, reward, se,
// utilisation, regret, seeds, reward_by_seed, interval (95 %, low and high). Others rely on the
// names: add, never rename.
std::string ParetoJson(const std::vector<ParetoContender>& contenders);
// Empty when the text is not such a list.
std::optional<std::vector<ParetoEarlier>> ReadParetoJson(const std::string& text);

// The paper's own figures (arXiv 2604.00136), which are of other rows than the development split:
// those of this many scored requests in experiment 01. Empty for others.
std::vector<ParetoReference> PublishedPareto(std::size_t scored_requests);

}  // namespace sluice::sim
