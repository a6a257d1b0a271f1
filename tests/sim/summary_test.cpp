#include "sim/summary.h"

#include <catch2/catch.hpp>

namespace sluice::sim {
namespace {

Mean At(double cost_usd, double reward) {
  return {reward, cost_usd, 0};
}

Outcome Known(double reward, double cost_usd) {
  return {reward, cost_usd, reward, cost_usd};
}

// Two arms, ten tasks. The cheap arm is right on even tasks, the dear one always.
Environment TenTasks() {
  Environment environment{.name = "ten",
                          .arms = {{.name = "cheap", .tier = 1}, {.name = "dear", .tier = 2}},
                          .tasks = {}};
  for (int i = 0; i < 10; ++i) {
    Task task;
    task.outcomes = {Known(i % 2 == 0 ? 1 : 0, 1), Known(1, 5)};
    environment.tasks.push_back(task);
  }
  return environment;
}

}  // namespace

TEST_CASE("the blind mix lies on the upper concave envelope of the fixed arms") {
  // The arm at cost 3 lies below the line from (1, .2) to (5, .8), which is .5 there.
  const std::vector<Mean> fixed = {At(3, 0.3), At(1, 0.2), At(5, 0.8), At(9, 0.7)};
  CHECK(BlindMix(fixed, 1) == Approx(0.2));
  CHECK(BlindMix(fixed, 3) == Approx(0.5));
  CHECK(BlindMix(fixed, 4) == Approx(0.65));
  CHECK(BlindMix(fixed, 5) == Approx(0.8));
}

TEST_CASE("the blind mix never falls with the spend and begins at the cheapest arm") {
  const std::vector<Mean> fixed = {At(3, 0.3), At(1, 0.2), At(5, 0.8), At(9, 0.7)};
  CHECK(BlindMix(fixed, 0.5) == Approx(0.2));
  CHECK(BlindMix(fixed, 7) == Approx(0.8));
  CHECK(BlindMix(fixed, 100) == Approx(0.8));
}

TEST_CASE("of equally cheap arms the blind mix takes the better one") {
  const std::vector<Mean> fixed = {At(1, 0.2), At(1, 0.6), At(2, 0.7)};
  CHECK(BlindMix(fixed, 0.1) == Approx(0.6));
  CHECK(BlindMix(fixed, 1.5) == Approx(0.65));
}

TEST_CASE("a summary is what a hand computes") {
  // Cheap on the even tasks, dear on the odd ones, but for the first four: all cheap.
  const Choices choices = {0, 0, 0, 0, 0, 1, 0, 1, 0, 1};
  const Summary summary = Summarise(TenTasks(), choices, 0.1);

  CHECK(summary.whole.ours.reward == Approx(0.8));
  CHECK(summary.whole.ours.cost_usd == Approx(2.2));
  CHECK(summary.whole.ours.utility == Approx(0.58));
  CHECK(summary.whole.fixed[0].reward == Approx(0.5));
  CHECK(summary.whole.fixed[1].cost_usd == Approx(5));
  CHECK(summary.whole.blind_mix == Approx(0.5 + 0.5 * (2.2 - 1) / 4));
  CHECK(summary.whole.uniform.reward == Approx(0.75));
  CHECK(summary.whole.uniform.cost_usd == Approx(3));
  // The oracle by reward takes the cheaper arm on ties: cheap on even tasks.
  CHECK(summary.whole.oracle_by_reward.cost_usd == Approx(3));
  CHECK(summary.whole.oracle_by_reward.reward == Approx(1));
  // By utility at .1: dear gives .5 on odd tasks, cheap -.1.
  CHECK(summary.whole.oracle_by_utility.utility == Approx(0.7));
  CHECK(summary.whole.regret_reward == Approx(2));
  CHECK(summary.whole.regret_utility == Approx(2 * 0.6));

  CHECK(summary.second_half.tasks == 5);
  CHECK(summary.second_half.ours.reward == Approx(1));
  CHECK(summary.second_half.ours.cost_usd == Approx(3.4));
  CHECK(summary.second_half.fixed[0].reward == Approx(0.4));
  CHECK(summary.second_half.blind_mix == Approx(0.4 + 0.6 * 2.4 / 4));
  CHECK(summary.second_half.regret_reward == Approx(0));

  CHECK(summary.arms[1].tasks == 3);
  CHECK(summary.arms[1].share == Approx(0.3));
  CHECK(summary.arms[1].share_first_fifth == Approx(0));
  CHECK(summary.arms[1].share_last_fifth == Approx(0.5));
  CHECK(summary.arms[0].reward == Approx(5.0 / 7));
  CHECK(summary.best_fixed == 1);
  CHECK(summary.premium == 1);
  CHECK(summary.saving == Approx(1 - 2.2 / 5));
  CHECK(summary.quality_given_up == Approx(0.2));
}

TEST_CASE("tasks without an answer count nowhere") {
  const Choices choices = {kNoArm, 0, kNoArm, 1, 0, 1, 0, kNoArm, 0, 1};
  const Summary summary = Summarise(TenTasks(), choices, 0);
  CHECK(summary.whole.tasks == 7);
  CHECK(summary.arms[0].tasks + summary.arms[1].tasks == 7);
  CHECK(summary.arms[0].share + summary.arms[1].share == Approx(1));
  CHECK(summary.whole.ours.reward == Approx(6.0 / 7));
}

TEST_CASE("a course without any answer is summarised without dividing by zero") {
  const Summary summary = Summarise(TenTasks(), Choices(10, kNoArm), 1);
  CHECK(summary.whole.tasks == 0);
  CHECK(summary.whole.ours.reward == 0);
  CHECK(summary.saving == 0);
}

TEST_CASE("in a world the figures are expectations and the reports are what was drawn") {
  Environment environment = TenTasks();
  for (Task& task : environment.tasks) task.outcomes[0].reward = 0.25;
  const Summary summary = Summarise(environment, Choices(10, 0), 0);
  CHECK(summary.whole.ours.reward == Approx(0.5));
  CHECK(summary.reported.reward == Approx(0.25));
}

}  // namespace sluice::sim
