// Where a new arm starts: at the prior, at what the other arms say, or at sums that it borrows.

#include <algorithm>
#include <utility>

#include "policy/bytes.h"
#include "policy/check.h"
#include "policy/model.h"

namespace sluice::policy {
namespace {

constexpr std::uint32_t kStatisticsMagic = 0x53534C53;  // "SLSS" on disk
// What one prediction weighs when a prior mean is fitted to many: a hundred times the default prior
// of a feature, which speaks only where no prediction does.
constexpr double kPredictionWeight = 5000;

// The prior with another mean.
std::shared_ptr<const RidgePrior> Around(const RidgePrior& prior, std::vector<double> mean) {
  RidgePrior around = prior;
  around.mean = std::move(mean);
  return std::make_shared<const RidgePrior>(std::move(around));
}

// The mean of the estimates that there are; the prior itself when there is none.
class MeanOfEstimates {
 public:
  explicit MeanOfEstimates(std::shared_ptr<const RidgePrior> prior)
      : prior_(std::move(prior)), sum_(prior_->mean.size(), 0.0) {}

  void Add(const RidgeSolution* solution) {
    if (solution == nullptr) {
      return;
    }
    ++count_;
    for (std::size_t i = 0; i < sum_.size(); ++i) {
      sum_[i] += solution->theta[i];
    }
  }

  std::shared_ptr<const RidgePrior> Prior() const {
    if (count_ == 0) {
      return prior_;
    }
    std::vector<double> mean = sum_;
    for (double& entry : mean) {
      entry /= static_cast<double>(count_);
    }
    return Around(*prior_, std::move(mean));
  }

 private:
  std::shared_ptr<const RidgePrior> prior_;
  std::vector<double> sum_;
  std::size_t count_ = 0;
};

// A regression whose prior mean is what `source` estimates and whose sums agree with it: it
// estimates the same, with the same noise to the observation, as surely as `strength` of them say.
Regression Imitation(Regression& source, std::shared_ptr<const RidgePrior> prior,
                     const Forgetting& clock, double strength) {
  const RidgeSolution* solution = source.Solution(clock);
  if (solution == nullptr) {
    return Regression(std::move(prior));
  }
  const double decay = clock.Decay();
  const double residual = std::max(0.0, 2 * (solution->b_n - prior->b0) / decay);
  Regression imitation(Around(*prior, solution->theta));
  imitation.Borrow(source.sums().WithTargets(solution->theta, residual),
                   std::min(strength, source.sums().n() * decay), clock.Factor(1, clock.tick()));
  return imitation;
}

// The prior around the mean that fits predictions at `contexts` best; the prior itself when none
// does.
std::shared_ptr<const RidgePrior> Fitted(std::shared_ptr<const RidgePrior> prior,
                                         std::span<const Context> contexts,
                                         std::span<const double> predicted) {
  RidgeStatistics sums(prior->mean.size());
  for (std::size_t i = 0; i < contexts.size(); ++i) {
    sums.Add(contexts[i], predicted[i], kPredictionWeight);
  }
  std::optional<RidgeSolution> solution = SolveRidge(sums, *prior);
  return solution ? Around(*prior, std::move(solution->theta)) : prior;
}

// As they count now, as if each observation had been made now.
RidgeStatistics Current(const RidgeStatistics& sums, double decay) {
  RidgeStatistics current(sums.dimension());
  current.Borrow(sums, sums.n() * decay);
  return current;
}

}  // namespace

Model::Arm Model::NewArm() const {
  return {.quality = Regression(quality_prior_), .cost = Regression(cost_prior_)};
}

Model::Arm Model::StartAsOthers(ArmSet others) {
  MeanOfEstimates quality(quality_prior_);
  MeanOfEstimates cost(cost_prior_);
  for (ArmId other : others) {
    Check(other < arms_.size(), "an arm that is averaged exists");
    quality.Add(arms_[other].quality.Solution(clock_));
    cost.Add(arms_[other].cost.Solution(clock_));
  }
  return {.quality = Regression(quality.Prior()), .cost = Regression(cost.Prior())};
}

Model::Arm Model::StartAsArm(ArmId id, double strength) {
  Check(id < arms_.size(), "an arm that is imitated exists");
  Arm& source = arms_[id];
  return {.quality = Imitation(source.quality, quality_prior_, clock_, strength),
          .cost = Imitation(source.cost, cost_prior_, clock_, strength),
          .calibration = CostCalibration(source.calibration.Ratio())};
}

std::optional<Model::Arm> Model::StartFromStatistics(std::string_view bytes,
                                                     double strength) const {
  std::uint32_t magic = 0;
  if (!TakeValue(bytes, magic) || magic != kStatisticsMagic) {
    return std::nullopt;
  }
  const auto quality = RidgeStatistics::Restore(bytes, options_.dimension);
  const auto cost = quality ? RidgeStatistics::Restore(bytes, options_.dimension) : std::nullopt;
  if (!cost || !bytes.empty()) {
    return std::nullopt;
  }
  Arm arm = NewArm();
  const double now = clock_.Factor(1, clock_.tick());
  arm.quality.Borrow(*quality, strength, now);
  arm.cost.Borrow(*cost, strength, now);
  const bool sound = arm.quality.Refresh(clock_, 0) && arm.cost.Refresh(clock_, 0);
  return sound ? std::optional(std::move(arm)) : std::nullopt;
}

Model::Arm Model::StartFromPredictions(const ArmStart& start) const {
  Check(start.quality.size() == start.contexts.size() &&
            start.cost_log_ratio.size() == start.contexts.size(),
        "there is one prediction a context");
  return {.quality = Regression(Fitted(quality_prior_, start.contexts, start.quality)),
          .cost = Regression(Fitted(cost_prior_, start.contexts, start.cost_log_ratio))};
}

std::optional<Model::Arm> Model::Start(const ArmStart& start) {
  switch (start.from) {
    case ArmStart::From::kPrior:
      return NewArm();
    case ArmStart::From::kOthers:
      return StartAsOthers(start.others);
    case ArmStart::From::kArm:
      return StartAsArm(start.arm, start.strength);
    case ArmStart::From::kStatistics:
      return StartFromStatistics(start.statistics, start.strength);
    case ArmStart::From::kPredictions:
      return StartFromPredictions(start);
  }
  return std::nullopt;
}

std::optional<ArmId> Model::AddArm(const ArmStart& start) {
  Check(arms_.size() < kArmsMax, "a router has at most kArmsMax arms");
  std::optional<Arm> arm = Start(start);
  if (!arm) {
    return std::nullopt;
  }
  arms_.push_back(std::move(*arm));
  return static_cast<ArmId>(arms_.size() - 1);
}

std::string Model::ArmStatistics(ArmId id) const {
  Check(id < arms_.size(), "an arm that is asked for exists");
  std::string out;
  AppendValue(out, kStatisticsMagic);
  Current(arms_[id].quality.sums(), clock_.Decay()).Serialise(out);
  Current(arms_[id].cost.sums(), clock_.Decay()).Serialise(out);
  return out;
}

}  // namespace sluice::policy
