// The static best of the past: every arm's quality is its mean reward so far, whatever the prompt.
// At a budget the shared pacing mixes two arms, so that this learns what the blind mix is in
// hindsight.
#include <limits>

#include "sim/baselines/makers.h"
#include "sim/baselines/priced.h"

namespace sluice::sim {
namespace {

class StaticBest final : public QualityModel {
 public:
  void Predict(const policy::Context&, std::span<double> quality) override {
    for (std::size_t a = 0; a < quality.size(); ++a) {
      quality[a] = a < arms_.size() && arms_[a].count > 0
                       ? arms_[a].sum / arms_[a].count
                       : std::numeric_limits<double>::quiet_NaN();
    }
  }

  void Learn(const BaselineLesson& lesson, double) override {
    if (arms_.size() <= lesson.arm) arms_.resize(lesson.arm + 1);
    arms_[lesson.arm].sum += lesson.reward;
    ++arms_[lesson.arm].count;
  }

 private:
  struct Sum {
    double sum = 0;
    double count = 0;
  };
  std::vector<Sum> arms_;
};

}  // namespace

MadeBaseline MakeStaticBest(const BaselineOptions& options) {
  return MakePriced(std::make_unique<StaticBest>(), options);
}

}  // namespace sluice::sim
