#include "sim/bench_offline.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <optional>

#include "sim/frontier.h"
#include "sim/offline.h"
#include "sim/ranking.h"
#include "sim/report_routellm.h"
#include "sim/report_routerbench.h"
#include "sim/stage.h"

namespace sluice::sim {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kFirstSeed = 42;
// The published halves: three of a large data set, ten of a small one.
constexpr std::size_t kLarge = 2000;
constexpr std::size_t kSeedsOfLarge = 3;
constexpr std::size_t kSeedsOfSmall = 10;
constexpr std::size_t kCosts = 7;

std::vector<std::uint64_t> SeedsOf(const OfflineBenchOptions& options, std::size_t rows) {
  const std::size_t published = rows > kLarge ? kSeedsOfLarge : kSeedsOfSmall;
  std::vector<std::uint64_t> seeds(options.seeds > 0 ? options.seeds : published);
  std::iota(seeds.begin(), seeds.end(), kFirstSeed);
  return seeds;
}

Said<std::vector<std::unique_ptr<const OfflineLearner>>> LearnersOf(
    const OfflineBenchOptions& options, const EncodedTexts& memory) {
  std::vector<std::string> names = OfflineLearnerNames();
  if (options.policies.empty()) names.resize(kOwnOfflineLearners);
  if (!options.policies.empty() && options.policies != "all") names = NamesIn(options.policies);
  std::vector<std::unique_ptr<const OfflineLearner>> learners;
  for (const std::string& name : names) {
    learners.push_back(MakeOfflineLearner(name, memory));
    if (learners.back() == nullptr) return "there is no policy \"" + name + "\" that predicts";
  }
  return learners;
}

Said<Environment> LoadTexts(const std::string& path, const OfflineBenchOptions& options) {
  auto loaded = Say(LoadDataset(path, options.prices));
  if (const auto* environment = std::get_if<Environment>(&loaded)) {
    for (const Task& task : environment->tasks) {
      if (task.text.empty()) return path + " has rows without a prompt";
    }
    if (environment->tasks.size() < 4) return path + " has too few rows to be halved";
  }
  return loaded;
}

int Write(const std::string& path, const std::string& text, const Streams& streams) {
  if (path.empty()) return kDone;
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  return file ? kDone : Refuse("cannot write " + path, streams);
}

// -- RouteLLM -------------------------------------------------------------------------------------

// Files whose rows make one data set.
struct Source {
  std::string name;  // empty: the data set's own
  std::vector<std::string> files;
};

// Files of one folder whose names begin and end so, in the order of their names.
std::vector<std::string> FilesIn(const fs::path& folder, std::string_view begin,
                                 std::string_view end) {
  std::vector<std::string> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(begin) && name.ends_with(end)) files.push_back(entry.path().string());
  }
  std::ranges::sort(files);
  return files;
}

// The kit's files, or those of RouteLLM's routellm/evals.
std::vector<Source> SourcesOf(const OfflineBenchOptions& options) {
  if (!options.data.empty()) return {{"", {options.data}}};
  const fs::path folder(options.data_dir);
  std::vector<Source> sources;
  for (const std::string& file : FilesIn(folder, "routellm_", ".jsonl")) {
    sources.push_back({"", {file}});
  }
  for (const fs::path& within : {folder, folder / "gsm8k"}) {
    const auto files = FilesIn(within, "gsm8k_responses", ".csv");
    if (!files.empty()) sources.push_back({"", files});
  }
  for (const fs::path& within : {folder, folder / "mmlu" / "responses"}) {
    const auto files = FilesIn(within, "mmlu_", ".csv");
    if (!files.empty()) sources.push_back({"mmlu", files});
  }
  return sources;
}

Said<Environment> LoadSource(const Source& source, const OfflineBenchOptions& options) {
  std::optional<Environment> whole;
  for (const std::string& file : source.files) {
    auto loaded = LoadTexts(file, options);
    if (auto* problem = std::get_if<std::string>(&loaded)) return std::move(*problem);
    auto& part = std::get<Environment>(loaded);
    if (part.arms.size() != 2) {
      return file + ": RouteLLM's measures are of two models, not " +
             std::to_string(part.arms.size());
    }
    if (!whole) {
      whole = std::move(part);
      continue;
    }
    if (part.arms != whole->arms) return file + " is of other models than the files before it";
    whole->tasks.insert(whole->tasks.end(), std::make_move_iterator(part.tasks.begin()),
                        std::make_move_iterator(part.tasks.end()));
  }
  if (!source.name.empty()) whole->name = source.name;
  return *std::move(whole);
}

std::vector<std::size_t> AllRows(const Environment& environment) {
  std::vector<std::size_t> rows(environment.tasks.size());
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  return rows;
}

// Which of two arms is the better one over all rows.
std::size_t StrongOf(const std::vector<Mean>& arms) {
  return arms[1].reward >= arms[0].reward ? 1 : 0;
}

// Rewards of the strong arm above the weak one's.
std::vector<double> GainsOf(const std::vector<std::vector<Predicted>>& rows, std::size_t strong) {
  std::vector<double> gains;
  for (const auto& arms : rows) gains.push_back(arms[strong].reward - arms[1 - strong].reward);
  return gains;
}

Said<RouteLlmResult> RouteLlmOf(const Environment& environment, const OfflineBenchOptions& options,
                                const Streams& streams) {
  const EncodedTexts memory(environment.tasks);
  auto learners = LearnersOf(options, memory);
  if (auto* problem = std::get_if<std::string>(&learners)) return std::move(*problem);
  OfflineRuns runs{.environment = environment,
                   .learners = std::get<0>(std::move(learners)),
                   .seeds = SeedsOf(options, environment.tasks.size()),
                   .threads = options.threads};
  const auto alone = ArmsAlone(environment, AllRows(environment));
  const std::size_t strong = StrongOf(alone);
  RouteLlmResult result{.data = environment.name,
                        .layout = environment.layout,
                        .rows = environment.tasks.size(),
                        .weak = environment.arms[1 - strong].name,
                        .strong = environment.arms[strong].name,
                        .weak_reward = alone[1 - strong].reward,
                        .strong_reward = alone[strong].reward,
                        .seeds = runs.seeds};
  for (const auto& learner : runs.learners) result.policies.push_back({learner->name(), {}});
  result.policies.push_back({"random order", {runs.seeds.size(), RandomOrder()}});
  result.policies.push_back({"oracle", {}});
  for (RouteLlmRow& row : result.policies) row.by_seed.resize(runs.seeds.size());
  Progress progress(streams.progress, environment.name, runs.learners.size() * runs.seeds.size());
  PlayOffline(runs, progress, [&](const OfflineRun& run) {
    const auto gains = GainsOf(Foreknown(environment, run.halves.score), strong);
    const auto ours = FiguresOf(GainsOf(run.predicted, strong), gains);
    if (!ours) return;
    result.policies[run.learner].by_seed[run.seed] = *ours;
    if (run.learner == 0) result.policies.back().by_seed[run.seed] = *FiguresOf(gains, gains);
  });
  for (const RankingFigures& oracle : result.policies.back().by_seed) {
    if (oracle.apgr == 0) return environment.name + ": no model is better on every half";
  }
  return result;
}

// -- RouterBench ----------------------------------------------------------------------------------

// Log-spaced, from the cheapest arm's mean cost to the dearest's.
std::vector<double> CostsOver(const CostRange& range) {
  std::vector<double> costs;
  for (std::size_t i = 0; i < kCosts; ++i) {
    const double share = static_cast<double>(i) / (kCosts - 1);
    costs.push_back(range.low_usd * std::pow(range.high_usd / range.low_usd, share));
  }
  return costs;
}

// Everybody can always take the cheapest arm.
FrontierOfSeed FrontierOf(std::vector<Mean> points, const std::vector<Mean>& alone,
                          const std::vector<double>& costs) {
  const CostRange range = RangeOf(alone);
  points.push_back(*std::ranges::min_element(alone, {}, &Mean::cost_usd));
  FrontierOfSeed frontier{.envelope = EnvelopeOf(std::move(points))};
  frontier.aiq = MeanOverCost(frontier.envelope, range);
  frontier.log_aiq = MeanOverLogCost(frontier.envelope, range);
  for (const double cost : costs) frontier.rewards.push_back(RewardAt(frontier.envelope, cost));
  return frontier;
}

RouterBenchResult RouterBenchOf(const OfflineRuns& runs, const Streams& streams) {
  const Environment& environment = runs.environment;
  const auto all = ArmsAlone(environment, AllRows(environment));
  RouterBenchResult result{.data = environment.name,
                           .layout = environment.layout,
                           .rows = environment.tasks.size(),
                           .seeds = runs.seeds,
                           .costs_usd = CostsOver(RangeOf(all)),
                           .arms = all};
  for (const ArmFacts& arm : environment.arms) result.arm_names.push_back(arm.name);
  for (const auto& learner : runs.learners) result.policies.push_back({learner->name(), {}});
  result.policies.push_back({"blind mix", {}});
  result.policies.push_back({"oracle", {}});
  for (FrontierRow& row : result.policies) row.by_seed.resize(runs.seeds.size());
  Progress progress(streams.progress, environment.name, runs.learners.size() * runs.seeds.size());
  PlayOffline(runs, progress, [&](const OfflineRun& run) {
    const auto& rows = run.halves.score;
    const auto alone = ArmsAlone(environment, rows);
    const CostRange range = RangeOf(alone);
    const auto keep = [&](std::size_t policy, std::vector<Mean> points) {
      result.policies[policy].by_seed[run.seed] =
          FrontierOf(std::move(points), alone, result.costs_usd);
    };
    keep(run.learner, SweepOf(run.predicted, environment, rows, range));
    if (run.learner > 0) return;
    keep(runs.learners.size(), alone);
    keep(runs.learners.size() + 1, SweepOf(Foreknown(environment, rows), environment, rows, range));
  });
  return result;
}

}  // namespace

int BenchRouteLlm(const OfflineBenchOptions& options, const Streams& streams) {
  const auto sources = SourcesOf(options);
  if (sources.empty()) {
    return Refuse(options.data_dir + " has no routellm_*.jsonl, gsm8k_responses.csv or mmlu_*.csv",
                  streams);
  }
  std::vector<RouteLlmResult> results;
  for (const Source& source : sources) {
    const auto loaded = LoadSource(source, options);
    if (const auto* problem = std::get_if<std::string>(&loaded)) return Refuse(*problem, streams);
    auto result = RouteLlmOf(std::get<Environment>(loaded), options, streams);
    if (const auto* problem = std::get_if<std::string>(&result)) return Refuse(*problem, streams);
    results.push_back(std::get<RouteLlmResult>(std::move(result)));
    streams.out << RenderRouteLlm(results.back()) << std::flush;
  }
  return Write(options.json, RouteLlmJson(results), streams);
}

int BenchRouterBench(const OfflineBenchOptions& options, const Streams& streams) {
  if (options.data.empty()) return Refuse("pass --data FILE, a data set of several arms", streams);
  const auto loaded = LoadTexts(options.data, options);
  if (const auto* problem = std::get_if<std::string>(&loaded)) return Refuse(*problem, streams);
  const auto& environment = std::get<Environment>(loaded);
  const CostRange range = RangeOf(ArmsAlone(environment, AllRows(environment)));
  if (!(range.low_usd > 0 && range.low_usd < range.high_usd)) {
    return Refuse(environment.name + ": a frontier needs arms of different costs, all above 0",
                  streams);
  }
  const EncodedTexts memory(environment.tasks);
  auto learners = LearnersOf(options, memory);
  if (const auto* problem = std::get_if<std::string>(&learners)) return Refuse(*problem, streams);
  const RouterBenchResult result =
      RouterBenchOf({.environment = environment,
                     .learners = std::get<0>(std::move(learners)),
                     .seeds = SeedsOf(options, environment.tasks.size()),
                     .threads = options.threads},
                    streams);
  streams.out << RenderRouterBench(result);
  return Write(options.json, RouterBenchJson(result), streams);
}

}  // namespace sluice::sim
