#include "policy/model.h"

#include <cmath>

#include <catch2/catch.hpp>

#include "tests/support/ridge_fixtures.h"

namespace sluice::policy {
namespace {

constexpr ModelOptions kOptions{.dimension = 5};

TEST_CASE("arms get ids in the order they are added") {
  Model model(kOptions);
  CHECK(model.AddArm() == ArmId{0});
  CHECK(model.AddArm() == ArmId{1});
  CHECK(model.arms() == 2);
  CHECK(model.Derive()->arms() == 2);
}

TEST_CASE("a cold arm predicts the prior") {
  Model model(kOptions);
  model.AddArm();
  Rng rng(1);
  const Context context = test::RandomContext(rng, 5);
  const ArmTerms terms{.list_price_usd = 2};
  const Estimate estimate = model.Derive()->Predict(0, context, terms);
  const double variance = (context.squaredNorm() - 1) / 50 + 1;
  const double noise = .16 / 5;
  CHECK(estimate.mean == Approx(.7).epsilon(1e-6));
  CHECK(estimate.width == Approx(std::sqrt(noise * variance)).epsilon(1e-5));
  CHECK(estimate.expected_cost_usd == Approx(2 * .3).epsilon(1e-6));
}

TEST_CASE("quality and cost are learnt apart") {
  Model model(kOptions);
  model.AddArm();
  Rng rng(2);
  const Context context = test::RandomContext(rng, 5);
  const ArmPosterior cold = model.Derive()->arm(0);
  test::Teach(model, {.arm = 0, .context = &context, .quality = .2});
  const ArmPosterior rated = model.Derive()->arm(0);
  CHECK(rated.quality != cold.quality);
  CHECK(rated.cost == cold.cost);
  CHECK(rated.quality_count == 1);
  CHECK(rated.cost_count == 0);
  test::Teach(model, {.arm = 0, .context = &context, .cost_log_ratio = .5});
  const ArmPosterior billed = model.Derive()->arm(0);
  CHECK(billed.quality == rated.quality);
  CHECK(billed.cost != rated.cost);
  CHECK(billed.cost_count == 1);
}

TEST_CASE("arms that learnt nothing share their factors with the posterior before") {
  Rng rng(4);
  Model model = test::TaughtModel(rng, 5, 3, 30);
  const auto before = model.Derive();
  const Context context = test::RandomContext(rng, 5);
  test::Teach(model, {.arm = 1, .context = &context, .quality = .9, .cost_log_ratio = 0});
  const auto after = model.Derive();
  for (ArmId arm : {0, 2}) {
    CHECK(after->arm(arm).quality == before->arm(arm).quality);
    CHECK(after->arm(arm).cost == before->arm(arm).cost);
  }
  CHECK(after->arm(1).quality != before->arm(1).quality);
}

TEST_CASE("the weight trusts the quality and leaves the cost alone") {
  Model trusted(kOptions);
  Model doubted(kOptions);
  trusted.AddArm();
  doubted.AddArm();
  const Context context = Context::Ones(5);
  for (int i = 0; i < 10; ++i) {
    test::Teach(trusted, {0, &context, 1, .1, .2});
    test::Teach(doubted, {0, &context, .1, .1, .2});
  }
  const auto a = trusted.Derive()->Predict(0, context, {.list_price_usd = 1});
  const auto b = doubted.Derive()->Predict(0, context, {.list_price_usd = 1});
  CHECK(a.mean < b.mean);
  CHECK(a.width < b.width);
  CHECK(a.expected_cost_usd == b.expected_cost_usd);
}

TEST_CASE("a clone goes its own way") {
  Rng rng(5);
  Model model = test::TaughtModel(rng, 5, 2, 20);
  const std::string before = model.Serialise();
  Model clone = model;
  CHECK((clone.Serialise() == before));
  const Context context = test::RandomContext(rng, 5);
  test::Teach(clone, {.arm = 0, .context = &context, .quality = 1});
  CHECK((model.Serialise() == before));
  CHECK((clone.Serialise() != before));
}

TEST_CASE("deriving at any time never changes a model") {
  for (std::uint64_t half_life : {0, 40}) {
    CAPTURE(half_life);
    const ModelOptions options{.dimension = 5, .half_life = half_life};
    Rng rng(6);
    Model eager = test::ColdModel(options, 1);
    Model lazy = test::ColdModel(options, 1);
    for (int i = 0; i < 100; ++i) {
      const Context context = test::RandomContext(rng, 5);
      const test::Outcome outcome{0, &context, .3, rng.Uniform(), rng.Uniform()};
      test::Teach(eager, outcome);
      test::Teach(lazy, outcome);
      eager.Derive();
      eager.Heads(0);
    }
    CHECK((eager.Serialise() == lazy.Serialise()));
    CHECK(eager.Heads(0).quality->theta == lazy.Heads(0).quality->theta);
    const Context context = test::RandomContext(rng, 5);
    const ArmTerms terms{.list_price_usd = 1};
    CHECK(test::Same(eager.Derive()->Predict(0, context, terms),
                     lazy.Derive()->Predict(0, context, terms)));
  }
}

TEST_CASE("an arm whose statistics overflow keeps its last factor and is counted") {
  Rng rng(7);
  Model model = test::TaughtModel(rng, 5, 2, 20);
  const auto before = model.Derive();
  CHECK(model.quarantined().Size() == 0);
  CHECK(model.Sound());
  const Context huge = 1e20f * Context::Ones(5);
  test::Teach(model, {.arm = 1, .context = &huge, .weight = 1e300, .quality = .5});
  CHECK_FALSE(model.Sound());
  const auto after = model.Derive();
  CHECK(model.quarantined().Size() == 1);
  CHECK(after->arm(1).quality == before->arm(1).quality);
  CHECK(model.Derive()->arm(1).quality == before->arm(1).quality);
  CHECK(model.quarantined().Size() == 1);
  CHECK(model.Heads(0).quality != nullptr);
  CHECK_FALSE(Model::Restore(model.Serialise(), kOptions));
}

TEST_CASE("a long history follows a linear truth") {
  Rng rng(11);
  Model model({.dimension = 3});
  model.AddArm();
  const auto truth = [](const Context& x) { return .6 + .2 * x[0] - .1 * x[1]; };
  for (int i = 0; i < 20000; ++i) {
    const Context context = test::RandomContext(rng, 3);
    test::Teach(model, {.arm = 0,
                        .context = &context,
                        .quality = truth(context) + .1 * rng.Normal(),
                        .cost_log_ratio = -1 + context[0] + .5 * rng.Normal()});
  }
  const auto posterior = model.Derive();
  for (int i = 0; i < 20; ++i) {
    const Context context = test::RandomContext(rng, 3);
    const Estimate estimate = posterior->Predict(0, context, {.list_price_usd = 1});
    // Four posterior deviations and what the prior precision of 50 still pulls.
    CHECK(std::abs(estimate.mean - truth(context)) < 4 * estimate.width + .005);
    CHECK(estimate.expected_cost_usd == Approx(std::exp(-1 + context[0])).epsilon(.05));
  }
}

TEST_CASE("what was learnt can be revised and taken back") {
  Rng rng(12);
  Model model = test::TaughtModel(rng, 5, 1, 50);
  const Context context = test::RandomContext(rng, 5);
  const Context other = test::RandomContext(rng, 5);
  const QualityLesson label{
      .arm = 0, .context = &context, .tick = 51, .value = .2, .weight = .5, .since = 51};
  const CostLesson bill{.arm = 0, .context = &context, .tick = 51, .log_ratio = -.2};
  Model untouched = model;
  Model revised = model;
  model.Learn(label);
  model.LearnCost(bill);
  CHECK(model.labels() == 51);
  model.Revise(label, .9);
  model.ReviseCost(bill, .7);
  QualityLesson better = label;
  better.value = .9;
  CostLesson dearer = bill;
  dearer.log_ratio = .7;
  revised.Learn(better);
  revised.LearnCost(dearer);
  CHECK(test::Distance(*model.Heads(0).quality, *revised.Heads(0).quality) < 1e-13);
  CHECK(test::Distance(*model.Heads(0).cost, *revised.Heads(0).cost) < 1e-13);
  model.Retract(better);
  model.RetractCost(dearer);
  CHECK(model.labels() == 50);
  CHECK(test::Distance(*model.Heads(0).quality, *untouched.Heads(0).quality) < 1e-13);
  CHECK(test::Distance(*model.Heads(0).cost, *untouched.Heads(0).cost) < 1e-13);
}

TEST_CASE("adding a constant to all rewards and the prior moves the mean by it") {
  for (std::uint64_t seed : {1, 2, 3}) {
    CAPTURE(seed);
    const ModelOptions low{.dimension = 5, .quality_mean = .5, .half_life = 300};
    ModelOptions high = low;
    high.quality_mean += .2;
    Model first = test::ColdModel(low, 1);
    Model second = test::ColdModel(high, 1);
    Rng rng(seed);
    for (int i = 0; i < 400; ++i) {
      const Context context = test::RandomContext(rng, 5);
      const double quality = .8 * rng.Uniform();
      test::Teach(first, {.arm = 0, .context = &context, .quality = quality});
      test::Teach(second, {.arm = 0, .context = &context, .quality = quality + .2});
    }
    const Context context = test::RandomContext(rng, 5);
    const RidgeSolution& a = *first.Heads(0).quality;
    const RidgeSolution& b = *second.Heads(0).quality;
    CHECK(PredictExactly(b, context).mean ==
          Approx(PredictExactly(a, context).mean + .2).epsilon(1e-12));
    CHECK(PredictExactly(b, context).variance == PredictExactly(a, context).variance);
    CHECK(b.b_n == Approx(a.b_n).epsilon(1e-11));
  }
}

TEST_CASE("what an arm learns does not depend on its place") {
  for (std::uint64_t seed : {1, 2, 3}) {
    CAPTURE(seed);
    const ModelOptions options{.dimension = 5, .half_life = 300};
    const ArmId places[] = {2, 0, 3, 1};
    Model model = test::ColdModel(options, 4);
    Model permuted = test::ColdModel(options, 4);
    Rng rng(seed);
    for (int i = 0; i < 400; ++i) {
      const Context context = test::RandomContext(rng, 5);
      test::Outcome outcome{static_cast<ArmId>(rng.Below(4)), &context, 1, rng.Uniform(), 0};
      test::Teach(model, outcome);
      outcome.arm = places[outcome.arm];
      test::Teach(permuted, outcome);
    }
    for (ArmId arm = 0; arm < 4; ++arm) {
      CHECK(model.Heads(arm).quality->theta == permuted.Heads(places[arm]).quality->theta);
      CHECK(model.Heads(arm).quality->b_n == permuted.Heads(places[arm]).quality->b_n);
    }
  }
}

}  // namespace
}  // namespace sluice::policy
