#include "sim/report_courses.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>

namespace sluice::sim {
namespace {

constexpr std::size_t kWindows = 60;
constexpr std::size_t kBins = 10;
constexpr std::size_t kBinLeast = 20;  // predictions, for a bin to be drawn
constexpr std::size_t kHullPoints = 120;
constexpr double kNormal95 = 1.96;

// A mean with the half width of its 95 % interval.
struct Band {
  double mean = 0;
  double half = 0;
};

Band BandOf(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  Band band;
  for (const double value : values) band.mean += value / n;
  if (values.size() < 2) return band;
  double squares = 0;
  for (const double value : values) squares += (value - band.mean) * (value - band.mean);
  band.half = kNormal95 * std::sqrt(squares / (n - 1) / n);
  return band;
}

void Add(Series& series, double x, const std::vector<double>& values) {
  const Band band = BandOf(values);
  series.x.push_back(x);
  series.y.push_back(band.mean);
  if (values.size() < 2) return;
  series.low.push_back(band.mean - band.half);
  series.high.push_back(band.mean + band.half);
}

using Value = std::function<double(const TraceStep&)>;

// The requests of one course in windows of the same length.
class Windows {
 public:
  explicit Windows(std::size_t requests)
      : requests_(requests), count_(std::min(kWindows, requests)) {}

  std::size_t count() const { return count_; }
  std::size_t Begin(std::size_t window) const { return window * requests_ / count_; }
  double Middle(std::size_t window) const {
    return static_cast<double>(Begin(window) + Begin(window + 1)) / 2;
  }
  double Mean(const Trace& trace, std::size_t window, const Value& value) const {
    double sum = 0;
    for (std::size_t i = Begin(window); i < Begin(window + 1); ++i) sum += value(trace[i]);
    return sum / static_cast<double>(Begin(window + 1) - Begin(window));
  }

 private:
  std::size_t requests_;
  std::size_t count_;
};

// The mean of `value` by window, over the courses.
Series OverTime(const Courses& courses, const std::string& name, const Value& value) {
  Series series{.name = name};
  const Windows windows(courses.traces.front().size());
  for (std::size_t w = 0; w < windows.count(); ++w) {
    std::vector<double> values;
    for (const Trace& trace : courses.traces) values.push_back(windows.Mean(trace, w, value));
    Add(series, windows.Middle(w), values);
  }
  return series;
}

const Axis kRequests{.label = "requests"};

Plot RegretPlot(const Courses& courses) {
  Series series{.name = "this router"};
  const Windows windows(courses.traces.front().size());
  std::vector<double> sums(courses.traces.size(), 0);
  Add(series, 0, sums);
  for (std::size_t w = 0; w < windows.count(); ++w) {
    for (std::size_t t = 0; t < sums.size(); ++t) {
      for (std::size_t i = windows.Begin(w); i < windows.Begin(w + 1); ++i) {
        sums[t] += courses.traces[t][i].regret;
      }
    }
    Add(series, static_cast<double>(windows.Begin(w + 1)), sums);
  }
  return {.title = "Cumulative regret",
          .caption = "Sum of the best reward minus ours. Flat: nothing is lost any more.",
          .x = kRequests,
          .y = {.label = "regret (reward units)"},
          .series = {std::move(series)}};
}

Series MeanPoint(const std::string& name, const std::vector<Mean>& means) {
  Series series{.name = name, .mark = Mark::kPoints};
  std::vector<double> costs;
  std::vector<double> rewards;
  for (const Mean& mean : means) {
    costs.push_back(mean.cost_usd);
    rewards.push_back(mean.reward);
  }
  Add(series, BandOf(costs).mean, rewards);
  return series;
}

Mean MeanOfFixed(const Courses& courses, std::size_t arm) {
  Mean mean;
  const auto n = static_cast<double>(courses.summaries.size());
  for (const Comparison& summary : courses.summaries) {
    mean.reward += summary.fixed[arm].reward / n;
    mean.cost_usd += summary.fixed[arm].cost_usd / n;
  }
  return mean;
}

Series HullOf(const std::vector<Mean>& fixed) {
  Series hull{.name = "blind mix of arms", .mark = Mark::kDashes};
  const auto by_cost = [](const Mean& a, const Mean& b) { return a.cost_usd < b.cost_usd; };
  const auto [low, high] = std::ranges::minmax_element(fixed, by_cost);
  if (low->cost_usd <= 0) return hull;
  const double ratio = high->cost_usd / low->cost_usd;
  for (std::size_t i = 0; i <= kHullPoints; ++i) {
    const double share = static_cast<double>(i) / kHullPoints;
    const double cost = low->cost_usd * std::pow(ratio, share);
    hull.x.push_back(cost);
    hull.y.push_back(BlindMix(fixed, cost));
  }
  return hull;
}

Plot FrontierPlot(const Courses& courses) {
  Plot plot{.title = "Cost and quality",
            .caption =
                "Above the dashed line, prompts are worth something: it is the best that "
                "a router which does not read them can have at that spend.",
            .x = {.label = "cost (USD a request)", .log = true},
            .y = {.label = "mean reward"}};
  std::vector<Mean> ours;
  std::vector<Mean> oracle;
  for (const Comparison& summary : courses.summaries) {
    ours.push_back(summary.ours);
    oracle.push_back(summary.oracle_by_utility);
  }
  std::vector<Mean> fixed;
  std::vector<std::string> names;
  for (std::size_t a = 0; a < courses.arms.size(); ++a) {
    // One that joined later was nobody's alternative from the beginning.
    if (!courses.summaries.front().always[a]) continue;
    fixed.push_back(MeanOfFixed(courses, a));
    names.push_back(courses.arms[a].name);
  }
  plot.series.push_back(MeanPoint("this router", ours));
  plot.series.push_back(HullOf(fixed));
  plot.series.push_back(MeanPoint("oracle by utility", oracle));
  for (std::size_t a = 0; a < fixed.size(); ++a) {
    plot.series.push_back(MeanPoint("always " + names[a], {fixed[a]}));
  }
  return plot;
}

// Of all courses: their requests, one beside another.
Plot SharesPlot(const Courses& courses) {
  std::vector<std::vector<float>> shares(courses.arms.size());
  const auto of_all = 1 / static_cast<float>(courses.traces.size());
  for (std::vector<float>& of_arm : shares) of_arm.resize(courses.traces.front().size());
  for (const Trace& trace : courses.traces) {
    for (std::size_t i = 0; i < trace.size(); ++i) {
      shares[static_cast<std::size_t>(trace[i].arm)][i] += of_all;
    }
  }
  return SharesOverTime(courses.arms, shares);
}

Plot SpendPlot(const Courses& courses) {
  Plot plot{.title = "Spend",
            .caption =
                "Mean cost of a request in each window of time; where none was told, the expected "
                "one.",
            .x = kRequests,
            .y = {.label = "cost (USD a request)"}};
  plot.series.push_back(
      OverTime(courses, "spent", [](const TraceStep& step) { return step.cost_usd; }));
  if (courses.budget_usd > 0) {
    const auto end = static_cast<double>(courses.traces.front().size());
    plot.series.push_back({.name = "budget",
                           .mark = Mark::kDashes,
                           .x = {0, end},
                           .y = {courses.budget_usd, courses.budget_usd}});
  }
  return plot;
}

Plot WeightPlot(const Courses& courses) {
  return {.title = "What a dollar is worth",
          .caption =
              "Lambda in force: an arm is taken when its quality is worth its cost at "
              "this price.",
          .x = kRequests,
          .y = {.label = "lambda (quality per USD)"},
          .series = {
              OverTime(courses, "lambda", [](const TraceStep& step) { return step.cost_weight; })}};
}

Plot ExplorationPlot(const Courses& courses) {
  Plot plot{.title = "Exploration: asked for and seen",
            .caption =
                "Probability of another arm than the greedy one, and how often it was "
                "taken.",
            .x = kRequests,
            .y = {.label = "share of requests", .percent = true}};
  plot.series.push_back(
      OverTime(courses, "asked", [](const TraceStep& step) { return step.exploration; }));
  plot.series.push_back(
      OverTime(courses, "seen", [](const TraceStep& step) { return step.explored ? 1.0 : 0.0; }));
  // A normal interval of a small share reaches below 0; no share does.
  for (Series& series : plot.series) {
    for (double& low : series.low) low = std::max(low, 0.0);
  }
  return plot;
}

// Steps of all courses in bins of equally many, by what was predicted.
Plot CalibrationPlot(const Courses& courses) {
  std::vector<TraceStep> steps;
  for (const Trace& trace : courses.traces) {
    std::ranges::copy_if(trace, std::back_inserter(steps), &TraceStep::labelled);
  }
  std::ranges::stable_sort(steps, {}, &TraceStep::predicted);
  Series bins{.name = "a tenth of the requests (95 %)", .mark = Mark::kPoints};
  for (std::size_t b = 0; b < kBins && steps.size() >= kBins * kBinLeast; ++b) {
    const std::size_t end = (b + 1) * steps.size() / kBins;
    double predicted = 0;
    std::vector<double> rewards;
    for (std::size_t i = b * steps.size() / kBins; i < end; ++i) {
      predicted += steps[i].predicted;
      rewards.push_back(steps[i].reward);
    }
    Add(bins, predicted / static_cast<double>(rewards.size()), rewards);
  }
  Plot plot{.title = "Calibration of the predicted reward",
            .caption =
                "Of the arm that was chosen, where a label came. On the dashed line what is "
                "predicted comes true; below it the router is too hopeful.",
            .x = {.label = "predicted reward"},
            .y = {.label = "mean reward reported"}};
  if (!bins.x.empty()) {
    plot.series.push_back({.name = "as predicted",
                           .mark = Mark::kDashes,
                           .x = {bins.x.front(), bins.x.back()},
                           .y = {bins.x.front(), bins.x.back()}});
  }
  plot.series.push_back(std::move(bins));
  return plot;
}

}  // namespace

std::vector<Plot> LoggedPlots(const Courses& courses) {
  if (courses.traces.empty() || courses.traces.front().empty()) return {};
  std::vector<Plot> plots{SharesPlot(courses)};
  if (courses.costs_known) plots.push_back(SpendPlot(courses));
  plots.insert(plots.end(),
               {WeightPlot(courses), ExplorationPlot(courses), CalibrationPlot(courses)});
  return plots;
}

std::vector<Plot> CoursePlots(const Courses& courses) {
  std::vector<Plot> plots = LoggedPlots(courses);
  if (!plots.empty()) plots.insert(plots.begin(), {RegretPlot(courses), FrontierPlot(courses)});
  return plots;
}

Plot SharesOverTime(const std::vector<ArmFacts>& arms,
                    const std::vector<std::vector<float>>& shares) {
  Plot plot{.title = "Share of each arm",
            .caption = "Of the requests in each window of time.",
            .x = kRequests,
            .y = {.label = "share of requests", .percent = true},
            .stacked = true};
  for (std::size_t a = 0; a < arms.size(); ++a) {
    Series series{.name = arms[a].name};
    const Windows windows(shares[a].size());
    for (std::size_t w = 0; w < windows.count(); ++w) {
      double sum = 0;
      for (std::size_t i = windows.Begin(w); i < windows.Begin(w + 1); ++i) {
        sum += static_cast<double>(shares[a][i]);
      }
      series.x.push_back(windows.Middle(w));
      series.y.push_back(sum / static_cast<double>(windows.Begin(w + 1) - windows.Begin(w)));
    }
    plot.series.push_back(std::move(series));
  }
  return plot;
}

}  // namespace sluice::sim
