// The public experiments' rows, orders and features for the programs of this folder, which end with
// 77 (skipped) where they are absent.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sim/dataset.h"
#include "sim/experiment.h"
#include "sim/pairing.h"
#include "sim/pareto_run.h"
#include "sim/said.h"

namespace sluice::tests {

inline constexpr int kSkipped = 77;

[[noreturn]] inline void Die(const std::string& text) {
  std::printf("%s\n", text.c_str());
  std::exit(1);
}

template <typename T>
T ValueOr(std::variant<T, std::string> said) {
  if (const auto* problem = std::get_if<std::string>(&said)) Die(*problem);
  return std::get<T>(std::move(said));
}

// SLUICE_DATA_DIR, else the first argument.
inline std::filesystem::path DataFolder(int argc, char** argv) {
  const char* named = std::getenv("SLUICE_DATA_DIR");
  return named != nullptr ? named : argc > 1 ? argv[1] : "";
}

// The prompts of the public outcomes, with the arms of the router; ends the program where they are
// absent.
inline sim::Environment PairedPrompts(int argc, char** argv, const config::RouterOptions& router) {
  const std::filesystem::path file = DataFolder(argc, argv) / "pareto_dev.jsonl";
  if (!std::filesystem::exists(file)) {
    std::printf("skipped: no pareto_dev.jsonl; set SLUICE_DATA_DIR\n");
    std::exit(kSkipped);
  }
  auto environment = ValueOr(sim::Say(sim::LoadDataset(file.string())));
  const sim::RouterFacts facts = sim::FactsOf(router);
  const auto pairs = ValueOr(sim::PairArms(facts, environment, {}));
  return sim::Arrange(std::move(environment), facts, pairs);
}

// Ends the program where there are no orders in the folder.
inline std::filesystem::path ParetoFolder(int argc, char** argv) {
  const std::filesystem::path folder = DataFolder(argc, argv);
  if (std::filesystem::exists(folder / "streams" / "exp01.txt")) return folder;
  std::printf("skipped: no streams of the public experiments; set SLUICE_DATA_DIR\n");
  std::exit(kSkipped);
}

inline sim::ParetoData ParetoRows(const std::filesystem::path& folder) {
  auto data = ValueOr(sim::LoadPareto(folder));
  const std::string problem = sim::AttachFeatures(folder / "features" / "svd25_1785x26.f32", data);
  if (!problem.empty()) Die(problem);
  return data;
}

// The first `seeds` orders of a case's experiment.
inline std::vector<sim::ParetoStream> ParetoOrders(const std::filesystem::path& folder,
                                                   const sim::ParetoData& data,
                                                   const sim::ParetoCase& parameters,
                                                   std::size_t seeds) {
  const sim::StreamsWanted wanted{.experiment = parameters.experiment,
                                  .segments = parameters.phases.size() + 1,
                                  .seeds_max = seeds,
                                  .newcomer = parameters.newcomer};
  return ValueOr(sim::LoadParetoStreams(folder, data, wanted));
}

}  // namespace sluice::tests
