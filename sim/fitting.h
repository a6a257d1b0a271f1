// What is fitted offline of a router's arms from recorded outcomes: statistics to start from, a
// logistic classifier an arm, clusters. Pure functions; equal arguments give equal bytes.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/config.h"
#include "daemon/roster.h"
#include "daemon/warm_start.h"
#include "policy/context_map.h"
#include "policy/types.h"
#include "sim/environment.h"

namespace sluice::sim {

// What one answer of one arm was worth.
struct FitSample {
  std::size_t context = 0;  // of FitSamples::contexts
  policy::ArmId arm = 0;
  std::optional<double> quality;
  double weight = 1;                // trust in it
  std::optional<double> log_ratio;  // ln(cost / list price)
};

struct FitSamples {
  std::shared_ptr<const policy::ContextMap> map;  // that made the contexts; null: none did
  std::vector<policy::Context> contexts;
  std::vector<FitSample> samples;
};

// Every answer of every task; its arms are the router's, in its order. Where the router fits a
// context map one is fitted first, on at most 500 distinct inputs, evenly spread.
// Or a sentence about a task that has not what the router reads, or about inputs that make no map.
// `progress`: null for none.
std::variant<FitSamples, std::string> SamplesOf(const daemon::RouterDefinition& definition,
                                                const std::vector<Task>& tasks,
                                                std::FILE* progress = nullptr);

// Arms without a sample of quality are left out. With a strength an arm's statistics count as at
// most so many observations, wherever the file is loaded.
daemon::WarmStartFile FitStatistics(const daemon::RouterDefinition& definition,
                                    const FitSamples& samples,
                                    std::optional<double> strength = std::nullopt);

// Of a router's options.
struct FittedTables {
  std::vector<config::ClusterOptions> clusters;
  std::vector<config::FittedArmOptions> arms;
};
// Precision 1 on the features, .001 on the bias.
FittedTables FitLogisticTables(const daemon::RouterDefinition& definition,
                               const FitSamples& samples);
// Mean qualities, as if each cluster had 5 more answers of the arm's overall mean.
FittedTables FitClusterTables(const daemon::RouterDefinition& definition, const FitSamples& samples,
                              std::size_t clusters, std::uint64_t seed);

}  // namespace sluice::sim
