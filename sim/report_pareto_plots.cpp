#include "sim/report_pareto_plots.h"

#include <algorithm>
#include <cstdio>
#include <span>
#include <string>

namespace sluice::sim {
namespace {

constexpr std::size_t kTrailing = 50;  // requests that a step's mean goes over
constexpr double kNormal95 = 1.96;

using Group = std::span<const ParetoResult>;  // one scenario, by budget

std::string Budget(double usd) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2g USD", usd);
  return text;
}

std::string NameOf(const ParetoCase& parameters) {
  std::string scenario = parameters.scenario;
  std::ranges::replace(scenario, '_', ' ');
  return "Experiment " + parameters.experiment + ", " + scenario;
}

const Axis kBudgets{.label = "budget (USD a request)", .log = true};

Series OurRewards(Group group, std::size_t phase) {
  Series series{.name = "this policy (95 %)", .mark = Mark::kPoints};
  for (const ParetoResult& result : group) {
    const MeanAndError reward = Of(result.cells[phase].rewards);
    series.x.push_back(result.parameters.budget_usd);
    series.y.push_back(reward.mean);
    series.low.push_back(reward.mean - kNormal95 * reward.error);
    series.high.push_back(reward.mean + kNormal95 * reward.error);
  }
  return series;
}

Series Possible(Group group, std::size_t phase, const std::string& name,
                double ParetoCell::*value) {
  Series series{.name = name, .mark = Mark::kDashes};
  for (const ParetoResult& result : group) {
    series.x.push_back(result.parameters.budget_usd);
    series.y.push_back(result.cells[phase].*value);
  }
  return series;
}

Plot FrontierOf(Group group, std::size_t phase, const std::vector<ParetoReference>& references) {
  const ParetoCase& first = group.front().parameters;
  const std::size_t phases = group.front().cells.size();
  Plot plot{.title = NameOf(first) + (phases > 1 ? ", " + group.front().cells[phase].phase : ""),
            .caption =
                "Mean reward of the scored requests at each budget; bars are 95 % over "
                "the seeds.",
            .x = kBudgets,
            .y = {.label = "mean reward"}};
  plot.series.push_back(OurRewards(group, phase));
  plot.series.push_back(Possible(group, phase, "blind mix in hindsight", &ParetoCell::blind_mix));
  plot.series.push_back(Possible(group, phase, "oracle frontier", &ParetoCell::oracle_frontier));
  for (const ParetoReference& reference : references) {
    if (reference.experiment != first.experiment || reference.scenario != first.scenario ||
        reference.cells.size() != group.size() * phases) {
      continue;
    }
    Series series{.name = reference.policy};
    for (std::size_t b = 0; b < group.size(); ++b) {
      series.x.push_back(group[b].parameters.budget_usd);
      series.y.push_back(reference.cells[b * phases + phase].reward);
    }
    plot.series.push_back(std::move(series));
  }
  return plot;
}

// Trailing means of all phases, one behind the other.
Series Smoothed(const ParetoResult& result, std::vector<double> ParetoCell::*values, double scale) {
  Series series{.name = Budget(result.parameters.budget_usd)};
  std::vector<double> all;
  for (const ParetoCell& cell : result.cells) {
    all.insert(all.end(), (cell.*values).begin(), (cell.*values).end());
  }
  double sum = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    sum += all[i];
    if (i >= kTrailing) sum -= all[i - kTrailing];
    if (i + 1 < kTrailing) continue;
    series.x.push_back(static_cast<double>(i + 1));
    series.y.push_back(sum * scale / kTrailing);
  }
  return series;
}

std::string Bounds(const ParetoResult& result) {
  std::string text;
  std::size_t begin = 0;
  for (const ParetoCell& cell : result.cells) {
    if (begin > 0) text += (text.empty() ? "" : " and ") + std::to_string(begin);
    begin += cell.step_rewards.size();
  }
  return text;
}

void AddCourses(Group group, std::vector<Plot>& plots) {
  const ParetoResult& first = group.front();
  const std::string caption =
      "Means over the seeds and the last 50 requests. Phases begin after requests " +
      Bounds(first) + ".";
  Plot reward{.title = NameOf(first.parameters) + ": reward",
              .caption = caption,
              .x = {.label = "scored requests"},
              .y = {.label = "mean reward"}};
  Plot spend{.title = NameOf(first.parameters) + ": spend",
             .caption = caption,
             .x = {.label = "scored requests"},
             .y = {.label = "cost / budget (1 = on budget)"}};
  for (const ParetoResult& result : group) {
    reward.series.push_back(Smoothed(result, &ParetoCell::step_rewards, 1));
    spend.series.push_back(
        Smoothed(result, &ParetoCell::step_costs, 1 / result.parameters.budget_usd));
  }
  plots.push_back(std::move(reward));
  plots.push_back(std::move(spend));
}

// Shares of the arms at each budget.
Plot SharesOf(Group group) {
  Plot plot{.title = NameOf(group.front().parameters) + ": share of each arm",
            .caption = "By budget; arms from cheap to dear, the one that joins last.",
            .x = kBudgets,
            .y = {.label = "share of requests", .percent = true},
            .stacked = true};
  for (std::size_t a = 0; a < group.front().parameters.arms(); ++a) {
    Series series{.name = "arm " + std::to_string(a + 1)};
    for (const ParetoResult& result : group) {
      series.x.push_back(result.parameters.budget_usd);
      series.y.push_back(result.cells.back().shares[a]);
    }
    plot.series.push_back(std::move(series));
  }
  return plot;
}

}  // namespace

std::vector<Plot> ParetoPlots(const std::vector<ParetoResult>& results,
                              const std::vector<ParetoReference>& references) {
  std::vector<Plot> plots;
  for (std::size_t begin = 0, end = 0; begin < results.size(); begin = end) {
    const ParetoCase& first = results[begin].parameters;
    while (end < results.size() && results[end].parameters.experiment == first.experiment &&
           results[end].parameters.scenario == first.scenario) {
      ++end;
    }
    const Group group = Group(results).subspan(begin, end - begin);
    for (std::size_t phase = 0; phase < group.front().cells.size(); ++phase) {
      plots.push_back(FrontierOf(group, phase, references));
    }
    if (group.front().cells.size() > 1) {
      AddCourses(group, plots);
    } else {
      plots.push_back(SharesOf(group));
    }
  }
  return plots;
}

}  // namespace sluice::sim
