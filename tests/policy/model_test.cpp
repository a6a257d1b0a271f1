#include "policy/model.h"

#include <cmath>
#include <cstring>

#include <catch2/catch.hpp>

#include "tests/support/policy_fixtures.h"

namespace sluice::policy {
namespace {

constexpr ModelOptions kOptions{.dimension = 5};

TEST_CASE("arms get ids in the order they are added") {
  Model model(kOptions);
  CHECK(model.AddArm() == 0);
  CHECK(model.AddArm() == 1);
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
  CHECK(estimate.expected_cost_usd == Approx(2 * .3 * std::exp(noise / 2)).epsilon(1e-5));
}

TEST_CASE("quality and cost are learnt apart") {
  Model model(kOptions);
  model.AddArm();
  Rng rng(2);
  const Context context = test::RandomContext(rng, 5);
  const ArmPosterior cold = model.Derive()->arm(0);
  model.Update({.arm = 0, .context = &context, .quality = .2});
  const ArmPosterior rated = model.Derive()->arm(0);
  CHECK(rated.quality != cold.quality);
  CHECK(rated.cost == cold.cost);
  CHECK(rated.quality_count == 1);
  CHECK(rated.cost_count == 0);
  model.Update({.arm = 0, .context = &context, .cost_log_ratio = .5});
  const ArmPosterior billed = model.Derive()->arm(0);
  CHECK(billed.quality == rated.quality);
  CHECK(billed.cost != rated.cost);
  CHECK(billed.cost_count == 1);
}

TEST_CASE("an outcome that says nothing changes nothing") {
  Rng rng(3);
  Model model = test::TaughtModel(rng, 5, 2, 20);
  const std::string before = model.Serialise();
  const Context context = test::RandomContext(rng, 5);
  model.Update({.arm = 1, .context = &context});
  CHECK(model.Serialise() == before);
}

TEST_CASE("arms that learnt nothing share their factors with the posterior before") {
  Rng rng(4);
  Model model = test::TaughtModel(rng, 5, 3, 30);
  const auto before = model.Derive();
  const Context context = test::RandomContext(rng, 5);
  model.Update({.arm = 1, .context = &context, .quality = .9, .cost_log_ratio = 0});
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
    trusted.Update({0, &context, 1, .1, .2});
    doubted.Update({0, &context, .1, .1, .2});
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
  CHECK(clone.Serialise() == before);
  const Context context = test::RandomContext(rng, 5);
  clone.Update({.arm = 0, .context = &context, .quality = 1});
  CHECK(model.Serialise() == before);
  CHECK(clone.Serialise() != before);
}

TEST_CASE("batching derivations never changes a model") {
  Rng rng(6);
  Model eager(kOptions);
  Model lazy(kOptions);
  eager.AddArm();
  lazy.AddArm();
  for (int i = 0; i < 100; ++i) {
    const Context context = test::RandomContext(rng, 5);
    const Example example{0, &context, .3, rng.Uniform(), rng.Uniform()};
    eager.Update(example);
    lazy.Update(example);
    eager.Derive();
  }
  CHECK(eager.Serialise() == lazy.Serialise());
  const Context context = test::RandomContext(rng, 5);
  const ArmTerms terms{.list_price_usd = 1};
  CHECK(test::Same(eager.Derive()->Predict(0, context, terms),
                   lazy.Derive()->Predict(0, context, terms)));
}

TEST_CASE("an arm whose statistics overflow keeps its last factor and is counted") {
  Rng rng(7);
  Model model = test::TaughtModel(rng, 5, 2, 20);
  const auto before = model.Derive();
  CHECK(model.quarantined() == 0);
  const Context huge = 1e20f * Context::Ones(5);
  model.Update({.arm = 1, .context = &huge, .weight = 1e300, .quality = .5});
  const auto after = model.Derive();
  CHECK(model.quarantined() == 1);
  CHECK(after->arm(1).quality == before->arm(1).quality);
  CHECK(model.Derive()->arm(1).quality == before->arm(1).quality);
  CHECK(model.quarantined() == 1);
  CHECK_FALSE(Model::Restore(model.Serialise(), kOptions));
}

TEST_CASE("a restored model goes on as the one that lived through it") {
  Rng rng(8);
  Model model = test::TaughtModel(rng, 5, 3, 50);
  auto restored = Model::Restore(model.Serialise(), model.options());
  REQUIRE(restored);
  CHECK(restored->arms() == 3);
  for (int i = 0; i < 20; ++i) {
    const Context context = test::RandomContext(rng, 5);
    const Example example{static_cast<ArmId>(rng.Below(3)), &context, 1, rng.Uniform(), 0};
    model.Update(example);
    restored->Update(example);
  }
  CHECK(restored->Serialise() == model.Serialise());
}

TEST_CASE("a model is restored only under the options it was written with") {
  Rng rng(9);
  const Model model = test::TaughtModel(rng, 5, 2, 20);
  const std::string bytes = model.Serialise();
  REQUIRE(Model::Restore(bytes, kOptions));
  ModelOptions other = kOptions;
  other.dimension = 6;
  CHECK_FALSE(Model::Restore(bytes, other));
  for (double ModelOptions::*field :
       {&ModelOptions::feature_precision, &ModelOptions::bias_precision,
        &ModelOptions::quality_mean, &ModelOptions::cost_log_ratio_mean, &ModelOptions::noise_shape,
        &ModelOptions::noise_scale}) {
    other = kOptions;
    other.*field = std::nextafter(other.*field, HUGE_VAL);
    CHECK_FALSE(Model::Restore(bytes, other));
  }
}

TEST_CASE("a damaged model never restores to something that breaks") {
  Rng rng(10);
  Model model = test::TaughtModel(rng, 5, 2, 20);
  const std::string bytes = model.Serialise();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK_FALSE(Model::Restore(std::string_view(bytes).substr(0, size), kOptions));
  }
  CHECK_FALSE(Model::Restore(bytes + '\0', kOptions));
  const Context context = test::RandomContext(rng, 5);
  for (int i = 0; i < 5000; ++i) {
    std::string damaged = bytes;
    const std::uint64_t bit = rng.Below(bytes.size() * 8);
    CAPTURE(i, bit);
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    auto restored = Model::Restore(damaged, kOptions);
    if (!restored) {
      continue;
    }
    REQUIRE(restored->Serialise() == damaged);
    const auto posterior = restored->Derive();
    for (ArmId arm = 0; arm < restored->arms(); ++arm) {
      const Estimate estimate = posterior->Predict(arm, context, {.list_price_usd = 1});
      REQUIRE(estimate.width >= 0);
      REQUIRE_FALSE(std::isnan(estimate.mean));
    }
  }
}

TEST_CASE("a long history follows a linear truth") {
  Rng rng(11);
  Model model({.dimension = 3});
  model.AddArm();
  const auto truth = [](const Context& x) { return .6 + .2 * x[0] - .1 * x[1]; };
  for (int i = 0; i < 20000; ++i) {
    const Context context = test::RandomContext(rng, 3);
    model.Update({.arm = 0,
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
    CHECK(estimate.expected_cost_usd == Approx(std::exp(-1 + context[0] + .125)).epsilon(.05));
  }
}

}  // namespace
}  // namespace sluice::policy
