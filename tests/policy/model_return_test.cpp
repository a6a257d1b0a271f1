// An arm that fails and comes back: what it was before is in force again, exactly.
#include <algorithm>

#include <catch2/catch.hpp>

#include "policy/model.h"
#include "tests/support/label_log.h"
#include "tests/support/ridge_fixtures.h"

namespace sluice::policy {
namespace {

constexpr std::size_t kDimension = 5;
constexpr std::uint64_t kSeeds[] = {1, 2, 3, 4, 5};

ModelOptions Options(std::uint64_t half_life = 0) {
  return {.dimension = kDimension, .half_life = half_life};
}

// Good for long, bad for some time, and good again.
test::LabelLog Fault(std::uint64_t seed) {
  test::LabelLog log(seed, kDimension);
  log.WriteMany(0, .8, 400);
  log.WriteMany(0, .3, 100);
  log.WriteMany(0, .8, 60);
  return log;
}

// By index of the lesson that raised it.
struct Changes {
  std::vector<std::size_t> resets;
  std::vector<std::size_t> returns;
};

Changes Teach(Model& model, const test::LabelLog& log, std::size_t begin, std::size_t end) {
  Changes changes;
  for (std::size_t i = begin; i < end; ++i) {
    const Alarm alarm = model.Learn(log.At(i));
    if (alarm == Alarm::kReset) changes.resets.push_back(i);
    if (alarm == Alarm::kReturn) changes.returns.push_back(i);
  }
  return changes;
}

const RidgeSolution& Quality(Model& model) {
  const RidgeSolution* solution = model.Heads(0).quality;
  REQUIRE(solution != nullptr);
  return *solution;
}

// What the lessons that `has` names come to.
template <typename Has>
RidgeSolution Expected(const test::LabelLog& log, const Has& has) {
  RidgeStatistics sums(kDimension);
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (has(i)) sums.Add(*log.At(i).context, log.At(i).value, log.At(i).weight);
  }
  RidgePrior prior = test::FlatPrior(kDimension, 50);
  prior.precision.back() = 1;
  prior.mean.back() = .7;
  return *SolveRidge(sums, prior);
}

TEST_CASE("an arm that comes back is what it was without the labels of its fault") {
  for (std::uint64_t seed : kSeeds) {
    CAPTURE(seed);
    const test::LabelLog log = Fault(seed);
    Model model = test::ColdModel(Options(), 1);
    const Changes changes = Teach(model, log, 0, log.size());
    REQUIRE(changes.resets.size() == 1);
    REQUIRE(changes.returns.size() == 1);
    const std::size_t reset = changes.resets.front();
    const std::size_t back = changes.returns.front();
    CHECK(reset < 410);
    CHECK(back >= 500);
    CHECK(back < 505);
    const auto has = [&](std::size_t i) { return i < reset || i >= back; };
    CHECK(test::Distance(Quality(model), Expected(log, has)) == 0);
    CHECK(model.alarms(0) == 2);
  }
}

TEST_CASE("contexts that wait for a label go on waiting while an arm leaves and comes back") {
  const test::LabelLog log = Fault(7);
  Model model = test::ColdModel(Options(), 1);
  Model plain = test::ColdModel(Options(), 1);
  Rng rng(7);
  std::vector<Context> waiting;
  Changes changes;
  for (std::size_t i = 0; i < log.size(); ++i) {
    // Each label was waited for over 30 of them.
    waiting.push_back(test::RandomContext(rng, kDimension));
    model.AddPending(0, waiting.back());
    if (i >= 30) model.RemovePending(0, waiting[i - 30]);
    const Changes more = Teach(model, log, i, i + 1);
    changes.resets.insert(changes.resets.end(), more.resets.begin(), more.resets.end());
    changes.returns.insert(changes.returns.end(), more.returns.begin(), more.returns.end());
    Teach(plain, log, i, i + 1);
    model.Derive(.5);
  }
  REQUIRE(changes.resets.size() == 1);
  REQUIRE(changes.returns.size() == 1);
  CHECK((model.Serialise() == plain.Serialise()));
  const Context context = test::RandomContext(rng, kDimension);
  const auto width = [&](double weight) {
    return model.Derive(weight)->Predict(0, context, {.list_price_usd = 1}).width;
  };
  CHECK(width(1) < width(0));
  for (std::size_t i = waiting.size() - 30; i < waiting.size(); ++i) {
    model.RemovePending(0, waiting[i]);
  }
  CHECK(width(1) == width(0));
  CHECK(width(0) == plain.Derive()->Predict(0, context, {.list_price_usd = 1}).width);
}

TEST_CASE("a fault that is known already is left for and come back from in a few labels") {
  test::LabelLog log = Fault(6);
  for (int again = 0; again < 10; ++again) {
    log.WriteMany(0, .3, 40);
    log.WriteMany(0, .8, 40);
  }
  Model model = test::ColdModel(Options(), 1);
  const Changes changes = Teach(model, log, 0, log.size());
  CHECK(changes.resets.size() == 1);
  REQUIRE(changes.returns.size() == 21);
  for (std::size_t i = 1; i < changes.returns.size(); ++i) {
    const std::size_t change = 560 + 40 * (i - 1);
    CHECK(changes.returns[i] >= change);
    CHECK(changes.returns[i] < change + 5);
  }
}

TEST_CASE("an arm that stays bad does not come back") {
  for (std::uint64_t seed : kSeeds) {
    CAPTURE(seed);
    test::LabelLog log(seed, kDimension);
    log.WriteMany(0, .8, 400);
    log.WriteMany(0, .6, 3000);
    Model model = test::ColdModel(Options(), 1);
    const Changes changes = Teach(model, log, 0, log.size());
    CHECK(changes.resets.size() == 1);
    CHECK(changes.returns.empty());
  }
}

TEST_CASE("what is voided or revised once an arm is back was as good as never so") {
  for (std::uint64_t seed : kSeeds) {
    CAPTURE(seed);
    const test::LabelLog log = Fault(seed);
    Model model = test::ColdModel(Options(), 1);
    const Changes changes = Teach(model, log, 0, log.size());
    REQUIRE(changes.returns.size() == 1);
    const std::size_t reset = changes.resets.front();
    const std::size_t back = changes.returns.front();
    // Before the reset, at it, in the fault, at the return and after.
    const std::vector<std::size_t> voided{3, 399, reset, 450, back, 559};
    const auto in_force = [&](std::size_t i) {
      return (i < reset || i >= back) && std::find(voided.begin(), voided.end(), i) == voided.end();
    };
    for (std::size_t i : voided) {
      model.Retract(log.At(i));
    }
    for (std::size_t i : {std::size_t{100}, std::size_t{460}, std::size_t{540}}) {
      QualityLesson changed = log.At(i);
      model.Revise(changed, .5);
      REQUIRE((test::Distance(Quality(model), Expected(log, in_force)) > 1e-6) == (i != 460));
      changed.value = .5;
      model.Revise(changed, log.At(i).value);
    }
    CHECK(test::Distance(Quality(model), Expected(log, in_force)) < 1e-12);
  }
}

TEST_CASE("what is voided or weighed anew while an arm is away is so when it comes back") {
  for (std::uint64_t seed : kSeeds) {
    CAPTURE(seed);
    const test::LabelLog log = Fault(seed);
    Model model = test::ColdModel(Options(), 1);
    const Changes away = Teach(model, log, 0, 500);
    REQUIRE(away.resets.size() == 1);
    for (std::size_t i : {3, 200}) {
      model.Retract(log.At(i));
    }
    QualityLesson lighter = log.At(300);
    lighter.weight *= .5;
    model.Retract(log.At(300));
    model.Learn(lighter);
    const Changes home = Teach(model, log, 500, log.size());
    REQUIRE(home.returns.size() == 1);
    model.Retract(lighter);
    const auto has = [&](std::size_t i) {
      return (i < away.resets.front() || i >= home.returns.front()) && i != 3 && i != 200 &&
             i != 300;
    };
    CHECK(test::Distance(Quality(model), Expected(log, has)) < 1e-12);
  }
}

TEST_CASE("a model that was restored while an arm was away goes on to the bit") {
  for (std::uint64_t half_life : {0, 50}) {
    CAPTURE(half_life);
    const test::LabelLog log = Fault(7);
    Model model = test::ColdModel(Options(half_life), 1);
    for (std::size_t end : {450, 501, 530}) {
      const std::size_t begin = end == 450 ? 0 : end == 501 ? 450 : 501;
      Teach(model, log, begin, end);
      auto restored = Model::Restore(model.Serialise(), Options(half_life));
      REQUIRE(restored);
      Model other = model;
      Teach(*restored, log, end, log.size());
      Teach(other, log, end, log.size());
      CHECK((restored->Serialise() == other.Serialise()));
    }
  }
}

TEST_CASE("an arm that came back is no reason to freeze") {
  test::LabelLog log(8, kDimension);
  Model model = test::ColdModel(Options(), 2);
  std::vector<Alarm> alarms;
  const auto teach = [&](double first, double second, int rounds) {
    for (int i = 0; i < rounds; ++i) {
      for (const Alarm alarm :
           {model.Learn(log.Write(0, first)), model.Learn(log.Write(1, second))}) {
        if (alarm != Alarm::kNone) alarms.push_back(alarm);
      }
    }
  };
  teach(.8, .8, 200);
  teach(.3, .8, 10);
  teach(.8, .8, 30);
  teach(.8, .3, 10);
  CHECK(alarms == std::vector<Alarm>{Alarm::kReset, Alarm::kReturn, Alarm::kReset});
}

TEST_CASE("another model under the same name does not come back") {
  const test::LabelLog log = Fault(9);
  Model model = test::ColdModel(Options(), 1);
  REQUIRE(Teach(model, log, 0, 500).resets.size() == 1);
  model.Fade(0, 50, 501);
  CHECK(Teach(model, log, 500, log.size()).returns.empty());
}

}  // namespace
}  // namespace sluice::policy
