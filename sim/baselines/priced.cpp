#include "sim/baselines/priced.h"

#include <limits>
#include <utility>

#include "sim/baselines/paced.h"

namespace sluice::sim {
namespace {

class Priced final : public Paced {
 public:
  Priced(std::unique_ptr<QualityModel> model, const BaselineOptions& options)
      : Paced(options, ThriftOf(options.cost_weight)), model_(std::move(model)) {}

  std::vector<double> Predict(const policy::Context& context, std::size_t arms) override {
    std::vector<double> quality(arms);
    model_->Predict(context, quality);
    FillUnknown(quality);
    return quality;
  }

 private:
  static constexpr double kNever = -std::numeric_limits<double>::infinity();

  void Score(const policy::Context& context, std::span<double> scores) override {
    model_->Score(context, scores);
  }

  policy::ArmId ArmAt(const Rated& rated, const Arms& arms, double thrift) const override {
    const double weight = WeightOf(thrift);
    policy::ArmId best = arms.available.First();
    double most = kNever;
    for (const policy::ArmId arm : arms.available) {
      const double utility = rated.scores[arm] - weight * rated.costs_usd[arm];
      if (utility > most) {
        most = utility;
        best = arm;
      }
    }
    return best;
  }

  policy::ArmId Choose(const BaselineRequest& request, const Rated& rated, const Arms& arms,
                       double thrift) override {
    weight_ = WeightOf(thrift);
    std::vector<double> utilities(rated.scores.size(), kNever);
    for (const policy::ArmId arm : arms.available) {
      utilities[arm] = rated.scores[arm] - weight_ * rated.costs_usd[arm];
    }
    return model_->Choose(request.tick, utilities);
  }

  void Taught(const BaselineLesson& lesson) override { model_->Learn(lesson, weight_); }
  bool explores() const override { return model_->explores(); }
  bool slow() const override { return model_->slow(); }

  std::unique_ptr<QualityModel> model_;
  double weight_ = 0;  // of the last request
};

}  // namespace

policy::ArmId QualityModel::Choose(std::uint64_t, std::span<const double> utilities) {
  return LargestOf(utilities);
}

std::unique_ptr<Baseline> MakePriced(std::unique_ptr<QualityModel> model,
                                     const BaselineOptions& options) {
  return std::make_unique<Priced>(std::move(model), options);
}

}  // namespace sluice::sim
