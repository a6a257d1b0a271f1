#include "policy/rng.h"

#include <cmath>

#include <catch2/catch.hpp>

namespace sluice::policy {
namespace {

TEST_CASE("the generator gives the published values of splitmix64") {
  CHECK(SplitMix64(0) == 0xe220a8397b1dcdafULL);
  CHECK(SplitMix64(1) == 0x910a2dec89025cc1ULL);
}

TEST_CASE("a uniform draw is a pure function of seed and sequence and stream") {
  const double stream_0[] = {.38697427624004088, .57712579535594599, .02546178675165389,
                             .17529560972327440};
  const double stream_1[] = {.71293533728579939, .33972209554901389};
  constexpr double kPrinted = 1e-17 + 0x1p-54;  // the values have 17 decimals
  for (std::uint64_t i = 0; i < 4; ++i) {
    CHECK(std::abs(RandomUniform(42, i, 0) - stream_0[i]) < kPrinted);
  }
  for (std::uint64_t i = 0; i < 2; ++i) {
    CHECK(std::abs(RandomUniform(42, i, 1) - stream_1[i]) < kPrinted);
  }
}

TEST_CASE("a stream of draws is the same draws one after another") {
  Rng rng(42, 1);
  CHECK(rng.Uniform() == RandomUniform(42, 0, 1));
  CHECK(rng.Uniform() == RandomUniform(42, 1, 1));
  CHECK(rng.Bits() == RandomBits(42, 2, 1));
}

TEST_CASE("a bounded draw stays below its bound and reaches every value") {
  Rng rng(7);
  for (std::uint64_t n : {1, 2, 3, 10}) {
    std::uint64_t seen = 0;
    for (int i = 0; i < 1000; ++i) {
      const std::uint64_t value = rng.Below(n);
      REQUIRE(value < n);
      seen |= std::uint64_t{1} << value;
    }
    CHECK(seen == (std::uint64_t{1} << n) - 1);
  }
}

TEST_CASE("normal draws have the moments of a normal") {
  constexpr int kDraws = 200000;
  Rng rng(11);
  double sum = 0;
  double square = 0;
  double fourth = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = rng.Normal();
    sum += x;
    square += x * x;
    fourth += x * x * x * x;
  }
  // Four standard errors of each moment: 1, sqrt 2 and sqrt 96 over sqrt n.
  const double unit = 4 / std::sqrt(static_cast<double>(kDraws));
  CHECK(std::abs(sum / kDraws) < unit);
  CHECK(std::abs(square / kDraws - 1) < unit * std::sqrt(2));
  CHECK(std::abs(fourth / kDraws - 3) < unit * std::sqrt(96));
}

}  // namespace
}  // namespace sluice::policy
