// Chen et al., "FrugalGPT" (arXiv 2305.05176), and Aggarwal et al., "AutoMix" (arXiv 2310.12963): a
// scorer, or the model itself, says how good an answer looks, and the cascade goes on while that is
// below a threshold. Kept: the order from cheap to dear and a threshold a step, fitted to a budget:
// the next arm's mean reward so far less its cost at one weight, which the budget moves.
//
// The confidence is not real. An outcome table holds no answers, so it is the recorded judge's
// score of that very answer seen through noise of sd .1 (recorded_answers.h): no scorer that has
// only the answer knows as much. This flatters the cascade, and its row is no promise of what one
// would do.
#include <algorithm>
#include <numeric>

#include "sim/baselines/cascade.h"
#include "sim/baselines/makers.h"

namespace sluice::sim {
namespace {

class ConfidenceCascade final : public Cascade {
 public:
  explicit ConfidenceCascade(const BaselineOptions& options)
      : Cascade(options, ThriftOf(options.cost_weight)) {}

 private:
  double ThresholdOf(const Step& step, double thrift) const {
    const bool known = step.next < rewards_.size() && !rewards_[step.next].empty();
    double reward = known ? 0 : 1;  // of which nothing is known may be the best
    if (known) {
      const auto& rewards = rewards_[step.next];
      reward = std::accumulate(rewards.begin(), rewards.end(), 0.0) /
               static_cast<double>(rewards.size());
    }
    return reward - WeightOf(thrift) * step.next_usd;
  }

  bool GoesOn(const Step& step, const LastAnswer& answer, double thrift) const override {
    return answer.confidence < ThresholdOf(step, thrift);
  }

  double ShareGoingOn(const Step& step, double thrift) const override {
    const double threshold = ThresholdOf(step, thrift);
    if (step.last >= seen_.size() || seen_[step.last].empty()) return threshold > 0 ? 1 : 0;
    const auto& seen = seen_[step.last];
    const auto below = std::ranges::count_if(
        seen, [threshold](double confidence) { return confidence < threshold; });
    return static_cast<double>(below) / static_cast<double>(seen.size());
  }

  void Saw(std::size_t, const LastAnswer& answer) override {
    if (seen_.size() <= answer.arm) seen_.resize(answer.arm + 1);
    PushRecent(answer.confidence, seen_[answer.arm]);
  }

  void Taught(const BaselineLesson& lesson) override {
    if (rewards_.size() <= lesson.arm) rewards_.resize(lesson.arm + 1);
    PushRecent(lesson.reward, rewards_[lesson.arm]);
  }

  std::vector<std::deque<double>> seen_;     // confidences by arm
  std::vector<std::deque<double>> rewards_;  // by arm
};

}  // namespace

MadeBaseline MakeConfidenceCascade(const BaselineOptions& options) {
  return std::make_unique<ConfidenceCascade>(options);
}

}  // namespace sluice::sim
