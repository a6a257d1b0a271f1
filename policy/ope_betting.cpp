// Confidence sequences by betting: a mixture over 12 fixed stakes, whose winnings exceed 1 / alpha
// with probability at most alpha when what is bet against is true (Ville).
#include "policy/integrity.h"
#include "policy/ope.h"

namespace sluice::policy {
namespace {

constexpr std::size_t kStakes = 12;
constexpr double kStakeMax = 0.98;  // of what one has: never everything
constexpr int kHalvings = 24;       // of [0, 1], until the bound is known
constexpr double kWon = 40;         // 1 / .025: each side of 95 %

// 2^-1 .. 2^-12.
constexpr std::array<double, kStakes> Stakes() {
  std::array<double, kStakes> stakes{};
  double stake = 1;
  for (double& entry : stakes) entry = stake *= 0.5;
  return stakes;
}
constexpr auto kStake = Stakes();

double Sum(const std::array<double, kStakes>& winnings) {
  double sum = 0;
  for (const double won : winnings) sum += won;
  return sum;
}

// Whether bets on "values >= 0 have a mean above m" ever win kWon. The smaller m, the more they
// win.
bool Refuted(std::span<const double> values, double m) {
  std::array<double, kStakes> winnings;
  winnings.fill(1);
  for (const double value : values) {
    const double gain = kStakeMax * (value / m - 1);
    for (std::size_t j = 0; j < kStakes; ++j) winnings[j] *= 1 + kStake[j] * gain;
    if (Sum(winnings) >= kWon * kStakes) return true;
  }
  return false;
}

// The largest mean in [0, 1] that is refuted from below.
double LowerBound(std::span<const double> values) {
  double refuted = 0;
  double stands = 1;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (refuted + stands) / 2;
    (Refuted(values, middle) ? refuted : stands) = middle;
  }
  return refuted;
}

}  // namespace

OpeInterval AnytimeInterval(std::span<const OpeSample> samples, double value_max) {
  std::vector<double> gains;
  std::vector<double> losses;
  for (const OpeSample& sample : samples) {
    if (!(sample.label_weight > 0)) continue;
    const double value = sample.value / value_max;
    gains.push_back(sample.weight * value);
    losses.push_back(sample.weight * (1 - value));
  }
  return {value_max * LowerBound(gains), value_max * (1 - LowerBound(losses))};
}

double IntegrityOf(std::span<const OpeSample> samples) {
  Integrity integrity;
  for (const OpeSample& sample : samples) {
    integrity.Fold({sample.weight, sample.unsupported, sample.weight_max});
  }
  return integrity.log_most();
}

}  // namespace sluice::policy
