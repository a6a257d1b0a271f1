// What `bench pareto` prints of several policies: one table a scenario with a row a policy, and at
// the end all means beside each other. Pure functions; equal arguments give equal bytes.
#pragma once

#include <string>
#include <vector>

#include "sim/report_pareto.h"

namespace sluice::sim {

// All of one experiment and of the same cases; differences are to the first one, seed by seed.
// Reward, utilisation and regret are unweighted means over the cells; "most" is the largest
// utilisation of a cell.
std::string RenderContenders(const std::vector<ParetoContender>& contenders);

// The mean rewards of every scenario; `experiments` are those of RenderContenders.
std::string RenderMeans(const std::vector<std::vector<ParetoContender>>& experiments);

}  // namespace sluice::sim
