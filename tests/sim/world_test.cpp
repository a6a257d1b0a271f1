#include <algorithm>
#include <cmath>
#include <set>

#include <catch2/catch.hpp>

#include "config/config.h"
#include "sim/experiment.h"
#include "sim/tasks_text.h"
#include "sim/world_file.h"

namespace sluice::sim {
namespace {

RouterFacts TextRouter() {
  return FactsOf(config::Defaults().routers.front());
}

RouterFacts EmbeddingRouter(std::size_t dimension) {
  RouterFacts router = TextRouter();
  router.source = policy::ContextSource::kEmbedding;
  router.embedding_dimension = dimension;
  return router;
}

// The router that a world's file brings.
RouterFacts RouterOf(const std::string& name) {
  const auto world = LoadWorld(name);
  if (const auto* problems = std::get_if<1>(&world)) FAIL(config::ToString(problems->front()));
  const auto& routers = std::get<0>(world).routers;
  return routers.empty() ? TextRouter() : FactsOf(routers.front());
}

Environment TasksOf(const std::string& name, std::uint64_t seed, std::size_t tasks = 300) {
  const auto made = MakeWorld({.name = name, .seed = seed, .tasks = tasks}, RouterOf(name));
  if (const auto* problem = std::get_if<std::string>(&made)) FAIL(*problem);
  return std::get<Environment>(made);
}

}  // namespace

TEST_CASE("a world is made from its seed alone") {
  for (const std::string& name : WorldNames()) {
    INFO(name);
    CHECK(TasksOf(name, 7).tasks == TasksOf(name, 7).tasks);
    CHECK_FALSE(TasksOf(name, 7).tasks == TasksOf(name, 8).tasks);
  }
}

TEST_CASE("a longer world begins as the shorter one") {
  // But for those in which something happens: that is stretched to the length.
  for (const std::string name : {"tasks", "linear"}) {
    INFO(name);
    const auto short_one = TasksOf(name, 7, 50).tasks;
    auto long_one = TasksOf(name, 7, 200).tasks;
    long_one.resize(50);
    CHECK(long_one == short_one);
  }
}

TEST_CASE("in world collapse the best arm is the worst in the middle third") {
  constexpr std::size_t kCollapseArms = 4;
  const Environment world = TasksOf("collapse", 7, 3000);
  std::vector<std::vector<double>> thirds(3, std::vector<double>(kCollapseArms, 0));
  for (std::size_t i = 0; i < world.tasks.size(); ++i) {
    for (std::size_t a = 0; a < kCollapseArms; ++a) {
      thirds[i / 1000][a] += world.tasks[i].outcomes[a].expected_reward / 1000;
    }
  }
  const std::size_t last = kCollapseArms - 1;
  for (std::size_t a = 0; a < last; ++a) {
    CAPTURE(a);
    CHECK(thirds[0][last] > thirds[0][a] + 0.05);
    CHECK(thirds[1][last] < thirds[1][a] - 0.1);
    CHECK(thirds[2][last] > thirds[2][a] + 0.05);
  }
}

TEST_CASE("what worlds draw scatters around the expectations they state") {
  for (const std::string& name : WorldNames()) {
    const std::uint64_t seed = 3;
    const Environment world = TasksOf(name, seed, 4000);
    for (std::size_t a = 0; a < world.arms.size(); ++a) {
      CAPTURE(name, seed, a);
      double reward = 0;
      double cost = 0;
      double square = 0;
      double expected_cost = 0;
      for (const Task& task : world.tasks) {
        const Outcome& outcome = task.outcomes[a];
        REQUIRE(outcome.reward >= 0);
        REQUIRE(outcome.reward <= 1);
        REQUIRE(outcome.cost_usd > 0);
        reward += outcome.reward - outcome.expected_reward;
        cost += outcome.cost_usd - outcome.expected_cost_usd;
        square += std::pow(outcome.cost_usd - outcome.expected_cost_usd, 2);
        expected_cost += outcome.expected_cost_usd;
      }
      const double n = static_cast<double>(world.tasks.size());
      CHECK(std::abs(reward / n) < 4 * 0.16 / std::sqrt(n));  // sd of a reward is at most .16
      CHECK(std::abs(cost) < 4 * std::sqrt(square));
      CHECK(expected_cost > 0);
    }
  }
}

TEST_CASE("in world tasks a dearer arm is never worse and the cheap one fails on hard prompts") {
  const Environment world = TasksOf("tasks", 1, 2000);
  double cheap_least = 1;
  double cheap_most = 0;
  for (const Task& task : world.tasks) {
    REQUIRE(task.outcomes.size() == 3);
    CHECK(task.outcomes[0].expected_reward <= task.outcomes[1].expected_reward);
    CHECK(task.outcomes[1].expected_reward <= task.outcomes[2].expected_reward);
    CHECK(task.outcomes[0].expected_cost_usd < task.outcomes[1].expected_cost_usd);
    CHECK(task.outcomes[1].expected_cost_usd < task.outcomes[2].expected_cost_usd);
    cheap_least = std::min(cheap_least, task.outcomes[0].expected_reward);
    cheap_most = std::max(cheap_most, task.outcomes[0].expected_reward);
  }
  CHECK(cheap_most > 0.9);
  CHECK(cheap_least < 0.65);
}

TEST_CASE("prompts are varied and of text") {
  const std::uint64_t seed = 5;
  policy::Rng rng(seed);
  std::set<std::string> texts;
  for (int i = 0; i < 1000; ++i) {
    const Prompt prompt = MakePrompt(rng);
    CAPTURE(seed, i);
    REQUIRE_FALSE(prompt.text.empty());
    REQUIRE(prompt.difficulty >= 0);
    REQUIRE(prompt.difficulty <= 1);
    texts.insert(prompt.text);
  }
  CHECK(texts.size() > 900);
}

TEST_CASE("the linear world gives unit embeddings and rewards linear in them") {
  const Environment world = TasksOf("linear", 2, 200);
  for (const Task& task : world.tasks) {
    double square = 0;
    for (const float entry : task.embedding) square += double{entry} * double{entry};
    CHECK(square == Approx(1).epsilon(1e-6));
    for (const Outcome& outcome : task.outcomes) {
      CHECK(outcome.expected_reward > 0.1);
      CHECK(outcome.expected_reward < 0.9);
    }
  }
}

TEST_CASE("a world that the router cannot read is refused with the one it can") {
  const auto wrong = MakeWorld({.name = "linear"}, TextRouter());
  REQUIRE(wrong.index() == 1);
  CHECK(std::get<1>(wrong) ==
        "router \"default\" asks for text, which world \"linear\" does not send; pass --world "
        "tasks");
  const auto other = MakeWorld({.name = "tasks"}, EmbeddingRouter(384));
  REQUIRE(other.index() == 1);
  CHECK(std::get<1>(other).find("embeddings of dimension 384") != std::string::npos);
  const auto none = MakeWorld({.name = "moon"}, TextRouter());
  REQUIRE(none.index() == 1);
  CHECK(std::get<1>(none).find("no world \"moon\"") != std::string::npos);
}

TEST_CASE("a permutation moves whole tasks and depends on the seed") {
  const Environment world = TasksOf("tasks", 1, 100);
  Environment first = world;
  Environment second = world;
  Permute(first, 1);
  Permute(second, 2);
  CHECK_FALSE(first.tasks == world.tasks);
  CHECK_FALSE(first.tasks == second.tasks);
  Environment again = world;
  Permute(again, 1);
  CHECK(first.tasks == again.tasks);
  for (const Task& task : first.tasks) {
    CHECK(std::count(world.tasks.begin(), world.tasks.end(), task) ==
          std::count(first.tasks.begin(), first.tasks.end(), task));
  }
}

TEST_CASE("shuffled contexts leave the outcomes where they are and every text somewhere else") {
  Environment world = TasksOf("tasks", 1, 100);
  for (std::size_t i = 0; i < world.tasks.size(); ++i) world.tasks[i].text = std::to_string(i);
  Environment shuffled = world;
  ShuffleContexts(shuffled, 9);
  std::set<std::string> texts;
  for (std::size_t i = 0; i < world.tasks.size(); ++i) {
    CHECK(shuffled.tasks[i].outcomes == world.tasks[i].outcomes);
    CHECK(shuffled.tasks[i].text != world.tasks[i].text);
    texts.insert(shuffled.tasks[i].text);
  }
  CHECK(texts.size() == world.tasks.size());
}

}  // namespace sluice::sim
