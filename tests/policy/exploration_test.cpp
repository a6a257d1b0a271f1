#include "policy/exploration.h"

#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

#include "policy/policy.h"
#include "policy/rng.h"
#include "tests/support/policy_fixtures.h"

namespace sluice::policy {
namespace {

constexpr ExplorationOptions kNaturalMode{.mode = ExplorationMode::kNatural};

Shares SharesOf(std::initializer_list<double> values) {
  Shares shares{};
  std::copy(values.begin(), values.end(), shares.begin());
  return shares;
}

double Rate(const Shares& base, const ExplorationOptions& options, std::size_t arms = 3) {
  return 1 - Explore(base, ArmSet::FirstN(arms), 0, options).Probability(0);
}

constexpr double kUnit = 0x1p-32;

TEST_CASE("mode cap holds the exploration between floor and cap") {
  const ExplorationOptions options{.cap = .05, .floor = .005};
  CHECK(Rate(SharesOf({.9, .06, .04}), options) == Approx(.05).margin(2 * kUnit));
  CHECK(Rate(SharesOf({.98, .015, .005}), options) == Approx(.02).margin(2 * kUnit));
  CHECK(Rate(SharesOf({.999, .001, 0}), options) == Approx(.005).margin(2 * kUnit));
  CHECK(Rate(SharesOf({0, 1, 0}), options) == Approx(.05).margin(2 * kUnit));
}

TEST_CASE("mode exact explores at its rate whatever the policy says") {
  const ExplorationOptions options{.mode = ExplorationMode::kExact, .epsilon = .05};
  CHECK(Rate(SharesOf({.2, .4, .4}), options) == Approx(.05).margin(2 * kUnit));
  CHECK(Rate(SharesOf({1, 0, 0}), options) == Approx(.05).margin(2 * kUnit));
  const auto distribution = Explore(SharesOf({.7, .2, .08, .02, 0}), ArmSet::FirstN(4), 0, options);
  const double expected[] = {.95, .05 * .2 / .3, .05 * .08 / .3, .05 * .02 / .3, 0};
  for (ArmId arm = 0; arm < 5; ++arm) {
    CHECK(distribution.Probability(arm) == Approx(expected[arm]).margin(4 * kUnit));
  }
}

TEST_CASE("mode natural is the policy itself and mode off is greedy") {
  const Shares base = SharesOf({.2, .5, .3});
  const auto natural = Explore(base, ArmSet::FirstN(3), 0, kNaturalMode);
  for (ArmId arm = 0; arm < 3; ++arm) {
    CHECK(natural.Probability(arm) == Approx(base[arm]).margin(4 * kUnit));
  }
  const auto off = Explore(base, ArmSet::FirstN(3), 0, {.mode = ExplorationMode::kOff});
  CHECK(off.q32[0] == kProbabilityOne);
}

TEST_CASE("exploration is uniform over the others when the policy is certain") {
  const auto distribution = Explore(SharesOf({0, 1, 0, 0}), ArmSet::FromBits(0b1111), 1,
                                    {.mode = ExplorationMode::kExact, .epsilon = .3});
  for (ArmId arm : {0, 2, 3}) {
    CHECK(distribution.Probability(arm) == Approx(.1).margin(2 * kUnit));
  }
}

TEST_CASE("exploring follows the policy's shares of the other arms") {
  const auto distribution = Explore(SharesOf({.6, .3, .1}), ArmSet::FirstN(3), 0, {});
  CHECK(distribution.Probability(1) == Approx(3 * distribution.Probability(2)).epsilon(1e-6));
}

TEST_CASE("a positive share however small keeps a propensity") {
  for (double tiny : {1e-9, 1e-15, 1e-300, 5e-324}) {
    CAPTURE(tiny);
    const auto distribution =
        Explore(SharesOf({1 - 2 * tiny, tiny, tiny}), ArmSet::FirstN(3), 0, kNaturalMode);
    CHECK(distribution.q32[1] > 0);
    CHECK(distribution.q32[2] > 0);
    CHECK(test::Sum(distribution) == kProbabilityOne);
  }
}

TEST_CASE("kept arms take their fraction from the largest when nothing remains") {
  Shares base{};
  for (ArmId arm = 1; arm < kArmsMax; ++arm) {
    base[arm] = arm < 32 ? 1. / 31 : 1e-30;
  }
  const ArmSet all = ArmSet::FirstN(kArmsMax);
  const auto distribution = Explore(base, all, 0, kNaturalMode);
  CHECK(test::Sum(distribution) == kProbabilityOne);
  CHECK(distribution.q32[0] == 0);
  for (ArmId arm = 1; arm < kArmsMax; ++arm) {
    CHECK(distribution.q32[arm] > 0);
  }
}

TEST_CASE("random shares in every mode give a whole distribution on the eligible arms") {
  Rng rng(23);
  for (int i = 0; i < 20000; ++i) {
    CAPTURE(i);
    const std::uint64_t mask = rng.Bits() & rng.Bits();
    const ArmSet eligible = ArmSet::FromBits(mask == 0 ? 1 : mask);
    Shares base{};
    for (ArmId arm = 0; arm < kArmsMax; ++arm) {
      base[arm] = rng.Below(3) == 0 ? 0 : std::pow(rng.Uniform(), 20);  // not even normalised
    }
    const ExplorationOptions options{.mode = static_cast<ExplorationMode>(rng.Below(4)),
                                     .cap = rng.Uniform(),
                                     .floor = rng.Uniform(),
                                     .epsilon = rng.Uniform(),
                                     .arm_floor = rng.Below(2) == 0 ? 0 : .1 * rng.Uniform()};
    const ExplorationBounds bounds{.cap = rng.Uniform() - .5,
                                   .allowance = rng.Uniform(),
                                   .scale = rng.Below(2) == 0 ? 1 : rng.Uniform()};
    const auto distribution = Explore(base, eligible, eligible.First(), options, bounds);
    REQUIRE(test::Sum(distribution) == kProbabilityOne);
    for (ArmId arm = 0; arm < kArmsMax; ++arm) {
      REQUIRE((eligible.Has(arm) || distribution.q32[arm] == 0));
    }
  }
}

TEST_CASE("shares and options that are not numbers cannot break a distribution") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  for (double bad : {nan, infinity, -infinity, -1.0}) {
    CAPTURE(bad);
    for (ExplorationMode mode : {ExplorationMode::kCap, ExplorationMode::kExact,
                                 ExplorationMode::kNatural, ExplorationMode::kOff}) {
      const ExplorationOptions sane{.mode = mode};
      const ExplorationOptions insane{
          .mode = mode, .cap = bad, .floor = bad, .epsilon = bad, .arm_floor = bad};
      const ExplorationBounds bounds{.cap = bad, .allowance = bad, .scale = bad};
      const ArmSet eligible = ArmSet::FirstN(3);
      CHECK(test::Sum(Explore(SharesOf({bad, .5, .5}), eligible, 0, sane)) == kProbabilityOne);
      CHECK(test::Sum(Explore(SharesOf({.5, bad, .5}), eligible, 0, sane)) == kProbabilityOne);
      CHECK(test::Sum(Explore(SharesOf({bad, bad, bad}), eligible, 0, sane)) == kProbabilityOne);
      const Shares shares = SharesOf({.6, .2, .2});
      CHECK(test::Sum(Explore(shares, eligible, 0, insane)) == kProbabilityOne);
      CHECK(test::Sum(Explore(shares, eligible, 0, sane, bounds)) == kProbabilityOne);
    }
  }
}

TEST_CASE("an arm floor is mixed inside the explored mass") {  // oracle 8
  const ExplorationOptions options{
      .mode = ExplorationMode::kExact, .epsilon = .05, .arm_floor = .002};
  const auto distribution = Explore(SharesOf({.7, .2, .08, .02, 0}), ArmSet::FirstN(4), 0, options);
  const double rest = 1 - .002 * 3 / .05;
  const double expected[] = {.95, .05 * (rest * 2 / 3 + .04), .05 * (rest * .8 / 3 + .04),
                             .05 * (rest * .2 / 3 + .04), 0};
  const double rounded[] = {.95, .0313333, .0137333, .0049333, 0};
  for (ArmId arm = 0; arm < 5; ++arm) {
    CHECK(distribution.Probability(arm) == Approx(expected[arm]).margin(4 * kUnit));
    CHECK(distribution.Probability(arm) == Approx(rounded[arm]).margin(5e-8));
  }
}

TEST_CASE("arms keep their floor as far as the rate goes and the rate stays") {
  Rng rng(29);
  for (int i = 0; i < 5000; ++i) {
    CAPTURE(i);
    const std::size_t arms = 2 + rng.Below(10);
    Shares base{};
    for (std::size_t arm = 0; arm < arms; ++arm) {
      base[arm] = rng.Below(3) == 0 ? 0 : rng.Uniform();
    }
    const ExplorationOptions options{.mode = ExplorationMode::kExact,
                                     .epsilon = rng.Uniform(),
                                     .arm_floor = .05 * rng.Uniform()};
    const ArmSet eligible = ArmSet::FirstN(arms);
    const ArmId greedy = static_cast<ArmId>(rng.Below(arms));
    const auto distribution = Explore(base, eligible, greedy, options);
    const double floor =
        std::min(options.arm_floor, options.epsilon / static_cast<double>(arms - 1));
    for (ArmId arm : eligible) {
      REQUIRE((arm == greedy || distribution.Probability(arm) >= floor - 2 * kUnit));
    }
    REQUIRE(1 - distribution.Probability(greedy) ==
            Approx(options.epsilon).margin(static_cast<double>(arms) * kUnit));
  }
}

TEST_CASE("an allowance holds exploration back but never below the floor of mode cap") {
  const Shares base = SharesOf({.5, .3, .2});
  const auto rate = [&](ExplorationMode mode, const ExplorationBounds& bounds) {
    const ExplorationOptions options{.mode = mode, .cap = .05, .floor = .005, .epsilon = .1};
    return 1 - Explore(base, ArmSet::FirstN(3), 0, options, bounds).Probability(0);
  };
  const auto near = [](double value) { return Approx(value).margin(3 * kUnit); };
  CHECK(rate(ExplorationMode::kCap, {.allowance = .02}) == near(.02));
  CHECK(rate(ExplorationMode::kCap, {.allowance = .001}) == near(.005));
  CHECK(rate(ExplorationMode::kCap, {.allowance = -1}) == near(.005));
  CHECK(rate(ExplorationMode::kExact, {.allowance = .001}) == near(.001));
  CHECK(rate(ExplorationMode::kExact, {.allowance = 0}) == 0);
  CHECK(rate(ExplorationMode::kNatural, {.allowance = .001}) == near(.001));
  CHECK(rate(ExplorationMode::kNatural, {.allowance = HUGE_VAL}) == near(.5));
  CHECK(rate(ExplorationMode::kOff, {.allowance = 1}) == 0);
  CHECK(rate(ExplorationMode::kCap, {.scale = .1}) == near(.005));
  CHECK(rate(ExplorationMode::kCap, {.allowance = 0, .scale = .1}) == near(.0005));
  CHECK(rate(ExplorationMode::kCap, {.scale = 0}) == 0);
}

TEST_CASE("a bound on the cap takes the place of the option") {
  const Shares base = SharesOf({.5, .3, .2});
  const ExplorationOptions options{.cap = .05, .floor = .005};
  const auto rate = [&](double cap) {
    return 1 - Explore(base, ArmSet::FirstN(3), 0, options, {.cap = cap}).Probability(0);
  };
  CHECK(rate(.3) == Approx(.3).margin(3 * kUnit));
  CHECK(rate(.01) == Approx(.01).margin(3 * kUnit));
  CHECK(rate(0) == 0);
  CHECK(rate(-1) == Approx(.05).margin(3 * kUnit));
}

TEST_CASE("a draw takes the arm whose part of the line it falls on") {
  Distribution distribution;
  distribution.q32[1] = 1;
  distribution.q32[4] = kProbabilityOne - 2;
  distribution.q32[9] = 1;
  const ArmSet eligible = ArmSet::FromBits(1 << 0 | 1 << 1 | 1 << 4 | 1 << 9);
  CHECK(Sample(distribution, eligible, 0) == 1);
  CHECK(Sample(distribution, eligible, 0xFFFFFFFFULL) == 1);  // the low half is ignored
  CHECK(Sample(distribution, eligible, 0x1'00000000ULL) == 4);
  CHECK(Sample(distribution, eligible, 0xFFFFFFFE'FFFFFFFFULL) == 4);
  CHECK(Sample(distribution, eligible, 0xFFFFFFFF'00000000ULL) == 9);
}

Distribution ReferenceDistribution() {
  Estimates estimates{};
  const double utility[] = {.50, .48, .40};
  const double width[] = {.02, .05, .10};
  for (std::size_t a = 0; a < 3; ++a) {
    estimates[a].utility = utility[a];
    estimates[a].score = utility[a];
    estimates[a].width = width[a];
  }
  const ArmSet eligible = ArmSet::FirstN(3);
  return Explore(ThompsonShares(estimates, eligible, 1), eligible, 0, kNaturalMode);
}

TEST_CASE("two hundred thousand draws give the reference counts") {  // oracle 7
  const Distribution distribution = ReferenceDistribution();
  int counts[3] = {};
  for (std::uint64_t i = 0; i < 200000; ++i) {
    ++counts[Sample(distribution, ArmSet::FirstN(3), RandomBits(42, i, 0))];
  }
  CHECK(counts[0] == 109000);
  CHECK(counts[1] == 63265);
  CHECK(counts[2] == 27735);
}

TEST_CASE("a million draws stay within 3.29 standard deviations of each propensity") {  // oracle 7
  constexpr double kDraws = 1e6;
  const Distribution distribution = ReferenceDistribution();
  double counts[3] = {};
  for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(kDraws); ++i) {
    ++counts[Sample(distribution, ArmSet::FirstN(3), RandomBits(43, i, 0))];
  }
  for (ArmId arm = 0; arm < 3; ++arm) {
    const double p = distribution.Probability(arm);
    CHECK(std::abs(counts[arm] - kDraws * p) < 3.29 * std::sqrt(kDraws * p * (1 - p)));
  }
}

}  // namespace
}  // namespace sluice::policy
