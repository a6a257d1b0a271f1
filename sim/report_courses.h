// The plots of courses in one world or data set: what was learnt, paid, explored and predicted over
// time. Pure functions; with more than one course, means over the seeds with 95 % bands.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sim/environment.h"
#include "sim/report_plot.h"
#include "sim/summary.h"
#include "sim/trace.h"

namespace sluice::sim {

struct Courses {
  std::vector<ArmFacts> arms;
  std::vector<Trace> traces;          // by seed, of the same length
  std::vector<Comparison> summaries;  // of the same courses, whole
  double budget_usd = 0;              // a request; 0: none
  bool costs_known = true;            // false: nothing was told of any
};

// Regret, frontier, and what a log shows as well.
std::vector<Plot> CoursePlots(const Courses& courses);
// Shares of the arms, spend where costs are known, lambda, exploration, calibration; without
// summaries.
std::vector<Plot> LoggedPlots(const Courses& courses);
// Mean shares of a whole in windows of time; `shares` by arm and request.
Plot SharesOverTime(const std::vector<ArmFacts>& arms,
                    const std::vector<std::vector<float>>& shares);

}  // namespace sluice::sim
