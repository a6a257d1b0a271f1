#include "sim/feedback_model.h"

#include <algorithm>
#include <cmath>

#include <catch2/catch.hpp>

#include "sim/experiment.h"
#include "sim/process.h"
#include "sim/world_file.h"

namespace sluice::sim {
namespace {

constexpr std::uint64_t kSeed = 5;

World WorldOf(const std::string& name) {
  auto world = LoadWorld(name);
  if (const auto* problems = std::get_if<1>(&world)) FAIL(config::ToString(problems->front()));
  return std::get<World>(std::move(world));
}

config::RouterOptions RouterOf(const World& world) {
  return world.routers.empty() ? config::Defaults().routers.front() : world.routers.front();
}

Environment TasksOf(const World& world, std::size_t tasks) {
  auto made = MakeEnvironment(world, {.name = world.name, .seed = kSeed, .tasks = tasks},
                              FactsOf(RouterOf(world)));
  if (const auto* problem = std::get_if<std::string>(&made)) FAIL(*problem);
  return std::get<Environment>(std::move(made));
}

Course CourseOf(const World& world, const config::RouterOptions& router, std::size_t tasks) {
  const Environment environment = TasksOf(world, tasks);
  Progress silent(nullptr, "", 0);
  auto courses = RunTogether({{environment,
                               {.router = router,
                                .feedback = world.feedback,
                                .timeline = Timeline(world, tasks),
                                .seed = kSeed}}},
                             silent);
  if (const auto* problem = std::get_if<std::string>(&courses)) FAIL(*problem);
  return std::move(std::get<0>(courses).front());
}

double MeanDelay(const FeedbackModel& model, std::size_t tasks) {
  double sum = 0;
  for (std::size_t i = 0; i < tasks; ++i) {
    sum += static_cast<double>(DelayOf(model, {kSeed, i}));
  }
  return sum / static_cast<double>(tasks);
}

// What a process knows of every arm after it was told the outcomes of a world and, of each, what
// the model's sources claim.
std::vector<std::string> LearntFrom(const World& world, const config::RouterOptions& router,
                                    bool claims) {
  const Environment environment = TasksOf(world, 400);
  Process process(router);
  REQUIRE_FALSE(process.Start());
  std::size_t claimed = 0;
  for (std::size_t i = 0; i < environment.tasks.size(); ++i) {
    const auto reply = process.Route(environment.tasks[i]);
    REQUIRE(reply.index() == 0);
    const auto& answer = std::get<0>(reply);
    const auto found = std::ranges::find(environment.arms, answer.arm, &ArmFacts::name);
    const auto arm = static_cast<std::size_t>(found - environment.arms.begin());
    const Outcome& outcome = environment.tasks[i].outcomes[arm];
    const Outstanding due{i, static_cast<std::int32_t>(arm), answer.decision_id};
    REQUIRE_FALSE(process.Report(due, outcome));
    const auto claim = ClaimOf(world.feedback, 0, {kSeed, i}, arm, outcome.reward);
    if (claims && claim) {
      api::FeedbackEvent event;
      event.decision_id = due.decision_id;
      event.event_id = "claim-" + due.decision_id;
      event.source = world.feedback.sources.front().name;
      event.reward = *claim;
      REQUIRE_FALSE(process.Report(std::move(event)));
      ++claimed;
    }
    REQUIRE_FALSE(process.Learn());
  }
  CHECK((claimed > 80) == claims);
  std::vector<std::string> learnt;
  for (policy::ArmId arm = 0; arm < environment.arms.size(); ++arm) {
    learnt.push_back(process.learner().ArmStatistics(0, arm).value_or(""));
    CHECK_FALSE(learnt.back().empty());
  }
  return learnt;
}

}  // namespace

TEST_CASE("delays have the mean that is asked") {
  constexpr std::size_t kTasks = 20000;
  FeedbackModel model{.delay = 100};
  CHECK(MeanDelay(model, kTasks) == 100);
  // Three and some standard errors: sd 58.0 and 100.5.
  model.delay_kind = DelayKind::kUniform;
  CHECK(std::abs(MeanDelay(model, kTasks) - 100) < 3.29 * 58.1 / std::sqrt(kTasks));
  model.delay_kind = DelayKind::kGeometric;
  CHECK(std::abs(MeanDelay(model, kTasks) - 100) < 3.29 * 100.6 / std::sqrt(kTasks));
  std::size_t at_once = 0;
  for (std::size_t i = 0; i < kTasks; ++i) at_once += DelayOf(model, {kSeed, i}) == 0 ? 1 : 0;
  const double p = 1.0 / 101;
  CHECK(std::abs(static_cast<double>(at_once) - kTasks * p) < 3.29 * std::sqrt(kTasks * p));
}

TEST_CASE("outcomes come in the order in which they are due") {
  DueQueue queue;
  queue.Put(5, {.task = 1});
  queue.Put(3, {.task = 2});
  queue.Put(5, {.task = 3});
  CHECK_FALSE(queue.Next(2));
  CHECK(queue.Next(4)->task == 2);
  CHECK_FALSE(queue.Next(4));
  CHECK(queue.Next(9)->task == 1);
  CHECK(queue.Next(9)->task == 3);
  CHECK_FALSE(queue.Next(9));
}

TEST_CASE("as many outcomes are censored as the file says") {
  const World world = WorldOf("censored");
  constexpr std::size_t kTasks = 3000;
  const Course course = CourseOf(world, RouterOf(world), kTasks);
  const double p = 1 - world.feedback.censored;
  CHECK(std::abs(static_cast<double>(course.told.rated) - p * kTasks) <
        3.29 * std::sqrt(p * (1 - p) * kTasks));
  CHECK(course.told.claims == 0);
}

TEST_CASE("complaints come more often than praise where the file says so") {
  const World world = WorldOf("one-sided");
  constexpr std::size_t kTasks = 3000;
  const Course course = CourseOf(world, RouterOf(world), kTasks);
  const Environment environment = TasksOf(world, kTasks);
  double expected = 0;
  double variance = 0;
  double true_sum = 0;
  for (std::size_t i = 0; i < kTasks; ++i) {
    const auto arm = static_cast<std::size_t>(course.choices[i]);
    const double reward = environment.tasks[i].outcomes[arm].reward;
    const double p = 0.5 + reward * (0.1 - 0.5);
    expected += p;
    variance += p * (1 - p);
    true_sum += reward;
  }
  CHECK(std::abs(static_cast<double>(course.told.rated) - expected) < 3.29 * std::sqrt(variance));
  const double reported = course.told.reward_sum / static_cast<double>(course.told.rated);
  CHECK(reported < true_sum / kTasks - 0.05);
}

TEST_CASE("a poisoned source without weight leaves what is learnt as it would be without it") {
  const World world = WorldOf("poisoned");
  config::RouterOptions router = RouterOf(world);
  const auto clean = LearntFrom(world, router, false);
  CHECK(LearntFrom(world, router, true) != clean);
  router.sources.front().weight = 0;
  CHECK(LearntFrom(world, router, true) == LearntFrom(world, router, false));
}

TEST_CASE("a poisoned source claims as often as the file says and what its rule says") {
  const World world = WorldOf("poisoned");
  constexpr std::size_t kTasks = 2000;
  World clean = world;
  clean.feedback = {};
  config::RouterOptions router = RouterOf(world);
  const Course poisoned = CourseOf(world, router, kTasks);
  const double p = world.feedback.sources.front().share;
  CHECK(std::abs(static_cast<double>(poisoned.told.claims) - p * kTasks) <
        3.29 * std::sqrt(p * (1 - p) * kTasks));
  CHECK(poisoned.told.rated == kTasks);
  CHECK(poisoned.choices != CourseOf(clean, router, kTasks).choices);
  router.sources.front().weight = 0;
  CHECK(CourseOf(world, router, kTasks).choices == CourseOf(clean, router, kTasks).choices);

  FeedbackModel model{.sources = {{"s", 1, ClaimRule::kInvert, 0}}};
  CHECK(ClaimOf(model, 0, {kSeed, 3}, 1, 0.25) == 0.75);
  model.sources.front() = {"s", 1, ClaimRule::kFavour, 1};
  CHECK(ClaimOf(model, 0, {kSeed, 3}, 1, 0.25) == 1);
  CHECK(ClaimOf(model, 0, {kSeed, 3}, 0, 0.25) == 0);
}

TEST_CASE("nothing is learnt within a burst and everything right after it") {
  World world = WorldOf("tasks");
  world.requests = 400;
  // The arm that the prior prefers is bad, which is known when the burst is over.
  world.events = {{.kind = EventKind::kBurst, .at = 0, .until = 300},
                  {.kind = EventKind::kFail, .arm = 0, .at = 0, .by = 0.6}};
  config::RouterOptions router = RouterOf(world);
  router.policy.exploration.mode = policy::ExplorationMode::kOff;
  const Course course = CourseOf(world, router, world.requests);
  CHECK(std::count(course.choices.begin(), course.choices.begin() + 300, 0) == 300);
  CHECK(std::count(course.choices.begin() + 300, course.choices.end(), 0) == 0);
  const Timeline timeline(world, world.requests);
  CHECK(timeline.SaidAfter(1) == 299);
  CHECK(timeline.SaidAfter(299) == 299);
  CHECK(timeline.SaidAfter(300) == 300);
}

TEST_CASE("what is said of a task does not depend on who asks") {
  // Two policies meet the same luck, so that they can be compared pair by pair.
  const World world = WorldOf("censored");
  for (std::size_t i = 0; i < 100; ++i) {
    CHECK(IsRated(world.feedback, {kSeed, i}, 0.2) == IsRated(world.feedback, {kSeed, i}, 0.9));
  }
}

}  // namespace sluice::sim
