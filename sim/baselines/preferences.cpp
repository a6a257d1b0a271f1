#include "sim/baselines/preferences.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sluice::sim {
namespace {

constexpr double kTie = 0.02;
// Before anything is known: a slope of .1, as sure as log-odds of 1 five times.
constexpr double kSlope = 0.1;
constexpr double kSlopeWeight = 5;

double ShareOf(double gain) {
  if (std::abs(gain) <= kTie) return 0.5;
  return gain > 0 ? 1 : 0;
}

}  // namespace

std::vector<Preference> Preferences::Learn(const BaselineLesson& lesson) {
  std::vector<Preference> preferences;
  for (std::size_t b = 0; b < arms_.size(); ++b) {
    const Memory& memory = arms_[b];
    if (b == lesson.arm || memory.size() == 0) continue;
    std::size_t nearest = 0;
    float least = std::numeric_limits<float>::infinity();
    for (std::size_t i = 0; i < memory.size(); ++i) {
      const float distance = memory.SquaredDistance(i, lesson.context);
      if (distance < least) {
        least = distance;
        nearest = i;
      }
    }
    const double gain = lesson.reward - memory.reward(nearest);
    preferences.push_back({lesson.arm, static_cast<policy::ArmId>(b), ShareOf(gain), gain});
  }
  if (arms_.size() <= lesson.arm) arms_.resize(lesson.arm + 1);
  arms_[lesson.arm].Add(lesson.context, lesson.reward);
  sum_ += lesson.reward;
  ++count_;
  return preferences;
}

void WorthOfOdds::Add(double log_odds, double gain) {
  products_ += log_odds * gain;
  squares_ += log_odds * log_odds;
}

double WorthOfOdds::slope() const {
  return std::max(0.0, (products_ + kSlopeWeight * kSlope) / (squares_ + kSlopeWeight));
}

double Logistic(double log_odds) {
  return 1 / (1 + std::exp(-log_odds));
}

}  // namespace sluice::sim
