// A budget under Thompson sampling: the weight is solved for what its draws will cost.
#include <algorithm>
#include <array>
#include <cmath>

#include <catch2/catch.hpp>

#include "policy/policy.h"
#include "tests/support/pacer_scene.h"

namespace sluice::policy {
namespace {

constexpr ExplorationMode kModes[] = {ExplorationMode::kNatural, ExplorationMode::kCap,
                                      ExplorationMode::kExact, ExplorationMode::kOff};

Draws DrawsOf(const ExplorationOptions& exploration) {
  return {.rate_min = ExplorationRate(0, exploration, -1),
          .rate_max = ExplorationRate(1, exploration, -1),
          .arm_floor = exploration.arm_floor};
}

// What the contexts that the pacer keeps cost at `weight`, asked of the policy itself. The scene's
// bonuses are the deviations.
double SpendOfPolicy(const Scene& scene, double weight, const ExplorationOptions& exploration) {
  const std::size_t arms = scene.heads.quality.size();
  double sum = 0;
  for (std::size_t i = scene.First(); i < scene.contexts.size(); ++i) {
    Estimates estimates{};
    for (std::size_t a = 0; a < arms; ++a) {
      const double cost = scene.Cost(a, scene.contexts[i]);
      const double utility =
          scene.Dot(scene.heads.quality[a].theta, scene.contexts[i]) - weight * cost;
      estimates[a] = {.width = static_cast<double>(scene.bonuses[i][a]),
                      .expected_cost_usd = cost,
                      .utility = utility,
                      .score = utility};
    }
    const ArmSet all = ArmSet::FirstN(arms);
    const Shares base = ThompsonShares(estimates, all, 1);
    const auto distribution = Explore(base, all, GreedyArm(estimates, all), exploration);
    for (const ArmId arm : all) {
      sum += distribution.Probability(arm) * estimates[arm].expected_cost_usd;
    }
  }
  return sum / static_cast<double>(scene.contexts.size() - scene.First());
}

// Whether the target can be kept at all, exploration as it is.
bool Keepable(const Scene& scene, const Pacer& pacer) {
  return pacer.exploration_scale() == 1 && scene.Spend(1e6) <= pacer.target_usd();
}

TEST_CASE("with two arms the weight is solved for exactly what the draws cost") {
  int inside = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const ExplorationOptions exploration{.mode = kModes[seed % 4]};
    Scene scene(seed, 2 + seed % 7, 2);
    Pacer pacer(Budget(1e-4 * std::pow(30, scene.rng.Uniform())));
    scene.Decide(pacer, 100 + scene.rng.Below(500), pacer.options().budget_usd);
    const Draws draws = DrawsOf(exploration);
    pacer.Solve(scene.heads.Arms(), &draws);
    const double weight = pacer.cost_weight();
    const double expected = SpendOfPolicy(scene, weight, exploration);
    CAPTURE(seed, weight, expected, pacer.target_usd());
    if (weight == 0) {
      CHECK(expected <= pacer.target_usd() * (1 + 1e-4));
    } else if (Keepable(scene, pacer)) {
      ++inside;
      CHECK(expected <= pacer.target_usd() * (1 + 1e-4));
      CHECK(SpendOfPolicy(scene, weight * (1 - 1e-3), exploration) > pacer.target_usd());
    }
  }
  CHECK(inside > 10);
}

TEST_CASE("with more arms the draws cost the target to within a tenth") {
  int inside = 0;
  double least = 1;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const ExplorationOptions exploration{.mode = kModes[seed % 3],
                                         .arm_floor = seed % 5 == 0 ? .004 : 0};
    Scene scene(seed, 2 + seed % 5, 3 + seed % 6);
    Pacer pacer(Budget(1e-4 * std::pow(30, scene.rng.Uniform())));
    scene.Decide(pacer, 300, pacer.options().budget_usd);
    const Draws draws = DrawsOf(exploration);
    pacer.Solve(scene.heads.Arms(), &draws);
    if (pacer.cost_weight() == 0 || !Keepable(scene, pacer)) continue;
    ++inside;
    const double expected = SpendOfPolicy(scene, pacer.cost_weight(), exploration);
    least = std::min(least, expected / pacer.target_usd());
    CAPTURE(seed, pacer.cost_weight(), expected, pacer.target_usd());
    CHECK(expected < 1.03 * pacer.target_usd());
  }
  CAPTURE(least);
  CHECK(inside > 20);
  CHECK(least > .9);
}

// A third arm that nobody takes while the second is good, and whose every draw costs 50 budgets.
TEST_CASE("an arm that falls does not let the draws of a dear one empty the bank") {
  constexpr double kBudget = 3e-4;
  test::HeadsOfArms heads;
  heads.Add({0, .79}, {0, 0}, 3e-5);
  heads.Add({0, .93}, {0, 0}, 5e-4);
  heads.Add({0, .72}, {0, 0}, 1.5e-2);
  Pacer pacer(Budget(kBudget));
  Rng rng(1);
  for (int i = 0; i < 300; ++i) {
    const std::array<float, 2> context{static_cast<float>(rng.Normal()), 1};
    pacer.Decided({.context = context, .bonus = {.01F, .01F, .06F}, .expected_cost_usd = kBudget});
  }
  const Draws natural;
  pacer.Solve(heads.Arms(), &natural);
  heads.quality[1].theta.back() = .75;
  pacer.Solve(heads.Arms(), &natural);
  const double weight = pacer.cost_weight();
  // Of one draw: P(third) in the mean of all is at most what the first is beaten with.
  const double gap = (.79 - .72 + weight * (1.5e-2 - 3e-5)) / std::hypot(.01, .06);
  const double third = std::erfc(gap / std::sqrt(2.0)) / 2;
  CAPTURE(weight, third);
  CHECK(third * 1.5e-2 < 1.02 * pacer.target_usd());
  // By what exploring cost lately, which is nothing, no weight would be needed at all.
  Pacer blind(Budget(kBudget));
  for (int i = 0; i < 300; ++i) {
    const std::array<float, 2> context{static_cast<float>(rng.Normal()), 1};
    blind.Decided({.context = context, .expected_cost_usd = kBudget});
  }
  blind.Solve(heads.Arms());
  CHECK(blind.cost_weight() == 0);
}

// In the modes cap and exact something is explored at any weight; once all other arms are hopeless
// it is the dearest as often as any. The weights that keep the target may then be few.
TEST_CASE(
    "where spend falls and rises with the weight the smallest that keeps the target is found") {
  struct Case {
    std::array<double, 3> costs;
    ExplorationMode mode;
    double budget;
  };
  const Case cases[] = {{{1e-3, 1e-2, .2}, ExplorationMode::kExact, 5e-3},
                        {{1e-3, 1e-2, 1.2}, ExplorationMode::kCap, 3e-3},
                        {{1e-3, 5e-3, .1}, ExplorationMode::kCap, 1.2e-3}};
  for (const Case& c : cases) {
    test::HeadsOfArms heads;
    for (std::size_t a = 0; a < 3; ++a) {
      heads.Add({0, std::array{.80, .82, .90}[a]}, {0, 0}, c.costs[a]);
    }
    Pacer pacer(Budget(c.budget));
    const std::array<float, 2> context{0, 1};
    for (int i = 0; i < 300; ++i) {
      pacer.Decided(
          {.context = context, .bonus = {.005F, .005F, .005F}, .expected_cost_usd = c.budget});
    }
    const Draws draws = DrawsOf({.mode = c.mode});
    pacer.Solve(heads.Arms(), &draws);
    CAPTURE(c.budget, pacer.cost_weight());
    CHECK(pacer.cost_weight() > 0);
    CHECK(pacer.cost_weight() < 10);
    CHECK(pacer.exploration_scale() == 1);
  }
}

TEST_CASE("what every arm is explored at least is paid for") {
  const auto scale_with = [](double arm_floor) {
    test::HeadsOfArms heads;
    heads.Add({0, .80}, {0, 0}, 3e-5);
    heads.Add({0, .79}, {0, 0}, 5e-5);
    heads.Add({0, .70}, {0, 0}, 1.5e-2);
    Pacer pacer(Budget(1.2e-4));
    const std::array<float, 2> context{0, 1};
    for (int i = 0; i < 300; ++i) {
      pacer.Decided({.context = context, .bonus = {.01F, .01F, .01F}, .expected_cost_usd = 1.2e-4});
    }
    const Draws draws{.rate_min = .05, .rate_max = .05, .arm_floor = arm_floor};
    pacer.Solve(heads.Arms(), &draws);
    return pacer.exploration_scale();
  };
  CHECK(scale_with(0) == 1);
  // Of .05 in all .02 are the third arm's, 3e-4 of the 9e-5 that are left.
  CHECK(scale_with(.02) == Approx(.3).margin(.02));
}

}  // namespace
}  // namespace sluice::policy
