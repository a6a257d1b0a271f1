#include <algorithm>
#include <cmath>
#include <cstring>

#include <catch2/catch.hpp>

#include "policy/model.h"
#include "tests/support/label_log.h"
#include "tests/support/ridge_fixtures.h"

namespace sluice::policy {
namespace {

constexpr std::size_t kDimension = 5;

ModelOptions WatchfulOptions() {
  return {.dimension = kDimension,
          .drift = {.slack = .25, .threshold = 12, .reset_bits = 4, .cool_down = 150}};
}

// Labels of one arm: good for long, then bad, so that an alarm falls.
test::LabelLog Collapse(std::uint64_t seed) {
  test::LabelLog log(seed, kDimension);
  log.WriteMany(0, .8, 400);
  log.WriteMany(0, .3, 100);
  return log;
}

// Teaches all but the skipped ones; the index of the lesson that alarmed.
std::size_t TeachLog(Model& model, const test::LabelLog& log,
                     const std::vector<std::size_t>& skipped = {}) {
  std::size_t alarmed = log.size();
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (std::find(skipped.begin(), skipped.end(), i) == skipped.end() &&
        model.Learn(log.At(i)) == Alarm::kReset) {
      alarmed = i;
    }
  }
  return alarmed;
}

const RidgeSolution& Quality(Model& model) {
  const RidgeSolution* solution = model.Heads(0).quality;
  REQUIRE(solution != nullptr);
  return *solution;
}

TEST_CASE("an arm that collapses is reset and learnt anew") {
  const test::LabelLog log = Collapse(1);
  Model watchful = test::ColdModel(WatchfulOptions(), 1);
  ModelOptions blind = WatchfulOptions();
  blind.drift.detect = false;
  Model sleeping = test::ColdModel(blind, 1);
  const std::size_t alarmed = TeachLog(watchful, log);
  CHECK(alarmed >= 400);
  CHECK(alarmed < 415);
  CHECK(TeachLog(sleeping, log) == log.size());
  CHECK(watchful.alarms(0) == 1);
  CHECK(sleeping.alarms(0) == 0);
  Context x = Context::Zero(kDimension);
  x[kDimension - 1] = 1;
  CHECK(PredictExactly(Quality(watchful), x).mean < .45);
  CHECK(PredictExactly(Quality(sleeping), x).mean > .6);
}

TEST_CASE("an arm that stays as it is has no alarm") {
  for (std::uint64_t seed : {1, 2, 3}) {
    CAPTURE(seed);
    test::LabelLog log(seed, kDimension);
    log.WriteMany(0, .8, 5000);
    Model model = test::ColdModel({.dimension = kDimension}, 1);
    CHECK(TeachLog(model, log) == log.size());
  }
}

TEST_CASE("the residual is standardised with the model just before the label") {
  test::LabelLog log(3, kDimension);
  log.WriteMany(0, .6, 30);
  Model model =
      test::ColdModel({.dimension = kDimension, .drift = {.slack = 0, .threshold = 1e9}}, 1);
  Cusum expected;
  for (std::size_t i = 0; i < log.size(); ++i) {
    const QualityLesson& lesson = log.At(i);
    const RidgeSolution& before = Quality(model);
    const Prediction now = PredictExactly(before, *lesson.context);
    const double sigma = std::sqrt(before.b_n / before.a_n);
    expected.Add((lesson.value - now.mean) / (sigma * std::sqrt(1 + now.variance)),
                 model.options().drift);
    model.Learn(lesson);
  }
  std::string sums(2 * sizeof(double), '\0');
  std::memcpy(sums.data(), &expected.up, sizeof(double));
  std::memcpy(sums.data() + sizeof(double), &expected.down, sizeof(double));
  CHECK(expected.up + expected.down > 0);
  CHECK(model.Serialise().find(sums) != std::string::npos);
}

// What is compared is the sums: seeds with which the changed labels move the alarm are passed over.
constexpr std::uint64_t kSeeds = 20;
constexpr int kComparedLeast = 5;

TEST_CASE("what is voided after an alarm was as good as never learnt") {
  int compared = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    CAPTURE(seed);
    const test::LabelLog log = Collapse(seed);
    Model model = test::ColdModel(WatchfulOptions(), 1);
    const std::size_t alarmed = TeachLog(model, log);
    REQUIRE(alarmed < log.size());
    // Before the alarm, the label that raised it, and after.
    const std::vector<std::size_t> voided{3, 100, 250, 399, alarmed, alarmed + 1, 499};
    Model without = test::ColdModel(WatchfulOptions(), 1);
    std::vector<std::size_t> early(voided.begin(), voided.begin() + 4);
    if (TeachLog(without, log, early) != alarmed) continue;
    ++compared;
    for (std::size_t i : voided) {
      model.Retract(log.At(i));
      REQUIRE(model.Heads(0).quality != nullptr);
    }
    for (std::size_t i = 4; i < voided.size(); ++i) {
      without.Retract(log.At(voided[i]));
    }
    CHECK(test::Distance(Quality(model), Quality(without)) < 1e-12);
    CHECK(model.labels() == log.size() - voided.size());
    CHECK(Model::Restore(model.Serialise(), WatchfulOptions()));
  }
  CHECK(compared >= kComparedLeast);
}

TEST_CASE("what is revised after an alarm was as good as said so at first") {
  int compared = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    CAPTURE(seed);
    const test::LabelLog log = Collapse(seed);
    Model model = test::ColdModel(WatchfulOptions(), 1);
    const std::size_t alarmed = TeachLog(model, log);
    REQUIRE(alarmed < log.size());
    Model other = test::ColdModel(WatchfulOptions(), 1);
    std::size_t other_alarmed = log.size();
    const std::vector<std::size_t> revised{3, 100, 250, 399};
    for (std::size_t i = 0; i < log.size(); ++i) {
      QualityLesson lesson = log.At(i);
      if (std::find(revised.begin(), revised.end(), i) != revised.end()) {
        lesson.value = .75;
      }
      other_alarmed = other.Learn(lesson) == Alarm::kReset ? i : other_alarmed;
    }
    if (other_alarmed != alarmed) continue;
    ++compared;
    for (std::size_t i : revised) {
      model.Revise(log.At(i), .75);
    }
    CHECK(test::Distance(Quality(model), Quality(other)) < 1e-12);
  }
  CHECK(compared >= kComparedLeast);
}

TEST_CASE("everything that was learnt can be voided after several alarms") {
  for (std::uint64_t half_life : {0, 50}) {
    CAPTURE(half_life);
    ModelOptions options = WatchfulOptions();
    options.half_life = half_life;
    options.drift.cool_down = 20;
    test::LabelLog log(6, kDimension);
    for (int phase = 0; phase < 20; ++phase) {
      log.WriteMany(0, phase % 2 == 0 ? .8 : .2, 150);
    }
    Model model = test::ColdModel(options, 1);
    TeachLog(model, log);
    CHECK(model.alarms(0) >= 5);
    for (std::size_t i = 0; i < log.size(); ++i) {
      model.Retract(log.At(i));
      if (i % 50 == 0) {
        CAPTURE(i);
        REQUIRE(model.Heads(0).quality != nullptr);
        REQUIRE(Model::Restore(model.Serialise(), options));
      }
    }
    CHECK(model.labels() == 0);
    Model cold = test::ColdModel(options, 1);
    CHECK(test::Distance(Quality(model), Quality(cold)) == 0);
  }
}

TEST_CASE("a label whose weight changes after an alarm counts as if so weighed from the first") {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    CAPTURE(seed);
    const test::LabelLog log = Collapse(seed);
    Model model = test::ColdModel(WatchfulOptions(), 1);
    const std::size_t alarmed = TeachLog(model, log);
    REQUIRE(alarmed < log.size());
    Model other = model;
    // Before the alarm, at it, and after.
    for (std::size_t i : {std::size_t{100}, alarmed, log.size() - 1}) {
      QualityLesson lighter = log.At(i);
      lighter.weight *= .5;
      model.Retract(log.At(i));
      model.Learn(lighter);
      other.Retract(log.At(i));
      REQUIRE(test::Distance(Quality(model), Quality(other)) > 1e-6);
      model.Retract(lighter);
      CHECK(test::Distance(Quality(model), Quality(other)) < 1e-12);
      model.Learn(lighter);
      other.Learn(lighter);
    }
    CHECK(model.labels() == log.size());
  }
}

TEST_CASE("an alarm raised by a label that was weighed anew is taken into account") {
  ModelOptions options = WatchfulOptions();
  options.drift.threshold = 3;
  options.drift.cool_down = 0;
  test::LabelLog log(14, kDimension);
  log.WriteMany(0, .8, 200);
  Model model = test::ColdModel(options, 1);
  TeachLog(model, log);
  // Old labels that come back quite other raise the alarm.
  std::vector<QualityLesson> standing;
  for (std::size_t i = 0; i < log.size(); ++i) {
    standing.push_back(log.At(i));
  }
  const std::uint64_t before = model.alarms(0);
  for (std::size_t i = 50; i < 60; ++i) {
    model.Retract(standing[i]);
    standing[i].value = .2;
    standing[i].weight *= .5;
    model.Learn(standing[i]);
  }
  REQUIRE(model.alarms(0) > before);
  const QualityLesson fresh = log.Write(0, .8);
  model.Learn(fresh);
  standing.push_back(fresh);
  for (const QualityLesson& lesson : standing) {
    model.Retract(lesson);
    REQUIRE(model.Heads(0).quality != nullptr);
    REQUIRE(Model::Restore(model.Serialise(), options));
    if (model.labels() == 1) {
      Model only = test::ColdModel(options, 1);
      only.Learn(fresh);
      CHECK(test::Distance(Quality(model), Quality(only)) < 1e-12);
    }
  }
}

TEST_CASE("labels that are never taken back need no number") {
  test::LabelLog log = Collapse(1);
  Model model = test::ColdModel(WatchfulOptions(), 1);
  Model numbered = test::ColdModel(WatchfulOptions(), 1);
  for (std::size_t i = 0; i < log.size(); ++i) {
    QualityLesson lesson = log.At(i);
    lesson.since = 0;
    model.Learn(lesson);
    numbered.Learn(log.At(i));
  }
  CHECK(numbered.alarms(0) == 1);
  CHECK(test::Distance(Quality(model), Quality(numbered)) == 0);
}

TEST_CASE("the first label after an alarm counts in full") {
  const test::LabelLog log = Collapse(1);
  Model model = test::ColdModel(WatchfulOptions(), 1);
  const std::size_t alarmed = TeachLog(model, log);
  REQUIRE(alarmed < log.size());
  // By hand: what came before is divided by sixteen, the rest is not.
  RidgeStatistics sums(kDimension);
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (i == alarmed) {
      sums.Scale(-4);
    }
    sums.Add(*log.At(i).context, log.At(i).value, log.At(i).weight);
  }
  RidgePrior prior = test::FlatPrior(kDimension, 50);
  prior.precision.back() = 1;
  prior.mean.back() = .7;
  CHECK(test::Distance(Quality(model), *SolveRidge(sums, prior)) == 0);
}

TEST_CASE("the detector sleeps through the labels after a reset") {
  test::LabelLog log = Collapse(2);
  // After a reset that leaves much of the past, so that there is more to notice.
  ModelOptions options = WatchfulOptions();
  options.drift.reset_bits = 2;
  Model model = test::ColdModel(options, 1);
  const std::size_t alarmed = TeachLog(model, log);
  REQUIRE(alarmed < log.size());
  options.drift.cool_down = 0;
  Model impatient = test::ColdModel(options, 1);
  TeachLog(impatient, log);
  CHECK(model.alarms(0) == 1);
  CHECK(impatient.alarms(0) > 1);
}

TEST_CASE("costs survive an alarm") {
  const test::LabelLog log = Collapse(1);
  Model model = test::ColdModel(WatchfulOptions(), 1);
  for (std::size_t i = 0; i < 50; ++i) {
    model.LearnCost({.arm = 0, .context = log.At(i).context, .tick = i, .log_ratio = -.5});
  }
  const RidgeSolution before = *model.Heads(0).cost;
  REQUIRE(TeachLog(model, log) < log.size());
  CHECK(test::Distance(*model.Heads(0).cost, before) == 0);
}

}  // namespace
}  // namespace sluice::policy
