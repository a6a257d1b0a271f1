#include "sim/bootstrap.h"

#include <cmath>
#include <vector>

#include <catch2/catch.hpp>

#include "policy/rng.h"

namespace sluice::sim {
namespace {

std::vector<double> Normals(std::size_t count, std::uint64_t seed) {
  policy::Rng rng(seed);
  std::vector<double> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(3 + rng.Normal());
  return values;
}

}  // namespace

TEST_CASE("a bootstrap interval is as wide as the normal one where that is right") {
  const std::vector<double> values = Normals(400, 1);
  double mean = 0;
  for (const double value : values) mean += value / 400;
  double square = 0;
  for (const double value : values) square += (value - mean) * (value - mean) / 400;
  const double half = 1.96 * std::sqrt(square / 400);
  const Interval interval = Bootstrap95(values);
  CHECK(interval.low == Approx(mean - half).margin(0.1 * half));
  CHECK(interval.high == Approx(mean + half).margin(0.1 * half));
}

TEST_CASE("a bootstrap interval of twenty values covers the mean about as often as it says") {
  int covered = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const Interval interval = Bootstrap95(Normals(20, seed));
    covered += interval.low <= 3 && 3 <= interval.high ? 1 : 0;
  }
  // Percentiles of few values are a little narrow: some 93 %; three standard errors are 5 %.
  CHECK(covered >= 176);
  CHECK(covered <= 197);
}

TEST_CASE("the same values give the same bootstrap interval and equal ones give none") {
  const std::vector<double> values = Normals(20, 5);
  CHECK(Bootstrap95(values).low == Bootstrap95(values).low);
  CHECK(Bootstrap95(values).high == Bootstrap95(values).high);
  const Interval one = Bootstrap95(std::vector<double>{0.25});
  CHECK(one.low == 0.25);
  CHECK(one.high == 0.25);
  CHECK(Bootstrap95({}).high == 0);
}

}  // namespace sluice::sim
