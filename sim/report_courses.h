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
};

// Regret, frontier, shares of the arms, spend, lambda, exploration, calibration.
std::vector<Plot> CoursePlots(const Courses& courses);

}  // namespace sluice::sim
