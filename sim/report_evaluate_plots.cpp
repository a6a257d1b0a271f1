#include "sim/report_evaluate_plots.h"

#include <string>
#include <utility>

#include "sim/report_courses.h"

namespace sluice::sim {
namespace {

using policy::OpeFigure;

constexpr std::pair<OpeFigure, const char*> kFigures[] = {{OpeFigure::kLogged, "as it was logged"},
                                                          {OpeFigure::kIps, "P by IPS"},
                                                          {OpeFigure::kSnips, "P by SNIPS"},
                                                          {OpeFigure::kDm, "P by DM"},
                                                          {OpeFigure::kDr, "P by DR"},
                                                          {OpeFigure::kSwitch, "P by SWITCH"}};

// One point with a bar.
Series PointOf(const std::string& name, const MeasureResult& result, OpeFigure figure, double x) {
  const policy::OpeInterval& interval = result.intervals[static_cast<std::size_t>(figure)];
  return {.name = name,
          .mark = Mark::kPoints,
          .x = {x},
          .y = {result.estimates[figure]},
          .low = {interval.lower},
          .high = {interval.upper}};
}

Plot QualityPlot(const Evaluation& evaluation) {
  Plot plot{.title = "Quality of P and of what was logged",
            .caption =
                "Bars: 95 % of the bootstrap. DR is the one to go by; DM has no claim to its "
                "interval where the predictions are off.",
            .x = {.label = "estimators, in the order of the legend"},
            .y = {.label = "mean reward"}};
  double x = 0;
  for (const auto& [figure, name] : kFigures) {
    plot.series.push_back(PointOf(name, evaluation.quality, figure, ++x));
  }
  return plot;
}

Plot FrontierPlot(const Evaluation& evaluation) {
  Plot plot{.title = "Cost and quality",
            .caption = "At the logged lambda and sessions. Bars: 95 % of quality.",
            .x = {.label = "cost (USD a request)"},
            .y = {.label = "mean reward"}};
  for (const OpeFigure figure : {OpeFigure::kLogged, OpeFigure::kDr, OpeFigure::kSnips}) {
    for (const auto& [known, name] : kFigures) {
      if (known != figure) continue;
      plot.series.push_back(
          PointOf(name, evaluation.quality, figure, evaluation.cost.estimates[figure]));
    }
  }
  return plot;
}

}  // namespace

std::vector<Plot> EvaluationPlots(const Evaluation& evaluation) {
  std::vector<Plot> plots{QualityPlot(evaluation)};
  if (evaluation.costs_known()) plots.push_back(FrontierPlot(evaluation));
  Courses courses{.traces = {evaluation.logged_trace},
                  .budget_usd = evaluation.budget_usd,
                  .costs_known = evaluation.costs_known()};
  for (const LabelCounts& arm : evaluation.labels) courses.arms.push_back({.name = arm.arm});
  plots.push_back(SharesOverTime(courses.arms, evaluation.evaluated_shares));
  plots.back().title = "What P would have taken";
  for (Plot& plot : LoggedPlots(courses)) {
    plot.title = "Logged: " + plot.title;
    plots.push_back(std::move(plot));
  }
  return plots;
}

}  // namespace sluice::sim
