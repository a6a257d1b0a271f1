// Wang et al., "MixLLM: Dynamic Routing in Mixed Large Language Models" (arXiv 2502.18482): light
// predictors of quality and cost for each arm, a meta-decision that weighs quality, cost and
// uncertainty, and training by policy gradient while serving. Kept: those three. The predictors are
// ridges; the meta-decision is a softmax over quality + w_u width + w_a - weight * cost, whose
// weights follow REINFORCE (Williams 1992) on reward - weight * cost against what the meta-decision
// expected. Left out: query tags, the encoder that is tuned with them, latency.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "policy/rng.h"
#include "sim/baselines/makers.h"
#include "sim/baselines/priced.h"
#include "sim/baselines/ridges.h"

namespace sluice::sim {
namespace {

constexpr std::uint64_t kChoiceStream = 0x6d69786c6c6d;  // "mixllm"
constexpr double kTemperature = 0.02;
constexpr double kRate = 2e-4;
constexpr double kNoise = 0.2;        // sd of a reward, for the width
constexpr double kWidthWeight = 0.5;  // w_u at the start; w_a begins at 0
constexpr double kAdvantageMax = 0.5;
constexpr std::size_t kOpenMax = 100'000;  // decisions without an outcome

class MixLlm final : public QualityModel {
 public:
  explicit MixLlm(const BaselineOptions& options)
      : seed_(options.seed), ridges_({.dimension = options.dimension, .mean = 0.7}) {}

  void Predict(const policy::Context& context, std::span<double> quality) override {
    for (std::size_t a = 0; a < quality.size(); ++a) {
      quality[a] = ridges_.Mean(static_cast<policy::ArmId>(a), context);
    }
  }

  void Score(const policy::Context& context, std::span<double> scores) override {
    arm_weights_.resize(std::max(arm_weights_.size(), scores.size()), 0.0);
    for (std::size_t a = 0; a < scores.size(); ++a) {
      const auto known = ridges_.Predict(static_cast<policy::ArmId>(a), context);
      scores[a] = known.mean + width_weight_ * kNoise * known.width + arm_weights_[a];
    }
  }

  policy::ArmId Choose(std::uint64_t tick, std::span<const double> utilities) override {
    Open now{Softmax(utilities), 0};
    policy::ArmId chosen = QualityModel::Choose(tick, utilities);
    double draw = policy::RandomUniform(seed_, tick, kChoiceStream);
    bool drawn = false;
    for (std::size_t a = 0; a < utilities.size(); ++a) {
      if (now.shares[a] == 0) continue;
      now.expected += now.shares[a] * utilities[a];
      draw -= now.shares[a];
      if (draw >= 0 || drawn) continue;
      chosen = static_cast<policy::ArmId>(a);
      drawn = true;
    }
    open_[tick] = std::move(now);
    if (open_.size() > kOpenMax) open_.erase(open_.begin());
    return chosen;
  }

  void Learn(const BaselineLesson& lesson, double cost_weight) override {
    const auto open = open_.find(lesson.tick);
    if (open != open_.end()) {
      Climb(lesson, open->second, lesson.reward - cost_weight * lesson.cost_usd);
      open_.erase(open);
    }
    ridges_.Add(lesson.arm, lesson.context, lesson.reward);
  }

  bool explores() const override { return true; }

 private:
  // A decision without an outcome.
  struct Open {
    std::vector<double> shares;
    double expected = 0;  // utility
  };

  static std::vector<double> Softmax(std::span<const double> utilities) {
    const double most = *std::ranges::max_element(utilities);
    std::vector<double> shares;
    double sum = 0;
    for (const double utility : utilities) {
      shares.push_back(std::exp((utility - most) / kTemperature));
      sum += shares.back();
    }
    for (double& share : shares) share /= sum;
    return shares;
  }

  // A step along advantage * gradient of ln(share of the arm).
  void Climb(const BaselineLesson& lesson, const Open& open, double gain) {
    const double advantage = std::clamp(gain - open.expected, -kAdvantageMax, kAdvantageMax);
    const double step = kRate * advantage / kTemperature;
    for (std::size_t a = 0; a < open.shares.size(); ++a) {
      const double push = step * ((a == lesson.arm ? 1 : 0) - open.shares[a]);
      if (push == 0) continue;
      const auto known = ridges_.Predict(static_cast<policy::ArmId>(a), lesson.context);
      width_weight_ = std::max(0.0, width_weight_ + push * kNoise * known.width);
      arm_weights_[a] += push;
    }
  }

  std::uint64_t seed_;
  Ridges ridges_;
  double width_weight_ = kWidthWeight;
  std::vector<double> arm_weights_;
  std::map<std::uint64_t, Open> open_;  // by tick
};

}  // namespace

MadeBaseline MakeMixLlm(const BaselineOptions& options) {
  return MakePriced(std::make_unique<MixLlm>(options), options);
}

}  // namespace sluice::sim
