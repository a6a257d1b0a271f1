#include <catch2/catch.hpp>

#include "policy/model.h"
#include "tests/support/label_log.h"
#include "tests/support/ridge_fixtures.h"

namespace sluice::policy {
namespace {

constexpr std::size_t kDimension = 5;

ModelOptions WatchfulOptions() {
  return {.dimension = kDimension, .drift = {.slack = .25, .threshold = 12, .cool_down = 150}};
}

// Labels of several arms in turn, good and then bad for those that collapse.
std::vector<Alarm> Alarms(Model& model, ArmSet collapsing, int before, int after) {
  test::LabelLog log(9, kDimension);
  std::vector<Alarm> alarms;
  for (int i = 0; i < before + after; ++i) {
    for (ArmId arm = 0; arm < model.arms(); ++arm) {
      const bool bad = i >= before && collapsing.Has(arm);
      const Alarm alarm = model.Learn(log.Write(arm, bad ? .3 : .8));
      if (alarm != Alarm::kNone) {
        alarms.push_back(alarm);
      }
    }
  }
  return alarms;
}

TEST_CASE("most arms alarming at once freezes instead of resetting") {
  Model model = test::ColdModel(WatchfulOptions(), 4);
  const auto alarms = Alarms(model, ArmSet::FirstN(4), 200, 15);
  REQUIRE(alarms.size() >= 3);
  CHECK(alarms[0] == Alarm::kReset);
  CHECK(alarms[1] == Alarm::kReset);
  CHECK(alarms[2] == Alarm::kFreeze);
}

TEST_CASE("the arm that completes a freeze keeps what it has learnt") {
  ModelOptions options = WatchfulOptions();
  options.drift.freeze_share = 0;  // the second alarm freezes
  Model model = test::ColdModel(options, 2);
  ModelOptions blind = options;
  blind.drift.detect = false;
  Model sleeping = test::ColdModel(blind, 2);
  const auto alarms = Alarms(model, ArmSet::FirstN(2), 200, 6);
  Alarms(sleeping, ArmSet::FirstN(2), 200, 6);
  REQUIRE(alarms == std::vector<Alarm>{Alarm::kReset, Alarm::kFreeze});
  const auto same = [&](ArmId arm) {
    return test::Distance(*model.Heads(arm).quality, *sleeping.Heads(arm).quality) == 0;
  };
  CHECK(same(0) != same(1));
  CHECK(model.alarms(0) + model.alarms(1) == 2);
}

TEST_CASE("half of the arms alarming is the arms and not the judge") {
  Model model = test::ColdModel(WatchfulOptions(), 4);
  const auto alarms = Alarms(model, ArmSet::FirstN(2), 200, 40);
  CHECK(alarms == std::vector<Alarm>{Alarm::kReset, Alarm::kReset});
}

TEST_CASE("one arm never freezes learning by itself") {
  Model model = test::ColdModel(WatchfulOptions(), 1);
  CHECK(Alarms(model, ArmSet::FirstN(1), 200, 100).front() == Alarm::kReset);
}

TEST_CASE("alarms that lie far apart do not freeze") {
  ModelOptions options = WatchfulOptions();
  options.drift.freeze_labels = 100;
  Model model = test::ColdModel(options, 2);
  test::LabelLog log(11, kDimension);
  std::vector<Alarm> alarms;
  const auto teach = [&](double first, double second, int rounds) {
    for (int i = 0; i < rounds; ++i) {
      for (const Alarm alarm :
           {model.Learn(log.Write(0, first)), model.Learn(log.Write(1, second))}) {
        if (alarm != Alarm::kNone) {
          alarms.push_back(alarm);
        }
      }
    }
  };
  teach(.8, .8, 200);
  teach(.3, .8, 110);
  teach(.3, .3, 40);
  CHECK(alarms == std::vector<Alarm>{Alarm::kReset, Alarm::kReset});
}

TEST_CASE("arms without labels do not keep learning from freezing") {
  Model model = test::ColdModel(WatchfulOptions(), 2);
  for (int arm = 0; arm < 6; ++arm) {
    model.AddArm();
  }
  test::LabelLog log(12, kDimension);
  std::vector<Alarm> alarms;
  for (int i = 0; i < 240; ++i) {
    for (ArmId arm : {0, 1}) {
      const Alarm alarm = model.Learn(log.Write(arm, i < 200 ? .8 : .3));
      if (alarm != Alarm::kNone) {
        alarms.push_back(alarm);
      }
    }
  }
  REQUIRE(alarms.size() >= 2);
  CHECK(alarms[1] == Alarm::kFreeze);
}

}  // namespace
}  // namespace sluice::policy
