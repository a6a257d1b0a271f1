// What a policy of `bench pareto` knows before its first request: what was fitted on the burn-in's
// rows with the outcomes of all three arms, or rules.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "daemon/warm_start.h"
#include "sim/fitting.h"
#include "sim/pareto_run.h"

namespace sluice::sim {

struct ParetoOffline {
  std::optional<daemon::WarmStartFile> warm;
  double warm_strength = 0;
  FittedTables tables;
  std::vector<config::RuleOptions> rules;
};

// What the run's policy needs; warm as so many observations an arm, 0 for cold. Burn-ins are orders
// of the same rows, so what is fitted of one run holds for all of its experiment. Null: nothing.
std::variant<std::shared_ptr<const ParetoOffline>, std::string> FitOffline(const ParetoRun& run,
                                                                           double warm_strength);

}  // namespace sluice::sim
