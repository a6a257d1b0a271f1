// Baselines that predict the quality of every arm: the choice is the largest score - weight * cost
// among the available arms, with costs and weight from the means that all share (paced.h). What
// differs is the model of quality. One thread at a time.
#pragma once

#include <memory>
#include <span>

#include "sim/baselines/baseline.h"

namespace sluice::sim {

class QualityModel {
 public:
  virtual ~QualityModel() = default;

  // Writes the expected quality of arms 0, 1, ...; NaN where nothing is known.
  virtual void Predict(const policy::Context& context, std::span<double> quality) = 0;
  // What arms are ranked by before their cost is taken off; NaN where nothing is known.
  virtual void Score(const policy::Context& context, std::span<double> scores) {
    Predict(context, scores);
  }
  // `cost_weight`: of the last request.
  virtual void Learn(const BaselineLesson& lesson, double cost_weight) = 0;

  // True: nothing is tried beside its choices.
  virtual bool explores() const { return false; }
  // True: a score takes so long that earlier ones are kept (paced.h).
  virtual bool slow() const { return false; }
  // Of utilities by arm, -infinity where an arm is not available.
  virtual policy::ArmId Choose(std::uint64_t tick, std::span<const double> utilities);
};

std::unique_ptr<Baseline> MakePriced(std::unique_ptr<QualityModel> model,
                                     const BaselineOptions& options);

}  // namespace sluice::sim
