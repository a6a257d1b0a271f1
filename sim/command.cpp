#include "sim/command.h"

#include <fstream>
#include <ostream>

#include "sim/parallel.h"
#include "sim/progress.h"
#include "sim/report.h"
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

void PrintOrders(const std::vector<Said<std::vector<Played>>>& courses, std::size_t routers,
                 std::ostream& out) {
  for (std::size_t r = 0; r < routers; ++r) {
    std::vector<Order> orders;
    for (const auto& course : courses) {
      const Played& played = std::get<0>(course)[r];
      orders.push_back({played.heading.seed, played.summary});
    }
    if (routers > 1)
      out << "router " << std::get<0>(courses.front())[r].heading.router.name << "\n";
    out << RenderOrders(orders);
  }
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
  for (const auto& course : courses) {
    if (const auto* problem = std::get_if<std::string>(&course)) return Refuse(*problem, streams);
  }
  if (options.orders > 1) {
    PrintOrders(courses, stage.routers(), streams.out);
    return kDone;
  }
  const auto& played = std::get<0>(courses.front());
  for (const Played& one : played) {
    streams.out << (&one == &played.front() ? "" : "\n") << RenderTable(one.heading, one.summary);
  }
  return WriteFile(options.json, AsJson(played), streams) ? kDone : kRefused;
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
