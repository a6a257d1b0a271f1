#include "policy/drift.h"

#include <cmath>
#include <optional>
#include <string>

#include <catch2/catch.hpp>

#include "policy/rng.h"

namespace sluice::policy {
namespace {

TEST_CASE("the sum follows the reference trace") {  // oracle 14
  const DriftOptions options{.slack = .25, .threshold = 20};
  const double residuals[] = {.2, -1.5, -2, .1, -1, -3, .5};
  const double down[] = {0, 1.25, 3, 2.65, 3.4, 6.15, 5.4};
  Cusum cusum;
  Cusum mirrored;
  for (int i = 0; i < 7; ++i) {
    CAPTURE(i);
    CHECK_FALSE(cusum.Add(residuals[i], options));
    CHECK_FALSE(mirrored.Add(-residuals[i], options));
    CHECK(cusum.down == Approx(down[i]).margin(1e-12));
    CHECK(mirrored.up == cusum.down);
    CHECK(mirrored.down == cusum.up);
  }
}

TEST_CASE("an alarm is raised past the threshold and starts both sums again") {
  const DriftOptions options{.slack = .5, .threshold = 2};
  Cusum cusum;
  CHECK_FALSE(cusum.Add(2.5, options));  // at the threshold, not past it
  CHECK(cusum.up == 2);
  CHECK(cusum.Add(.75, options));
  CHECK(cusum == Cusum{});
  CHECK_FALSE(cusum.Add(-2, options));
  CHECK(cusum.Add(-2, options));
  CHECK(cusum == Cusum{});
}

TEST_CASE("a residual that is no number is no evidence") {
  Cusum cusum{.up = 1, .down = 2};
  for (double bad : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    CHECK_FALSE(cusum.Add(bad, {}));
    CHECK(cusum == Cusum{.up = 1, .down = 2});
  }
}

TEST_CASE("one residual is no change however far off it is") {
  const DriftOptions options{.slack = .5, .threshold = 12};
  Cusum cusum;
  CHECK_FALSE(cusum.Add(-1e9, options));
  CHECK(cusum == Cusum{.up = 0, .down = 2.5});
  CHECK_FALSE(cusum.Add(-3, options));
  CHECK(cusum.down == 5);
}

TEST_CASE("what was is back once labels are likelier under it") {
  Recurrence recurrence;
  CHECK_FALSE(recurrence.Add(-5));
  CHECK(recurrence.sum == 0);
  CHECK_FALSE(recurrence.Add(1e9));  // one label is not enough
  CHECK(recurrence.sum == 3);
  CHECK_FALSE(recurrence.Add(-1));
  for (double bad : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    CHECK_FALSE(recurrence.Add(bad));
  }
  CHECK_FALSE(recurrence.Add(3));
  CHECK_FALSE(recurrence.Add(3));
  CHECK(recurrence.sum == 8);  // at the threshold, not past it
  CHECK(recurrence.Add(.5));
  CHECK(recurrence == Recurrence{});
}

// The likelihood ratio of a shift by two deviations, over labels that did not shift.
TEST_CASE("what is gone comes back falsely less than once in e to the eighth labels") {
  constexpr std::uint64_t kSeed = 44;
  CAPTURE(kSeed);
  Rng rng(kSeed);
  Recurrence recurrence;
  int returns = 0;
  constexpr int kLabels = 1'000'000;
  for (int i = 0; i < kLabels; ++i) {
    returns += recurrence.Add(2 * rng.Normal() - 2) ? 1 : 0;
  }
  CHECK(returns < kLabels / std::exp(8));
}

// The rates of the two sides add, so that one side alone runs twice as long.
TEST_CASE("false alarms come as rarely as Siegmund says") {  // oracle 14
  const DriftOptions options{.slack = .25, .threshold = 12};
  constexpr std::uint64_t kSeed = 42;
  CAPTURE(kSeed);
  Rng rng(kSeed);
  Cusum cusum;
  constexpr int kAlarms = 2000;
  std::uint64_t residuals = 0;
  for (int alarms = 0; alarms < kAlarms; ++residuals) {
    alarms += cusum.Add(rng.Normal(), options) ? 1 : 0;
  }
  const double run_length = 2 * static_cast<double>(residuals) / kAlarms;
  CHECK(std::abs(run_length / 5159 - 1) < .15);
}

TEST_CASE("a shift of one deviation is found in about thirty residuals") {
  const DriftOptions options{.slack = .25, .threshold = 20};
  constexpr std::uint64_t kSeed = 43;
  CAPTURE(kSeed);
  Rng rng(kSeed);
  constexpr int kAlarms = 2000;
  int residuals = 0;
  for (int alarm = 0; alarm < kAlarms; ++alarm) {
    Cusum cusum;
    for (++residuals; !cusum.Add(rng.Normal() - 1, options); ++residuals) {
    }
  }
  CHECK(residuals / static_cast<double>(kAlarms) == Approx(27).epsilon(.05));
}

TEST_CASE("a history counts the resets after a lesson") {
  ResetHistory resets;
  CHECK(resets.BitsSince(0) == 0);
  resets.Add(10, 4);
  resets.Add(20, 4);
  CHECK(resets.BitsSince(9) == 8);
  CHECK(resets.BitsSince(10) == 4);  // the label that alarmed is learnt after its reset
  CHECK(resets.BitsSince(19) == 4);
  CHECK(resets.BitsSince(20) == 0);
}

TEST_CASE("a history knows what the sums never had") {
  ResetHistory resets;
  resets.Add(10, 4);
  REQUIRE(resets.Miss(20, 30));
  resets.Add(40, 7);
  CHECK(resets.BitsSince(9) == 11);
  CHECK(resets.BitsSince(19) == 7);
  CHECK(resets.BitsSince(20) >= ResetHistory::kMissedBits);
  CHECK(resets.BitsSince(29) >= ResetHistory::kMissedBits);
  CHECK(std::ldexp(1e300, -resets.BitsSince(29)) == 0);
  CHECK(resets.BitsSince(30) == 7);
  CHECK(resets.BitsSince(40) == 0);
  for (int i = 0; i < 20; ++i) resets.Add(50, 60);
  CHECK(resets.BitsSince(25) >= ResetHistory::kMissedBits);
}

TEST_CASE("a history has room for 64 stretches that the sums never had") {
  ResetHistory resets;
  for (std::uint64_t i = 1; i <= 64; ++i) {
    REQUIRE(resets.Miss(10 * i, 10 * i + 5));
  }
  const ResetHistory full = resets;
  CHECK_FALSE(resets.Miss(1000, 1001));
  CHECK(resets == full);
  std::string bytes;
  full.Serialise(bytes);
  std::string_view in = bytes;
  ResetHistory restored;
  CHECK(restored.Restore(in, 1000));
  CHECK(restored == full);
}

TEST_CASE("a history stays short however many resets there were") {
  for (int bits : {1, 4, 7, 60}) {
    CAPTURE(bits);
    ResetHistory resets;
    for (std::uint64_t at = 1; at <= 1000; ++at) {
      resets.Add(at, bits);
      REQUIRE(resets.size() <= 65);
      REQUIRE(resets.BitsSince(at - 1) == bits);
      // What is older than the history is scaled to nothing all the same.
      if (at > 64) {
        REQUIRE(resets.BitsSince(0) >= 64);
        REQUIRE(resets.BitsSince(0) < 64 + bits);
      }
    }
  }
}

TEST_CASE("a history comes back from its bytes and impossible ones are refused") {
  ResetHistory resets;
  resets.Add(10, 4);
  resets.Add(20, 4);
  std::string bytes;
  resets.Serialise(bytes);
  const auto restored = [](std::string_view in, std::uint64_t end) {
    ResetHistory history;
    return history.Restore(in, end) ? std::optional(history) : std::nullopt;
  };
  CHECK(restored(bytes, 21) == resets);
  CHECK_FALSE(restored(bytes, 20));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK_FALSE(restored(std::string_view(bytes).substr(0, size), 21));
  }
  std::string backwards = bytes;
  backwards[4] = 21;  // the first reset's order number
  CHECK_FALSE(restored(backwards, 30));
  std::string negative = bytes;
  negative[12] = -1;  // the low byte of its bits
  CHECK_FALSE(restored(negative, 21));
}

}  // namespace
}  // namespace sluice::policy
