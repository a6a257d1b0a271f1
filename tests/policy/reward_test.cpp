#include "policy/reward.h"

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "policy/rng.h"

namespace sluice::policy {
namespace {

Verdict JudgeOne(const Signals& signals, double weight = 1) {
  const Report report{.source_weight = weight, .signals = signals};
  return Judge({&report, 1});
}

std::optional<Quality> QualityOf(const Signals& signals) {
  return JudgeOne(signals).quality;
}

TEST_CASE("explicit signals are averaged with full weight") {
  CHECK(QualityOf({.thumb = 1})->value == 1);
  CHECK(QualityOf({.thumb = -1})->value == 0);
  CHECK(QualityOf({.score = .25})->value == .25);
  CHECK(QualityOf({.reward = .4})->value == .4);
  CHECK(QualityOf({.task_success = false})->value == 0);
  const auto both = QualityOf({.score = .5, .task_success = true});
  CHECK(both->value == .75);
  CHECK(both->weight == 1);
  CHECK(QualityOf({.reward = .2, .thumb = 1, .score = .6})->value == Approx(.6));
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
  CHECK_FALSE(Judge({}).quality);
}

TEST_CASE("trust in a source is the weight of what it says") {
  CHECK(JudgeOne({.reward = .5}, .7).quality->weight == .7);
  CHECK(JudgeOne({.regenerated = true}, .5).quality->weight == .15);
  CHECK_FALSE(JudgeOne({.reward = .5}, 0).quality);
}

TEST_CASE("sources that contradict each other are averaged by their weights") {
  const Report reports[] = {{.source = 0, .source_weight = 1, .signals = {.thumb = 1}},
                            {.source = 1, .source_weight = .7, .signals = {.score = .2}}};
  const Verdict verdict = Judge(reports);
  CHECK(verdict.quality->value == Approx((1 + .7 * .2) / 1.7).epsilon(1e-15));
  CHECK(verdict.quality->weight == 1);
}

TEST_CASE("of one source the latest by seq then time then event id holds signal by signal") {
  std::vector<Report> reports{
      {.seq = 1, .time_us = 5, .event_id = "a", .signals = {.thumb = -1, .score = .4}},
      {.seq = 2, .time_us = 1, .event_id = "b", .signals = {.thumb = 1}},
      {.seq = 0, .time_us = 9, .event_id = "c", .signals = {.thumb = -1, .task_success = true}}};
  CHECK(Judge(reports).quality->value == Approx((1 + .4 + 1) / 3));
  reports[1].seq = 1;  // now the first is later in time
  CHECK(Judge(reports).quality->value == Approx((0 + .4 + 1) / 3));
  reports[1].time_us = 5;  // and now the event id decides
  CHECK(Judge(reports).quality->value == Approx((1 + .4 + 1) / 3));
}

TEST_CASE("a withdrawn thumb and a regeneration denied replace what was said before") {
  std::vector<Report> reports{{.event_id = "a", .signals = {.thumb = 1, .regenerated = true}},
                              {.seq = 1, .event_id = "b", .signals = {.thumb = 0}}};
  CHECK(Judge(reports).quality->value == 0);
  reports.push_back({.seq = 2, .event_id = "c", .signals = {.regenerated = false}});
  CHECK_FALSE(Judge(reports).quality);
}

TEST_CASE("a revocation withdraws what its source said before and nothing else") {
  std::vector<Report> reports{
      {.source = 3, .seq = 1, .event_id = "a", .served = 2, .signals = {.score = 1}},
      {.source = 3, .revoked = true, .seq = 2, .event_id = "b", .signals = {.score = .9}},
      {.source = 4, .event_id = "c", .signals = {.score = .3, .cost_usd = 5}}};
  CHECK(Judge(reports).quality->value == .3);
  CHECK_FALSE(Judge(reports).served);
  CHECK(Judge(reports).facts.cost_usd == 5);
  reports.push_back({.source = 3, .seq = 3, .event_id = "d", .signals = {.score = .5}});
  CHECK(Judge(reports).quality->value == Approx(.4));
  reports[1].seq = 9;
  CHECK(Judge(reports).quality->value == .3);
}

TEST_CASE("a default stands in only while nobody speaks of quality") {
  std::vector<Report> reports{
      {.source = 9, .source_weight = .3, .stands_in = true, .signals = {.reward = .6}}};
  CHECK(Judge(reports).quality == Quality{.value = .6, .weight = .3});
  reports.push_back({.source = 1, .event_id = "a", .signals = {.cost_usd = 2}});
  CHECK(Judge(reports).quality == Quality{.value = .6, .weight = .3});
  CHECK(Judge(reports).facts.cost_usd == 2);
  reports.push_back({.source = 1, .event_id = "b", .signals = {.thumb = 1}});
  CHECK(Judge(reports).quality == Quality{.value = 1, .weight = 1});
  reports.push_back({.source = 1, .revoked = true, .seq = 1, .event_id = "c"});
  CHECK(Judge(reports).quality == Quality{.value = .6, .weight = .3});
  reports[2].source = 2;
  reports[2].source_weight = 0;  // recorded, not learnt, but no silence either
  CHECK_FALSE(Judge(reports).quality);
}

TEST_CASE("facts are the latest whoever reports them and ties go to the lower source") {
  std::vector<Report> reports{
      {.source = 2, .time_us = 5, .served = 1, .signals = {.cost_usd = 1, .latency_ms = 10}},
      {.source = 1, .time_us = 7, .signals = {.cost_usd = 2, .input_tokens = 3}},
      {.source = 3, .time_us = 6, .served = 4, .signals = {.output_tokens = 8}}};
  const Verdict verdict = Judge(reports);
  CHECK(verdict.facts.cost_usd == 2);
  CHECK(verdict.facts.latency_ms == 10);
  CHECK(verdict.facts.input_tokens == 3u);
  CHECK(verdict.facts.output_tokens == 8u);
  CHECK_FALSE(verdict.facts.reward);
  CHECK(verdict.served == ArmId{4});
  reports[0].time_us = 7;
  CHECK(Judge(reports).facts.cost_usd == 2);
  reports[0].source = 0;
  CHECK(Judge(reports).facts.cost_usd == 1);
}

template <typename T>
std::optional<T> Sometimes(Rng& rng, T value) {
  return rng.Below(3) == 0 ? std::optional<T>(value) : std::nullopt;
}

// Small ranges, so that sources, orders and signals collide.
std::vector<Report> RandomReports(Rng& rng, const std::vector<std::string>& ids) {
  std::vector<Report> reports(1 + rng.Below(kReportsMax));
  for (std::size_t i = 0; i < reports.size(); ++i) {
    Report& report = reports[i];
    report.source = static_cast<std::uint16_t>(rng.Below(4));
    report.source_weight = static_cast<double>(rng.Below(11)) / 10;
    report.stands_in = rng.Below(8) == 0;
    report.revoked = rng.Below(10) == 0;
    report.seq = static_cast<std::uint32_t>(rng.Below(3));
    report.time_us = rng.Below(3);
    report.event_id = ids[i];
    report.served = Sometimes(rng, static_cast<ArmId>(rng.Below(5)));
    report.signals.reward = Sometimes(rng, rng.Uniform());
    report.signals.thumb = Sometimes(rng, static_cast<int>(rng.Below(3)) - 1);
    report.signals.score = Sometimes(rng, rng.Uniform());
    report.signals.task_success = Sometimes(rng, rng.Below(2) == 0);
    report.signals.regenerated = Sometimes(rng, rng.Below(2) == 0);
    report.signals.cost_usd = Sometimes(rng, rng.Uniform());
    report.signals.latency_ms = Sometimes(rng, rng.Uniform());
  }
  return reports;
}

TEST_CASE("the verdict is the same to the bit whatever the order of the reports") {
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < kReportsMax; ++i) {
    ids.push_back("event " + std::to_string(i));
  }
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    std::vector<Report> reports = RandomReports(rng, ids);
    const Verdict verdict = Judge(reports);
    if (verdict.quality) {
      REQUIRE(verdict.quality->value >= 0);
      REQUIRE(verdict.quality->value <= 1);
      REQUIRE(verdict.quality->weight > 0);
      REQUIRE(verdict.quality->weight <= 1);
    }
    for (int shuffle = 0; shuffle < 5; ++shuffle) {
      for (std::size_t i = reports.size(); i > 1; --i) {
        std::swap(reports[i - 1], reports[rng.Below(i)]);
      }
      const Verdict again = Judge(reports);
      REQUIRE(again.quality == verdict.quality);
      REQUIRE(again.served == verdict.served);
      REQUIRE(again.facts == verdict.facts);
    }
  }
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

TEST_CASE("a call may cost nothing and a negative or unknown cost is no cost") {
  CHECK_FALSE(CostUsdOf({}, kPrices));
  CHECK(CostUsdOf({.cost_usd = 0}, kPrices) == 0.);
  CHECK_FALSE(CostUsdOf({.cost_usd = -1}, kPrices));
  CHECK_FALSE(CostUsdOf({.cost_usd = std::nan("")}, kPrices));
  CHECK_FALSE(CostUsdOf({.cost_usd = HUGE_VAL}, kPrices));
  CHECK(CostUsdOf({.input_tokens = 0, .output_tokens = 0}, kPrices) == 0.);
}

}  // namespace
}  // namespace sluice::policy
