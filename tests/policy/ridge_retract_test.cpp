#include <catch2/catch.hpp>

#include "policy/cholesky.h"
#include "tests/support/ridge_fixtures.h"

namespace sluice::policy {
namespace {

using test::Contribution;
using test::FlatPrior;
using test::Largest;
using test::LargestDifference;
using test::RandomContributions;
using test::StatisticsOf;
using test::SumsOf;
using Vector = std::vector<double>;

constexpr std::size_t kDimension = 9;

bool Restores(const RidgeStatistics& statistics) {
  std::string bytes;
  statistics.Serialise(bytes);
  std::string_view in = bytes;
  return RidgeStatistics::Restore(in, statistics.dimension()) == statistics;
}

TEST_CASE("what is retracted leaves no more than rounding") {  // oracle 3
  for (std::uint64_t seed : {1, 2, 3}) {
    CAPTURE(seed);
    const auto kept = RandomContributions(kDimension, 1000, seed);
    auto passing = RandomContributions(kDimension, 4000, seed + 100);
    RidgeStatistics statistics = StatisticsOf(kept);
    for (const Contribution& c : passing) {
      statistics.Add(c.x, c.target, c.weight);
    }
    const double size = Largest(SumsOf(statistics));
    Rng rng(seed);
    test::Shuffle(passing, rng);
    for (const Contribution& c : passing) {
      statistics.Retract(c.x, c.target, c.weight);
    }
    CHECK(statistics.count() == 1000);
    CHECK(LargestDifference(SumsOf(statistics), SumsOf(StatisticsOf(kept))) <= 1e-14 * size);
  }
}

TEST_CASE("the last contribution that goes leaves exact zeros") {
  auto contributions = RandomContributions(kDimension, 500);
  RidgeStatistics statistics = StatisticsOf(contributions);
  Rng rng(1);
  test::Shuffle(contributions, rng);
  for (const Contribution& c : contributions) {
    statistics.Retract(c.x, c.target, c.weight);
  }
  CHECK(statistics == RidgeStatistics(kDimension));
}

TEST_CASE("a revised target is as if it had been the first one") {  // oracle 3
  for (std::uint64_t seed : {1, 2, 3}) {
    CAPTURE(seed);
    auto contributions = RandomContributions(kDimension, 4000, seed);
    RidgeStatistics revised = StatisticsOf(contributions);
    Rng rng(seed, 2);
    for (Contribution& c : contributions) {
      if (rng.Below(4) == 0) {
        const double target = rng.Uniform();
        revised.Revise(c.x, c.target, target, c.weight);
        c.target = target;
      }
    }
    const Vector sums = SumsOf(StatisticsOf(contributions));
    CHECK(LargestDifference(SumsOf(revised), sums) <= 1e-13 * Largest(sums));
    CHECK(revised.n() == StatisticsOf(contributions).n());
  }
}

// Whatever comes and goes, at scales far apart, what is left can be restored and factored.
TEST_CASE("rounding never leaves statistics that are refused") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    RidgeStatistics statistics(3);
    std::vector<Contribution> present;
    for (int i = 0; i < 100; ++i) {
      if (!present.empty() && rng.Below(2) == 0) {
        const Contribution gone = present[rng.Below(present.size())];
        statistics.Retract(gone.x, gone.target, gone.weight);
        std::erase_if(present, [&](const Contribution& c) { return c.target == gone.target; });
      } else {
        const Context x = test::RandomContext(rng, 3);
        present.push_back(
            {x, rng.Uniform(), std::ldexp(rng.Uniform(), -static_cast<int>(rng.Below(60)))});
        statistics.Add(x, present.back().target, present.back().weight);
      }
      REQUIRE(statistics.count() == present.size());
      REQUIRE(Restores(statistics));
      REQUIRE(SolveRidge(statistics, FlatPrior(3, .64)));
    }
  }
}

TEST_CASE("scaling by a power of two is exact") {
  const auto contributions = RandomContributions(kDimension, 200);
  RidgeStatistics scaled(kDimension);
  for (const Contribution& c : contributions) {
    scaled.Add(c.x, c.target, std::ldexp(c.weight, -7));
  }
  RidgeStatistics statistics = StatisticsOf(contributions);
  statistics.Scale(-7);
  CHECK(statistics == scaled);
  CHECK(Restores(statistics));
  statistics.Scale(7);
  CHECK(statistics == StatisticsOf(contributions));
}

TEST_CASE("sums that have decayed to nothing are zeros that can still be retracted from") {
  const auto contributions = RandomContributions(kDimension, 20);
  RidgeStatistics statistics = StatisticsOf(contributions);
  for (int i = 0; i < 20; ++i) {
    statistics.Scale(-32);
    REQUIRE(Restores(statistics));
  }
  CHECK(Largest(SumsOf(statistics)) == 0);
  CHECK(statistics.count() == 20);
  for (const Contribution& c : contributions) {
    statistics.Retract(c.x, c.target, std::ldexp(c.weight, -200));
    REQUIRE(Restores(statistics));
  }
  CHECK(statistics == RidgeStatistics(kDimension));
}

TEST_CASE("borrowing all of another regression is learning it as well") {  // oracle 3: merge
  for (std::uint64_t seed : {1, 2, 3}) {
    CAPTURE(seed);
    auto contributions = RandomContributions(kDimension, 5000, seed);
    for (Contribution& c : contributions) {
      c.weight = 1;
    }
    const std::vector<Contribution> first(contributions.begin(), contributions.begin() + 2000);
    const std::vector<Contribution> second(contributions.begin() + 2000, contributions.end());
    RidgeStatistics merged = StatisticsOf(first);
    merged.Borrow(StatisticsOf(second), 1e9);
    const Vector sums = SumsOf(StatisticsOf(contributions));
    CHECK(LargestDifference(SumsOf(merged), sums) <= 1e-13 * Largest(sums));
    CHECK(merged.count() == 2000);
    CHECK(Restores(merged));
  }
}

TEST_CASE("borrowed sums weigh what was asked for and no more than there was") {
  const RidgeStatistics source = StatisticsOf(RandomContributions(kDimension, 400));
  RidgeStatistics little(kDimension);
  little.Borrow(source, 25, 8);
  CHECK(little.n() == 200);
  CHECK(little.n_effective() == Approx(25).epsilon(1e-12));
  CHECK(little.count() == 0);
  RidgeStatistics all(kDimension);
  all.Borrow(source, 1e6);
  CHECK(all.n() == Approx(source.n()).epsilon(1e-12));
  RidgeStatistics none(kDimension);
  none.Borrow(RidgeStatistics(kDimension), 25);
  CHECK(none == RidgeStatistics(kDimension));
}

TEST_CASE("retracting everything of ours leaves what was borrowed") {
  const RidgeStatistics source = StatisticsOf(RandomContributions(kDimension, 400));
  RidgeStatistics statistics(kDimension);
  statistics.Borrow(source, 25);
  const Vector borrowed = SumsOf(statistics);
  const auto contributions = RandomContributions(kDimension, 1000, 6);
  for (const Contribution& c : contributions) {
    statistics.Add(c.x, c.target, c.weight);
  }
  const double size = Largest(SumsOf(statistics));
  for (const Contribution& c : contributions) {
    statistics.Retract(c.x, c.target, c.weight);
  }
  CHECK(statistics.count() == 0);
  CHECK(LargestDifference(SumsOf(statistics), borrowed) <= 1e-14 * size);
  CHECK(Restores(statistics));
}

// A = gamma A + x x' from a prior that fades; relative distance of x'A^-1 x from the truth.
struct Faded {
  static constexpr std::size_t kD = 64;
  static constexpr double kGamma = .99;
  static constexpr int kSteps = 5000;

  // The recursion on the inverse that one finds in print: F = (F - u u' / (gamma + x'u)) / gamma.
  static void StepInverse(std::vector<double>& f, const Vector& x) {
    for (double& entry : f) {
      entry /= kGamma;
    }
    Vector u(kD, 0.0);
    for (std::size_t i = 0; i < kD; ++i) {
      for (std::size_t j = 0; j < kD; ++j) {
        u[i] += f[i * kD + j] * x[j];
      }
    }
    const double scale = 1 / (1 + test::Dot(x, u));
    for (std::size_t i = 0; i < kD; ++i) {
      for (std::size_t j = 0; j < kD; ++j) {
        f[i * kD + j] -= scale * u[i] * u[j];
      }
    }
  }

  static double Form(const std::vector<double>& f, const Vector& x) {
    double form = 0;
    for (std::size_t i = 0; i < kD; ++i) {
      for (std::size_t j = 0; j < kD; ++j) {
        form += x[i] * f[i * kD + j] * x[j];
      }
    }
    return form;
  }
};

TEST_CASE("statistics stay exact where the recursion on the inverse is lost") {  // oracle 5, T7
  Rng rng(7);
  RidgeStatistics statistics(Faded::kD);
  Vector trap(Faded::kD * Faded::kD, 0.0);
  Vector truth = trap;  // A itself, by the definition
  Context x;
  for (std::size_t i = 0; i < Faded::kD; ++i) {
    trap[i * Faded::kD + i] = 1;
    truth[i * Faded::kD + i] = 1;
  }
  double weight = 1;
  for (int step = 0; step < Faded::kSteps; ++step) {
    x = Context(Faded::kD);
    for (float& entry : x) {
      entry = static_cast<float>(rng.Normal());
    }
    const Vector wide = test::Wide(x);
    weight /= Faded::kGamma;
    statistics.Add(x, 0, weight);
    Faded::StepInverse(trap, wide);
    for (std::size_t i = 0; i < Faded::kD; ++i) {
      for (std::size_t j = 0; j < Faded::kD; ++j) {
        truth[i * Faded::kD + j] = Faded::kGamma * truth[i * Faded::kD + j] + wide[i] * wide[j];
      }
    }
  }
  REQUIRE(FactorCholesky(truth, Faded::kD));
  Vector z = test::Wide(x);
  SolveTransposed(truth, z);
  const double exact = test::Dot(z, z);
  const auto solution = SolveRidge(
      statistics, FlatPrior(Faded::kD, std::pow(Faded::kGamma, Faded::kSteps)), 1 / weight);
  REQUIRE(solution);
  CHECK(std::abs(PredictExactly(*solution, x).variance / exact - 1) < 1e-13);
  CHECK_FALSE(std::abs(Faded::Form(trap, test::Wide(x)) / exact - 1) < 1);
}

}  // namespace
}  // namespace sluice::policy
