// Ong et al., "RouteLLM: Learning to Route LLMs with Preference Data" (arXiv 2406.18665), section
// 4: the score of arm a on prompt x is <v_a, W x + b> with a vector for each arm, and a beats c
// with probability logistic(score of a - score of c). Kept: the bilinear score, the logistic loss
// on preferences and stochastic gradients. Other: preferences come out of single outcomes
// (preferences.h), earlier ones are gone over again, and log-odds are turned into reward by one
// slope, so that several arms can be weighed against their cost.
#include <algorithm>
#include <limits>

#include "policy/rng.h"
#include "sim/baselines/makers.h"
#include "sim/baselines/preferences.h"
#include "sim/baselines/priced.h"

namespace sluice::sim {
namespace {

constexpr std::uint64_t kStartStream = 0x6d66;     // "mf"
constexpr std::uint64_t kReplayStream = 0x6d6672;  // "mfr"
constexpr std::size_t kRank = 8;
constexpr double kStart = 0.1;  // sd of the entries at the start
constexpr double kRate = 0.02;
constexpr double kDecay = 2e-3;           // of the weights, a step
constexpr std::size_t kReplays = 8;       // earlier preferences, for each new one
constexpr std::size_t kKeptMax = 20'000;  // preferences

class MatrixFactorisation final : public QualityModel {
 public:
  explicit MatrixFactorisation(const BaselineOptions& options)
      : dimension_(options.dimension),
        start_(options.seed, kStartStream),
        replay_(options.seed, kReplayStream),
        projection_(Drawn(kRank * dimension_)) {}

  void Predict(const policy::Context& context, std::span<double> quality) override {
    const std::vector<double> hidden = Hidden(context);
    double mean = 0;
    for (std::size_t a = 0; a < quality.size(); ++a) {
      quality[a] = a < arms_.size() ? ScoreOf(hidden, a) : std::numeric_limits<double>::quiet_NaN();
      if (a < arms_.size())
        mean += quality[a] / static_cast<double>(std::min(arms_.size(), quality.size()));
    }
    for (double& one : quality) {
      one = preferences_.mean_reward() + worth_.slope() * (one - mean);
    }
  }

  void Learn(const BaselineLesson& lesson, double) override {
    while (arms_.size() <= lesson.arm) arms_.push_back(Drawn(kRank));
    for (const Preference& preference : preferences_.Learn(lesson)) {
      const Kept kept{lesson.context, preference};
      worth_.Add(LogOdds(kept), preference.gain);
      Step(kept);
      for (std::size_t i = 0; i < kReplays && !kept_.empty(); ++i) {
        Step(kept_[replay_.Below(kept_.size())]);
      }
      if (kept_.size() < kKeptMax) kept_.push_back(kept);
    }
  }

 private:
  struct Kept {
    policy::Context context;
    Preference preference;
  };

  std::vector<double> Drawn(std::size_t count) {
    std::vector<double> drawn(count);
    for (double& entry : drawn) entry = kStart * start_.Normal();
    return drawn;
  }

  // W x; the bias of the context makes b.
  std::vector<double> Hidden(const policy::Context& context) const {
    std::vector<double> hidden(kRank, 0.0);
    for (std::size_t k = 0; k < kRank; ++k) {
      for (std::size_t i = 0; i < dimension_; ++i) {
        hidden[k] += projection_[k * dimension_ + i] * context[static_cast<Eigen::Index>(i)];
      }
    }
    return hidden;
  }

  double ScoreOf(const std::vector<double>& hidden, std::size_t arm) const {
    double score = 0;
    for (std::size_t k = 0; k < kRank; ++k) score += arms_[arm][k] * hidden[k];
    return score;
  }

  double LogOdds(const Kept& kept) const {
    const std::vector<double> hidden = Hidden(kept.context);
    return ScoreOf(hidden, kept.preference.one) - ScoreOf(hidden, kept.preference.other);
  }

  // One step down the gradient of the logistic loss.
  void Step(const Kept& kept) {
    const std::vector<double> hidden = Hidden(kept.context);
    std::vector<double>& one = arms_[kept.preference.one];
    std::vector<double>& other = arms_[kept.preference.other];
    double log_odds = 0;
    for (std::size_t k = 0; k < kRank; ++k) log_odds += (one[k] - other[k]) * hidden[k];
    const double push = kRate * (kept.preference.share - Logistic(log_odds));
    for (std::size_t k = 0; k < kRank; ++k) {
      const double apart = one[k] - other[k];
      for (std::size_t i = 0; i < dimension_; ++i) {
        double& weight = projection_[k * dimension_ + i];
        weight +=
            push * apart * kept.context[static_cast<Eigen::Index>(i)] - kRate * kDecay * weight;
      }
      one[k] += push * hidden[k] - kRate * kDecay * one[k];
      other[k] -= push * hidden[k] + kRate * kDecay * other[k];
    }
  }

  std::size_t dimension_;
  policy::Rng start_;
  policy::Rng replay_;
  std::vector<double> projection_;         // W: kRank rows
  std::vector<std::vector<double>> arms_;  // v_a
  Preferences preferences_;
  WorthOfOdds worth_;
  std::vector<Kept> kept_;
};

}  // namespace

MadeBaseline MakeMatrixFactorisation(const BaselineOptions& options) {
  return MakePriced(std::make_unique<MatrixFactorisation>(options), options);
}

}  // namespace sluice::sim
