// Betting on a challenger: the oracle's trace, what keeps it valid, and what survives a restart.
#include "policy/promotion.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "policy/policy.h"
#include "policy/rng.h"

namespace sluice::policy {

namespace {

constexpr std::uint64_t kSecondUs = 1'000'000;

std::uint64_t Q32(double probability) {
  return static_cast<std::uint64_t>(std::llround(probability * 0x1p32));
}

ComparedArm Arm(double logged, double other, double quality, double cost_usd = 0.001) {
  return {Q32(logged), Q32(other), quality, cost_usd};
}

// Parts of 2^32, none of them 0, some of them tiny.
std::vector<std::uint64_t> RandomParts(Rng& rng, std::size_t count) {
  std::vector<double> shares(count);
  double sum = 0;
  for (double& share : shares) sum += share = std::pow(rng.Uniform(), 4);
  std::vector<std::uint64_t> parts(count);
  std::uint64_t left = kProbabilityOne;
  for (std::size_t i = 1; i < count; ++i) {
    parts[i] = 1 + static_cast<std::uint64_t>(0.99 * 0x1p32 * shares[i] / sum);
    left -= parts[i];
  }
  parts[0] = left;
  return parts;
}

std::vector<ComparedArm> RandomArms(Rng& rng) {
  std::vector<ComparedArm> arms(2 + rng.Below(4));
  const auto logged = RandomParts(rng, arms.size());
  const auto other = RandomParts(rng, arms.size());
  for (std::size_t i = 0; i < arms.size(); ++i) {
    arms[i] = {logged[i], other[i], rng.Uniform(), rng.Uniform()};
  }
  return arms;
}

double LoggedOf(const ComparedArm& arm) {
  return static_cast<double>(arm.logged_q32) * 0x1p-32;
}
double OtherOf(const ComparedArm& arm) {
  return static_cast<double>(arm.other_q32) * 0x1p-32;
}

// A test of two arms, the second better by `gain`, that the challenger prefers. `drawn`: how often
// the first is drawn, whatever the log says.
PromotionTest RunTest(double gain, std::uint64_t seed, std::size_t decisions, double drawn = .8) {
  PromotionTest test(PromotionTest::Kind::kTest, {}, 0.05);
  Rng rng(seed);
  const std::vector<ComparedArm> arms{Arm(.8, .2, .6), Arm(.2, .8, .6)};
  for (std::size_t i = 0; i < decisions; ++i) {
    const std::size_t chosen = rng.Uniform() < drawn ? 0 : 1;
    test.Decided({.key = i + 1,
                  .time_us = i * kSecondUs,
                  .session = 0,
                  .asked = true,
                  .arms = arms,
                  .chosen = chosen});
    const double mean = .6 + (chosen == 1 ? gain : 0);
    test.Labelled(i + 1, rng.Uniform() < mean ? 1 : 0);
  }
  return test;
}

}  // namespace

TEST_CASE("the betting process gives the trace of the oracle") {
  const std::array<double, 8> w{1, 2, .5, 0, 1.5, 3, 1, .2};
  const std::array<double, 8> r{1, 0, 1, 1, 1, 1, 0, 1};
  const std::array<double, 8> log_e{0,
                                    0,
                                    -.042548999665,
                                    -.117748704902,
                                    -.091327487283,
                                    .020404974582,
                                    .020404974582,
                                    -.047923838954};
  BettingProcess process;
  for (std::size_t i = 0; i < w.size(); ++i) {
    process.Fold(0, (w[i] - 1) * r[i]);
    CHECK(process.log_e() == Approx(log_e[i]).margin(1e-11));
  }
}

TEST_CASE("a session is one bet whose turns weigh less and less") {
  BettingProcess turns;
  turns.Fold(7, 0.4);
  turns.Fold(9, -1);  // another session between its turns changes nothing
  turns.Fold(7, -0.2);
  turns.Fold(7, 1);
  BettingProcess units;
  units.Fold(0, 0.5 * 0.4 - 0.25 * 0.2 + 0.125 * 1);
  units.Fold(0, -0.5);
  CHECK(turns.log_e() == Approx(units.log_e()).margin(1e-14));
}

TEST_CASE("a long session cannot lose more than it may bet") {
  BettingProcess process;
  for (int turn = 0; turn < 2000; ++turn) process.Fold(3, -1);
  // All shares lost: the mean over j of 1 - 2^-j.
  CHECK(process.log_e() == Approx(std::log((12 - (1 - 0x1p-12)) / 12)).margin(1e-9));
}

TEST_CASE("what is at stake is the difference of the two values whatever was expected") {
  Rng rng(11);
  int seen = 0;
  for (int i = 0; i < 2000; ++i) {
    const std::vector<ComparedArm> arms = RandomArms(rng);
    std::vector<double> truth;
    double difference = 0;
    double mean = 0;
    double loss = 0;
    for (const ComparedArm& arm : arms) {
      truth.push_back(rng.Uniform());
      difference += (OtherOf(arm) - LoggedOf(arm)) * truth.back();
    }
    for (std::size_t chosen = 0; chosen < arms.size(); ++chosen) {
      const Stake quality = QualityStake(arms, chosen);
      const Stake worse = LossStake(arms, chosen);
      mean += LoggedOf(arms[chosen]) * IncrementOf(quality, truth[chosen]);
      loss += LoggedOf(arms[chosen]) * IncrementOf(worse, 1 - truth[chosen]);
      for (const double value : {0.0, 1.0}) {
        CHECK(IncrementOf(quality, value) >= -1 - 1e-12);
        CHECK(IncrementOf(worse, value) >= -1 - 1e-12);
        CHECK(IncrementOf(quality, value) >= WorstIncrementOf(quality) - 1e-12);
      }
    }
    // An arm that is next to never drawn counts as nothing, for quality and for loss.
    const bool all_seen = std::all_of(arms.begin(), arms.end(), [](const ComparedArm& arm) {
      return OtherOf(arm) <= 1e4 * LoggedOf(arm);
    });
    seen += all_seen ? 1 : 0;
    const double both = all_seen ? 0 : 1;
    CHECK(mean <= difference / kStakeBound + 1e-8);
    CHECK(loss <= -difference / kStakeBound + 1e-8);
    CHECK(mean >= Approx(difference / kStakeBound - both).margin(1e-8));
    CHECK(loss >= Approx(-difference / kStakeBound - both).margin(1e-8));
  }
  CHECK(seen > 1000);
}

TEST_CASE("an arm that cannot be drawn never speaks for the challenger") {
  const std::vector<ComparedArm> arms{Arm(1, .3, .5), Arm(0, .7, .9)};
  CHECK(IncrementOf(QualityStake(arms, 0), .5) < 0);
  CHECK(IncrementOf(LossStake(arms, 0), .5) < 0);
}

TEST_CASE("bets are settled in the order of decisions") {
  const std::vector<ComparedArm> arms{Arm(.5, .1, .5), Arm(.5, .9, .5)};
  const auto decide = [&](PromotionTest& test, std::uint64_t key, std::size_t chosen) {
    test.Decided({.key = key,
                  .time_us = key * kSecondUs,
                  .session = 0,
                  .asked = true,
                  .arms = arms,
                  .chosen = chosen});
  };
  PromotionTest test(PromotionTest::Kind::kTest, {}, 0.05);
  for (std::uint64_t key = 1; key <= 40; ++key) decide(test, key, key % 2);
  // The arm that the challenger likes answers at once: nothing is won before the other has.
  for (std::uint64_t key = 3; key <= 40; key += 2) test.Labelled(key, 1);
  CHECK(test.counts().labels == 0);
  CHECK(test.log_e_quality() == 0);
  test.Labelled(1, 1);
  CHECK(test.counts().labels == 1);
  for (std::uint64_t key = 2; key <= 40; key += 2) test.Labelled(key, 1);
  CHECK(test.counts().labels == 40);
  CHECK(test.waiting() == 0);
}

TEST_CASE("a verdict counts once and an audit that never comes back counts at its worst") {
  const std::vector<ComparedArm> arms{Arm(.5, .1, .5), Arm(.5, .9, .5)};
  const ComparedDecision liked{
      .key = 1, .time_us = 0, .session = 0, .asked = true, .arms = arms, .chosen = 1};
  PromotionTest twice(PromotionTest::Kind::kTest, {}, 0.05);
  twice.Decided(liked);
  twice.Labelled(1, 0);
  const double after_first = twice.log_e_quality();
  twice.Labelled(1, 1);
  CHECK(twice.log_e_quality() == after_first);

  PromotionTest silent(PromotionTest::Kind::kTest, {.judged_within_s = 10}, 0.05);
  silent.Decided(liked);
  silent.PassTime(11 * kSecondUs);
  CHECK(silent.counts().missing == 1);
  CHECK(silent.log_e_quality() == Approx(after_first));

  // Where everybody counts, silence says nothing.
  PromotionTest all(PromotionTest::Kind::kTest,
                    {.labels = PromotionLabels::kAll, .judged_within_s = 10}, 0.05);
  all.Decided(liked);
  all.PassTime(11 * kSecondUs);
  CHECK(all.counts().missing == 1);
  CHECK(all.log_e_quality() == 0);
}

TEST_CASE("a better challenger passes and a worse one is stopped") {
  const PromotionTest better = RunTest(.2, 1, 20000);
  CHECK(better.verdict() == PromotionVerdict::kBetter);
  CHECK(better.counts().labels >= 500);
  CHECK(better.counts().gain / static_cast<double>(better.counts().labels) ==
        Approx(.12).margin(.06));
  CHECK(RunTest(-.2, 1, 20000).verdict() == PromotionVerdict::kWorse);
}

TEST_CASE("nobody passes on propensities that are not what arms were drawn with") {
  const PromotionTest untrue = RunTest(.2, 1, 20000, .6);
  CHECK(untrue.integrity().Doubted());
  CHECK(untrue.log_e_quality() > untrue.log_e_needed());
  CHECK(untrue.log_e_cost() > untrue.log_e_needed());
  CHECK(untrue.verdict() == PromotionVerdict::kOpen);
  int doubted = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    doubted += RunTest(0, seed, 2000).integrity().Doubted() ? 1 : 0;
  }
  CHECK(doubted <= 2);
}

TEST_CASE("impossible winnings of the integrity are refused") {
  std::string bytes;
  Integrity().Serialise(bytes);
  const auto with = [&](std::size_t at, auto value) {
    std::string changed = bytes;
    changed.replace(at, sizeof(value), reinterpret_cast<const char*>(&value), sizeof(value));
    std::string_view left = changed;
    return Integrity::Restore(left).has_value();
  };
  const std::size_t exponent = 12 * sizeof(double);
  CHECK(with(0, 2.0));
  CHECK_FALSE(with(0, -1.0));
  CHECK_FALSE(with(0, std::nan("")));
  CHECK_FALSE(with(exponent, std::int32_t{-1}));
  CHECK_FALSE(with(exponent, std::int32_t{0x7fffffff}));
  CHECK_FALSE(with(bytes.size() - sizeof(double), std::nan("")));
}

TEST_CASE("a dearer challenger does not pass") {
  PromotionTest test(PromotionTest::Kind::kTest, {}, 0.05);
  Rng rng(5);
  const std::vector<ComparedArm> arms{Arm(.8, .2, .6, .001), Arm(.2, .8, .6, .002)};
  for (std::uint64_t i = 1; i <= 20000; ++i) {
    const std::size_t chosen = rng.Uniform() < .8 ? 0 : 1;
    test.Decided({.key = i,
                  .time_us = i * kSecondUs,
                  .session = 0,
                  .asked = true,
                  .arms = arms,
                  .chosen = chosen});
    test.Labelled(i, rng.Uniform() < (chosen == 1 ? .9 : .5) ? 1 : 0);
  }
  CHECK(test.verdict() == PromotionVerdict::kOpen);
  CHECK(test.log_e_quality() > test.log_e_needed());
  CHECK(test.log_e_cost() < 0);
}

TEST_CASE("levels of successive tests sum to the level") {
  double sum = 0;
  for (std::uint64_t test = 1; test <= 100'000; ++test) sum += LevelOf(.05, test);
  CHECK(sum == Approx(.05).epsilon(1e-4));
  CHECK(sum <= .05);
}

TEST_CASE("a plan says how many labels and days an assumed gain takes") {
  const PromotionTest seen = RunTest(0, 3, 400);
  const auto plan = seen.Plan(0.02);
  REQUIRE(plan);
  CHECK(plan->labels > 500);
  // A decision a second, of which one in fifty is labelled.
  CHECK(plan->days == Approx(plan->labels * 50 / 86400).epsilon(0.01));
  CHECK_FALSE(seen.Plan(0));
  CHECK_FALSE(RunTest(0, 3, 10).Plan(0.02));
}

TEST_CASE("a test that was put aside goes on to the bit") {
  PromotionTest test(PromotionTest::Kind::kTest, {}, 0.025);
  Rng rng(9);
  const auto play = [](PromotionTest& played, Rng& draws, std::uint64_t from, std::uint64_t to) {
    for (std::uint64_t key = from; key < to; ++key) {
      const std::vector<ComparedArm> arms = RandomArms(draws);
      played.Decided({.key = key,
                      .time_us = key * kSecondUs,
                      .session = draws.Below(5),
                      .asked = draws.Uniform() < .5,
                      .arms = arms,
                      .chosen = draws.Below(arms.size())});
      if (key > 20) played.Labelled(key - draws.Below(20), draws.Uniform());
    }
  };
  play(test, rng, 1, 300);
  std::string bytes;
  test.Serialise(bytes);
  std::string_view left = bytes;
  auto again = PromotionTest::Restore(left, PromotionTest::Kind::kTest, {});
  REQUIRE(again);
  CHECK(left.empty());
  Rng same = rng;
  play(test, rng, 300, 600);
  play(*again, same, 300, 600);
  std::string end;
  std::string end_again;
  test.Serialise(end);
  again->Serialise(end_again);
  CHECK((end == end_again));
  for (std::size_t cut = 0; cut < bytes.size(); cut += 97) {
    std::string_view part = std::string_view(bytes).substr(0, cut);
    CHECK_FALSE(PromotionTest::Restore(part, PromotionTest::Kind::kTest, {}));
  }
}

TEST_CASE("a record's estimates give the distribution that they gave") {
  // Thompson is asked what LinUCB would do with the same means and widths, and the other way round.
  Estimates estimates{};
  estimates[0] = {.mean = .6, .width = .02, .expected_cost_usd = .001};
  estimates[1] = {.mean = .58, .width = .1, .expected_cost_usd = .001};
  Situation situation;
  situation.eligible = ArmSet::FirstN(2);
  PolicyOptions linucb{.kind = PolicyKind::kLinUcb};
  linucb.exploration = {.mode = ExplorationMode::kExact, .epsilon = .04};
  const Distribution optimist = Reconsider(linucb, estimates, situation);
  CHECK(optimist.Probability(0) == Approx(.04).margin(1e-9));
  CHECK(optimist.q32[0] + optimist.q32[1] == kProbabilityOne);
  estimates[1].mean = std::nan("");
  CHECK(Reconsider(linucb, estimates, situation).q32[0] == kProbabilityOne);
  estimates[0].mean = std::nan("");
  CHECK(Reconsider(linucb, estimates, situation) == Distribution{});
}

}  // namespace sluice::policy
