#include "sim/command.h"

#include <fstream>
#include <ostream>

#include "sim/parallel.h"
#include "sim/progress.h"
#include "sim/report.h"
#include "sim/report_courses.h"
#include "sim/report_page.h"
#include "sim/stage.h"

namespace sluice::sim {
namespace {

bool WriteFile(const std::string& path, const std::string& text, const Streams& streams) {
  if (path.empty()) return true;
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) streams.err << "sluice-sim: cannot write " << path << "\n";
  return static_cast<bool>(file);
}

std::string AsJson(const std::vector<Played>& played) {
  std::string text;
  for (const Played& one : played) {
    text += (text.empty() ? "[" : ",") + RenderJson(one.heading, one.summary, one.choices, nullptr);
  }
  // Of one router the object alone.
  return played.size() == 1 ? text.substr(1) : text + "]\n";
}

// By seed, then by router.
using Seeds = std::vector<std::vector<Played>>;

std::string OrdersOf(const Seeds& seeds) {
  std::string text;
  const std::size_t routers = seeds.front().size();
  for (std::size_t r = 0; r < routers; ++r) {
    std::vector<Order> orders;
    for (const auto& played : seeds) orders.push_back({played[r].heading.seed, played[r].summary});
    if (routers > 1) text += "router " + seeds.front()[r].heading.router.name + "\n";
    text += RenderOrders(orders);
  }
  return text;
}

std::string TablesOf(const Seeds& seeds) {
  if (seeds.size() > 1) return OrdersOf(seeds);
  std::string text;
  for (const Played& one : seeds.front()) {
    text += (text.empty() ? "" : "\n") + RenderTable(one.heading, one.summary);
  }
  return text;
}

// Of all routers, one behind the other.
Page PageOf(const Seeds& seeds, const std::string& tables) {
  const std::vector<Played>& first = seeds.front();
  const Heading& heading = first.front().heading;
  Page page{.title = "Sluice: " + heading.source,
            .introduction =
                std::to_string(heading.requests) + " requests, " + std::to_string(seeds.size()) +
                (seeds.size() == 1 ? " seed" : " seeds; bands are 95 % over them") + ". Policy " +
                heading.router.policy + ". The product's own router " + "and learner.",
            .tables = tables};
  for (std::size_t r = 0; r < first.size(); ++r) {
    Courses courses{.arms = first[r].heading.router.arms, .budget_usd = first[r].budget_usd};
    for (const auto& played : seeds) {
      courses.traces.push_back(played[r].trace);
      courses.summaries.push_back(played[r].summary.whole);
      page.json += (page.json.empty() ? "[" : ",") +
                   RenderJson(played[r].heading, played[r].summary, played[r].choices, nullptr);
    }
    for (Plot& plot : CoursePlots(courses)) {
      if (first.size() > 1) plot.title += ", router " + first[r].heading.router.name;
      page.plots.push_back(std::move(plot));
    }
  }
  page.json += "]";
  return page;
}

}  // namespace

int Run(const RunOptions& options, const Streams& streams) {
  if (options.orders > 1 && !options.json.empty()) {
    return Refuse("--json keeps one course; pass it without --orders", streams);
  }
  const auto made = Stage::Make(options);
  if (const auto* problem = std::get_if<std::string>(&made)) return Refuse(*problem, streams);
  const Stage& stage = std::get<Stage>(made);
  streams.out << stage.Pairing() << "\n";
  std::vector<Said<std::vector<Played>>> courses(options.orders);
  {
    Progress progress(streams.progress, "running", options.orders * stage.requests());
    const std::size_t threads = options.threads > 0 ? options.threads : ThreadsOfMachine();
    ForEach(options.orders, threads,
            [&](std::size_t i) { courses[i] = stage.Play(options.source.seed + i, progress); });
  }
  Seeds seeds;
  for (auto& course : courses) {
    if (const auto* problem = std::get_if<std::string>(&course)) return Refuse(*problem, streams);
    seeds.push_back(std::get<0>(std::move(course)));
  }
  const std::string tables = TablesOf(seeds);
  streams.out << tables;
  if (!options.report.empty()) {
    const std::string problem = WritePage(options.report, PageOf(seeds, tables));
    if (!problem.empty()) return Refuse(problem, streams);
  }
  if (options.json.empty()) return kDone;
  return WriteFile(options.json, AsJson(seeds.front()), streams) ? kDone : kRefused;
}

int Drive(const DriveCommandOptions& options, const Streams& streams) {
  if (options.drive.lockstep && options.drive.connections > 1) {
    return Refuse("--lockstep needs --connections 1", streams);
  }
  const auto asked = FetchRouter(options.drive);
  if (const auto* problem = std::get_if<std::string>(&asked)) return Refuse(*problem, streams);
  const auto& router = std::get<RouterFacts>(asked);
  const auto made = PrepareDrive(options.source, router);
  if (const auto* problem = std::get_if<std::string>(&made)) return Refuse(*problem, streams);
  const auto& [prepared, environment] = std::get<Prepared>(made);
  Heading heading = prepared;
  heading.feedback_delay = options.drive.feedback_delay;
  streams.out << RenderPairing(heading) << std::endl;

  DriveResult result;
  {
    Progress progress(streams.progress, "driving", environment.tasks.size());
    result = Drive(environment, options.drive, progress);
  }
  const Summary summary = Summarise(environment, result.choices, router.cost_weight);
  streams.out << RenderTable(heading, summary) << std::flush;
  streams.err << RenderTraffic(result.traffic);
  const std::string json = RenderJson(heading, summary, result.choices, &result.traffic);
  if (!WriteFile(options.json, json, streams)) return kRefused;
  return result.traffic.failures() == 0 || options.failures_ok ? kDone : kFailed;
}

}  // namespace sluice::sim
