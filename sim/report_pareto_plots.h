// The plots of the public experiments: reward at every budget beside what was possible, and how the
// phases went request by request. Pure functions.
#pragma once

#include <vector>

#include "sim/dataset_pareto.h"
#include "sim/pareto_summary.h"
#include "sim/report_plot.h"

namespace sluice::sim {

// Of one or more experiments, in their order. References are drawn where they have the same cells.
std::vector<Plot> ParetoPlots(const std::vector<ParetoResult>& results,
                              const std::vector<ParetoReference>& references);

}  // namespace sluice::sim
