#include "sim/bootstrap.h"

#include <algorithm>
#include <vector>

#include "policy/rng.h"

namespace sluice::sim {
namespace {

constexpr std::uint64_t kSeed = 95;
constexpr std::size_t kResamples = 10'000;
constexpr std::size_t kTail = kResamples / 40;  // 2.5 % on each side

}  // namespace

Interval Bootstrap95(std::span<const double> values) {
  if (values.empty()) return {};
  policy::Rng rng(kSeed);
  std::vector<double> means;
  means.reserve(kResamples);
  for (std::size_t i = 0; i < kResamples; ++i) {
    double sum = 0;
    for (std::size_t k = 0; k < values.size(); ++k) sum += values[rng.Below(values.size())];
    means.push_back(sum / static_cast<double>(values.size()));
  }
  std::ranges::sort(means);
  return {means[kTail], means[kResamples - 1 - kTail]};
}

}  // namespace sluice::sim
