#include "policy/posterior.h"

#include <cmath>

#include <catch2/catch.hpp>

#include "policy/model.h"
#include "tests/support/policy_fixtures.h"

namespace sluice::policy {
namespace {

// One arm in one dimension that has seen the same cost ratio many times.
std::shared_ptr<const Posterior> PosteriorOfRatio(double log_ratio, int count) {
  Model model({.dimension = 1});
  model.AddArm();
  const Context context = Context::Ones(1);
  for (int i = 0; i < count; ++i) {
    test::Teach(model, {.arm = 0, .context = &context, .cost_log_ratio = log_ratio});
  }
  return model.Derive();
}

const Context kOne = Context::Ones(1);

TEST_CASE("the expected cost is what was billed for what the logarithms predict") {
  Model model = test::ColdModel({.dimension = 1}, 1);
  CHECK(model.Derive()->Predict(0, kOne, {.list_price_usd = 3}).expected_cost_usd ==
        Approx(3 * .3).epsilon(1e-6));
  Rng rng(1);
  for (int i = 0; i < 20000; ++i) {
    const CostLesson bill{.arm = 0, .context = &kOne, .log_ratio = -1 + .8 * rng.Normal()};
    model.LearnCost(bill);
    model.Calibrate(bill);
  }
  CHECK(model.Derive()->Predict(0, kOne, {.list_price_usd = 3}).expected_cost_usd ==
        Approx(3 * std::exp(-1 + .32)).epsilon(.12));
}

TEST_CASE("the expected latency is passed on") {
  Model model = test::ColdModel({.dimension = 1}, 1);
  CHECK(model.Derive()->Predict(0, kOne, {}).expected_latency_s == 0);
  for (int i = 0; i < 5; ++i) {
    model.LearnLatency(0, 2);
  }
  CHECK(model.Derive()->Predict(0, kOne, {}).expected_latency_s == Approx(2).epsilon(1e-12));
}

TEST_CASE("a decision long after the posterior is predicted with less certainty") {
  Rng rng(5);
  Model model = test::ColdModel({.dimension = 6, .half_life = 1000}, 2);
  test::TeachAtRandom(model, rng, 500);
  const auto posterior = model.Derive();
  const Context context = test::RandomContext(rng, 6);
  const auto at = [&](std::uint64_t tick) { return posterior->Predict(0, context, {}, tick); };
  const Estimate fresh = at(500);
  CHECK(test::Same(at(0), fresh));    // from before it was derived
  CHECK(test::Same(at(540), fresh));  // four percent of a half-life
  CHECK(at(541).width > fresh.width);
  const Prediction aged =
      Decayed(posterior->arm(0).quality->Predict(context.data()),
              PredictPrior(*posterior->arm(0).quality_prior, context), std::exp2(-1.5));
  CHECK(at(2000).mean == aged.mean);
  CHECK(at(2000).width == posterior->arm(0).quality->sigma() * std::sqrt(aged.variance));
  CHECK(at(1000000).width == at(4500).width);  // a learner that has stopped
  CHECK(at(1000000).width > at(2000).width);
  model.Advance(2000);
  const Estimate exact = model.Derive()->Predict(0, context, {}, 2000);
  CHECK(exact.mean == Approx(at(2000).mean).epsilon(.05));
}

TEST_CASE("the expected cost stays inside what the request declares") {
  const auto posterior = PosteriorOfRatio(0, 100);
  const auto cost = [&](double low, double high) {
    return posterior
        ->Predict(0, kOne, {.list_price_usd = 1, .cost_usd_min = low, .cost_usd_max = high})
        .expected_cost_usd;
  };
  CHECK(cost(0, 0) == Approx(1).epsilon(.05));
  CHECK(cost(2, 0) == 2);
  CHECK(cost(0, .5) == .5);
  CHECK(cost(.1, 5) == cost(0, 0));
}

TEST_CASE("an absurd cost regression is held at e to the fourth times the price") {
  const auto posterior = PosteriorOfRatio(100, 1000);
  CHECK(posterior->Predict(0, kOne, {.list_price_usd = 2}).expected_cost_usd ==
        Approx(2 * std::exp(4)).epsilon(1e-12));
}

TEST_CASE("the worst cost is the declared maximum or the 99 percent quantile") {
  const auto posterior = PosteriorOfRatio(-.5, 20);
  CHECK(posterior->CostWorstUsd(0, kOne, {.list_price_usd = 3, .cost_usd_max = .25}) == .25);
  const RidgeFactor& cost = *posterior->arm(0).cost;
  const Prediction prediction = cost.Predict(kOne.data());
  const double deviation = cost.sigma() * std::sqrt(1 + prediction.variance);
  const double expected = 3 * std::exp(prediction.mean + 2.3263478740408408 * deviation);
  CHECK(posterior->CostWorstUsd(0, kOne, {.list_price_usd = 3}) == Approx(expected).epsilon(1e-12));
  CHECK(posterior->CostWorstUsd(0, kOne, {.list_price_usd = 3, .cost_usd_min = 1e3}) == 1e3);
}

TEST_CASE("one request in a hundred costs more than the worst cost") {
  Rng rng(3);
  Model model({.dimension = 1});
  model.AddArm();
  const auto draw = [&] { return -1 + .4 * rng.Normal(); };
  for (int i = 0; i < 20000; ++i) {
    test::Teach(model, {.arm = 0, .context = &kOne, .cost_log_ratio = draw()});
  }
  const double worst = model.Derive()->CostWorstUsd(0, kOne, {.list_price_usd = 1});
  int above = 0;
  for (int i = 0; i < 20000; ++i) {
    above += std::exp(draw()) > worst ? 1 : 0;
  }
  CHECK(above > 130);
  CHECK(above < 270);
}

TEST_CASE("bills that the logarithms do not explain raise the worst cost") {
  Model model = test::ColdModel({.dimension = 1}, 1);
  const CostLesson bill{.arm = 0, .context = &kOne, .log_ratio = 0};
  for (int i = 0; i < 200; ++i) {
    model.LearnCost(bill);
  }
  const double before = model.Derive()->CostWorstUsd(0, kOne, {.list_price_usd = 1});
  for (int i = 0; i < 20; ++i) {
    model.Calibrate({.arm = 0, .context = &kOne, .log_ratio = std::log(4)});
  }
  const auto after = model.Derive();
  const ArmPosterior& arm = after->arm(0);
  CHECK(arm.cost_ratio > 2);
  CHECK(after->CostWorstUsd(0, kOne, {.list_price_usd = 1}) ==
        Approx(before * arm.cost_ratio * std::exp(-arm.cost->sigma() * arm.cost->sigma() / 2))
            .epsilon(1e-12));
}

TEST_CASE("the worst cost is never below the expected cost") {
  Rng rng(4);
  Model model = test::TaughtModel(rng, 6, 3, 60);
  const auto posterior = model.Derive();
  for (int i = 0; i < 100; ++i) {
    const Context context = test::RandomContext(rng, 6);
    const ArmTerms terms{.list_price_usd = rng.Uniform(), .cost_usd_min = rng.Uniform() / 10};
    for (ArmId arm : {0, 1, 2}) {
      REQUIRE(posterior->CostWorstUsd(arm, context, terms) >=
              posterior->Predict(arm, context, terms).expected_cost_usd);
    }
  }
}

TEST_CASE("an arm that never had a factor predicts nothing") {
  const Posterior posterior({ArmPosterior{}});
  CHECK(posterior.dimension() == 0);
  CHECK(std::isnan(posterior.Predict(0, kOne, {}).mean));
  CHECK(std::isnan(posterior.Predict(0, kOne, {}).expected_cost_usd));
  CHECK(std::isnan(posterior.Predict(0, kOne, {}).expected_latency_s));
  CHECK(std::isinf(posterior.CostWorstUsd(0, kOne, {})));
}

}  // namespace
}  // namespace sluice::policy
