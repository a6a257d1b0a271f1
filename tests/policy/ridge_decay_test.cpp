#include <catch2/catch.hpp>

#include "policy/cholesky.h"
#include "policy/forgetting.h"
#include "tests/support/ridge_fixtures.h"

namespace sluice::policy {
namespace {

using test::Dot;
using test::FlatPrior;
using test::LargestDifference;
using Vector = std::vector<double>;

double VarianceAt(const RidgeSolution& solution, const Vector& x) {
  Vector z = x;
  SolveTransposed(solution.u, z);
  return Dot(z, z);
}

TEST_CASE("four decayed rows give the exact posterior") {  // T1
  const Vector rows[] = {{1, 0, 1}, {0, 1, 1}, {1, 1, 1}, {2, -1, 1}};
  const double targets[] = {1, 0, .5, 1};
  Forgetting clock(2);
  RidgeStatistics statistics(3);
  for (std::uint64_t i = 0; i < 4; ++i) {
    statistics.Add(rows[i], targets[i], clock.Factor(1, i));
  }
  REQUIRE(clock.Advance(5) == 0);
  const auto solution = SolveRidge(statistics, FlatPrior(3, 1), clock.Decay());
  REQUIRE(solution);
  const Vector theta{.2909361050955402, -.07322641964561045, .18238936656705046};
  CHECK(LargestDifference(solution->theta, theta) < 1e-12);
  CHECK(VarianceAt(*solution, {1, 2, 1}) == Approx(2.697568010864803).epsilon(1e-12));
}

struct GeneratedArm {
  double n, n_effective;
  Vector theta;
  double mean, variance, log_determinant, a_n, b_n;
};

const std::vector<GeneratedArm> kDecayed{
    {102.560485834025,
     203.713699041,
     {-0.017523975960387, -0.016180636094293, 0.009083752001443, 0.007684919885516,
      0.526087526676433},
     0.529376829096449,
     0.020358883515814,
     18.575946799887,
     56.280242917,
     4.345103407249201},
    {94.383086738164,
     193.526436835,
     {0.012958671824491, 0.046403164362850, -0.046770282476776, 0.034121786039100,
      0.498844169446431},
     0.473478175486730,
     0.025253618507327,
     18.412824008155,
     52.191543369,
     3.727702701360695},
    {102.318963050114,
     200.366798227,
     {-0.010709954626336, -0.032583302307182, -0.027601277540539, -0.034652934823243,
      0.471646520617393},
     0.457684262438335,
     0.022930484692413,
     18.590576530036,
     56.159481525,
     4.378969392959268}};

const Vector kQuery{.3, -.2, .5, .1, 1};

RidgePrior GeneratedPrior() {
  RidgePrior prior = FlatPrior(5, .5);
  prior.mean[4] = .5;
  return prior;
}

std::vector<RidgeStatistics> GeneratedArms(const Forgetting& clock) {
  std::vector<RidgeStatistics> arms(3, RidgeStatistics(5));
  for (std::uint64_t i = 0; i < 1000; ++i) {
    Vector x(5, 1.0);
    for (std::uint64_t j = 0; j < 4; ++j) {
      x[j] = 2 * RandomUniform(7, 5 * i + j, 0) - 1;
    }
    const double weight = RandomUniform(7, i, 3) < .25 ? .5 : 1;
    arms[static_cast<std::size_t>(3 * RandomUniform(7, i, 2))].Add(x, RandomUniform(7, i, 1),
                                                                   clock.Factor(weight, i));
  }
  return arms;
}

TEST_CASE("a thousand decayed rows give the reference posterior of all three arms") {  // oracle 2
  Forgetting clock(250);
  const auto arms = GeneratedArms(clock);
  REQUIRE(clock.Advance(1000) == 0);
  for (std::size_t arm = 0; arm < 3; ++arm) {
    CAPTURE(arm);
    const GeneratedArm& expected = kDecayed[arm];
    const auto solution = SolveRidge(arms[arm], GeneratedPrior(), clock.Decay());
    REQUIRE(solution);
    CHECK(arms[arm].n() * clock.Decay() == Approx(expected.n).epsilon(1e-12));
    CHECK(arms[arm].n_effective() == Approx(expected.n_effective).epsilon(1e-10));
    CHECK(LargestDifference(solution->theta, expected.theta) < 1e-12);
    CHECK(Dot(solution->theta, kQuery) == Approx(expected.mean).epsilon(1e-10));
    CHECK(VarianceAt(*solution, kQuery) == Approx(expected.variance).epsilon(1e-10));
    CHECK(solution->log_determinant == Approx(expected.log_determinant).epsilon(1e-10));
    CHECK(solution->a_n == Approx(expected.a_n).epsilon(1e-9));
    CHECK(solution->b_n == Approx(expected.b_n).epsilon(1e-10));
  }
}

TEST_CASE("a prediction that is aged instead of solved is the reference one") {  // oracle 9
  Forgetting clock(250);
  const RidgeStatistics arm = GeneratedArms(clock)[0];
  static_cast<void>(clock.Advance(1000));
  const auto now = SolveRidge(arm, GeneratedPrior(), clock.Decay());
  static_cast<void>(clock.Advance(1500));
  const auto later = SolveRidge(arm, GeneratedPrior(), clock.Decay());
  REQUIRE(now);
  REQUIRE(later);
  CHECK(VarianceAt(*later, kQuery) == Approx(.07906817982235659).epsilon(1e-10));
  CHECK(Dot(later->theta, kQuery) == Approx(.528822369271321).epsilon(1e-10));
  const Prediction aged =
      Decayed({.mean = Dot(now->theta, kQuery), .variance = VarianceAt(*now, kQuery)},
              {.mean = .5, .variance = Dot(kQuery, kQuery) / .5}, clock.DecaySince(1000));
  CHECK(aged.variance == Approx(.0796848563210099).epsilon(1e-10));
  CHECK(aged.mean == Approx(.5287452944546189).epsilon(1e-10));
}

TEST_CASE("an aged width is at least the exact one and at most either bound") {  // oracle 9
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    const std::size_t dimension = 1 + rng.Below(12);
    const auto contributions = test::RandomContributions(dimension, 1 + rng.Below(200), seed);
    const RidgeStatistics statistics = test::StatisticsOf(contributions);
    RidgePrior prior = FlatPrior(dimension, .1 + 50 * rng.Uniform());
    prior.mean.back() = rng.Uniform();
    const double g = std::exp2(-16 * rng.Uniform());
    const Context x = test::RandomContext(rng, dimension);
    const auto fresh = SolveRidge(statistics, prior);
    const auto exact = SolveRidge(statistics, prior, g);
    REQUIRE(fresh);
    REQUIRE(exact);
    const Prediction now = PredictExactly(*fresh, x);
    const Prediction cold = PredictPrior(prior, x);
    const Prediction aged = Decayed(now, cold, g);
    CHECK(PredictExactly(*exact, x).variance <= aged.variance * (1 + 1e-12));
    CHECK(aged.variance <= std::min(now.variance / g, cold.variance) * (1 + 1e-12));
    // The mean goes from one to the other and never past either.
    CHECK(std::abs(aged.mean - now.mean) <= std::abs(cold.mean - now.mean) * (1 + 1e-12));
  }
}

TEST_CASE("a prediction of nothing ages to nothing") {
  const Prediction aged = Decayed({.mean = .3, .variance = 0}, {.mean = .7, .variance = 0}, .5);
  CHECK(aged.mean == .3);
  CHECK(aged.variance == 0);
}

// One sum over ten thousand ticks, moved to a new landmark every so many half-lives.
RidgeStatistics SumsWithLandmarks(std::uint64_t every, std::uint64_t& landmark) {
  constexpr std::uint64_t kHalfLife = 100;
  Rng rng(1);
  RidgeStatistics sums(3);
  landmark = 0;
  for (std::uint64_t tick = 0; tick < 10000; ++tick) {
    const std::uint64_t half_lives = tick / kHalfLife;
    if (half_lives - landmark >= every) {
      sums.Scale(-static_cast<int>(half_lives - landmark));
      landmark = half_lives;
    }
    const auto clock = Forgetting::At(kHalfLife, tick, landmark);
    const Context x = test::RandomContext(rng, 3);
    sums.Add(x, rng.Uniform(), clock->Factor(rng.Below(2) == 0 ? .5 : 1, tick));
  }
  return sums;
}

TEST_CASE("moving the landmark at any time changes no bit") {  // T5
  std::uint64_t landmark = 0;
  RidgeStatistics reference = SumsWithLandmarks(1, landmark);
  reference.Scale(static_cast<int>(landmark) - 99);
  for (std::uint64_t every : {7, 30}) {
    CAPTURE(every);
    RidgeStatistics sums = SumsWithLandmarks(every, landmark);
    sums.Scale(static_cast<int>(landmark) - 99);
    CHECK(sums == reference);
  }
}

TEST_CASE("a factor times the decay is what is left of a contribution") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    const std::uint64_t half_life = 1 + rng.Below(1000);
    const std::uint64_t made = rng.Below(20 * half_life);
    Forgetting clock(half_life);
    static_cast<void>(clock.Advance(made + rng.Below(100 * half_life)));
    const double left =
        std::exp2(-static_cast<double>(clock.tick() - made) / static_cast<double>(half_life));
    CHECK(clock.Factor(.3, made) * clock.Decay() == Approx(.3 * left).epsilon(1e-13));
    CHECK(clock.DecaySince(made) == Approx(left).epsilon(1e-13));
  }
}

TEST_CASE("a clock without a half-life forgets nothing") {
  Forgetting clock(0);
  CHECK(clock.Advance(std::uint64_t{1} << 40) == 0);
  CHECK(clock.Factor(.3, 7) == .3);
  CHECK(clock.Decay() == 1);
  CHECK(clock.DecaySince(3) == 1);
}

TEST_CASE("a clock never goes back and moves its landmark by whole half-lives") {
  Forgetting clock(10);
  CHECK(clock.Advance(319) == 0);
  CHECK(clock.Advance(100) == 0);
  CHECK(clock.tick() == 319);
  CHECK(clock.Advance(325) == -32);
  CHECK(clock.landmark() == 32);
  CHECK(clock.Advance(1000000) == -4000);  // more than a double can hold
  CHECK(clock.landmark() == 100000);
  // Ages ago is as good as never, and still a weight that can be added and taken back.
  CHECK(clock.Factor(1, 0) == 0x1p-200);
}

TEST_CASE("a clock that stands impossibly is refused") {
  CHECK(Forgetting::At(10, 319, 0));
  CHECK(Forgetting::At(0, 319, 0));
  CHECK_FALSE(Forgetting::At(10, 320, 0));
  CHECK_FALSE(Forgetting::At(10, 319, 32));
  CHECK_FALSE(Forgetting::At(0, 319, 1));
}

}  // namespace
}  // namespace sluice::policy
