// The plots of an evaluation. Pure functions.
#pragma once

#include <vector>

#include "sim/evaluate.h"
#include "sim/report_plot.h"

namespace sluice::sim {

// The estimates with their intervals, what P would have taken, and what the log shows.
std::vector<Plot> EvaluationPlots(const Evaluation& evaluation);

}  // namespace sluice::sim
