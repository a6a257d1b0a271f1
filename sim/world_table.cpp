#include "sim/world_table.h"

#include <ostream>
#include <utility>

#include "sim/parallel.h"
#include "sim/report_table.h"
#include "sim/stage.h"
#include "sim/world_file.h"

namespace sluice::sim {
namespace {

// What one router got in one world; sums over the seeds.
struct Gained {
  double ours = 0;
  double uniform = 0;
  double oracle = 0;
  double regret = 0;  // in utility
  std::size_t requests = 0;
};

// One world with its routers.
struct Entry {
  std::string name;
  std::string description;
  Stage stage;
};

Said<std::vector<Entry>> Entries(const WorldsOptions& options) {
  std::vector<Entry> entries;
  for (const std::string& name : WorldNames()) {
    auto world = Say(LoadWorld(name));
    if (auto* problem = std::get_if<std::string>(&world)) return *problem;
    RunOptions run;
    run.source.world = name;
    run.policy = options.policy;
    auto stage = Stage::Make(run);
    if (auto* problem = std::get_if<std::string>(&stage)) return *problem;
    entries.push_back(
        {name, std::get<World>(world).description, std::get<Stage>(std::move(stage))});
  }
  return entries;
}

std::string Table(const std::vector<Entry>& entries) {
  std::vector<Row> rows;
  for (const Entry& entry : entries) rows.push_back({entry.name, entry.description});
  return Align(rows, Side::kLeft);
}

void Add(const std::vector<Played>& played, std::vector<Gained>& gained) {
  gained.resize(played.size());
  for (std::size_t r = 0; r < played.size(); ++r) {
    const Comparison& whole = played[r].summary.whole;
    gained[r].ours += whole.ours.utility;
    gained[r].uniform += whole.uniform.utility;
    gained[r].oracle += whole.oracle_by_utility.utility;
    gained[r].regret += whole.regret_utility;
    gained[r].requests = whole.tasks;
  }
}

std::string Percent(double part, double whole) {
  return Fixed(100 * part / whole, 1) + "%";
}

std::string PlayedTable(const std::vector<Entry>& entries, std::uint64_t seeds,
                        const std::vector<Said<std::vector<Played>>>& courses) {
  std::vector<Row> rows{{"world", "requests", "of oracle", "uniform", "regret", "a request"}};
  for (std::size_t e = 0; e < entries.size(); ++e) {
    std::vector<Gained> gained;
    for (std::uint64_t s = 0; s < seeds; ++s) Add(std::get<0>(courses[e * seeds + s]), gained);
    const auto& first = std::get<0>(courses[e * seeds]);
    for (std::size_t r = 0; r < gained.size(); ++r) {
      const Gained& sum = gained[r];
      const std::string router = gained.size() > 1 ? ", " + first[r].heading.router.name : "";
      const double regret = sum.regret / static_cast<double>(seeds);
      rows.push_back({entries[e].name + router, std::to_string(sum.requests),
                      Percent(sum.ours, sum.oracle), Percent(sum.uniform, sum.oracle),
                      Fixed(regret, 1), Fixed(regret / static_cast<double>(sum.requests), 4)});
    }
  }
  return Align(rows);
}

}  // namespace

int ListWorlds(const WorldsOptions& options, const Streams& streams) {
  const auto loaded = Entries(options);
  if (const auto* problem = std::get_if<std::string>(&loaded)) return Refuse(*problem, streams);
  const auto& entries = std::get<std::vector<Entry>>(loaded);
  if (!options.play) {
    streams.out << Table(entries);
    return kDone;
  }
  std::size_t requests = 0;
  for (const Entry& entry : entries) requests += options.seeds * entry.stage.requests();
  std::vector<Said<std::vector<Played>>> courses(entries.size() * options.seeds);
  {
    Progress progress(streams.progress, "playing", requests);
    const std::size_t threads = options.threads > 0 ? options.threads : ThreadsOfMachine();
    ForEach(courses.size(), threads, [&](std::size_t i) {
      courses[i] = entries[i / options.seeds].stage.Play(1 + i % options.seeds, progress);
    });
  }
  for (const auto& course : courses) {
    if (const auto* problem = std::get_if<std::string>(&course)) return Refuse(*problem, streams);
  }
  streams.out << PlayedTable(entries, options.seeds, courses)
              << "Utility as a share of the oracle's, and regret in utility; means over " +
                     std::to_string(options.seeds) + " seeds.\n";
  return kDone;
}

}  // namespace sluice::sim
