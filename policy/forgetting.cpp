#include "policy/forgetting.h"

#include <algorithm>
#include <cmath>

namespace sluice::policy {
namespace {

constexpr std::uint64_t kRebaseAfter = 32;  // half-lives
// Older than this a contribution is lost in rounding; the exponent stays where doubles are exact.
constexpr std::int64_t kExponentMin = -200;
// Scales any sum to nothing, and fits an int twice over.
constexpr std::uint64_t kScaleMax = 4000;

double Fraction(std::uint64_t tick, std::uint64_t half_life) {
  return static_cast<double>(tick % half_life) / static_cast<double>(half_life);
}

}  // namespace

int Forgetting::Advance(std::uint64_t tick) {
  tick_ = std::max(tick_, tick);
  if (!forgets() || tick_ / half_life_ - landmark_ < kRebaseAfter) {
    return 0;
  }
  const std::uint64_t moved = tick_ / half_life_ - landmark_;
  landmark_ += moved;
  return -static_cast<int>(std::min(moved, kScaleMax));
}

double Forgetting::Factor(double weight, std::uint64_t tick) const {
  if (!forgets()) {
    return weight;
  }
  const auto half_lives =
      static_cast<std::int64_t>(tick / half_life_) - static_cast<std::int64_t>(landmark_);
  return std::ldexp(weight * std::exp2(Fraction(tick, half_life_)),
                    static_cast<int>(std::max(half_lives, kExponentMin)));
}

double Forgetting::Decay() const {
  if (!forgets()) {
    return 1;
  }
  return std::ldexp(std::exp2(-Fraction(tick_, half_life_)),
                    -static_cast<int>(tick_ / half_life_ - landmark_));
}

double Forgetting::DecaySince(std::uint64_t tick) const {
  if (!forgets() || tick >= tick_) {
    return 1;
  }
  return std::exp2(-static_cast<double>(tick_ - tick) / static_cast<double>(half_life_));
}

std::optional<Forgetting> Forgetting::At(std::uint64_t half_life, std::uint64_t tick,
                                         std::uint64_t landmark) {
  Forgetting clock(half_life);
  clock.tick_ = tick;
  clock.landmark_ = landmark;
  const std::uint64_t half_lives = half_life > 0 ? tick / half_life : 0;
  if (landmark > half_lives || half_lives - landmark >= kRebaseAfter ||
      (half_life == 0 && landmark != 0)) {
    return std::nullopt;
  }
  return clock;
}

}  // namespace sluice::policy
