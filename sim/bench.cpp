#include "sim/bench.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>
#include <ostream>
#include <thread>
#include <utility>

#include "sim/dataset_pareto.h"
#include "sim/pareto_entrants.h"
#include "sim/pareto_offline.h"
#include "sim/report_contenders.h"
#include "sim/report_page.h"
#include "sim/report_pareto_plots.h"
#include "sim/said.h"

namespace sluice::sim {
namespace {

Said<std::vector<std::string>> ExperimentsOf(const ParetoBenchOptions& options) {
  const auto known = ParetoExperiments();
  if (options.experiment.empty()) return std::vector<std::string>(known.begin(), known.end());
  if (std::ranges::find(known, options.experiment) == known.end()) {
    return "there is no experiment \"" + options.experiment + "\"; pass 01, 02, 03 or 04";
  }
  return std::vector<std::string>{options.experiment};
}

Said<std::vector<ParetoEarlier>> EarlierOf(const ParetoBenchOptions& options) {
  if (options.against.empty()) return std::vector<ParetoEarlier>{};
  std::ifstream file(options.against, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  auto earlier = ReadParetoJson(text);
  if (!earlier) return options.against + " is not what --json of this command writes";
  return *std::move(earlier);
}

Said<ParetoData> DataOf(const ParetoBenchOptions& options) {
  auto loaded = LoadPareto(options.data_dir);
  if (auto* data = std::get_if<ParetoData>(&loaded); data && !options.features.empty()) {
    if (auto problem = AttachFeatures(options.features, *data); !problem.empty()) return problem;
  }
  return loaded;
}

// One experiment: what is played, and what came of it.
struct Experiment {
  std::vector<ParetoCase> cases;
  std::vector<ParetoStream> streams;
};

Said<Experiment> ExperimentOf(const ParetoBenchOptions& options, const ParetoData& data,
                              const std::string& name) {
  Experiment experiment{.cases = ParetoCases(name), .streams = {}};
  const ParetoCase& first = experiment.cases.front();
  auto streams = LoadParetoStreams(options.data_dir, data,
                                   {.experiment = name,
                                    .segments = first.phases.size() + 1,
                                    .seeds_max = options.seeds,
                                    .newcomer = first.newcomer});
  if (auto* problem = std::get_if<std::string>(&streams)) return std::move(*problem);
  experiment.streams = std::get<std::vector<ParetoStream>>(std::move(streams));
  return experiment;
}

// What all experiments share.
struct Bench {
  ParetoData data;
  std::vector<ParetoEntrant> entrants;
  double warm_strength = 0;
  std::size_t threads = 1;
};

Said<std::vector<ParetoResult>> ResultsOf(const Bench& bench, const ParetoEntrant& entrant,
                                          const Experiment& experiment, const Streams& streams) {
  ParetoPolicy policy = entrant.policy;
  auto offline =
      FitOffline({bench.data, experiment.cases.front(), experiment.streams.front(), policy},
                 bench.warm_strength);
  if (auto* problem = std::get_if<std::string>(&offline)) return std::move(*problem);
  policy.offline = std::get<std::shared_ptr<const ParetoOffline>>(std::move(offline));
  std::vector<ParetoRun> runs;
  for (const ParetoCase& parameters : experiment.cases) {
    for (const ParetoStream& stream : experiment.streams) {
      runs.push_back({bench.data, parameters, stream, policy});
    }
  }
  std::size_t requests = 0;
  for (const ParetoRun& run : runs) requests += run.requests();
  Progress progress(streams.progress,
                    "experiment " + experiment.cases.front().experiment + ", " + entrant.name,
                    requests);
  auto finished = PlayAll(runs, bench.threads, progress);
  if (auto* problem = std::get_if<std::string>(&finished)) return std::move(*problem);
  const auto& played = std::get<std::vector<ParetoPlayed>>(finished);
  std::vector<ParetoResult> results;
  auto next = played.begin();
  for (const ParetoCase& parameters : experiment.cases) {
    const auto end = next + static_cast<std::ptrdiff_t>(experiment.streams.size());
    results.push_back(SummarisePareto(bench.data, parameters, experiment.streams, {next, end}));
    next = end;
  }
  return results;
}

std::vector<ParetoReference> ReferencesOf(const ParetoBenchOptions& options,
                                          const Experiment& experiment) {
  std::vector<ParetoReference> references = LoadParetoReferences(options.data_dir);
  std::size_t scored = 0;
  const auto& segments = experiment.streams.front().segments;
  for (std::size_t s = 1; s < segments.size(); ++s) scored += segments[s].size();
  for (ParetoReference& published : PublishedPareto(scored)) {
    references.push_back(std::move(published));
  }
  return references;
}

ParetoHeading HeadingOf(const ParetoBenchOptions& options, const Bench& bench,
                        const ParetoEntrant& entrant) {
  const auto mode = static_cast<std::size_t>(entrant.policy.exploration);
  return {bench.data.name, entrant.name,
          entrant.policy.baseline.empty() ? std::string(policy::kExplorationModeNames[mode])
                                          : "its own",
          options.features};
}

std::size_t ThreadsOf(const ParetoBenchOptions& options) {
  if (options.threads > 0) return options.threads;
  return std::max(1U, std::thread::hardware_concurrency());
}

using Contenders = std::vector<ParetoContender>;

// All experiments, with what stands beside them.
struct PlayedAll {
  std::vector<Contenders> experiments;
  std::vector<ParetoReference> references;
  std::string tables;
};

// All entrants in one experiment.
Said<Contenders> ContendersOf(const ParetoBenchOptions& options, const Bench& bench,
                              const Experiment& experiment, const Streams& streams) {
  Contenders contenders;
  for (const ParetoEntrant& entrant : bench.entrants) {
    auto results = ResultsOf(bench, entrant, experiment, streams);
    if (auto* problem = std::get_if<std::string>(&results)) return std::move(*problem);
    contenders.push_back({HeadingOf(options, bench, entrant),
                          std::get<std::vector<ParetoResult>>(std::move(results))});
  }
  return contenders;
}

// Plays and prints one experiment after another.
Said<PlayedAll> PlayExperiments(const ParetoBenchOptions& options, const Bench& bench,
                                const Streams& streams) {
  const auto names = ExperimentsOf(options);
  if (const auto* problem = std::get_if<std::string>(&names)) return *problem;
  const auto earlier = EarlierOf(options);
  if (const auto* problem = std::get_if<std::string>(&earlier)) return *problem;
  PlayedAll all;
  for (const std::string& name : std::get<0>(names)) {
    auto experiment = ExperimentOf(options, bench.data, name);
    if (auto* problem = std::get_if<std::string>(&experiment)) return std::move(*problem);
    const auto& played = std::get<Experiment>(experiment);
    auto finished = ContendersOf(options, bench, played, streams);
    if (auto* problem = std::get_if<std::string>(&finished)) return std::move(*problem);
    auto& contenders = std::get<Contenders>(finished);
    const auto references = ReferencesOf(options, played);
    const ParetoContender& first = contenders.front();
    const std::string tables = contenders.size() > 1
                                   ? RenderContenders(contenders)
                                   : RenderPareto({first.heading, first.results, references,
                                                   std::get<std::vector<ParetoEarlier>>(earlier)});
    streams.out << tables << std::flush;
    // Those that are in a file of all experiments come with each of them.
    for (const ParetoReference& reference : references) {
      if (reference.experiment == name) all.references.push_back(reference);
    }
    all.experiments.push_back(std::move(contenders));
    all.tables += tables;
  }
  if (bench.entrants.size() > 1) {
    const std::string means = RenderMeans(all.experiments);
    streams.out << means;
    all.tables += means;
  }
  return all;
}

// Plots are of the first policy.
Page PageOf(const Bench& bench, const PlayedAll& all, const std::string& json) {
  std::vector<ParetoResult> results;
  for (const Contenders& contenders : all.experiments) {
    const auto& first = contenders.front().results;
    results.insert(results.end(), first.begin(), first.end());
  }
  const std::string& name = bench.entrants.front().name;
  return {.title = "The public experiments of ParetoBandit: " + name,
          .introduction = "Rows of " + bench.data.name + "; " +
                          std::to_string(results.front().seeds.size()) +
                          " seeds. The product's own router and learner, or a baseline, one "
                          "request and its outcome after another. Plots are of " +
                          name + ".",
          .plots = ParetoPlots(results, all.references),
          .tables = all.tables,
          .json = json};
}

}  // namespace

int BenchPareto(const ParetoBenchOptions& options, const Streams& streams) {
  auto entrants = ParetoEntrants({.policies = options.policy,
                                  .exploration = options.exploration,
                                  .features = !options.features.empty(),
                                  .warm = options.warm_strength > 0});
  if (const auto* problem = std::get_if<std::string>(&entrants)) return Refuse(*problem, streams);
  auto data = DataOf(options);
  if (const auto* problem = std::get_if<std::string>(&data)) return Refuse(*problem, streams);
  const Bench bench{std::get<ParetoData>(std::move(data)),
                    std::get<std::vector<ParetoEntrant>>(std::move(entrants)),
                    options.warm_strength, ThreadsOf(options)};
  const auto played = PlayExperiments(options, bench, streams);
  if (const auto* problem = std::get_if<std::string>(&played)) return Refuse(*problem, streams);
  const auto& all = std::get<PlayedAll>(played);
  Contenders rows;
  for (const Contenders& contenders : all.experiments) {
    rows.insert(rows.end(), contenders.begin(), contenders.end());
  }
  const std::string json = ParetoJson(rows);
  if (!options.report.empty()) {
    const std::string problem = WritePage(options.report, PageOf(bench, all, json));
    if (!problem.empty()) return Refuse(problem, streams);
  }
  if (options.json.empty()) return kDone;
  std::ofstream file(options.json, std::ios::binary | std::ios::trunc);
  file << json;
  file.close();
  return file ? kDone : Refuse("cannot write " + options.json, streams);
}

}  // namespace sluice::sim
