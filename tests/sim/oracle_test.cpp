// The product's own router against figures that an independent implementation of the same
// mathematics gave (six seeds, K = 4, d = 17 with the bias, noise .1): cumulative regret in the
// worlds of embeddings. The ranges are those figures', not ours; the routers are the files that a
// user runs, in sim/worlds/.
#include <cmath>

#include <catch2/catch.hpp>

#include "sim/experiment.h"
#include "sim/process.h"
#include "sim/world_file.h"

namespace sluice::sim {
namespace {

// Sanitizers are ten times slower; fewer seeds show them the same code.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kSeeds = 2;
constexpr std::uint64_t kQuietSeeds = 2;
#else
constexpr std::uint64_t kSeeds = 6;
constexpr std::uint64_t kQuietSeeds = 10;
#endif
constexpr std::size_t kTasks = 20000;
constexpr std::size_t kCollapseTasks = 12000;

config::RouterOptions RouterOf(const std::string& world) {
  const auto loaded = LoadWorld(world);
  if (const auto* problems = std::get_if<1>(&loaded)) FAIL(config::ToString(problems->front()));
  return std::get<World>(loaded).routers.front();
}

// What is run for each of the seeds 1 ..
struct Plan {
  const char* world = "linear";
  std::size_t tasks = kTasks;
  std::uint64_t seeds = kSeeds;
  std::size_t feedback_delay = 0;
};

Environment WorldOf(const Plan& plan, std::uint64_t seed, const config::RouterOptions& router) {
  const auto made =
      MakeWorld({.name = plan.world, .seed = seed, .tasks = plan.tasks}, FactsOf(router));
  if (const auto* problem = std::get_if<std::string>(&made)) FAIL(*problem);
  return std::get<Environment>(made);
}

// Means over the seeds.
struct Regret {
  double at_5k = 0;  // 0 where so many were not sent
  double total = 0;

  // Of ln(regret) over ln(requests), from 5,000 to 20,000: 1 where nothing is learnt any more, 1/2
  // where regret grows as the square root.
  double slope() const { return std::log(total / at_5k) / std::log(4); }
};

Regret Measured(config::RouterOptions router, const Plan& plan) {
  Regret regret;
  Progress silent(nullptr, "", 0);
  for (std::uint64_t seed = 1; seed <= plan.seeds; ++seed) {
    router.seed = seed;
    const Environment world = WorldOf(plan, seed, router);
    const auto choices = RunExperiment(world, {router, {plan.feedback_delay}}, silent);
    if (const auto* problem = std::get_if<std::string>(&choices)) FAIL(*problem);
    const Summary summary = Summarise(world, std::get<Choices>(choices), 0);
    const auto n = static_cast<double>(plan.seeds);
    if (summary.regret_at.size() > 1) regret.at_5k += summary.regret_at[1] / n;
    regret.total += summary.whole.regret_reward / n;
  }
  return regret;
}

config::RouterOptions Linear(policy::ExplorationMode mode) {
  config::RouterOptions router = RouterOf("linear");
  router.policy.exploration.mode = mode;
  return router;
}

config::RouterOptions Capped() {
  config::RouterOptions router = Linear(policy::ExplorationMode::kCap);
  router.warmup_cap = 0.5;
  return router;
}

config::RouterOptions LinUcb() {
  config::RouterOptions router = Linear(policy::ExplorationMode::kOff);
  router.policy.kind = policy::PolicyKind::kLinUcb;
  router.policy.alpha = 1;
  return router;
}

// Alarms of a router that is told every outcome at once.
std::uint64_t Alarms(const config::RouterOptions& router, const Environment& world) {
  Process process(router);
  if (const auto problem = process.Start()) FAIL(*problem);
  for (std::size_t i = 0; i < world.tasks.size(); ++i) {
    const auto reply = process.Route(world.tasks[i]);
    if (const auto* problem = std::get_if<std::string>(&reply)) FAIL(*problem);
    const auto& answer = std::get<api::RouteAnswer>(reply);
    std::int32_t arm = 0;
    while (world.arms[static_cast<std::size_t>(arm)].name != answer.arm) ++arm;
    const Outcome& outcome = world.tasks[i].outcomes[static_cast<std::size_t>(arm)];
    if (const auto problem = process.Report({i, arm, answer.decision_id}, outcome)) FAIL(*problem);
    if (const auto problem = process.Learn()) FAIL(*problem);
  }
  return process.board().Latest()->Find(router.name)->alarms;
}

}  // namespace

TEST_CASE("Thompson sampling has the regret of the literature") {
  const Regret regret = Measured(Linear(policy::ExplorationMode::kNatural), {});
  CAPTURE(regret.at_5k, regret.total, regret.slope());
  CHECK(regret.total >= 40);
  CHECK(regret.total <= 65);
  CHECK(regret.slope() < 0.45);
}

TEST_CASE("Thompson sampling with capped exploration has no more regret than without the cap") {
  const Regret regret = Measured(Capped(), {});
  CAPTURE(regret.at_5k, regret.total, regret.slope());
  CHECK(regret.total >= 40);
  CHECK(regret.total <= 60);
  CHECK(regret.slope() < 0.45);
}

TEST_CASE("LinUCB has the regret of the literature") {
  const Regret regret = Measured(LinUcb(), {});
  CAPTURE(regret.at_5k, regret.total, regret.slope());
  CHECK(regret.total >= 22);
  CHECK(regret.total <= 42);
  CHECK(regret.slope() < 0.45);
}

TEST_CASE("choosing greedily from a prior mean of nothing never learns") {
  // Why the prior mean is an option: the first arm that gives anything looks best for ever.
  config::RouterOptions router = Linear(policy::ExplorationMode::kOff);
  router.prior.quality_mean = 0;
  const Regret regret = Measured(router, {.seeds = 2});
  CAPTURE(regret.total);
  CHECK(regret.total > 1400);
}

TEST_CASE("outcomes that come a thousand requests late cost little") {
  const Regret thompson =
      Measured(Linear(policy::ExplorationMode::kNatural), {.feedback_delay = 1000});
  CAPTURE(thompson.total);
  CHECK(thompson.total < 150);
  // Without the contexts that wait for their labels in the width it would be above 300.
  const Regret linucb = Measured(LinUcb(), {.tasks = 10000, .feedback_delay = 1000});
  CAPTURE(linucb.total);
  CHECK(linucb.total < 130);
}

TEST_CASE("an arm that collapses and comes back is noticed both times") {
  const Plan plan{.world = "collapse", .tasks = kCollapseTasks};
  config::RouterOptions router = RouterOf("collapse");
  const Regret both = Measured(router, plan);
  router.prior.drift.detect = false;
  const Regret forgetting = Measured(router, plan);
  router.prior.half_life = 0;
  const Regret neither = Measured(router, plan);
  CAPTURE(both.total, forgetting.total, neither.total);
  CHECK(both.total < 220);
  CHECK(forgetting.total > 600);
  CHECK(neither.total > 600);
}

TEST_CASE("where nothing changes four of five runs of 20000 labels have no alarm") {
  const config::RouterOptions router = RouterOf("collapse");
  std::size_t quiet = 0;
  for (std::uint64_t seed = 1; seed <= kQuietSeeds; ++seed) {
    quiet += Alarms(router, WorldOf({}, seed, router)) == 0 ? 1 : 0;
  }
  CAPTURE(quiet);
  CHECK(quiet * 5 >= kQuietSeeds * 4);
}

}  // namespace sluice::sim
