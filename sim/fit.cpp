#include "sim/fit.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <ostream>
#include <random>
#include <utility>

#include "sim/dataset.h"
#include "sim/experiment.h"
#include "sim/fit_log.h"
#include "sim/fitting.h"
#include "sim/said.h"

namespace sluice::sim {
namespace {

Said<config::RouterOptions> ConfiguredRouter(const FitOptions& options) {
  auto loaded = options.config.empty() ? Said<config::Options>(config::Defaults())
                                       : Say(config::Load(options.config));
  if (auto* problem = std::get_if<std::string>(&loaded)) return *problem;
  auto& routers = std::get<config::Options>(loaded).routers;
  const auto found = std::ranges::find(routers, options.router, &config::RouterOptions::name);
  if (found == routers.end()) return "the configuration has no router \"" + options.router + "\"";
  return std::move(*found);
}

Said<LoggedSamples> SamplesOfData(const FitOptions& options, std::FILE* progress) {
  auto router = ConfiguredRouter(options);
  if (auto* problem = std::get_if<std::string>(&router)) return *problem;
  const auto& configured = std::get<config::RouterOptions>(router);
  const auto record = daemon::MakeRecord(configured, 0, nullptr, std::random_device{}());
  if (!record.ok()) return record.error().message;
  const auto definition = daemon::MakeDefinition(*record);
  if (!definition.ok()) return definition.error().message;
  auto loaded = Say(LoadDataset(options.data));
  if (auto* problem = std::get_if<std::string>(&loaded)) return *problem;
  auto environment = std::get<Environment>(std::move(loaded));
  const RouterFacts facts = FactsOf(configured);
  auto pairs = PairArms(facts, environment, options.arms);
  if (auto* problem = std::get_if<std::string>(&pairs)) return *problem;
  environment = Arrange(std::move(environment), facts, std::get<0>(pairs));
  auto samples = SamplesOf(**definition, environment.tasks, progress);
  if (auto* problem = std::get_if<std::string>(&samples)) return *problem;
  return LoggedSamples{*definition, std::get<FitSamples>(std::move(samples))};
}

// The tables alone, as the configuration prints them.
std::string TablesIn(const std::string& router) {
  std::string tables;
  for (std::size_t at = 0; at < router.size();) {
    const std::size_t end = std::min(router.find("\n\n", at), router.size() - 1) + 1;
    const std::string_view table(router.data() + at, end - at);
    const bool fitted =
        table.starts_with("[[router.cluster]]") || table.starts_with("[[router.fitted_arm]]");
    if (fitted) tables.append(tables.empty() ? "" : "\n").append(table);
    at = end + 1;
  }
  return tables;
}

// What is written.
struct Fitted {
  std::string bytes;
};

// What a file of the router would say, checked as a file is.
Said<Fitted> TablesOf(const daemon::RouterDefinition& definition, policy::PolicyKind kind,
                      FittedTables tables) {
  config::RouterOptions router = definition.options;
  router.policy.kind = kind;
  router.policy.exploration = {.mode = policy::ExplorationMode::kNatural};
  router.clusters = std::move(tables.clusters);
  router.fitted_arms = std::move(tables.arms);
  const std::string text = config::PrintRouter(router);
  const auto checked = Say(config::ParseRouter(text));
  if (const auto* problem = std::get_if<std::string>(&checked)) return *problem;
  return Fitted{"# Inside its [[router]], with policy = \"" +
                std::string(policy::PolicyKindName(kind)) + "\".\n" + TablesIn(text)};
}

Said<Fitted> FitKind(const FitOptions& options, const LoggedSamples& from) {
  const daemon::RouterDefinition& definition = *from.definition;
  if (options.kind != "statistics" && from.samples.map != nullptr) {
    return "router \"" + options.router +
           "\" has a fitted context map, and a configuration says of no map what it is: set "
           "projection = \"none\" in its [router.context], or fit statistics";
  }
  if (options.kind == "logistic") {
    return TablesOf(definition, policy::PolicyKind::kLogistic,
                    FitLogisticTables(definition, from.samples));
  }
  if (options.kind == "clusters") {
    return TablesOf(definition, policy::PolicyKind::kClusters,
                    FitClusterTables(definition, from.samples, options.clusters, options.seed));
  }
  const daemon::WarmStartFile file = FitStatistics(definition, from.samples, options.strength);
  if (file.arms.empty()) return "nothing is said about the quality of any arm";
  return Fitted{daemon::EncodeWarmStart(file)};
}

// How much of what there is, by arm.
std::string AccountOf(const LoggedSamples& from) {
  std::vector<std::size_t> labels(from.definition->arm_names.size());
  for (const FitSample& sample : from.samples.samples) labels[sample.arm] += sample.quality ? 1 : 0;
  std::string text;
  for (std::size_t arm = 0; arm < labels.size(); ++arm) {
    text += (arm == 0 ? "" : ", ") + from.definition->arm_names[arm] + " " +
            std::to_string(labels[arm]);
  }
  return "labels: " + text;
}

}  // namespace

int Fit(const FitOptions& options, const Streams& streams) {
  if (options.data.empty() == options.log.empty()) {
    return Refuse("pass --data FILE or --log DIR", streams);
  }
  const bool statistics = options.kind == "statistics";
  if (!statistics && options.kind != "logistic" && options.kind != "clusters") {
    return Refuse(
        "there is no kind \"" + options.kind + "\"; pass statistics, logistic or clusters",
        streams);
  }
  if (statistics && options.out.empty()) {
    return Refuse("statistics are bytes: pass --out FILE", streams);
  }
  const auto samples = options.log.empty()
                           ? SamplesOfData(options, streams.progress)
                           : SamplesOfLog(options.log, options.router, streams.progress);
  if (const auto* problem = std::get_if<std::string>(&samples)) return Refuse(*problem, streams);
  const auto& from = std::get<LoggedSamples>(samples);
  const auto fitted = FitKind(options, from);
  if (const auto* problem = std::get_if<std::string>(&fitted)) return Refuse(*problem, streams);
  const std::string& bytes = std::get<Fitted>(fitted).bytes;
  streams.err << AccountOf(from) << "\n";
  if (options.out.empty()) {
    streams.out << bytes;
    return kDone;
  }
  std::ofstream file(options.out, std::ios::binary | std::ios::trunc);
  file << bytes;
  file.close();
  if (statistics) {
    // It may hold the key of a router's n-grams.
    std::error_code unknown;
    std::filesystem::permissions(
        options.out, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write,
        unknown);
  }
  return file ? kDone : Refuse("cannot write " + options.out, streams);
}

}  // namespace sluice::sim
