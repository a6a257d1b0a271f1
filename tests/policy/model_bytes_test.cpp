#include <cmath>
#include <cstring>

#include <catch2/catch.hpp>

#include "policy/model.h"
#include "tests/support/ridge_fixtures.h"

namespace sluice::policy {
namespace {

constexpr ModelOptions kOptions{
    .dimension = 5, .half_life = 70, .drift = {.slack = .1, .threshold = 3, .cool_down = 20}};

// A model with everything in it: alarms, prior means of its own, bills, latencies, a moved
// landmark.
Model LivedModel(Rng& rng, std::size_t examples) {
  Model model = test::ColdModel(kOptions, 2);
  test::TeachAtRandom(model, rng, examples);
  model.AddArm({.from = ArmStart::From::kOthers, .others = ArmSet::FirstN(2)});
  model.AddArm({.from = ArmStart::From::kArm, .arm = 1});
  test::TeachAtRandom(model, rng, examples);
  for (std::uint64_t i = 0; i < 30; ++i) {
    const Context context = test::RandomContext(rng, 5);
    const auto arm = static_cast<ArmId>(rng.Below(4));
    model.Calibrate({.arm = arm, .context = &context, .log_ratio = rng.Uniform()});
    model.LearnLatency(arm, 1 + rng.Uniform());
  }
  return model;
}

TEST_CASE("a restored model goes on as the one that lived through it") {
  for (std::uint64_t seed : {8, 9, 10}) {
    CAPTURE(seed);
    Rng rng(seed);
    Model model = LivedModel(rng, 1500);
    REQUIRE(model.alarms(0) + model.alarms(1) > 0);
    for (int restart = 0; restart < 5; ++restart) {
      auto restored = Model::Restore(model.Serialise(), kOptions);
      REQUIRE(restored);
      REQUIRE((restored->Serialise() == model.Serialise()));
      const Rng same = rng;
      test::TeachAtRandom(model, rng, 200);
      rng = same;
      test::TeachAtRandom(*restored, rng, 200);
      REQUIRE((restored->Serialise() == model.Serialise()));
      REQUIRE(restored->labels() == model.labels());
      REQUIRE(restored->alarms(1) == model.alarms(1));
      const Context context = test::RandomContext(rng, 5);
      model = std::move(*restored);
    }
  }
}

TEST_CASE("what was learnt before a restart can be taken back after it") {
  Rng rng(7);
  Model model = LivedModel(rng, 500);
  const Context context = test::RandomContext(rng, 5);
  const QualityLesson label{
      .arm = 0, .context = &context, .tick = model.tick(), .value = .9, .since = 100000};
  model.Learn(label);
  auto restored = Model::Restore(model.Serialise(), kOptions);
  REQUIRE(restored);
  model.Retract(label);
  restored->Retract(label);
  CHECK((model.Serialise() == restored->Serialise()));
}

TEST_CASE("a model is restored only under the options it was written with") {
  Rng rng(9);
  const std::string bytes = LivedModel(rng, 20).Serialise();
  REQUIRE(Model::Restore(bytes, kOptions));
  const auto refuses = [&](auto change) {
    ModelOptions other = kOptions;
    change(other);
    return !Model::Restore(bytes, other);
  };
  CHECK(refuses([](ModelOptions& o) { o.dimension = 6; }));
  CHECK(refuses([](ModelOptions& o) { o.half_life = 71; }));
  CHECK(refuses([](ModelOptions& o) { o.drift.detect = false; }));
  CHECK(refuses([](ModelOptions& o) { o.drift.slack *= 2; }));
  CHECK(refuses([](ModelOptions& o) { o.drift.threshold *= 2; }));
  CHECK(refuses([](ModelOptions& o) { o.drift.reset_bits = 5; }));
  CHECK(refuses([](ModelOptions& o) { o.drift.cool_down = 21; }));
  CHECK(refuses([](ModelOptions& o) { o.drift.freeze_share = .6; }));
  CHECK(refuses([](ModelOptions& o) { o.drift.freeze_labels = 999; }));
  for (double ModelOptions::*field :
       {&ModelOptions::feature_precision, &ModelOptions::bias_precision,
        &ModelOptions::quality_mean, &ModelOptions::cost_log_ratio_mean, &ModelOptions::noise_shape,
        &ModelOptions::noise_scale}) {
    CHECK(refuses([&](ModelOptions& o) { o.*field = std::nextafter(o.*field, HUGE_VAL); }));
  }
}

TEST_CASE("a damaged model never restores to something that breaks") {
  Rng rng(10);
  const std::string bytes = LivedModel(rng, 60).Serialise();
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
    REQUIRE((restored->Serialise() == damaged));
    const auto posterior = restored->Derive();
    for (ArmId arm = 0; arm < restored->arms(); ++arm) {
      const Estimate estimate = posterior->Predict(arm, context, {.list_price_usd = 1});
      REQUIRE(estimate.width >= 0);
      REQUIRE_FALSE(std::isnan(estimate.mean));
      REQUIRE(std::isfinite(estimate.expected_latency_s));
      REQUIRE(posterior->arm(arm).cost_ratio > 0);
    }
  }
}

}  // namespace
}  // namespace sluice::policy
