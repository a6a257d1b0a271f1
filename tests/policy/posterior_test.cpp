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
    model.Update({.arm = 0, .context = &context, .cost_log_ratio = log_ratio});
  }
  return model.Derive();
}

const Context kOne = Context::Ones(1);

TEST_CASE("the expected cost is the mean of the log-normal") {
  const auto posterior = PosteriorOfRatio(-.5, 0);
  const double variance = .16 / 5;
  CHECK(posterior->Predict(0, kOne, {.list_price_usd = 3}).expected_cost_usd ==
        Approx(3 * std::exp(std::log(.3) + variance / 2)).epsilon(1e-6));
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
    model.Update({.arm = 0, .context = &kOne, .cost_log_ratio = draw()});
  }
  const double worst = model.Derive()->CostWorstUsd(0, kOne, {.list_price_usd = 1});
  int above = 0;
  for (int i = 0; i < 20000; ++i) {
    above += std::exp(draw()) > worst ? 1 : 0;
  }
  CHECK(above > 130);
  CHECK(above < 270);
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
  CHECK(std::isinf(posterior.CostWorstUsd(0, kOne, {})));
}

}  // namespace
}  // namespace sluice::policy
