// Ding et al., "BEST-Route: Adaptive LLM Routing with Test-Time Optimal Compute" (arXiv
// 2506.22716), in its simplest form: a prompt's difficulty, from 0 to 1, against .3 and .7 gives
// one of three tiers. Kept: the two thresholds, which the budget moves up and down together. Other:
// difficulty is the share of the last 300 prompts for which the cheapest arm is expected to do
// better, by a ridge on what it was seen to do; there is no sampling of several answers.
#include <algorithm>
#include <cmath>

#include "sim/baselines/makers.h"
#include "sim/baselines/paced.h"
#include "sim/baselines/ridges.h"

namespace sluice::sim {
namespace {

constexpr double kLower = 0.3;
constexpr double kUpper = 0.7;
constexpr double kThrift = 0.5;  // at which the thresholds are these

// Of two rungs they are the first and the third tier, of four or more those between share the
// second one, the dearest of them standing for it.
policy::ArmId RungOf(const Ladder& ladder, int tier) {
  if (tier == 0 || ladder.size() == 1) return ladder.front();
  if (tier == 2) return ladder.back();
  return ladder[ladder.size() - 2];
}

class Thresholds final : public Paced {
 public:
  explicit Thresholds(const BaselineOptions& options)
      : Paced(options, kThrift), qualities_({.dimension = options.dimension, .mean = 0.7}) {}

 private:
  void Score(const policy::Context& context, std::span<double> scores) override {
    for (std::size_t a = 0; a < scores.size(); ++a) {
      scores[a] = qualities_.Mean(static_cast<policy::ArmId>(a), context);
    }
  }

  void Compare(const std::deque<Rated>& recent, const Arms& arms) override {
    easiness_.clear();
    for (const Rated& rated : recent) easiness_.push_back(rated.scores[arms.ladder.front()]);
    std::ranges::sort(easiness_);
  }

  policy::ArmId ArmAt(const Rated& rated, const Arms& arms, double thrift) const override {
    const double difficulty = DifficultyOf(rated.scores[arms.ladder.front()]);
    // From -.7, where all are of the third tier, to +.7, where all are of the first.
    const double shift = kUpper * (thrift - kThrift) / kThrift;
    const int tier = difficulty <= kLower + shift ? 0 : difficulty < kUpper + shift ? 1 : 2;
    return RungOf(arms.ladder, tier);
  }

  void Taught(const BaselineLesson& lesson) override {
    qualities_.Add(lesson.arm, lesson.context, lesson.reward);
  }

  double DifficultyOf(double easiness) const {
    if (easiness_.empty()) return 0.5;
    const auto easier = easiness_.end() - std::ranges::upper_bound(easiness_, easiness);
    return static_cast<double>(easier) / static_cast<double>(easiness_.size());
  }

  Ridges qualities_;
  std::vector<double> easiness_;  // of the last prompts, rising
};

}  // namespace

MadeBaseline MakeThresholds(const BaselineOptions& options) {
  return std::make_unique<Thresholds>(options);
}

}  // namespace sluice::sim
