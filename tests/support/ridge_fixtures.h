// What the tests of regressions share: random contributions, sums made visible, and posteriors to
// compare.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <string>
#include <vector>

#include "policy/ridge.h"
#include "tests/support/policy_fixtures.h"

namespace sluice::test {

inline double Dot(const std::vector<double>& a, const std::vector<double>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

inline std::vector<double> Wide(const policy::Context& x) {
  return {x.begin(), x.end()};
}

inline policy::RidgePrior FlatPrior(std::size_t dimension, double precision) {
  return {.precision = std::vector<double>(dimension, precision),
          .mean = std::vector<double>(dimension, 0.0)};
}

struct Contribution {
  policy::Context x;
  double target;
  double weight;
};

inline std::vector<Contribution> RandomContributions(std::size_t dimension, std::size_t count,
                                                     std::uint64_t seed = 5) {
  policy::Rng rng(seed);
  std::vector<Contribution> contributions;
  for (std::size_t i = 0; i < count; ++i) {
    policy::Context x = RandomContext(rng, dimension);
    contributions.push_back({std::move(x), rng.Uniform(), rng.Below(4) == 0 ? 0.3 : 1});
  }
  return contributions;
}

inline policy::RidgeStatistics StatisticsOf(const std::vector<Contribution>& contributions) {
  policy::RidgeStatistics statistics(static_cast<std::size_t>(contributions[0].x.size()));
  for (const Contribution& c : contributions) {
    statistics.Add(c.x, c.target, c.weight);
  }
  return statistics;
}

// Offsets in the format on disk.
inline constexpr std::size_t kCountAt = 8, kBorrowedAt = 16, kNAt = 24, kN2At = 32, kY2At = 40,
                             kBAt = 48;

// n, n2, y2, b and S as they stand in the bytes.
inline std::vector<double> SumsOf(const policy::RidgeStatistics& statistics) {
  std::string bytes;
  statistics.Serialise(bytes);
  std::vector<double> sums((bytes.size() - kNAt) / sizeof(double));
  std::memcpy(sums.data(), bytes.data() + kNAt, bytes.size() - kNAt);
  return sums;
}

inline double LargestDifference(const std::vector<double>& a, const std::vector<double>& b) {
  double largest = a.size() == b.size() ? 0 : HUGE_VAL;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    largest = std::max(largest, std::abs(a[i] - b[i]));
  }
  return largest;
}

inline double Largest(const std::vector<double>& values) {
  return LargestDifference(values, std::vector<double>(values.size(), 0.0));
}

// Largest difference of the posteriors, in theta, in U and in the noise.
inline double Distance(const policy::RidgeSolution& a, const policy::RidgeSolution& b) {
  return std::max({LargestDifference(a.theta, b.theta), LargestDifference(a.u, b.u) / Largest(a.u),
                   std::abs(a.b_n / b.b_n - 1), std::abs(a.a_n / b.a_n - 1)});
}

// In an order of its own; the same seed gives the same order.
template <typename T>
void Shuffle(std::vector<T>& values, policy::Rng& rng) {
  for (std::size_t i = values.size(); i > 1; --i) {
    std::swap(values[i - 1], values[rng.Below(i)]);
  }
}

}  // namespace sluice::test
