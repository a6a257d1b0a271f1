#include "sim/experiment.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "sim/summary.h"
#include "sim/world_file.h"

namespace sluice::sim {
namespace {

constexpr std::size_t kTasks = 4000;

config::RouterOptions DefaultRouter() {
  return config::Defaults().routers.front();
}

Environment Tasks(std::uint64_t seed, std::size_t tasks) {
  return std::get<Environment>(
      MakeWorld({.name = "tasks", .seed = seed, .tasks = tasks}, FactsOf(DefaultRouter())));
}

Choices Made(const Environment& environment, const ExperimentOptions& options) {
  Progress silent(nullptr, "", 0);
  const auto choices = RunExperiment(environment, options, silent);
  if (const auto* problem = std::get_if<std::string>(&choices)) FAIL(*problem);
  return std::get<Choices>(choices);
}

// What was learnt by the second half: means over the seeds 1 .. seeds, and the least of them.
struct Learnt {
  double utility = 0;
  double above_blind = 0;     // mean reward beyond the blind mix at the same spend
  double above_best_arm = 0;  // utility beyond the best of the fixed arms
  double way = 0;             // from uniform choice (0) to the oracle by utility (1)
  double quality_given_up = 0;
  double least_above_blind = 1;
  double least_saving = 1;
  double least_share = 1;  // of any arm in the last fifth
};

void Add(const Summary& summary, double weight, Learnt& learnt) {
  const Comparison& half = summary.second_half;
  double best_arm = half.fixed.front().utility;
  for (const Mean& fixed : half.fixed) best_arm = std::max(best_arm, fixed.utility);
  const double from = half.uniform.utility;
  const double above_blind = half.ours.reward - half.blind_mix;
  learnt.utility += weight * half.ours.utility;
  learnt.above_blind += weight * above_blind;
  learnt.above_best_arm += weight * (half.ours.utility - best_arm);
  learnt.way += weight * (half.ours.utility - from) / (half.oracle_by_utility.utility - from);
  learnt.quality_given_up += weight * summary.quality_given_up;
  learnt.least_above_blind = std::min(learnt.least_above_blind, above_blind);
  learnt.least_saving = std::min(learnt.least_saving, summary.saving);
  for (const ArmSummary& arm : summary.arms) {
    learnt.least_share = std::min(learnt.least_share, arm.share_last_fifth);
  }
}

Learnt LearntBy(const config::RouterOptions& router, std::uint64_t seeds, bool shuffled) {
  Learnt learnt;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    Environment world = Tasks(seed, kTasks);
    if (shuffled) ShuffleContexts(world, seed);
    const Choices choices = Made(world, {router});
    Add(Summarise(world, choices, router.objective.cost_weight), 1 / static_cast<double>(seeds),
        learnt);
  }
  UNSCOPED_INFO("seeds 1 to " << seeds << (shuffled ? ", shuffled" : ""));
  return learnt;
}

}  // namespace

TEST_CASE("the same experiment twice makes the same choices") {
  const Environment world = Tasks(1, 400);
  for (const std::size_t delay : {std::size_t{0}, std::size_t{50}, std::size_t{1000}}) {
    CAPTURE(delay);
    const Choices choices = Made(world, {DefaultRouter(), {delay}});
    CHECK(choices.size() == world.tasks.size());
    CHECK(choices == Made(world, {DefaultRouter(), {delay}}));
  }
}

TEST_CASE("outcomes that never come in time teach nothing") {
  // With every outcome reported after the last request the model stays as it was at the start.
  const Environment world = Tasks(1, 300);
  config::RouterOptions router = DefaultRouter();
  router.policy.exploration.mode = policy::ExplorationMode::kOff;
  const Choices choices = Made(world, {router, {world.tasks.size()}});
  CHECK(choices == Choices(world.tasks.size(), choices.front()));
}

// Reading the scalars alone: with the fitted map one course in a few does less (below).
config::RouterOptions ScalarRouter() {
  config::RouterOptions router = DefaultRouter();
  router.context.projection = policy::Projection::kNone;
  return router;
}

TEST_CASE("a router of text scalars learns the world tasks and uses every arm") {
  for (const std::uint64_t seed : {1, 2, 3}) {
    CAPTURE(seed);
    const Environment world = Tasks(seed, kTasks);
    const config::RouterOptions router = ScalarRouter();
    const Summary summary = Summarise(world, Made(world, {router}), router.objective.cost_weight);
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
  constexpr std::uint64_t kSeeds = 6;
  const config::RouterOptions router = ScalarRouter();
  const double weight = router.objective.cost_weight;
  double gain = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    CAPTURE(seed);
    const Environment world = Tasks(seed, kTasks);
    Environment shuffled = world;
    ShuffleContexts(shuffled, seed);
    const Summary ours = Summarise(world, Made(world, {router}), weight);
    const Summary control = Summarise(shuffled, Made(shuffled, {router}), weight);
    CHECK(ours.second_half.ours.utility > control.second_half.ours.utility);
    gain += (ours.second_half.ours.utility - control.second_half.ours.utility) / kSeeds;
  }
  CHECK(gain > 0.015);
}

TEST_CASE("what the defaults learn of the world tasks is worth its spend and is in the prompts") {
  // Not every course is good: exploration is capped at a twentieth and a dollar is worth 40, so
  // that one in a few (seed 3) stays with the middle arm and is no better than blind.
  const Learnt ours = LearntBy(DefaultRouter(), 6, false);
  CHECK(ours.above_blind > 0.012);
  CHECK(ours.least_above_blind > 0);
  CHECK(ours.above_best_arm > 0);
  CHECK(ours.least_saving > 0.5);
  CHECK(ours.quality_given_up < 0.06);
  const Learnt control = LearntBy(DefaultRouter(), 6, true);
  CHECK(control.above_blind < 0.003);
  CHECK(ours.utility > control.utility + 0.005);
}

TEST_CASE("a router that explores by its whole posterior uses every arm of the world tasks") {
  config::RouterOptions router = DefaultRouter();
  router.policy.thompson_scale = 1;
  const Learnt learnt = LearntBy(router, 4, false);
  CHECK(learnt.least_above_blind > 0.012);
  CHECK(learnt.least_share > 0.03);
  CHECK(learnt.above_best_arm > 0);
  CHECK(learnt.quality_given_up < 0.05);
  // At least seven tenths of the way from uniform choice to the oracle.
  CHECK(learnt.way > 0.7);
}

TEST_CASE("a router of embeddings learns the linear world") {
  config::RouterOptions router = DefaultRouter();
  router.context.source = policy::ContextSource::kEmbedding;
  router.context.dimension = 16;
  router.context.projection = policy::Projection::kNone;
  router.prior.feature_precision = 0.64;
  router.objective.cost_weight = 0;
  const Environment world = std::get<Environment>(
      MakeWorld({.name = "linear", .seed = 1, .tasks = 3000}, FactsOf(router)));
  const Summary summary = Summarise(world, Made(world, {router}), 0);
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
  const auto choices = RunExperiment(world, {router}, silent);
  REQUIRE(choices.index() == 1);
  CHECK(std::get<1>(choices).find("4") != std::string::npos);
}

}  // namespace sluice::sim
