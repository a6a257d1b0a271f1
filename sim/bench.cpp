#include "sim/bench.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>
#include <ostream>
#include <thread>
#include <utility>

#include "sim/dataset_pareto.h"
#include "sim/encoded_texts.h"
#include "sim/pareto_offline.h"
#include "sim/pareto_run.h"
#include "sim/report_page.h"
#include "sim/report_pareto.h"
#include "sim/report_pareto_plots.h"

namespace sluice::sim {
namespace {

constexpr int kDone = 0;
constexpr int kRefused = 2;

template <typename T>
using Said = std::variant<T, std::string>;

int Refuse(const std::string& text, const Streams& streams) {
  streams.err << "sluice-sim: " << text << "\n";
  return kRefused;
}

Said<ParetoPolicy> PolicyOf(const ParetoBenchOptions& options) {
  ParetoPolicy policy;
  const auto kind = policy::PolicyKindFromName(options.policy);
  if (!kind) return "there is no policy \"" + options.policy + "\"";
  policy.kind = *kind;
  const bool linucb = policy.kind == policy::PolicyKind::kLinUcb;
  policy.exploration = linucb ? policy::ExplorationMode::kOff : policy::ExplorationMode::kNatural;
  policy.features = !options.features.empty();
  const bool predicts =
      policy.kind == policy::PolicyKind::kLogistic || policy.kind == policy::PolicyKind::kClusters;
  if ((predicts || options.warm_strength > 0) && !policy.features) {
    return "what is fitted offline needs a context that stays: pass --features";
  }
  if (policy.kind == policy::PolicyKind::kRules && policy.features) {
    return "rules look at texts: leave out --features";
  }
  if (options.exploration.empty()) return policy;
  const auto& names = policy::kExplorationModeNames;
  const auto found = std::ranges::find(names, options.exploration);
  if (found == names.end()) return "there is no exploration \"" + options.exploration + "\"";
  policy.exploration = static_cast<policy::ExplorationMode>(found - names.begin());
  return policy;
}

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
  ParetoPolicy policy;
  double warm_strength = 0;
  std::size_t threads = 1;
  const policy::EncodingMemory* memory = nullptr;
};

Said<std::vector<ParetoResult>> ResultsOf(const Bench& bench, const Experiment& experiment,
                                          const Streams& streams) {
  ParetoPolicy policy = bench.policy;
  auto offline =
      FitOffline({bench.data, experiment.cases.front(), experiment.streams.front(), policy},
                 bench.warm_strength);
  if (auto* problem = std::get_if<std::string>(&offline)) return std::move(*problem);
  policy.offline = std::get<std::shared_ptr<const ParetoOffline>>(std::move(offline));
  std::vector<ParetoRun> runs;
  for (const ParetoCase& parameters : experiment.cases) {
    for (const ParetoStream& stream : experiment.streams) {
      runs.push_back({bench.data, parameters, stream, policy, bench.memory});
    }
  }
  std::size_t requests = 0;
  for (const ParetoRun& run : runs) requests += run.requests();
  Progress progress(streams.progress, "experiment " + experiment.cases.front().experiment,
                    requests);
  auto played = PlayAll(runs, bench.threads, progress);
  if (auto* problem = std::get_if<std::string>(&played)) return std::move(*problem);
  const auto& choices = std::get<std::vector<Choices>>(played);
  std::vector<ParetoResult> results;
  auto next = choices.begin();
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

ParetoHeading HeadingOf(const ParetoBenchOptions& options, const Bench& bench) {
  const auto mode = static_cast<std::size_t>(bench.policy.exploration);
  const std::string warm = options.warm_strength > 0 ? ", warm" : "";
  return {bench.data.name, options.policy + warm, std::string(policy::kExplorationModeNames[mode]),
          options.features};
}

std::size_t ThreadsOf(const ParetoBenchOptions& options) {
  if (options.threads > 0) return options.threads;
  return std::max(1U, std::thread::hardware_concurrency());
}

// All experiments, with what stands beside them.
struct PlayedAll {
  std::vector<ParetoResult> results;
  std::vector<ParetoReference> references;
  std::string tables;
};

// Plays and prints one experiment after another.
Said<PlayedAll> PlayExperiments(const ParetoBenchOptions& options, const Bench& bench,
                                const Streams& streams) {
  const auto names = ExperimentsOf(options);
  if (const auto* problem = std::get_if<std::string>(&names)) return *problem;
  const auto earlier = EarlierOf(options);
  if (const auto* problem = std::get_if<std::string>(&earlier)) return *problem;
  const ParetoHeading heading = HeadingOf(options, bench);
  PlayedAll all;
  for (const std::string& name : std::get<0>(names)) {
    auto experiment = ExperimentOf(options, bench.data, name);
    if (auto* problem = std::get_if<std::string>(&experiment)) return std::move(*problem);
    const auto& played = std::get<Experiment>(experiment);
    auto results = ResultsOf(bench, played, streams);
    if (auto* problem = std::get_if<std::string>(&results)) return std::move(*problem);
    const auto& ours = std::get<std::vector<ParetoResult>>(results);
    const auto references = ReferencesOf(options, played);
    const std::string tables =
        RenderPareto({heading, ours, references, std::get<std::vector<ParetoEarlier>>(earlier)});
    streams.out << tables << std::flush;
    all.results.insert(all.results.end(), ours.begin(), ours.end());
    // Those that are in a file of all experiments come with each of them.
    for (const ParetoReference& reference : references) {
      if (reference.experiment == name) all.references.push_back(reference);
    }
    all.tables += tables;
  }
  return all;
}

Page PageOf(const ParetoBenchOptions& options, const std::string& rows, const PlayedAll& all,
            const std::string& json) {
  return {.title = "The public experiments of ParetoBandit: " + options.policy,
          .introduction = "Rows of " + rows + "; " +
                          std::to_string(all.results.front().seeds.size()) +
                          " seeds. The product's own router and learner, one request and its "
                          "outcome after another.",
          .plots = ParetoPlots(all.results, all.references),
          .tables = all.tables,
          .json = json};
}

}  // namespace

int BenchPareto(const ParetoBenchOptions& options, const Streams& streams) {
  const auto policy = PolicyOf(options);
  if (const auto* problem = std::get_if<std::string>(&policy)) return Refuse(*problem, streams);
  auto data = DataOf(options);
  if (const auto* problem = std::get_if<std::string>(&data)) return Refuse(*problem, streams);
  Bench bench{std::get<ParetoData>(std::move(data)), std::get<ParetoPolicy>(policy),
              options.warm_strength, ThreadsOf(options)};
  std::optional<EncodedTexts> memory;
  if (!bench.policy.features) bench.memory = &memory.emplace(bench.data.rows);
  const auto played = PlayExperiments(options, bench, streams);
  if (const auto* problem = std::get_if<std::string>(&played)) return Refuse(*problem, streams);
  const auto& all = std::get<PlayedAll>(played);
  const std::string json = ParetoJson(HeadingOf(options, bench), all.results);
  if (!options.report.empty()) {
    const std::string problem =
        WritePage(options.report, PageOf(options, bench.data.name, all, json));
    if (!problem.empty()) return Refuse(problem, streams);
  }
  if (options.json.empty()) return kDone;
  std::ofstream file(options.json, std::ios::binary | std::ios::trunc);
  file << json;
  file.close();
  return file ? kDone : Refuse("cannot write " + options.json, streams);
}

}  // namespace sluice::sim
