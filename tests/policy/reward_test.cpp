#include "policy/reward.h"

#include <cmath>

#include <catch2/catch.hpp>

namespace sluice::policy {
namespace {

TEST_CASE("a reward is the quality whatever else is said") {
  const auto quality = QualityOf({.reward = .4, .thumb = 1, .regenerated = true});
  REQUIRE(quality);
  CHECK(quality->value == .4);
  CHECK(quality->weight == 1);
}

TEST_CASE("explicit signals are averaged with full weight") {
  CHECK(QualityOf({.thumb = 1})->value == 1);
  CHECK(QualityOf({.thumb = -1})->value == 0);
  CHECK(QualityOf({.score = .25})->value == .25);
  CHECK(QualityOf({.task_success = false})->value == 0);
  const auto both = QualityOf({.score = .5, .task_success = true});
  CHECK(both->value == .75);
  CHECK(both->weight == 1);
}

TEST_CASE("an implied signal weighs little") {
  const auto alone = QualityOf({.regenerated = true});
  CHECK(alone->value == 0);
  CHECK(alone->weight == .3);
  const auto with_thumb = QualityOf({.thumb = 1, .regenerated = true});
  CHECK(with_thumb->value == Approx(1 / 1.3));
  CHECK(with_thumb->weight == 1);
}

TEST_CASE("signals that say nothing about quality give none") {
  CHECK_FALSE(QualityOf({}));
  CHECK_FALSE(QualityOf({.thumb = 0}));
  CHECK_FALSE(QualityOf({.regenerated = false}));
  CHECK_FALSE(QualityOf({.cost_usd = 1, .output_tokens = 7}));
}

constexpr TokenPrices kPrices{.input_usd_per_million = 2, .output_usd_per_million = 10};

TEST_CASE("the billed cost comes before the list price") {
  CHECK(CostUsdOf({.cost_usd = .5, .input_tokens = 1, .output_tokens = 1}, kPrices) == .5);
  CHECK(*CostUsdOf({.input_tokens = 1000, .output_tokens = 100}, kPrices) == Approx(.003));
}

TEST_CASE("reasoning and cached tokens are parts of what they belong to") {
  CHECK(*CostUsdOf({.input_tokens = 1000,
                    .cached_input_tokens = 900,
                    .output_tokens = 100,
                    .reasoning_tokens = 60},
                   kPrices) == Approx(.003));
  CHECK(*CostUsdOf({.input_tokens = 1000, .reasoning_tokens = 100}, kPrices) == Approx(.003));
}

TEST_CASE("half a bill is no cost") {
  CHECK_FALSE(CostUsdOf({.input_tokens = 1000}, kPrices));
  CHECK_FALSE(CostUsdOf({.output_tokens = 1000}, kPrices));
}

TEST_CASE("a cost that is not positive is no cost") {
  CHECK_FALSE(CostUsdOf({}, kPrices));
  CHECK_FALSE(CostUsdOf({.cost_usd = 0}, kPrices));
  CHECK_FALSE(CostUsdOf({.cost_usd = -1}, kPrices));
  CHECK_FALSE(CostUsdOf({.cost_usd = std::nan("")}, kPrices));
  CHECK_FALSE(CostUsdOf({.cost_usd = HUGE_VAL}, kPrices));
  CHECK_FALSE(CostUsdOf({.input_tokens = 0, .output_tokens = 0}, kPrices));
}

}  // namespace
}  // namespace sluice::policy
