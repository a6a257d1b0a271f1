// Nguyen et al., "MetaLLM: A High-performant and Cost-efficient Dynamic Framework for Wrapping
// LLMs" (arXiv 2407.10834): a linear bandit whose reward is quality minus a multiple of the cost.
// Kept:
// LinUCB as in Li et al. 2010 (ridge 1, alpha times the width without its noise) on quality, and
// the plain Lagrangian: the cost is taken off with one multiplier, which the shared pacing sets.
// Other: the prior mean is 1, the best there can be, and not 0, with which an alpha that is good at
// work never tries an arm again on prompts unlike those that it answered. Nothing of what the
// product adds: no noise estimate, no drift, no randomisation.
#include "sim/baselines/makers.h"
#include "sim/baselines/priced.h"
#include "sim/baselines/ridges.h"

namespace sluice::sim {
namespace {

constexpr double kAlpha = 0.1;

class MetaLlm final : public QualityModel {
 public:
  explicit MetaLlm(const BaselineOptions& options)
      : ridges_({.dimension = options.dimension, .precision = 1, .mean = 1}) {}

  void Predict(const policy::Context& context, std::span<double> quality) override {
    for (std::size_t a = 0; a < quality.size(); ++a) {
      quality[a] = ridges_.Mean(static_cast<policy::ArmId>(a), context);
    }
  }

  void Score(const policy::Context& context, std::span<double> scores) override {
    for (std::size_t a = 0; a < scores.size(); ++a) {
      const auto arm = static_cast<policy::ArmId>(a);
      const auto known = ridges_.Predict(arm, context);
      scores[a] = known.mean + kAlpha * known.width;
    }
  }

  void Learn(const BaselineLesson& lesson, double) override {
    ridges_.Add(lesson.arm, lesson.context, lesson.reward);
  }

  bool explores() const override { return true; }

 private:
  Ridges ridges_;
};

}  // namespace

MadeBaseline MakeMetaLlm(const BaselineOptions& options) {
  return MakePriced(std::make_unique<MetaLlm>(options), options);
}

}  // namespace sluice::sim
