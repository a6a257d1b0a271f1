#include "sim/experiment.h"

#include <catch2/catch.hpp>

#include "sim/summary.h"

namespace sluice::sim {
namespace {

constexpr std::size_t kTasks = 4000;

config::RouterOptions DefaultRouter() {
  return config::Defaults().routers.front();
}

Environment Tasks(std::uint64_t seed, std::size_t tasks) {
  return MakeTasksWorld({.name = "tasks", .seed = seed, .tasks = tasks},
                        FactsOf(DefaultRouter()).arms);
}

Choices Made(const Environment& environment, const ExperimentOptions& options) {
  Progress silent(nullptr, "", 0);
  const auto choices = RunExperiment(environment, options, silent);
  if (const auto* problem = std::get_if<std::string>(&choices)) FAIL(*problem);
  return std::get<Choices>(choices);
}

}  // namespace

TEST_CASE("the same experiment twice makes the same choices") {
  const Environment world = Tasks(1, 400);
  for (const std::size_t delay : {std::size_t{0}, std::size_t{50}, std::size_t{1000}}) {
    CAPTURE(delay);
    const Choices choices = Made(world, {DefaultRouter(), delay});
    CHECK(choices.size() == world.tasks.size());
    CHECK(choices == Made(world, {DefaultRouter(), delay}));
  }
}

TEST_CASE("outcomes that never come in time teach nothing") {
  // With every outcome reported after the last request the model stays as it was at the start.
  const Environment world = Tasks(1, 300);
  config::RouterOptions router = DefaultRouter();
  router.policy.exploration.mode = policy::ExplorationMode::kOff;
  const Choices choices = Made(world, {router, world.tasks.size()});
  CHECK(choices == Choices(world.tasks.size(), choices.front()));
}

TEST_CASE("a router learns the world tasks and uses every arm") {
  for (const std::uint64_t seed : {1, 2, 3}) {
    CAPTURE(seed);
    const Environment world = Tasks(seed, kTasks);
    const config::RouterOptions router = DefaultRouter();
    const double weight = router.objective.cost_weight;
    const Summary summary = Summarise(world, Made(world, {router, 0}), weight);
    const Comparison& half = summary.second_half;
    CHECK(half.ours.utility > half.uniform.utility);
    for (const Mean& fixed : half.fixed) CHECK(half.ours.utility > fixed.utility);
    // At least seven tenths of the way from uniform choice to the oracle.
    CHECK(half.oracle_by_utility.utility - half.ours.utility <
          0.3 * (half.oracle_by_utility.utility - half.uniform.utility));
    CHECK(half.ours.reward > half.blind_mix + 0.005);
    for (const ArmSummary& arm : summary.arms) CHECK(arm.share_last_fifth > 0.03);
    CHECK(summary.saving > 0.5);
    CHECK(summary.quality_given_up < 0.05);
  }
}

TEST_CASE("contexts that belong to other requests are worth nothing") {
  const std::uint64_t seed = 1;
  const Environment world = Tasks(seed, kTasks);
  Environment shuffled = world;
  ShuffleContexts(shuffled, seed);
  const config::RouterOptions router = DefaultRouter();
  const double weight = router.objective.cost_weight;
  const Summary ours = Summarise(world, Made(world, {router, 0}), weight);
  const Summary control = Summarise(shuffled, Made(shuffled, {router, 0}), weight);
  CHECK(ours.second_half.ours.utility > control.second_half.ours.utility + 0.02);
}

TEST_CASE("a router of embeddings learns the linear world") {
  config::RouterOptions router = DefaultRouter();
  router.context.source = policy::ContextSource::kEmbedding;
  router.context.dimension = 16;
  router.prior.feature_precision = 0.64;
  router.objective.cost_weight = 0;
  const Environment world =
      MakeLinearWorld({.name = "linear", .seed = 1, .tasks = 3000}, FactsOf(router));
  const Summary summary = Summarise(world, Made(world, {router, 0}), 0);
  const Comparison& half = summary.second_half;
  CHECK(half.oracle_by_utility.utility - half.ours.utility <
        0.2 * (half.oracle_by_utility.utility - half.uniform.utility));
}

TEST_CASE("a task that the router cannot read ends the experiment with its reason") {
  Environment world = Tasks(1, 3);
  config::RouterOptions router = DefaultRouter();
  router.context.source = policy::ContextSource::kEmbedding;
  router.context.dimension = 4;
  for (Task& task : world.tasks) task.embedding = {1, 2, 3};
  Progress silent(nullptr, "", 0);
  const auto choices = RunExperiment(world, {router, 0}, silent);
  REQUIRE(choices.index() == 1);
  CHECK(std::get<1>(choices).find("4") != std::string::npos);
}

}  // namespace sluice::sim
