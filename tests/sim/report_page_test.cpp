#include "sim/report_page.h"

#include <cmath>
#include <filesystem>
#include <limits>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "sim/report_courses.h"
#include "sim/report_scale.h"
#include "tests/support/temporary_directory.h"

namespace sluice::sim {
namespace {

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Plot SomePlot() {
  return {.title = "Regret",
          .caption = "Less is better.",
          .x = {.label = "requests"},
          .y = {.label = "regret (reward units)"},
          .series = {{.name = "ours",
                      .x = {0, 1, 2},
                      .y = {0, 0.5, 0.75},
                      .low = {0, 0.25, 0.5},
                      .high = {0, 0.75, 1}},
                     {.name = "theirs", .mark = Mark::kPoints, .x = {1}, .y = {2}}}};
}

std::vector<std::string> LabelsBetween(double low, double high, bool log) {
  Scale scale(log, false);
  scale.Include(low);
  scale.Include(high);
  scale.Fit(0, 100, Scale::Room::kTight);
  std::vector<std::string> labels;
  for (const Tick& tick : scale.ticks()) labels.push_back(tick.label);
  return labels;
}

TEST_CASE("ticks of an axis are round numbers") {
  using Labels = std::vector<std::string>;
  CHECK(LabelsBetween(0, 0.97, false) == Labels{"0.0", "0.2", "0.4", "0.6", "0.8"});
  CHECK(LabelsBetween(-1, 1, false) == Labels{"-1.0", "-0.5", "0.0", "0.5", "1.0"});
  CHECK(LabelsBetween(0, 20000, false) == Labels{"0", "5000", "10000", "15000", "20000"});
  CHECK(LabelsBetween(3e-4, 2e-3, true) ==
        Labels{"0.0003", "0.0005", "0.0007", "0.001", "0.0015", "0.002"});
  CHECK(LabelsBetween(1e-5, 1e-1, true) == Labels{"1e-05", "0.0001", "0.001", "0.01", "0.1"});
}

TEST_CASE("points stand a twentieth inside their axis") {
  for (const bool log : {false, true}) {
    Scale scale(log, false);
    scale.Include(1);
    scale.Include(100);
    scale.Fit(0, 110, Scale::Room::kAround);
    CHECK(scale.At(1) == Approx(5));
    CHECK(scale.At(100) == Approx(105));
  }
}

TEST_CASE("an axis of one value or none still has a length") {
  for (const bool log : {false, true}) {
    for (const int values : {0, 1}) {
      Scale scale(log, false);
      if (values == 1) scale.Include(0.25);
      scale.Fit(10, 110, Scale::Room::kRound);
      CHECK_FALSE(scale.ticks().empty());
      const double at = scale.At(values == 1 ? 0.25 : 1);
      CHECK(at >= 10);
      CHECK(at <= 110);
    }
  }
}

TEST_CASE("a plot has its title and axes with units and a legend") {
  const std::string svg = RenderSvg(SomePlot());
  for (const char* part : {"Regret", "requests", "regret (reward units)", "ours", "theirs"}) {
    CHECK(Has(svg, part));
  }
  CHECK(Has(svg, "<polygon"));  // the band
  CHECK(Has(svg, "<circle"));
  CHECK(svg == RenderSvg(SomePlot()));
}

TEST_CASE("values that have no place are left out of a plot") {
  Plot plot = SomePlot();
  plot.x.log = true;  // which 0 is not on
  plot.series[0].y[1] = std::nan("");
  plot.series[1].y[0] = std::numeric_limits<double>::infinity();
  const std::string svg = RenderSvg(plot);
  CHECK_FALSE(Has(svg, "nan"));
  CHECK_FALSE(Has(svg, "inf"));
}

TEST_CASE("names in a page are text and a page fetches nothing") {
  Page page{.title = "A & B <script>",
            .introduction = "\"quoted\"",
            .plots = {SomePlot()},
            .tables = "a < b\n",
            .json = R"({"arm": "</script><script>alert(1)</script>"})"};
  page.plots[0].series[0].name = "<img src=x>";
  const std::string html = RenderPage(page);
  CHECK(Has(html, "A &amp; B &lt;script&gt;"));
  CHECK(Has(html, "&lt;img src=x&gt;"));
  CHECK_FALSE(Has(html, "<img"));
  CHECK_FALSE(Has(html, "<script>"));
  std::size_t addresses = 0;
  for (std::size_t at = html.find("://"); at != std::string::npos; at = html.find("://", at + 1)) {
    ++addresses;
  }
  CHECK(addresses == 1);  // the name of SVG, which nobody fetches
  const std::string open = "<script type=\"application/json\" id=\"report\">";
  const std::size_t begin = html.find(open) + open.size();
  const std::string json = html.substr(begin, html.find("</script>", begin) - begin);
  CHECK(nlohmann::json::parse(json) == nlohmann::json::parse(page.json));
}

TEST_CASE("a page is written with its numbers beside it") {
  const tests::TemporaryDirectory directory;
  const std::string folder = directory.File("report");
  const Page page{
      .title = "T", .introduction = "", .plots = {SomePlot()}, .tables = "", .json = "[]"};
  REQUIRE(WritePage(folder, page).empty());
  for (const char* name : {"index.html", "report.json", "plots.json"}) {
    CHECK(std::filesystem::file_size(folder + "/" + name) > 0);
  }
  CHECK_FALSE(WritePage(folder + "/index.html", page).empty());
}

// Two arms; the second is right from the hundredth request on.
Courses SomeCourses(std::size_t seeds) {
  Courses courses{.arms = {{.name = "cheap"}, {.name = "dear"}}, .budget_usd = 2e-3};
  for (std::size_t s = 0; s < seeds; ++s) {
    Trace trace;
    for (std::size_t i = 0; i < 600; ++i) {
      const bool dear = i >= 100;
      trace.push_back({.arm = dear ? 1 : 0,
                       .predicted = dear ? 0.9 : 0.4,
                       .reward = dear ? 0.875 : 0.5,
                       .cost_usd = dear ? 3e-3 : 1e-3,
                       .exploration = 0.05,
                       .explored = i % 20 == s,
                       .cost_weight = 10,
                       .regret = dear ? 0 : 0.25});
    }
    courses.traces.push_back(std::move(trace));
    Comparison summary;
    summary.ours = {.reward = 0.8, .cost_usd = 2.5e-3};
    summary.fixed = {{.reward = 0.5, .cost_usd = 1e-3}, {.reward = 0.875, .cost_usd = 3e-3}};
    summary.always = {true, true};
    summary.oracle_by_utility = {.reward = 0.9, .cost_usd = 2e-3};
    courses.summaries.push_back(summary);
  }
  return courses;
}

const Series& Named(const std::vector<Plot>& plots, const std::string& title,
                    const std::string& name) {
  for (const Plot& plot : plots) {
    if (plot.title != title) continue;
    for (const Series& series : plot.series) {
      if (series.name == name) return series;
    }
  }
  FAIL("no series " + name + " in " + title);
  throw 0;
}

TEST_CASE("the plots of courses show what the courses were") {
  const auto plots = CoursePlots(SomeCourses(3));
  CHECK(plots.size() == 7);
  for (const Plot& plot : plots) {
    CAPTURE(plot.title);
    CHECK_FALSE(plot.x.label.empty());
    CHECK_FALSE(plot.y.label.empty());
    CHECK_FALSE(plot.caption.empty());
    CHECK_FALSE(plot.series.empty());
  }
  CHECK(Named(plots, "Cumulative regret", "this router").y.back() == Approx(25));
  CHECK(Named(plots, "Spend", "spent").y.back() == Approx(3e-3));
  CHECK(Named(plots, "Spend", "budget").y.back() == Approx(2e-3));
  CHECK(Named(plots, "What a dollar is worth", "lambda").y.front() == Approx(10));
  CHECK(Named(plots, "Exploration: asked for and seen", "asked").y.front() == Approx(0.05));
  const Series& cheap = Named(plots, "Share of each arm", "cheap");
  const Series& dear = Named(plots, "Share of each arm", "dear");
  for (std::size_t w = 0; w < cheap.x.size(); ++w) CHECK(cheap.y[w] + dear.y[w] == Approx(1));
  CHECK(cheap.y.front() == Approx(1));
  CHECK(dear.y.back() == Approx(1));
  const Series& hull = Named(plots, "Cost and quality", "blind mix of arms");
  CHECK(hull.y.front() == Approx(0.5));
  CHECK(hull.y.back() == Approx(0.875));
  // Ten bins of equally many predictions.
  const Plot& calibration = plots.back();
  const Series& bins = calibration.series.back();
  CHECK(bins.x.size() == 10);
  CHECK(bins.x.front() == Approx(0.4));
  CHECK(bins.y.front() == Approx(0.5));
  CHECK(bins.x.back() == Approx(0.9));
  CHECK(bins.y.back() == Approx(0.875));
}

TEST_CASE("where no cost was told there is no plot of spend") {
  Courses courses = SomeCourses(1);
  CHECK(LoggedPlots(courses).size() == 5);
  courses.costs_known = false;
  const auto plots = LoggedPlots(courses);
  CHECK(plots.size() == 4);
  for (const Plot& plot : plots) CHECK(plot.title != "Spend");
}

TEST_CASE("means of several courses have a band and one course has none") {
  const auto one = CoursePlots(SomeCourses(1));
  const auto three = CoursePlots(SomeCourses(3));
  const Series& alone = Named(one, "Exploration: asked for and seen", "seen");
  const Series& together = Named(three, "Exploration: asked for and seen", "seen");
  CHECK(alone.low.empty());
  REQUIRE(together.low.size() == together.y.size());
  for (std::size_t i = 0; i < together.y.size(); ++i) {
    CHECK(together.low[i] <= together.y[i]);
    CHECK(together.high[i] >= together.y[i]);
  }
}

}  // namespace
}  // namespace sluice::sim
