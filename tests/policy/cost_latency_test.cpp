#include "policy/cost_latency.h"

#include <cmath>

#include <catch2/catch.hpp>

#include "policy/rng.h"

namespace sluice::policy {
namespace {

TEST_CASE("a calibration starts at its ratio and is moved by bills") {
  CostCalibration calibration;
  CHECK(calibration.Ratio() == 1);
  CHECK(CostCalibration(1.3).Ratio() == 1.3);
  calibration.Add(2, 1);  // twenty events of what was predicted stand against it
  CHECK(calibration.Ratio() == Approx((20 * .998 + 2) / (20 * .998 + 1)).epsilon(1e-12));
  for (int i = 0; i < 5000; ++i) {
    calibration.Add(2, 1);
  }
  CHECK(calibration.Ratio() == Approx(2).epsilon(1e-3));
}

TEST_CASE("a calibration weighs dear prompts more than cheap ones") {
  CostCalibration calibration;
  for (int i = 0; i < 5000; ++i) {
    calibration.Add(1, 1);
    calibration.Add(200, 100);
  }
  CHECK(calibration.Ratio() == Approx(201.0 / 101).epsilon(.01));
}

TEST_CASE("a hidden rise of a price is followed within a few bills") {
  CostCalibration calibration;
  for (int i = 0; i < 2000; ++i) {
    calibration.Add(1, 1);
  }
  for (int i = 0; i < 10; ++i) {
    calibration.Add(8, 1);
  }
  CHECK(calibration.Ratio() > 3);
  for (int i = 0; i < 100; ++i) {
    calibration.Add(8, 1);
  }
  CHECK(calibration.Ratio() == Approx(8).epsilon(.2));
}

TEST_CASE("steady bills leave the slow sums alone") {
  Rng rng(4);
  CostCalibration calibration;
  double billed = 20;
  double predicted = 20;
  for (int i = 0; i < 10000; ++i) {
    const double bill = std::exp(.25 * rng.Normal());
    calibration.Add(bill, 1);
    billed = .998 * billed + bill;
    predicted = .998 * predicted + 1;
    REQUIRE(calibration.Ratio() == Approx(billed / predicted).epsilon(1e-12));
  }
}

TEST_CASE("a ratio stays between a twentieth and twenty") {
  CostCalibration dear;
  CostCalibration cheap;
  for (int i = 0; i < 5000; ++i) {
    dear.Add(1e6, 1);
    cheap.Add(0, 1);
  }
  CHECK(dear.Ratio() == 20);
  CHECK(cheap.Ratio() == .05);
}

TEST_CASE("latency is unknown until five answers are known") {
  LatencyHead head;
  for (int i = 0; i < 4; ++i) {
    head.Add(3);
    CHECK(head.Expected() == 0);
    CHECK(head.Quantile99() == 0);
  }
  head.Add(3);
  CHECK(head.Expected() == Approx(3).epsilon(1e-12));
  CHECK(head.Quantile99() == Approx(3).epsilon(1e-6));
}

TEST_CASE("latency follows a log-normal") {
  constexpr std::uint64_t kSeed = 1;
  CAPTURE(kSeed);
  Rng rng(kSeed);
  LatencyHead head;
  for (int i = 0; i < 20000; ++i) {
    head.Add(std::exp(.5 + .4 * rng.Normal()));
  }
  // About 1,400 answers count: two standard errors.
  CHECK(head.Expected() == Approx(std::exp(.5 + .08)).epsilon(.025));
  CHECK(head.Quantile99() == Approx(std::exp(.5 + 2.3263 * .4)).epsilon(.06));
}

TEST_CASE("half of what is known of latency is gone after five hundred answers") {
  LatencyHead head;
  for (int i = 0; i < 100000; ++i) {
    head.Add(1);
  }
  for (int i = 0; i < 500; ++i) {
    head.Add(std::exp(2));
  }
  // Half the weight at 0 and half at 2: mean 1, variance 1.
  CHECK(head.Expected() == Approx(std::exp(1.5)).epsilon(1e-6));
  CHECK(head.Quantile99() == Approx(std::exp(1 + 2.3263478740408408)).epsilon(1e-6));
}

TEST_CASE("a clock that says nothing has passed breaks nothing") {
  LatencyHead head;
  for (double odd : {0.0, -1.0, 1e300, 1e-300, 5.0}) {
    head.Add(odd);
  }
  CHECK(std::isfinite(head.Expected()));
  CHECK(head.Expected() > 0);
  std::string bytes;
  head.Serialise(bytes);
  std::string_view in = bytes;
  CHECK(LatencyHead().Restore(in));
}

template <typename T>
void RestoresToItself(const T& value) {
  std::string bytes;
  value.Serialise(bytes);
  T restored;
  std::string_view in = bytes;
  REQUIRE(restored.Restore(in));
  CHECK(in.empty());
  CHECK(restored == value);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    std::string_view cut = std::string_view(bytes).substr(0, size);
    CHECK_FALSE(restored.Restore(cut));
  }
}

TEST_CASE("calibration and latency come back from their bytes") {
  CostCalibration calibration(.8);
  LatencyHead head;
  RestoresToItself(calibration);
  RestoresToItself(head);
  for (int i = 1; i < 20; ++i) {
    calibration.Add(i, 2);
    head.Add(i);
  }
  RestoresToItself(calibration);
  RestoresToItself(head);
}

}  // namespace
}  // namespace sluice::policy
