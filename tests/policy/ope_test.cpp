// Off-policy evaluation against reference values, and on an instance whose answer is known exactly.
#include "policy/ope.h"

#include <cmath>

#include <catch2/catch.hpp>

#include "policy/integrity.h"
#include "policy/rng.h"

namespace sluice::policy {
namespace {

constexpr std::size_t kContexts = 3;
constexpr std::size_t kArms = 4;
using Table = std::array<std::array<double, kArms>, kContexts>;

// Reward is a coin with these probabilities; both policies are known.
constexpr Table kReward{{{.80, .60, .40, .30}, {.30, .70, .50, .40}, {.50, .45, .75, .60}}};
constexpr std::array<double, kContexts> kContext{.5, .3, .2};
constexpr double kTrue = .736;
constexpr double kTrueLogged = .622;

Table Policy(const std::array<std::size_t, kContexts>& greedy, double explored) {
  Table policy{};
  for (std::size_t x = 0; x < kContexts; ++x) {
    policy[x].fill(explored / kArms);
    policy[x][greedy[x]] += 1 - explored;
  }
  return policy;
}
const Table kLogging = Policy({0, 0, 2}, .15);
const Table kEvaluated = Policy({0, 1, 2}, .10);

std::size_t Pick(std::span<const double> shares, double uniform) {
  std::size_t i = 0;
  while (i + 1 < shares.size() && uniform >= shares[i]) uniform -= shares[i++];
  return i;
}

double Dot(const std::array<double, kArms>& a, const std::array<double, kArms>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < kArms; ++i) sum += a[i] * b[i];
  return sum;
}

// What a logging policy drew; `logged` is what it says it drew from.
OpeSample Draw(Rng& rng, const Table& logging, const Table& logged) {
  const std::size_t x = Pick(kContext, rng.Uniform());
  const std::size_t arm = Pick(logging[x], rng.Uniform());
  std::array<double, kArms> predictions{};
  for (std::size_t a = 0; a < kArms; ++a) predictions[a] = .8 * kReward[x][a] + .05;
  OpeSample sample;
  sample.weight = kEvaluated[x][arm] / logged[x][arm];
  sample.weight_max = 0;
  for (std::size_t a = 0; a < kArms; ++a) {
    sample.weight_max = std::max(sample.weight_max, kEvaluated[x][a] / logged[x][a]);
  }
  sample.cluster = rng.Bits();
  sample.label_weight = 1;
  sample.value = rng.Uniform() < kReward[x][arm] ? 1 : 0;
  sample.predicted = predictions[arm];
  sample.predicted_evaluated = Dot(kEvaluated[x], predictions);
  sample.predicted_logged = Dot(logging[x], predictions);
  return sample;
}

std::vector<OpeSample> Draws(Rng& rng, std::size_t count) {
  std::vector<OpeSample> samples;
  for (std::size_t i = 0; i < count; ++i) samples.push_back(Draw(rng, kLogging, kLogging));
  return samples;
}

// The trace of weights and rewards that every implementation must agree on.
std::vector<OpeSample> Trace() {
  const double weights[] = {1, 2, .5, 0, 1.5, 3, 1, .2};
  const double rewards[] = {1, 0, 1, 1, 1, 1, 0, 1};
  std::vector<OpeSample> samples;
  for (std::size_t i = 0; i < std::size(weights); ++i) {
    OpeSample sample;
    sample.weight = weights[i];
    sample.weight_max = 3;
    sample.cluster = i;
    sample.label_weight = 1;
    sample.value = rewards[i];
    samples.push_back(sample);
  }
  return samples;
}

bool Has(const std::vector<OpeRefusal>& refusals, OpeRefusal refusal) {
  return std::find(refusals.begin(), refusals.end(), refusal) != refusals.end();
}

}  // namespace

TEST_CASE("the reference trace gives the reference estimates") {
  const auto samples = Trace();
  const OpeEstimates estimates = EstimatesOf(ClustersOf(samples));
  CHECK(estimates[OpeFigure::kIps] == Approx(.775).margin(1e-15));
  CHECK(estimates[OpeFigure::kSnips] == Approx(.673913043478261).margin(1e-15));
  CHECK(estimates[OpeFigure::kLogged] == Approx(.75).margin(1e-15));
  // Without predictions DR is IPS, and the gain is what IPS says above the plain mean.
  CHECK(estimates[OpeFigure::kDr] == estimates[OpeFigure::kIps]);
  CHECK(estimates[OpeFigure::kGain] == Approx(.025).margin(1e-15));
  CHECK(Diagnose(samples).effective == Approx(4.825541619156214).margin(1e-14));
}

TEST_CASE("estimators find the value of the known instance with the known bias and spread") {
  constexpr int kRuns = 4000;
  constexpr std::size_t kSamples = 500;
  Rng rng(2024);
  std::array<double, kOpeFigureNames.size()> sums{};
  double weights = 0;
  double dr_squares = 0;
  for (int run = 0; run < kRuns; ++run) {
    const auto samples = Draws(rng, kSamples);
    const OpeEstimates estimates = EstimatesOf(ClustersOf(samples));
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += estimates.figures[i] / kRuns;
    dr_squares += estimates[OpeFigure::kDr] * estimates[OpeFigure::kDr] / kRuns;
    for (const OpeSample& sample : samples) weights += sample.weight / (kRuns * kSamples);
  }
  const auto mean = [&](OpeFigure figure) { return sums[static_cast<std::size_t>(figure)]; };
  INFO("seed 2024");
  CHECK(std::abs(mean(OpeFigure::kIps) - kTrue) < 3.29 * .0016);
  CHECK(std::abs(mean(OpeFigure::kDr) - kTrue) < 3.29 * .0009);
  CHECK(std::abs(mean(OpeFigure::kSnips) - kTrue) < .005);
  CHECK(std::abs(mean(OpeFigure::kDm) - (.8 * kTrue + .05)) < .001);
  CHECK(mean(OpeFigure::kDm) - kTrue == Approx(-.0972).margin(.001));
  CHECK(std::abs(mean(OpeFigure::kLogged) - kTrueLogged) < .001);
  CHECK(std::abs(mean(OpeFigure::kGain) - (kTrue - kTrueLogged)) < 3.29 * .0009);
  // SWITCH gives up the heaviest weights, and with them some of the correction.
  CHECK(mean(OpeFigure::kSwitch) - kTrue < -.01);
  // The standard error of the mean that is quoted for DR.
  const double spread = std::sqrt(dr_squares - mean(OpeFigure::kDr) * mean(OpeFigure::kDr));
  CHECK(spread / std::sqrt(kRuns) == Approx(.0009).margin(.0001));
  // sd of w is sqrt(1 / .132 - 1).
  CHECK(std::abs(weights - 1) < 3.29 * 2.57 / std::sqrt(kRuns * kSamples));
}

TEST_CASE("the bootstrap covers the known value as often as it says") {
  constexpr int kRuns = 200;
  Rng rng(11);
  int covered = 0;
  for (int run = 0; run < kRuns; ++run) {
    const auto clusters = ClustersOf(Draws(rng, 1000));
    std::vector<OpeEstimates> draws;
    for (std::uint64_t b = 0; b < 300; ++b) draws.push_back(Resample(clusters, 1, b));
    const OpeInterval interval = IntervalOf(draws, OpeFigure::kDr);
    covered += interval.lower <= kTrue && kTrue <= interval.upper ? 1 : 0;
  }
  INFO("covered " << covered << " of " << kRuns);
  CHECK(covered >= kRuns * .95 - 3.29 * std::sqrt(kRuns * .95 * .05));
}

TEST_CASE("a cluster is drawn Poisson of mean 1 times and as a whole") {
  // Beside ten thousand clusters that are worth nothing, what is estimated is how often the one
  // that is worth something was drawn.
  constexpr int kDraws = 2000;
  constexpr double kOthers = 10000;
  std::vector<OpeCluster> clusters(1 + static_cast<std::size_t>(kOthers));
  for (std::size_t i = 0; i < clusters.size(); ++i) {
    clusters[i].key = SplitMix64(i);
    clusters[i].sums.decisions = i == 0 ? 0 : 1;
  }
  clusters.front().sums.predicted_evaluated = kOthers;
  double sum = 0;
  double squares = 0;
  for (std::uint64_t b = 0; b < kDraws; ++b) {
    const double times = std::round(Resample(clusters, 3, b)[OpeFigure::kDm]);
    sum += times;
    squares += times * times;
  }
  const double mean = sum / kDraws;
  CHECK(mean == Approx(1).margin(3.29 / std::sqrt(kDraws)));
  CHECK(squares / kDraws - mean * mean == Approx(1).margin(3.29 * std::sqrt(3. / kDraws)));

  auto session = Trace();
  for (OpeSample& sample : session) sample.cluster = 7;
  const auto together = ClustersOf(session);
  REQUIRE(together.size() == 1);
  for (std::uint64_t b = 0; b < 20; ++b) {
    const double ips = Resample(together, 3, b)[OpeFigure::kIps];
    CHECK((std::isnan(ips) || ips == Approx(.775)));
  }
}

TEST_CASE("the anytime interval is as narrow as its reference and misses no more than it may") {
  constexpr int kRuns = 200;
  Rng rng(7);
  double lower = 0;
  double upper = 0;
  int missed = 0;
  for (int run = 0; run < kRuns; ++run) {
    const OpeInterval interval = AnytimeInterval(Draws(rng, 5000), 1);
    lower += interval.lower / kRuns;
    upper += interval.upper / kRuns;
    missed += interval.lower > kTrue || interval.upper < kTrue ? 1 : 0;
  }
  INFO("seed 7: [" << lower << ", " << upper << "], missed " << missed);
  CHECK(lower == Approx(.651).margin(.006));
  CHECK(upper == Approx(.786).margin(.006));
  CHECK(missed <= kRuns * .05 + 3.29 * std::sqrt(kRuns * .05 * .95));
}

TEST_CASE("the anytime interval scales with the largest value") {
  Rng rng(5);
  auto samples = Draws(rng, 2000);
  const OpeInterval of_one = AnytimeInterval(samples, 1);
  for (OpeSample& sample : samples) sample.value *= 20;
  const OpeInterval of_twenty = AnytimeInterval(samples, 20);
  CHECK(of_twenty.lower == Approx(20 * of_one.lower));
  CHECK(of_twenty.upper == Approx(20 * of_one.upper));
}

TEST_CASE("propensities that are not what was drawn from are noticed and true ones are not") {
  const Table greedier = Policy({0, 0, 2}, .05);
  const Table explorer = Policy({0, 0, 2}, .30);
  int false_alarms = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Rng rng(seed);
    false_alarms += IntegrityOf(Draws(rng, 2000)) > kIntegrityAlarm ? 1 : 0;
  }
  CHECK(false_alarms <= 2);
  // Both ways: w comes out too large on average, and too small.
  for (const Table& drawn : {greedier, explorer}) {
    Rng rng(3);
    std::vector<OpeSample> samples;
    for (int i = 0; i < 8000; ++i) samples.push_back(Draw(rng, drawn, kLogging));
    CHECK(IntegrityOf(samples) > kIntegrityAlarm);
    CHECK(Has(RefusalsOf(Diagnose(samples)), OpeRefusal::kIntegrity));
  }
}

TEST_CASE("weights come from fixed point and what is not supported is kept apart") {
  Distribution logged;
  Distribution evaluated;
  logged.q32[0] = kProbabilityOne / 4;
  logged.q32[2] = kProbabilityOne - logged.q32[0];
  evaluated.q32[0] = kProbabilityOne / 2;
  evaluated.q32[1] = kProbabilityOne / 8;
  evaluated.q32[2] = kProbabilityOne - evaluated.q32[0] - evaluated.q32[1];
  const OpeSample sample = Weigh({ArmSet::FirstN(3), 2, logged, evaluated});
  CHECK(sample.weight == .5);
  CHECK(sample.weight_max == 2);
  CHECK(sample.unsupported == .125);
  // What is next to never drawn is not supported either, and counts as nothing when it is drawn.
  logged.q32[1] = 100;
  logged.q32[2] -= 100;
  const OpeSample rare = Weigh({ArmSet::FirstN(3), 1, logged, evaluated});
  CHECK(rare.weight == 0);
  CHECK(rare.unsupported == .125);
}

TEST_CASE("each reason to refuse shows by itself") {
  Rng rng(1);
  const auto good = Draws(rng, 5000);
  CHECK(RefusalsOf(Diagnose(good)).empty());

  auto unlabelled = good;
  for (OpeSample& sample : unlabelled) sample.label_weight = 0;
  CHECK(RefusalsOf(Diagnose(unlabelled)) ==
        std::vector{OpeRefusal::kNoLabels, OpeRefusal::kEffective});

  auto unjudged = good;
  for (OpeSample& sample : unjudged) sample.asked = true;
  CHECK(RefusalsOf(Diagnose(unjudged)).empty());
  for (std::size_t i = 0; i < 600; ++i) unjudged[i].label_weight = 0;
  CHECK(RefusalsOf(Diagnose(unjudged)) == std::vector{OpeRefusal::kUnjudged});

  const std::vector few(good.begin(), good.begin() + 150);
  CHECK(Has(RefusalsOf(Diagnose(few)), OpeRefusal::kEffective));

  auto heavy = good;
  heavy.front().weight = 1000;
  heavy.front().weight_max = 1000;
  CHECK(Has(RefusalsOf(Diagnose(heavy)), OpeRefusal::kHeavy));

  auto unsupported = good;
  for (std::size_t i = 0; i < 100; ++i) unsupported[i].unsupported = .1;
  CHECK(Has(RefusalsOf(Diagnose(unsupported)), OpeRefusal::kSupport));
}

TEST_CASE("labels that depend on the arm mislead unless only those asked for count") {
  // Labels of the evaluated policy's rewards that are told more often when they are bad.
  Rng rng(9);
  std::vector<OpeSample> volunteered;
  std::vector<OpeSample> audited;
  for (int i = 0; i < 100000; ++i) {
    OpeSample sample = Draw(rng, kLogging, kLogging);
    OpeSample audit = sample;
    audit.asked = rng.Uniform() < .2;
    audit.label_weight = audit.asked ? 5 : 0;
    audited.push_back(audit);
    sample.label_weight = rng.Uniform() < (sample.value > 0 ? .1 : .5) ? 1 : 0;
    volunteered.push_back(sample);
  }
  CHECK(EstimatesOf(ClustersOf(audited))[OpeFigure::kDr] == Approx(kTrue).margin(.05));
  CHECK(EstimatesOf(ClustersOf(volunteered))[OpeFigure::kIps] < kTrue - .2);
}

}  // namespace sluice::policy
