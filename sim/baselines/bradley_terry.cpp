// Frick et al., "Prompt-to-Leaderboard" (arXiv 2502.14855): Bradley-Terry strengths that depend on
// the prompt; a language model gives them there. Kept: a leaderboard a prompt, from preferences.
// Other: the prompt's cluster gives it (k-means on the first 300 contexts, one cluster before),
// each cluster's strengths have the leaderboard of all prompts as their prior, preferences come out
// of single outcomes and log-odds are turned into reward (preferences.h).
#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "sim/baselines/clusters.h"
#include "sim/baselines/makers.h"
#include "sim/baselines/preferences.h"
#include "sim/baselines/priced.h"

namespace sluice::sim {
namespace {

constexpr std::size_t kFitAfter = 300;  // contexts
constexpr std::size_t kClusters = 8;
constexpr double kPrecision =
    1;                      // of the prior: 0 for the leaderboard of all, which is the others'
constexpr int kSweeps = 4;  // from where the last solution was

// Strengths on what was won so far; the most probable ones under a Gaussian prior.
class Leaderboard {
 public:
  void Add(const Preference& preference, std::size_t arms) {
    Resize(std::max(arms, strengths_.size()));
    wins_[preference.one][preference.other] += preference.share;
    wins_[preference.other][preference.one] += 1 - preference.share;
  }

  void Resize(std::size_t arms) {
    strengths_.resize(arms, 0.0);
    wins_.resize(arms);
    for (auto& row : wins_) row.resize(arms, 0.0);
  }

  // One Newton step an arm, a few times over.
  void Solve(std::span<const double> prior) {
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
      for (std::size_t a = 0; a < strengths_.size(); ++a)
        StepArm(a, a < prior.size() ? prior[a] : 0);
    }
  }

  const std::vector<double>& strengths() const { return strengths_; }

 private:
  void StepArm(std::size_t a, double prior) {
    double slope = kPrecision * (prior - strengths_[a]);
    double curvature = kPrecision;
    for (std::size_t b = 0; b < strengths_.size(); ++b) {
      const double played = wins_[a][b] + wins_[b][a];
      const double share = Logistic(strengths_[a] - strengths_[b]);
      slope += wins_[a][b] - played * share;
      curvature += played * share * (1 - share);
    }
    strengths_[a] += slope / curvature;
  }

  std::vector<double> strengths_;
  std::vector<std::vector<double>> wins_;  // [a][b]: how often a beat b, ties half
};

class BradleyTerry final : public QualityModel {
 public:
  explicit BradleyTerry(const BaselineOptions& options) : clusters_(kClusters, options.seed) {}

  void Predict(const policy::Context& context, std::span<double> quality) override {
    const Leaderboard& board = boards_[clusters_.Of(context)];
    const std::vector<double>& strengths = board.strengths();
    double mean = 0;
    for (const double strength : strengths)
      mean += strength / static_cast<double>(strengths.size());
    for (std::size_t a = 0; a < quality.size(); ++a) {
      quality[a] = a < strengths.size()
                       ? preferences_.mean_reward() + worth_.slope() * (strengths[a] - mean)
                       : std::numeric_limits<double>::quiet_NaN();
    }
  }

  void Learn(const BaselineLesson& lesson, double) override {
    const std::size_t cluster = clusters_.Of(lesson.context);
    for (const Preference& preference : preferences_.Learn(lesson)) {
      const std::vector<double>& strengths = boards_[cluster].strengths();
      if (std::max(preference.one, preference.other) < strengths.size()) {
        worth_.Add(strengths[preference.one] - strengths[preference.other], preference.gain);
      }
      Count(lesson.context, preference);
    }
    if (clusters_.fitted()) return;
    first_.push_back(lesson.context);
    if (first_.size() == kFitAfter) Split();
  }

 private:
  struct Early {
    policy::Context context;
    Preference preference;
  };

  void Count(const policy::Context& context, const Preference& preference) {
    const std::size_t arms = preferences_.arms();
    if (!clusters_.fitted()) early_.push_back({context, preference});
    all_.Add(preference, arms);
    all_.Solve({});
    Leaderboard& board = boards_[clusters_.Of(context)];
    board.Add(preference, arms);
    for (Leaderboard& each : boards_) {
      each.Resize(arms);
      each.Solve(all_.strengths());
    }
  }

  // From one cluster to many: what was learnt so far is counted again.
  void Split() {
    clusters_.Fit(first_);
    first_.clear();
    boards_.fill({});
    all_ = {};
    for (const Early& early : std::exchange(early_, {})) Count(early.context, early.preference);
  }

  Clusters clusters_;
  Preferences preferences_;
  WorthOfOdds worth_;
  Leaderboard all_;
  std::array<Leaderboard, kClusters> boards_;
  std::vector<policy::Context> first_;
  std::vector<Early> early_;
};

}  // namespace

MadeBaseline MakeBradleyTerry(const BaselineOptions& options) {
  return MakePriced(std::make_unique<BradleyTerry>(options), options);
}

}  // namespace sluice::sim
