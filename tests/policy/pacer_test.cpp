#include "policy/pacer.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

#include "tests/support/pacer_fixtures.h"
#include "tests/support/pacer_scene.h"
#include "tests/support/policy_fixtures.h"

namespace sluice::policy {
namespace {

// The dual pacer of the literature, which ours replaces; it is what oracle 15's trace is of.
std::vector<double> DualTrace(std::initializer_list<double> costs, double budget) {
  double average = budget;
  double lambda = 0;
  std::vector<double> trace;
  for (double cost : costs) {
    average += .02 * (cost - average);
    lambda = std::clamp(lambda + .002 * std::clamp(average / budget - 1, -1.0, 3.0), 0.0, 5.0);
    trace.push_back(lambda);
  }
  return trace;
}

TEST_CASE("the reference dual gives the reference trace") {  // oracle 15
  const double expected[] = {.00008,         .0001384,        .000235632,      .00029491936,
                             .0003170209728, .00045868055334, .00056550694228, .00063819680343};
  const auto trace = DualTrace({3, .5, 2, .1, .1, 4, .2, .2}, 1);
  for (std::size_t i = 0; i < trace.size(); ++i) {
    CHECK(trace[i] == Approx(expected[i]).epsilon(1e-10));
  }
}

TEST_CASE("lambda is the smallest weight at which the kept contexts cost no more than the target") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Scene scene(seed, 1 + seed % 9, 2 + seed % 7);
    const double budget = 1e-4 * std::pow(30, scene.rng.Uniform());
    const double latency_weight = seed % 3 == 0 ? .05 : 0;
    for (double& latency : scene.heads.latency_s) {
      latency = 2 * scene.rng.Uniform();
    }
    ObjectiveOptions options = Budget(budget);
    options.latency_weight = latency_weight;
    Pacer pacer(options);
    const double surcharge = .05 * budget;
    scene.Decide(pacer, 1 + scene.rng.Below(700), .9 * budget, surcharge);
    pacer.Solve(scene.heads.Arms());
    CAPTURE(seed, budget, pacer.cost_weight(), pacer.target_usd());
    CHECK(pacer.target_usd() == Approx(budget + pacer.bank_usd() / 100).epsilon(1e-12));
    const double room = pacer.target_usd() - surcharge;
    const double weight = pacer.cost_weight();
    if (weight == 0) {
      CHECK(scene.Spend(0, latency_weight) <= room * (1 + 1e-9));
    } else if (weight < 9e5) {
      CHECK(scene.Spend(weight * (1 + 1e-7), latency_weight) <= room * (1 + 1e-9));
      CHECK(scene.Spend(weight * (1 - 1e-7), latency_weight) > room * (1 - 1e-9));
    } else {
      CHECK(scene.Spend(1e6, latency_weight) > room * (1 - 1e-9));
    }
  }
}

TEST_CASE("the first decision is enough to solve from and then every tenth") {
  Scene scene(1, 4, 3);
  Pacer pacer(Budget(1e-5));
  CHECK_FALSE(pacer.Due());  // no context, nothing to solve with
  pacer.Solve(scene.heads.Arms());
  CHECK(pacer.cost_weight() == 0);
  scene.Decide(pacer, 1);
  REQUIRE(pacer.Due());
  pacer.Solve(scene.heads.Arms());
  CHECK(pacer.cost_weight() > 0);
  for (int i = 0; i < 9; ++i) {
    scene.Decide(pacer, 1);
    CHECK_FALSE(pacer.Due());
  }
  scene.Decide(pacer, 1);
  CHECK(pacer.Due());
  pacer.Solve(scene.heads.Arms());
  CHECK_FALSE(pacer.Due());
  pacer.Invalidate();
  CHECK(pacer.Due());
}

TEST_CASE("the bank is charged what is expected and corrected when the cost is known") {
  Pacer pacer(Budget(1));
  const Context context = Context::Ones(1);
  const auto decide = [&](double cost) {
    pacer.Decided({.context = {context.data(), 1}, .expected_cost_usd = cost});
  };
  decide(3);
  CHECK(pacer.bank_usd() == -2);
  decide(.5);
  CHECK(pacer.bank_usd() == -1.5);
  pacer.Settled(3, 1);
  CHECK(pacer.bank_usd() == .5);
  pacer.Settled(.5, 2.5);
  CHECK(pacer.bank_usd() == -1.5);
  for (double bad : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    pacer.Settled(bad, 1);
    CHECK(pacer.bank_usd() == -1.5);
    decide(bad);
    CHECK(pacer.bank_usd() == -.5);
    pacer.Settled(0, 1);
  }
}

TEST_CASE("of what was saved at other prices no more is kept than a tenth of the budget spends") {
  Scene scene(3, 4, 3);
  Pacer pacer(Budget(1));
  scene.Decide(pacer, 1, 0);
  pacer.Settled(1e9, 0);
  pacer.Solve(scene.heads.Arms());
  REQUIRE(pacer.bank_usd() == 25);
  pacer.Reprice();
  CHECK(pacer.bank_usd() == 10);
  REQUIRE(pacer.Due());
  pacer.Solve(scene.heads.Arms());
  CHECK(pacer.target_usd() == 1.1);
  pacer.Settled(0, 50);
  pacer.Reprice();
  CHECK(pacer.bank_usd() == -40);  // debts are paid at any price
}

TEST_CASE("credit and debt are bounded and so is the target") {
  Scene scene(3, 4, 3);
  Pacer pacer(Budget(1));
  scene.Decide(pacer, 1, 0);
  pacer.Settled(1e9, 0);
  CHECK(pacer.bank_usd() == 25);
  pacer.Solve(scene.heads.Arms());
  CHECK(pacer.target_usd() == 1.25);
  CHECK(pacer.cost_weight() == 0);  // nothing costs a dollar
  pacer.Settled(0, 1e9);
  CHECK(pacer.bank_usd() == -400);
  pacer.Solve(scene.heads.Arms());
  CHECK(pacer.target_usd() == .1);
  pacer.SetOptions(Budget(1e-5));
  CHECK(pacer.bank_usd() == -400);  // dollars stay; what exceeds the bounds goes with the next
  pacer.Settled(0, 0);
  CHECK(pacer.bank_usd() == Approx(-400e-5));
  CHECK(pacer.Due());
  pacer.Solve(scene.heads.Arms());
  CHECK(pacer.cost_weight() > 0);
  pacer.Settled(1e9, 0);
  CHECK(pacer.bank_usd() == Approx(60e-5));  // more credit while the weight binds
}

TEST_CASE("a fixed weight is returned and never due") {
  Scene scene(4, 4, 3);
  Pacer pacer({.cost_weight = 7});
  CHECK(pacer.cost_weight() == 7);
  scene.Decide(pacer, 20);
  CHECK_FALSE(pacer.Due());
  pacer.Solve(scene.heads.Arms());
  CHECK(pacer.cost_weight() == 7);
  CHECK(pacer.bank_usd() == 0);
  pacer.SetOptions({.cost_weight = 8});
  CHECK(pacer.cost_weight() == 8);
}

TEST_CASE("arms that cannot be predicted are left out and nothing known changes nothing") {
  Scene scene(5, 4, 3);
  Pacer pacer(Budget(1e-4));
  scene.Decide(pacer, 50);
  pacer.Solve(scene.heads.Arms());
  const double weight = pacer.cost_weight();
  auto arms = scene.heads.Arms();
  arms.push_back({.arm = 3, .list_price_usd = 1});
  const test::HeadsOfArms other = test::RandomHeads(scene.rng, 5, 1);  // another dimension
  arms.push_back(other.Arms()[0]);
  arms.push_back(arms[0]);
  arms.back().list_price_usd = std::nan("");
  pacer.Solve(arms);
  CHECK(pacer.cost_weight() == weight);
  pacer.Solve({});
  CHECK(pacer.cost_weight() == weight);
  pacer.Solve(std::span(arms).subspan(3, 2));
  CHECK(pacer.cost_weight() == weight);
}

TEST_CASE("contexts of another space are forgotten and broken ones not kept") {
  Scene scene(6, 4, 3);
  Pacer pacer(Budget(1e-5));
  const auto decide = [&](const Context& x) {
    pacer.Decided({.context = {x.data(), static_cast<std::size_t>(x.size())}});
  };
  scene.Decide(pacer, 50);
  pacer.Solve(scene.heads.Arms());
  const double weight = pacer.cost_weight();
  Context broken = scene.contexts[0];
  broken[1] = std::numeric_limits<float>::quiet_NaN();
  for (int i = 0; i < 400; ++i) {
    decide(broken);
    decide(Context());
  }
  CHECK_FALSE(pacer.Due());
  decide(Context::Ones(7));
  pacer.Invalidate();
  pacer.Solve(scene.heads.Arms());  // of 4 dimensions: not applicable any more
  CHECK(pacer.cost_weight() == weight);
  pacer.ForgetContexts();
  CHECK_FALSE(pacer.Due());
  scene.Decide(pacer, 1);
  CHECK(pacer.Due());
}

TEST_CASE("a reset arm gets its widths anew") {
  Scene scene(9, 3, 2);
  Pacer as_decided(Budget(1e-4));
  scene.Decide(as_decided, 40);
  Pacer anew = as_decided;
  anew.RecomputeBonus(scene.heads.Arms()[1], 2);
  for (std::size_t i = 0; i < scene.contexts.size(); ++i) {
    const double variance = .04 * static_cast<double>(scene.contexts[i].squaredNorm());
    scene.bonuses[i][1] = static_cast<float>(2 * std::sqrt(variance));
  }
  anew.Invalidate();
  anew.Solve(scene.heads.Arms());
  const double room = anew.target_usd();
  CHECK(scene.Spend(anew.cost_weight() * (1 + 1e-6)) <= room * (1 + 1e-9));
  as_decided.Solve(scene.heads.Arms());
  CHECK(anew.cost_weight() != as_decided.cost_weight());
}

TEST_CASE("trials of a new arm are foreseen where one costs more than the largest target") {
  Scene scene(9, 3, 2);
  Pacer pacer(Budget(1e-4));
  scene.Decide(pacer, 40);
  double mean_log = 0;
  for (const Context& context : scene.contexts) {
    mean_log += std::log(scene.Cost(1, context)) / static_cast<double>(scene.contexts.size());
  }
  const auto bytes_after = [&](double budget, double alpha) {
    Pacer other = pacer;
    other.SetOptions(Budget(budget));
    std::string before;
    other.Serialise(before);
    other.ForeseeTrials(scene.heads.Arms()[1], alpha);
    std::string after;
    other.Serialise(after);
    return before != after;
  };
  const double largest = std::exp(mean_log) / 4;  // budget of which it is the largest target
  CHECK(bytes_after(largest * .999, 2));
  CHECK_FALSE(bytes_after(largest * 1.001, 2));
  CHECK_FALSE(bytes_after(largest * .999, 0));
  Pacer weighted({.cost_weight = 10});
  weighted.ForeseeTrials(scene.heads.Arms()[1], 2);  // no contexts, no budget: nothing
  CHECK(weighted.cost_weight() == 10);
}

// Solves with arms that are changed by `change` from the same random start.
template <typename Change>
double WeightAfter(std::uint64_t seed, double budget, const Change& change) {
  Scene scene(seed, 5, 4);
  Pacer pacer(Budget(budget));
  for (std::size_t i = 0; i < 120; ++i) {
    scene.contexts.push_back(test::RandomContext(scene.rng, 5));
    pacer.Decided({.context = {scene.contexts.back().data(), 5}, .expected_cost_usd = budget});
  }
  change(scene.heads);
  pacer.Solve(scene.heads.Arms());
  return pacer.cost_weight();
}

TEST_CASE("dollars scale lambda and neither a common quality nor the order of arms moves it") {
  int inside = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    const double weight = WeightAfter(seed, 3e-4, [](test::HeadsOfArms&) {});
    const double dearer = WeightAfter(seed, 3e-3, [](test::HeadsOfArms& heads) {
      for (double& price : heads.list_price_usd) {
        price *= 10;
      }
    });
    if (weight < 9e5) {
      CHECK(10 * dearer == Approx(weight).epsilon(1e-6).margin(1e-2));
      inside += weight > 0;
    }
    const double better = WeightAfter(seed, 3e-4, [](test::HeadsOfArms& heads) {
      for (RidgeSolution& solution : heads.quality) {
        solution.theta.back() += 3;
      }
    });
    CHECK(better == Approx(weight).epsilon(1e-6));
    const double reversed = WeightAfter(seed, 3e-4, [](test::HeadsOfArms& heads) {
      std::reverse(heads.quality.begin(), heads.quality.end());
      std::reverse(heads.cost.begin(), heads.cost.end());
      std::reverse(heads.list_price_usd.begin(), heads.list_price_usd.end());
    });
    CHECK(reversed == Approx(weight).epsilon(1e-9));
  }
  CHECK(inside > 5);
}

}  // namespace
}  // namespace sluice::policy
