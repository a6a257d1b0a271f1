#include <cmath>
#include <cstring>

#include <Eigen/QR>
#include <catch2/catch.hpp>

#include "policy/model.h"
#include "tests/support/ridge_fixtures.h"

namespace sluice::policy {
namespace {

constexpr std::size_t kDimension = 5;
constexpr ModelOptions kOptions{.dimension = kDimension, .half_life = 400};

Model TaughtArms(std::uint64_t seed, std::size_t arms, std::size_t examples) {
  Rng rng(seed);
  Model model = test::ColdModel(kOptions, arms);
  test::TeachAtRandom(model, rng, examples);
  return model;
}

TEST_CASE("an arm that starts from others estimates their mean and knows it badly") {
  Model model = TaughtArms(1, 3, 300);
  ArmSet others;
  others.Add(0);
  others.Add(2);
  const auto arm = model.AddArm({.from = ArmStart::From::kOthers, .others = others});
  REQUIRE(arm == ArmId{3});
  Model cold = test::ColdModel(kOptions, 1);
  for (std::size_t i = 0; i < kDimension; ++i) {
    const auto mean = [&](auto head) { return (head(0)->theta[i] + head(2)->theta[i]) / 2; };
    CHECK(model.Heads(3).quality->theta[i] ==
          Approx(mean([&](ArmId id) { return model.Heads(id).quality; })).epsilon(1e-12));
    CHECK(model.Heads(3).cost->theta[i] ==
          Approx(mean([&](ArmId id) { return model.Heads(id).cost; })).epsilon(1e-12));
  }
  CHECK(model.Heads(3).quality->u == cold.Heads(0).quality->u);
}

TEST_CASE("an arm that starts from nobody starts at the prior") {
  Model model = TaughtArms(1, 2, 100);
  model.AddArm({.from = ArmStart::From::kOthers});
  model.AddArm();
  CHECK(test::Distance(*model.Heads(2).quality, *model.Heads(3).quality) == 0);
}

TEST_CASE("what an arm started from is what it goes back to") {
  Model model = TaughtArms(2, 2, 300);
  model.AddArm({.from = ArmStart::From::kOthers, .others = ArmSet::FirstN(2)});
  const RidgeSolution start = *model.Heads(2).quality;
  Rng rng(2);
  for (int i = 0; i < 20; ++i) {
    const Context context = test::RandomContext(rng, kDimension);
    test::Teach(model, {.arm = 2, .context = &context, .quality = 0});
  }
  CHECK(test::Distance(*model.Heads(2).quality, start) > .01);
  model.Advance(model.tick() + 40 * kOptions.half_life);
  CHECK(test::LargestDifference(model.Heads(2).quality->theta, start.theta) < 1e-9);
}

TEST_CASE("an arm that starts as another says the same as it, less surely") {
  for (std::uint64_t seed : {1, 2, 3}) {
    CAPTURE(seed);
    Model model = TaughtArms(seed, 2, 600);
    const Context context = Context::Ones(kDimension);
    for (int i = 0; i < 50; ++i) {
      model.Calibrate({.arm = 1, .context = &context, .log_ratio = 1});
    }
    REQUIRE(model.AddArm({.from = ArmStart::From::kArm, .arm = 1, .strength = 25}));
    const ArmHeads source = model.Heads(1);
    const ArmHeads copy = model.Heads(2);
    CHECK(test::LargestDifference(copy.quality->theta, source.quality->theta) < 1e-12);
    CHECK(test::LargestDifference(copy.cost->theta, source.cost->theta) < 1e-12);
    CHECK(copy.cost_ratio == source.cost_ratio);
    CHECK(PredictExactly(*copy.quality, context).variance >
          PredictExactly(*source.quality, context).variance);
    // Twenty-five observations, each as noisy as those of the source.
    CHECK(copy.quality->a_n == Approx(5 + 12.5).epsilon(1e-12));
    CHECK((copy.quality->b_n - .16) / 12.5 ==
          Approx((source.quality->b_n - .16) / (source.quality->a_n - 5)).epsilon(1e-9));
    CHECK(model.Derive()->arm(2).quality_count == 0);
  }
}

TEST_CASE("an arm that starts as another in full is as sure") {
  Model model = TaughtArms(4, 1, 100);
  REQUIRE(model.AddArm({.from = ArmStart::From::kArm, .arm = 0, .strength = 1e9}));
  CHECK(test::Distance(*model.Heads(0).quality, *model.Heads(1).quality) < 1e-12);
  CHECK(test::Distance(*model.Heads(0).cost, *model.Heads(1).cost) < 1e-12);
}

TEST_CASE("what is borrowed is forgotten like everything else") {
  Model model = TaughtArms(5, 1, 400);
  REQUIRE(model.AddArm({.from = ArmStart::From::kArm, .arm = 0, .strength = 20}));
  CHECK(model.Heads(1).quality->a_n == Approx(5 + 10).epsilon(1e-12));
  model.Advance(model.tick() + kOptions.half_life);
  CHECK(model.Heads(1).quality->a_n == Approx(5 + 5).epsilon(1e-12));
}

TEST_CASE("an arm starts from sums that were made elsewhere") {
  Model source = TaughtArms(6, 2, 900);
  const std::string statistics = source.ArmStatistics(1);
  // In a model with another clock, in full: the same posterior.
  Model model = test::ColdModel(kOptions, 1);
  model.Advance(123456);
  const ArmStart start{
      .from = ArmStart::From::kStatistics, .statistics = statistics, .strength = 1e9};
  REQUIRE(model.AddArm(start) == ArmId{1});
  CHECK(test::Distance(*model.Heads(1).quality, *source.Heads(1).quality) < 1e-12);
  CHECK(test::Distance(*model.Heads(1).cost, *source.Heads(1).cost) < 1e-12);
  // Sums that were handed on are handed on the same.
  REQUIRE(model.AddArm(
      {.from = ArmStart::From::kStatistics, .statistics = model.ArmStatistics(1), .strength = 25}));
  CHECK(model.Heads(2).quality->a_n == Approx(5 + 12.5).epsilon(1e-12));
  CHECK(Model::Restore(model.Serialise(), kOptions));
}

TEST_CASE("a prior mean is fitted to what another model predicted in another space") {
  Model source = TaughtArms(8, 1, 900);
  Rng rng(8);
  const Eigen::MatrixXf any = Eigen::MatrixXf::NullaryExpr(
      kDimension, kDimension, [&] { return static_cast<float>(rng.Normal()); });
  const Eigen::MatrixXf turn = any.householderQr().householderQ();
  std::vector<Context> contexts;
  std::vector<double> quality;
  std::vector<double> cost;
  const auto ask = [&](const Context& old) {
    contexts.emplace_back(turn * old);
    quality.push_back(MeanExactly(*source.Heads(0).quality, old));
    cost.push_back(MeanExactly(*source.Heads(0).cost, old));
  };
  for (int i = 0; i < 300; ++i) ask(test::RandomContext(rng, kDimension));
  Model model = test::ColdModel(kOptions, 0);
  REQUIRE(model.AddArm({.from = ArmStart::From::kPredictions,
                        .contexts = contexts,
                        .quality = quality,
                        .cost_log_ratio = cost}));
  const ArmHeads heads = model.Heads(0);
  double spread = 0;
  for (std::size_t i = 0; i < contexts.size(); ++i) {
    CHECK(MeanExactly(*heads.quality, contexts[i]) == Approx(quality[i]).margin(.005));
    CHECK(MeanExactly(*heads.cost, contexts[i]) == Approx(cost[i]).margin(.005));
    spread = std::max(spread, std::abs(quality[i] - quality[0]));
  }
  // The prior alone would not do, nor another constant.
  CHECK(quality.front() < .6);
  CHECK(spread > .03);
  // A mean, and no evidence: as unsure as a cold arm.
  Model cold = test::ColdModel(kOptions, 1);
  CHECK(heads.quality->u == cold.Heads(0).quality->u);
  CHECK(heads.quality->a_n == cold.Heads(0).quality->a_n);
  CHECK(Model::Restore(model.Serialise(), kOptions));
}

TEST_CASE("sums that are not of this model are refused and nothing is added") {
  Rng rng(7);
  Model model = TaughtArms(7, 1, 50);
  const std::string before = model.Serialise();
  const std::string good = model.ArmStatistics(0);
  const auto refuses = [&](const std::string& statistics) {
    return !model.AddArm({.from = ArmStart::From::kStatistics, .statistics = statistics});
  };
  for (std::size_t size = 0; size < good.size(); ++size) {
    REQUIRE(refuses(good.substr(0, size)));
  }
  CHECK(refuses(good + '\0'));
  CHECK(refuses(test::TaughtModel(rng, 6, 1, 50).ArmStatistics(0)));
  std::string indefinite = good;
  const double off_diagonal = 1e6;
  const std::size_t second_of_s = 4 + test::kBAt + 8 * kDimension + 8;
  std::memcpy(indefinite.data() + second_of_s, &off_diagonal, sizeof(off_diagonal));
  CHECK(refuses(indefinite));
  CHECK((model.Serialise() == before));
  CHECK_FALSE(refuses(good));
}

TEST_CASE("new arms change nothing that others have learnt") {
  Model model = TaughtArms(8, 2, 300);
  const auto before = model.Derive();
  const std::string statistics = model.ArmStatistics(0) + model.ArmStatistics(1);
  model.AddArm({.from = ArmStart::From::kOthers, .others = ArmSet::FirstN(2)});
  model.AddArm({.from = ArmStart::From::kArm, .arm = 0});
  const auto after = model.Derive();
  CHECK((model.ArmStatistics(0) + model.ArmStatistics(1) == statistics));
  for (ArmId arm : {0, 1}) {
    CHECK(after->arm(arm).quality == before->arm(arm).quality);
    CHECK(after->arm(arm).cost == before->arm(arm).cost);
  }
}

}  // namespace
}  // namespace sluice::policy
