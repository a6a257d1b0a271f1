// On real outcomes, 14,000 requests over pareto_dev.jsonl: what is spent from request 5,000 on
// keeps a budget though feedback comes late, and cheapest_above keeps its floor at hardly more than
// the best fixed weight that keeps it, in the mean of the seeds: in a single one the best arm's
// mean is known to some .005. `test_objectives_data DIR [seeds]`; in ctest over two seeds. Exits 77
// (skipped) where the data is absent.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include <spdlog/spdlog.h>

#include "config/config.h"
#include "sim/encoded_texts.h"
#include "sim/experiment.h"
#include "sim/parallel.h"
#include "sim/summary.h"
#include "tests/data/pareto_kit.h"

namespace {

using namespace sluice;

constexpr std::size_t kRequests = 14000;
constexpr std::size_t kMeasuredFrom = 5000;
constexpr double kBudgetsUsd[] = {2.3453655882500264e-04, 6.636598531447497e-04};  // 3 and 4
constexpr std::size_t kDelays[] = {0, 500, 2000};
constexpr double kFloor = 0.98;
constexpr double kFirstWeight = 10;
constexpr double kWeightRatio = 1.25;
constexpr std::size_t kWeights = 22;

constexpr double kSpendOff = 0.03;  // of the budget
constexpr double kFloorMissed = 0.005;
constexpr double kSpendOver = 1.15;  // of the best fixed weight's

struct Data {
  sim::Environment environment;
  sim::EncodedTexts memory;
};

struct Run {
  config::RouterOptions router;
  std::size_t delay = 0;
  std::uint64_t seed = 1;
  // Of what was measured:
  sim::Mean ours = {};
  double best_arm = 0;  // mean reward
};

void Play(const Data& data, Run& run) {
  sim::Environment environment = data.environment;
  sim::Permute(environment, run.seed);
  sim::Repeat(environment, kRequests, run.seed);
  sim::Progress silent(nullptr, "", 0);
  const auto choices = sim::RunExperiment(environment,
                                          {.router = run.router,
                                           .feedback = {.delay = run.delay},
                                           .seed = run.seed,
                                           .memory = &data.memory},
                                          silent);
  if (const auto* problem = std::get_if<std::string>(&choices)) tests::Die(*problem);
  const std::span<const std::int32_t> all = std::get<sim::Choices>(choices);
  const sim::Comparison measured =
      sim::Compare(environment, kMeasuredFrom, all.subspan(kMeasuredFrom), 0);
  run.ours = measured.ours;
  for (const sim::Mean& arm : measured.fixed) run.best_arm = std::max(run.best_arm, arm.reward);
}

void PlayAll(const Data& data, std::vector<Run>& runs) {
  sim::ForEach(runs.size(), sim::ThreadsOfMachine(), [&](std::size_t i) { Play(data, runs[i]); });
}

struct Entrant {
  const char* name;
  policy::PolicyKind kind;
  policy::ExplorationMode mode;
};
constexpr Entrant kEntrants[] = {
    {"thompson, cap", policy::PolicyKind::kThompson, policy::ExplorationMode::kCap},
    {"linucb, off", policy::PolicyKind::kLinUcb, policy::ExplorationMode::kOff},
    {"linucb, cap", policy::PolicyKind::kLinUcb, policy::ExplorationMode::kCap},
};

config::RouterOptions RouterOf(const Entrant& entrant, const policy::ObjectiveOptions& objective) {
  config::RouterOptions router = config::Defaults().routers.front();
  router.policy.kind = entrant.kind;
  router.policy.exploration.mode = entrant.mode;
  router.objective = objective;
  return router;
}

bool BudgetsHold(const Data& data, std::uint64_t seeds) {
  std::printf("mean spend / budget from request %zu of %zu; delay in requests\n", kMeasuredFrom,
              kRequests);
  bool good = true;
  for (const Entrant& entrant : std::span(kEntrants).first(2)) {
    for (const double budget : kBudgetsUsd) {
      for (const std::size_t delay : kDelays) {
        const policy::ObjectiveOptions objective{.objective = policy::Objective::kBudget,
                                                 .budget_usd = budget};
        std::vector<Run> runs;
        for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
          runs.push_back({RouterOf(entrant, objective), delay, seed});
        }
        PlayAll(data, runs);
        std::printf("%-14s %.2e delay %4zu:", entrant.name, budget, delay);
        for (const Run& run : runs) {
          const double spent = run.ours.cost_usd / budget;
          good = good && std::abs(spent - 1) < kSpendOff;
          std::printf(" %.3f", spent);
        }
        std::printf("\n");
        std::fflush(stdout);
      }
    }
  }
  return good;
}

// The least spend of a fixed weight that keeps the floor.
double BestFixedUsd(const Data& data, const Entrant& entrant, std::uint64_t seed) {
  std::vector<Run> runs;
  double weight = kFirstWeight;
  for (std::size_t i = 0; i < kWeights; ++i, weight *= kWeightRatio) {
    const policy::ObjectiveOptions fixed{.cost_weight = weight};
    runs.push_back({RouterOf(entrant, fixed), 0, seed});
  }
  PlayAll(data, runs);
  double least = INFINITY;
  for (const Run& run : runs) {
    if (run.ours.reward >= kFloor * run.best_arm) least = std::min(least, run.ours.cost_usd);
  }
  return least;
}

bool FloorHolds(const Data& data, std::uint64_t seeds) {
  std::printf(
      "cheapest_above, floor %.2f: reward above the floor, spend over the best fixed "
      "weight's\n",
      kFloor);
  bool good = true;
  for (const Entrant& entrant : kEntrants) {
    const policy::ObjectiveOptions objective{.objective = policy::Objective::kCheapestAbove,
                                             .quality_floor = kFloor};
    std::vector<Run> runs;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
      runs.push_back({RouterOf(entrant, objective), 0, seed});
    }
    PlayAll(data, runs);
    double mean_above = 0;
    double mean_over = 0;
    for (const Run& run : runs) {
      const double above = run.ours.reward - kFloor * run.best_arm;
      const double over = run.ours.cost_usd / BestFixedUsd(data, entrant, run.seed);
      mean_above += above / static_cast<double>(seeds);
      mean_over += over / static_cast<double>(seeds);
      std::printf("%-14s seed %llu: %+.4f, %.2e USD, %.2f\n", entrant.name,
                  static_cast<unsigned long long>(run.seed), above, run.ours.cost_usd, over);
      std::fflush(stdout);
    }
    std::printf("%-14s mean: %+.4f, %.2f\n", entrant.name, mean_above, mean_over);
    good = good && mean_above >= -kFloorMissed && mean_over <= kSpendOver;
  }
  return good;
}

}  // namespace

int main(int argc, char** argv) {
  const config::RouterOptions router = config::Defaults().routers.front();
  const sim::Environment environment = tests::PairedPrompts(argc, argv, router);
  const std::uint64_t seeds = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 2;
  spdlog::set_level(spdlog::level::err);
  const Data data{environment, sim::EncodedTexts(environment.tasks, router)};
  const bool budgets = BudgetsHold(data, seeds);
  const bool floor = FloorHolds(data, seeds);
  return budgets && floor ? 0 : 1;
}
