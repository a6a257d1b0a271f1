// Su et al., "CP-Router: An Uncertainty-Aware Router Between LLM and LRM" (arXiv 2505.19970): the
// cheap model answers where conformal prediction is certain about it, and the dear one elsewhere.
// Kept: split conformal prediction as the gate, and that it needs no training of a router. Other:
// outcome tables have no logits to make prediction sets of, so the set is the rewards above a
// one-sided bound: expected - quantile of the arm's last 300 errors at 1 - alpha, each taken before
// its label was learnt. From cheap to dear, the first arm whose bound reaches the bar answers; the
// budget moves the bar.
#include <algorithm>
#include <cmath>

#include "sim/baselines/makers.h"
#include "sim/baselines/paced.h"
#include "sim/baselines/ridges.h"

namespace sluice::sim {
namespace {

constexpr double kAlpha = 0.1;
constexpr double kThrift = 0.25;        // without a budget; the bar is .5
constexpr std::size_t kErrorsMin = 20;  // before, the expectation itself is the bound

class ConformalGate final : public Paced {
 public:
  explicit ConformalGate(const BaselineOptions& options)
      : Paced(options, kThrift), qualities_({.dimension = options.dimension, .mean = 0.7}) {}

  std::vector<double> Predict(const policy::Context& context, std::size_t arms) override {
    std::vector<double> quality;
    for (std::size_t a = 0; a < arms; ++a) {
      quality.push_back(qualities_.Mean(static_cast<policy::ArmId>(a), context));
    }
    return quality;
  }

 private:
  void Score(const policy::Context& context, std::span<double> scores) override {
    for (std::size_t a = 0; a < scores.size(); ++a) {
      scores[a] = qualities_.Mean(static_cast<policy::ArmId>(a), context);
    }
  }

  policy::ArmId ArmAt(const Rated& rated, const Arms& arms, double thrift) const override {
    const double bar = 1 - 2 * thrift;
    for (const policy::ArmId arm : arms.ladder) {
      if (thrift >= 1 || rated.scores[arm] - MarginOf(arm) >= bar) return arm;
    }
    return arms.ladder.back();
  }

  void Taught(const BaselineLesson& lesson) override {
    if (errors_.size() <= lesson.arm) {
      errors_.resize(lesson.arm + 1);
      margins_.resize(lesson.arm + 1, 0.0);
    }
    std::deque<double>& errors = errors_[lesson.arm];
    PushRecent(qualities_.Mean(lesson.arm, lesson.context) - lesson.reward, errors);
    qualities_.Add(lesson.arm, lesson.context, lesson.reward);
    if (errors.size() >= kErrorsMin) margins_[lesson.arm] = QuantileOf(errors);
  }

  double MarginOf(policy::ArmId arm) const { return arm < margins_.size() ? margins_[arm] : 0; }

  // The ceil((n + 1) (1 - alpha))-th smallest.
  static double QuantileOf(const std::deque<double>& errors) {
    std::vector<double> sorted(errors.begin(), errors.end());
    const double rank = std::ceil(static_cast<double>(sorted.size() + 1) * (1 - kAlpha));
    const auto at = sorted.begin() + static_cast<std::ptrdiff_t>(
                                         std::min(rank, static_cast<double>(sorted.size())) - 1);
    std::ranges::nth_element(sorted, at);
    return *at;
  }

  Ridges qualities_;
  std::vector<std::deque<double>> errors_;  // by arm: expected - seen
  std::vector<double> margins_;
};

}  // namespace

MadeBaseline MakeConformalGate(const BaselineOptions& options) {
  return std::make_unique<ConformalGate>(options);
}

}  // namespace sluice::sim
