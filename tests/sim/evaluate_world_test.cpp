// Off-policy evaluation on the product's own log of a world that knows the truth.
#include <cmath>
#include <memory>

#include <catch2/catch.hpp>

#include "sim/evaluate.h"
#include "sim/experiment.h"
#include "sim/frozen.h"
#include "sim/process.h"
#include "sim/world_file.h"
#include "tests/support/evaluations.h"

namespace sluice::sim {
namespace {

using policy::OpeFigure;
using tests::Covers;
using tests::Declared;
using tests::Evaluated;

constexpr std::size_t kTasks = 2000;

config::RouterOptions LinearRouter() {
  auto router = config::Defaults().routers.front();
  router.context.source = policy::ContextSource::kEmbedding;
  router.context.dimension = 6;
  router.context.projection = policy::Projection::kNone;
  router.prior.feature_precision = .5;
  router.prior.bias_precision = .5;
  router.prior.quality_mean = .5;
  router.objective.cost_weight = 5;
  router.policy.exploration = {
      .mode = policy::ExplorationMode::kExact, .epsilon = .2, .arm_floor = .03};
  return router;
}

// Another kind and another exploration: far enough from what logged.
config::RouterOptions EvaluatedRouter() {
  auto router = LinearRouter();
  router.policy.kind = policy::PolicyKind::kLinUcb;
  router.policy.alpha = 1;
  router.policy.exploration = {.mode = policy::ExplorationMode::kExact, .epsilon = .1};
  return router;
}

struct Course {
  std::unique_ptr<Process> process;
  Environment world;
};

// `beyond`: tasks that nobody plays, for the policy's value in the world.
Course Play(std::uint64_t seed, std::size_t beyond) {
  Course course;
  const auto router = LinearRouter();
  auto made =
      MakeWorld({.name = "linear", .seed = seed, .tasks = kTasks + beyond}, FactsOf(router));
  if (const auto* problem = std::get_if<std::string>(&made)) FAIL(*problem);
  course.world = std::get<Environment>(std::move(made));
  course.process = std::make_unique<Process>(router);
  if (auto problem = course.process->Start()) FAIL(*problem);
  for (std::size_t i = 0; i < kTasks; ++i) {
    const Task& task = course.world.tasks[i];
    auto reply = course.process->Route(task);
    const auto& answer = std::get<api::RouteAnswer>(reply);
    std::size_t arm = 0;
    while (course.world.arms[arm].name != answer.arm) ++arm;
    const Outstanding due{i, static_cast<std::int32_t>(arm), answer.decision_id};
    if (auto problem = course.process->Report(due, task.outcomes[arm])) FAIL(*problem);
    if (i % 10 == 9) {
      if (auto problem = course.process->Learn()) FAIL(*problem);
    }
  }
  return course;
}

// What a request is worth to the frozen policy in the world: quality and cost.
std::pair<double, double> Truth(const Course& course, const EvaluateOptions& options,
                                store::Position frozen_at) {
  const auto routers = ReadRouters(course.process->store());
  const LoggedRouter& router = std::get<0>(routers).front();
  Progress silent(nullptr, "", 0);
  const auto frozen = Freeze(course.process->store(), router,
                             {.router = 0, .policy = options.policy, .until = frozen_at}, silent);
  const auto& policy = std::get<FrozenPolicy>(frozen);
  double quality = 0;
  double cost = 0;
  const auto tasks = static_cast<double>(course.world.tasks.size() - kTasks);
  for (std::size_t i = kTasks; i < course.world.tasks.size(); ++i) {
    const Task& task = course.world.tasks[i];
    const auto context = router.newest().context.FromEmbedding(task.embedding, {}, nullptr);
    store::DecisionRecord record;
    record.eligible = policy::ArmSet::FirstN(task.outcomes.size()).bits();
    record.cost_weight = LinearRouter().objective.cost_weight;
    record.context.assign(context->context.data(),
                          context->context.data() + context->context.size());
    const auto decision = policy.Decide(record, router.newest().list_terms, {});
    for (std::size_t a = 0; a < task.outcomes.size(); ++a) {
      const double probability = decision->distribution.Probability(static_cast<policy::ArmId>(a));
      quality += probability * task.outcomes[a].expected_reward / tasks;
      cost += probability * task.outcomes[a].expected_cost_usd / tasks;
    }
  }
  return {quality, cost};
}

const policy::OpeInterval& DrInterval(const MeasureResult& result) {
  return result.intervals[static_cast<std::size_t>(OpeFigure::kDr)];
}

struct Coverage {
  int quality = 0;
  int cost = 0;
  int anytime = 0;
  int refused = 0;
};

Coverage CoverageOf(std::uint64_t first, std::uint64_t seeds, std::size_t beyond) {
  Coverage coverage;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    const Course course = Play(seed, beyond);
    const EvaluateOptions options = Declared(EvaluatedRouter());
    const Evaluation evaluation = Evaluated(course.process->store(), options);
    const auto [quality, cost] = Truth(course, options, evaluation.frozen_at);
    coverage.quality += Covers(DrInterval(evaluation.quality), quality) ? 1 : 0;
    coverage.cost += Covers(DrInterval(evaluation.cost), cost) ? 1 : 0;
    coverage.anytime += Covers(*evaluation.quality.anytime, quality) ? 1 : 0;
    coverage.refused += evaluation.quality.refusals.empty() ? 0 : 1;
  }
  return coverage;
}

}  // namespace

TEST_CASE("the interval of DR covers what a frozen policy is worth in the world") {
  constexpr int kSeeds = 20;
  const Coverage coverage = CoverageOf(1, kSeeds, 10000);
  INFO("quality " << coverage.quality << ", cost " << coverage.cost << ", anytime "
                  << coverage.anytime << ", refused " << coverage.refused << " of " << kSeeds);
  const double least = kSeeds * .95 - 3.29 * std::sqrt(kSeeds * .95 * .05);
  CHECK(coverage.quality >= least);
  CHECK(coverage.cost >= least);
  CHECK(coverage.anytime == kSeeds);
  CHECK(coverage.refused == 0);
}

// By hand: test_sim "[coverage]".
TEST_CASE("the interval of DR covers the truth in at least 927 of 1000 seeds", "[.][coverage]") {
  // The truth is to be known much better than the intervals are wide.
  const Coverage coverage = CoverageOf(1, 1000, 40000);
  WARN("quality " << coverage.quality << ", cost " << coverage.cost << ", anytime "
                  << coverage.anytime << ", refused " << coverage.refused << " of 1000");
  CHECK(coverage.quality >= 927);
  CHECK(coverage.cost >= 927);
}

}  // namespace sluice::sim
