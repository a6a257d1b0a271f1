// The objective cheapest_above: the smallest spend that keeps a quality.
#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <string_view>

#include <catch2/catch.hpp>

#include "tests/support/pacer_scene.h"

namespace sluice::policy {
namespace {

// The quality of what `weight` chooses, half a standard deviation of the average below its
// estimate.
double QualityBound(const Scene& scene, double weight) {
  const double n = static_cast<double>(scene.contexts.size() - scene.First());
  double mean = 0;
  double variance = 0;
  for (std::size_t a = 0; a < scene.heads.quality.size(); ++a) {
    const RidgeSolution& solution = scene.heads.quality[a];
    Context average = Context::Zero(static_cast<Eigen::Index>(solution.theta.size()));
    for (std::size_t i = scene.First(); i < scene.contexts.size(); ++i) {
      if (scene.Chosen(i, weight) == a) {
        mean += scene.Dot(solution.theta, scene.contexts[i]) / n;
        average += scene.contexts[i] / static_cast<float>(n);
      }
    }
    // A is a multiple of the identity.
    const double precision = solution.u[0] * solution.u[0];
    variance +=
        solution.b_n / solution.a_n * static_cast<double>(average.squaredNorm()) / precision;
  }
  return mean - std::sqrt(variance) / 2;
}

// The best arm's average, as far above its estimate as few labels make likely.
double ReferenceQuality(const Scene& scene) {
  const double n = static_cast<double>(scene.contexts.size() - scene.First());
  double best = -HUGE_VAL;
  for (const RidgeSolution& solution : scene.heads.quality) {
    double sum = 0;
    Context average = Context::Zero(static_cast<Eigen::Index>(solution.theta.size()));
    for (std::size_t i = scene.First(); i < scene.contexts.size(); ++i) {
      sum += scene.Dot(solution.theta, scene.contexts[i]);
      average += scene.contexts[i] / static_cast<float>(n);
    }
    const double precision = solution.u[0] * solution.u[0];
    const double variance =
        solution.b_n / solution.a_n * static_cast<double>(average.squaredNorm()) / precision;
    const double widths = std::min(3.0, 600 / (2 * solution.a_n));
    best = std::max(best, sum / n + widths * std::sqrt(variance));
  }
  return best;
}

TEST_CASE("what is overestimated where it is chosen raises the floor") {
  Scene scene(3, 4, 3, 400);
  Pacer pacer({.objective = Objective::kCheapestAbove, .quality_floor = .95});
  scene.Decide(pacer, 300);
  pacer.Solve(scene.heads.Arms());
  const double weight = pacer.cost_weight();
  REQUIRE(weight > 0);
  for (int i = 0; i < 2000; ++i) {
    pacer.Labelled(.8, .78);
  }
  pacer.Solve(scene.heads.Arms());
  CHECK(pacer.cost_weight() < weight);
  for (int i = 0; i < 4000; ++i) {
    pacer.Labelled(.8, .81);
  }
  pacer.Labelled(.8, std::nan(""));
  pacer.Solve(scene.heads.Arms());
  CHECK(pacer.cost_weight() > weight);
}

TEST_CASE("cheapest_above takes the largest weight that keeps the floor for sure") {
  int inside = 0;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    Scene scene(seed, 2 + seed % 5, 2 + seed % 4, 400);
    Pacer pacer({.objective = Objective::kCheapestAbove, .quality_floor = .95});
    scene.Decide(pacer, 20 + scene.rng.Below(400));
    pacer.Solve(scene.heads.Arms());
    const double best = ReferenceQuality(scene);
    const double weight = pacer.cost_weight();
    CAPTURE(seed, weight, best, QualityBound(scene, weight));
    if (weight == 0) {
      CHECK(QualityBound(scene, 0) < .95 * best);
    } else {
      CHECK(QualityBound(scene, weight * (1 - 1e-7)) >= .95 * best * (1 - 1e-6));
      CHECK((weight > 9e5 || QualityBound(scene, weight * (1 + 1e-7)) < .95 * best * (1 + 1e-6)));
      ++inside;
    }
    CHECK(pacer.exploration_scale() == 1);
  }
  CHECK(inside > 10);  // the property is not empty
}

TEST_CASE(
    "cheapest_above pays for the best while little is known and counts what exploring costs") {
  Scene unsure(7, 3, 3, .01);
  Pacer pacer({.objective = Objective::kCheapestAbove});
  unsure.Decide(pacer, 100);
  pacer.Solve(unsure.heads.Arms());
  CHECK(pacer.cost_weight() == 0);

  const auto weight_with_shift = [](double shift) {
    Scene scene(12, 3, 3, 1e6);
    Pacer sure({.objective = Objective::kCheapestAbove, .quality_floor = .97});
    scene.Decide(sure, 100);
    for (const Context& x : scene.contexts) {
      sure.Decided({.context = {x.data(), 3}, .quality_shift = shift});
    }
    sure.Solve(scene.heads.Arms());
    return sure.cost_weight();
  };
  CHECK(weight_with_shift(0) < 1e5);
  CHECK(weight_with_shift(-.01) < weight_with_shift(0));
  CHECK(weight_with_shift(-.01) > 0);
  CHECK(weight_with_shift(-.9) == 0);
}

TEST_CASE("arms with few labels that may be the best are sought and no others") {
  test::HeadsOfArms heads;
  for (const double mean : {.9, .88, .5}) {
    heads.Add({0, mean}, {0, -1}, 1e-4, 100);  // of an average: .2 / 10
  }
  std::array<std::uint64_t, 3> labels{199, 0, 0};
  Pacer pacer({.objective = Objective::kCheapestAbove, .quality_floor = .95});
  const std::array<float, 2> context{0, 1};
  const auto sought = [&] {
    pacer.Decided({.context = context});
    pacer.Invalidate();
    auto arms = heads.Arms();
    for (std::size_t a = 0; a < 3; ++a) {
      arms[a].labels = labels[a];
    }
    pacer.Solve(arms);
    return pacer.sought();
  };
  CHECK(sought() == ArmSet::FirstN(2));
  labels[0] = 200;
  CHECK(sought().bits() == 2);
  heads.quality[1].theta.back() = .9 - 3.1 * .02;  // more than three deviations below the best
  CHECK(sought().Empty());
  heads.quality[1].theta.back() = .9 - 2.9 * .02;
  REQUIRE(sought().bits() == 2);
  std::string bytes;
  pacer.Serialise(bytes);
  std::string_view in = bytes;
  CHECK(Pacer::Restore(in, pacer.options())->sought().bits() == 2);
  Pacer emptied = pacer;
  emptied.Solve({});
  CHECK(emptied.sought().Empty());
  pacer.SetOptions(Budget(1));
  CHECK(pacer.sought().Empty());
}

TEST_CASE("after a reset a floor keeps its weight for a hundred decisions and a budget does not") {
  Scene scene(3, 4, 3, 400);
  const ObjectiveOptions options{.objective = Objective::kCheapestAbove, .quality_floor = .95};
  Pacer floor(options);
  scene.Decide(floor, 300);
  floor.Solve(scene.heads.Arms());
  const double weight = floor.cost_weight();
  REQUIRE(weight > 0);
  for (RidgeSolution& solution : scene.heads.quality) {
    solution.b_n *= 1e4;  // nothing is sure any more
  }
  floor.NoteReset();
  for (int i = 0; i < 100; ++i) {
    floor.Invalidate();  // other arms come back, a file is read again
    floor.SetOptions(options);
    floor.NoteReset();  // does not begin anew
    floor.Solve(scene.heads.Arms());
    CHECK(floor.cost_weight() == weight);
    std::string bytes;
    floor.Serialise(bytes);
    std::string_view in = bytes;
    floor = *Pacer::Restore(in, options);
    scene.Decide(floor, 1);
  }
  floor.Invalidate();
  floor.Solve(scene.heads.Arms());
  CHECK(floor.cost_weight() == 0);
  floor.NoteReset();  // it buys the dearest answers already, and goes on solving
  for (RidgeSolution& solution : scene.heads.quality) {
    solution.b_n /= 1e4;
  }
  floor.Solve(scene.heads.Arms());
  CHECK(floor.cost_weight() > 0);

  Pacer budget(Budget(1e-3));
  scene.Decide(budget, 10, 1e-3);
  budget.Solve(scene.heads.Arms());
  REQUIRE_FALSE(budget.Due());
  const double weight_before = budget.cost_weight();
  budget.NoteReset();
  REQUIRE(budget.Due());
  for (double& price : scene.heads.list_price_usd) {
    price *= 10;
  }
  budget.Solve(scene.heads.Arms());
  CHECK(budget.cost_weight() > weight_before);

  Pacer repriced(options);
  scene.Decide(repriced, 10);
  repriced.Solve(scene.heads.Arms());
  REQUIRE(repriced.cost_weight() > 0);
  repriced.NoteReset();
  for (double& price : scene.heads.list_price_usd) {
    price *= 10;
  }
  const double before = repriced.cost_weight();
  repriced.Reprice();
  repriced.Solve(scene.heads.Arms());
  CHECK(repriced.cost_weight() == Approx(before / 10).epsilon(.1));
}

}  // namespace
}  // namespace sluice::policy
