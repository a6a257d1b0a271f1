#include "policy/model.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "policy/check.h"

namespace sluice::policy {
namespace {

// A bill of more than e^20 times the list price is a slip of a unit; the ratio is clipped anyway.
constexpr double kBilledLogRatioMax = 20;

std::shared_ptr<const RidgePrior> PriorOf(const ModelOptions& options, double bias_mean) {
  RidgePrior prior;
  prior.precision.assign(options.dimension, options.feature_precision);
  prior.precision.back() = options.bias_precision;
  prior.mean.assign(options.dimension, 0.0);
  prior.mean.back() = bias_mean;
  prior.a0 = options.noise_shape;
  prior.b0 = options.noise_scale;
  return std::make_shared<const RidgePrior>(std::move(prior));
}

// Of a label under a model, but for a constant.
double LogDensity(const RidgeSolution& solution, const QualityLesson& lesson) {
  const Prediction now = PredictExactly(solution, *lesson.context);
  const double variance = solution.b_n / solution.a_n * (1 + now.variance);
  const double residual = lesson.value - now.mean;
  return -(std::log(variance) + residual * residual / variance) / 2;
}

const ModelOptions& Checked(const ModelOptions& options) {
  Check(options.dimension > 0 && options.dimension <= kContextMax,
        "a model has 1 to kContextMax dimensions");
  Check(options.feature_precision > 0 && options.bias_precision > 0 && options.noise_shape > 0 &&
            options.noise_scale > 0,
        "a prior is proper");
  Check(options.drift.slack >= 0 && options.drift.threshold > 0 && options.drift.reset_bits >= 0 &&
            options.drift.reset_bits <= 60,
        "a detector has a slack, a threshold and at most 60 bits of reset");
  return options;
}

}  // namespace

Model::Model(const ModelOptions& options)
    : options_(Checked(options)),
      quality_prior_(PriorOf(options, options.quality_mean)),
      cost_prior_(PriorOf(options, options.cost_log_ratio_mean)),
      clock_(options.half_life) {}

void Model::Advance(std::uint64_t tick) {
  const int exponent = clock_.Advance(tick);
  if (exponent == 0) {
    return;
  }
  for (Arm& arm : arms_) {
    arm.quality.Rebase(exponent);
    arm.cost.Rebase(exponent);
    if (arm.former) {
      arm.former->quality.Rebase(exponent);
    }
  }
}

Model::Arm& Model::Taught(ArmId arm, const Context* context) {
  Check(arm < arms_.size(), "a lesson is of an arm that exists");
  Check(context != nullptr, "a lesson has a context");
  return arms_[arm];
}

Alarm Model::Learn(const QualityLesson& lesson) {
  Arm& arm = Taught(lesson.arm, lesson.context);
  Advance(lesson.tick);
  ++labels_;
  arm.last_label = ++lessons_;
  const Alarm alarm = Watch(arm, lesson);
  next_since_ = std::max(next_since_, lesson.since + 1);
  ForSumsOf(arm, lesson, [&](Regression& quality, double factor) {
    quality.Add(*lesson.context, lesson.value, factor);
  });
  return alarm;
}

Alarm Model::Watch(Arm& arm, const QualityLesson& lesson) {
  if (!options_.drift.detect) {
    return Alarm::kNone;
  }
  if (Returns(arm, lesson)) {
    return Alarm::kReturn;
  }
  if (arm.cool_down > 0) {
    --arm.cool_down;
    return Alarm::kNone;
  }
  const RidgeSolution* solution = arm.quality.Solution(clock_);
  if (solution == nullptr) {
    return Alarm::kNone;
  }
  const Prediction now = PredictExactly(*solution, *lesson.context);
  const double sigma = std::sqrt(solution->b_n / solution->a_n);
  const double z = (lesson.value - now.mean) / (sigma * std::sqrt(1 + now.variance));
  if (!arm.cusum.Add(z, options_.drift)) {
    return Alarm::kNone;
  }
  ++arm.alarms;
  if (MostArmsAlarm(arm)) {
    // Told once: what comes after is judged afresh, should learning go on.
    for (Arm& other : arms_) {
      other.last_alarm = 0;
    }
    return Alarm::kFreeze;
  }
  arm.last_alarm = lessons_;
  arm.cool_down = options_.drift.cool_down;
  // After all that was learnt, and before this label if it is new.
  Reset(arm, std::max(next_since_, lesson.since));
  return Alarm::kReset;
}

// Of what the arm was and what is kept of it already, that is kept which has more evidence.
void Model::Reset(Arm& arm, std::uint64_t at) {
  if (options_.drift.reset_bits == 0) {
    return;
  }
  if (!arm.former || arm.former->quality.sums().n() < arm.quality.sums().n()) {
    arm.former = Former{arm.quality, arm.resets, at, {}};
    arm.former->quality.ClearPending();
  }
  arm.former->recurrence = {};
  arm.quality.Reset(options_.drift.reset_bits);
  arm.resets.Add(at, options_.drift.reset_bits);
}

// The former model and the one of now change places when new labels say so. An arm that came back
// is none that alarmed.
bool Model::Returns(Arm& arm, const QualityLesson& lesson) {
  if (!arm.former) {
    return false;
  }
  const RidgeSolution* then = arm.former->quality.Solution(clock_);
  const RidgeSolution* now = arm.quality.Solution(clock_);
  if (then == nullptr || now == nullptr ||
      !arm.former->recurrence.Add(LogDensity(*then, lesson) - LogDensity(*now, lesson))) {
    return false;
  }
  const std::uint64_t at = std::max(next_since_, lesson.since);
  Former back = *arm.former;
  if (!back.resets.Miss(back.until, at)) {
    return false;
  }
  arm.quality.MovePendingTo(back.quality);
  arm.former = Former{arm.quality, arm.resets, at, {}};
  arm.quality = back.quality;
  arm.resets = back.resets;
  arm.cusum = {};
  ++arm.alarms;
  arm.last_alarm = 0;
  return true;
}

// Only arms that had labels lately could have alarmed: removed ones are no reason to go on.
bool Model::MostArmsAlarm(const Arm& alarmed) const {
  const auto lately = [&](std::uint64_t lesson) {
    return lesson > 0 && lessons_ - lesson < options_.drift.freeze_labels;
  };
  std::size_t heard = 0;
  std::size_t alarms = 0;
  for (const Arm& arm : arms_) {
    heard += lately(arm.last_label) ? 1 : 0;
    alarms += &arm == &alarmed || lately(arm.last_alarm) ? 1 : 0;
  }
  return alarms >= 2 &&
         static_cast<double>(alarms) > options_.drift.freeze_share * static_cast<double>(heard);
}

double Model::QualityFactor(const ResetHistory& resets, const QualityLesson& lesson) const {
  const int bits = lesson.since > 0 ? resets.BitsSince(lesson.since) : 0;
  return std::ldexp(clock_.Factor(lesson.weight, lesson.tick), -bits);
}

// Changes the sums that have, or should have, this label, given the factor that it counts with.
template <typename Change>
void Model::ForSumsOf(Arm& arm, const QualityLesson& lesson, const Change& change) const {
  if (const double factor = QualityFactor(arm.resets, lesson); factor > 0) {
    change(arm.quality, factor);
  }
  if (!arm.former || lesson.since == 0 || lesson.since >= arm.former->until) {
    return;
  }
  if (const double factor = QualityFactor(arm.former->resets, lesson); factor > 0) {
    change(arm.former->quality, factor);
  }
}

void Model::Revise(const QualityLesson& was, double value) {
  Arm& arm = Taught(was.arm, was.context);
  ForSumsOf(arm, was, [&](Regression& quality, double factor) {
    if (quality.sums().count() > 0) {
      quality.Revise(*was.context, was.value, value, factor);
    }
  });
}

void Model::Retract(const QualityLesson& was) {
  Arm& arm = Taught(was.arm, was.context);
  Check(labels_ > 0, "only what was learnt is retracted");
  --labels_;
  ForSumsOf(arm, was, [&](Regression& quality, double factor) {
    if (quality.sums().count() > 0) {
      quality.Retract(*was.context, was.value, factor);
    }
  });
}

void Model::Fade(ArmId id, double strength, std::uint64_t at) {
  Check(id < arms_.size(), "an arm that fades exists");
  Check(strength > 0, "what is left of it is something");
  Arm& arm = arms_[id];
  const double n = arm.quality.sums().n() * clock_.Decay();
  const int bits = n > strength ? static_cast<int>(std::ceil(std::log2(n / strength))) : 0;
  next_since_ = std::max(next_since_, at);
  arm.cusum = {};
  arm.former.reset();
  if (bits == 0) {
    return;
  }
  arm.quality.Reset(bits);
  arm.resets.Add(next_since_, bits);
}

void Model::LearnCost(const CostLesson& lesson) {
  Arm& arm = Taught(lesson.arm, lesson.context);
  Advance(lesson.tick);
  // What an answer cost is a fact: it counts in full, however far its quality is trusted.
  arm.cost.Add(*lesson.context, lesson.log_ratio, clock_.Factor(1, lesson.tick));
}

void Model::ReviseCost(const CostLesson& was, double log_ratio) {
  Arm& arm = Taught(was.arm, was.context);
  if (arm.cost.sums().count() > 0) {
    arm.cost.Revise(*was.context, was.log_ratio, log_ratio, clock_.Factor(1, was.tick));
  }
}

void Model::RetractCost(const CostLesson& was) {
  Arm& arm = Taught(was.arm, was.context);
  if (arm.cost.sums().count() > 0) {
    arm.cost.Retract(*was.context, was.log_ratio, clock_.Factor(1, was.tick));
  }
}

void Model::Calibrate(const CostLesson& settled) {
  Arm& arm = Taught(settled.arm, settled.context);
  const RidgeSolution* solution = arm.cost.Solution(clock_);
  if (solution == nullptr) {
    return;
  }
  const double predicted =
      std::exp(std::min(MeanExactly(*solution, *settled.context), kExpectedLogRatioMax));
  if (predicted > 0) {
    arm.calibration.Add(std::exp(std::min(settled.log_ratio, kBilledLogRatioMax)), predicted);
  }
}

void Model::LearnLatency(ArmId arm, double latency_s) {
  Check(arm < arms_.size(), "a latency is of an arm that exists");
  arms_[arm].latency.Add(latency_s);
}

void Model::AddPending(ArmId arm, const Context& context) {
  Taught(arm, &context).quality.AddPending(context);
}

void Model::RemovePending(ArmId arm, const Context& context) {
  Taught(arm, &context).quality.RemovePending(context);
}

void Model::ClearPending() {
  for (Arm& arm : arms_) {
    arm.quality.ClearPending();
  }
}

std::uint64_t Model::alarms(ArmId arm) const {
  Check(arm < arms_.size(), "an arm that is asked for exists");
  return arms_[arm].alarms;
}

ArmHeads Model::Heads(ArmId id) {
  Check(id < arms_.size(), "an arm that is asked for exists");
  Arm& arm = arms_[id];
  return {.quality = arm.quality.Solution(clock_),
          .cost = arm.cost.Solution(clock_),
          .cost_ratio = arm.calibration.Ratio(),
          .latency_s = arm.latency.Expected()};
}

double Model::cost_ratio(ArmId arm) const {
  return arms_[arm].calibration.Ratio();
}

double Model::latency_s(ArmId arm) const {
  return arms_[arm].latency.Expected();
}

std::shared_ptr<const Posterior> Model::Derive(double pending_weight) {
  std::vector<ArmPosterior> derived;
  derived.reserve(arms_.size());
  quarantined_ = ArmSet();
  for (Arm& arm : arms_) {
    const bool quality = arm.quality.Refresh(clock_, pending_weight);
    const bool cost = arm.cost.Refresh(clock_, 0);
    if (!quality || !cost) {
      quarantined_.Add(static_cast<ArmId>(derived.size()));
    }
    derived.push_back({.quality = arm.quality.factor(),
                       .cost = arm.cost.factor(),
                       .quality_prior = arm.quality.prior(),
                       .quality_count = arm.quality.sums().count(),
                       .cost_count = arm.cost.sums().count(),
                       .cost_ratio = arm.calibration.Ratio(),
                       .latency_s = arm.latency.Expected(),
                       .latency_p99_s = arm.latency.Quantile99()});
  }
  return std::make_shared<const Posterior>(std::move(derived), clock_.tick(), options_.half_life);
}

bool Model::Sound() {
  const auto solved = [&](Regression& regression) {
    return regression.Solution(clock_) != nullptr;
  };
  return quarantined_.Empty() && std::all_of(arms_.begin(), arms_.end(), [&](Arm& arm) {
           return solved(arm.quality) && solved(arm.cost) &&
                  (!arm.former || solved(arm.former->quality));
         });
}

}  // namespace sluice::policy
