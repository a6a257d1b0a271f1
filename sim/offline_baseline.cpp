#include "sim/offline_baseline.h"

#include "sim/baselines/baseline.h"
#include "sim/baselines/costs.h"
#include "sim/offline_product.h"

namespace sluice::sim {
namespace {

constexpr std::size_t kDimension = 26;  // any, to ask whether it predicts

bool PredictsQuality(std::string_view name) {
  const auto baseline = MakeBaseline(name, {.dimension = kDimension});
  const policy::Context context = policy::Context::Ones(kDimension);
  return baseline != nullptr && !baseline->Predict(context, 2).empty();
}

// With a list price each.
std::vector<ArmFacts> PricedArms(const Environment& environment, const Halves& halves) {
  std::vector<ArmFacts> arms = environment.arms;
  const std::vector<double> prices = ListPricesUsd(environment, halves);
  for (std::size_t a = 0; a < arms.size(); ++a) {
    arms[a].price_input_per_million_usd = prices[a] * 1000;
    arms[a].price_output_per_million_usd = prices[a] * 1000;
  }
  return arms;
}

// What there is to learn from, all of it told, in the order of the rows.
class Told {
 public:
  Told(std::string_view name, const Environment& environment, const Halves& halves,
       const OfflineContexts& contexts)
      : environment_(environment),
        contexts_(contexts),
        arms_(PricedArms(environment, halves)),
        baseline_(MakeBaseline(name, {.dimension = contexts.model().dimension})),
        costs_(contexts.model().dimension) {
    for (const std::size_t row : halves.fit) Tell(row);
  }

  std::vector<Predicted> Predict(std::size_t row) {
    const policy::Context context = contexts_.Of(row);
    const std::vector<double> quality = baseline_->Predict(context, arms_.size());
    const std::vector<double> cost_usd = costs_.ExpectedUsd(context, arms_);
    std::vector<Predicted> predicted;
    for (std::size_t a = 0; a < arms_.size(); ++a) predicted.push_back({quality[a], cost_usd[a]});
    return predicted;
  }

 private:
  void Tell(std::size_t row) {
    const policy::Context context = contexts_.Of(row);
    for (std::size_t a = 0; a < arms_.size(); ++a) {
      const Outcome& outcome = environment_.tasks[row].outcomes[a];
      const BaselineLesson lesson{.context = context,
                                  .tick = tick_,
                                  .arm = static_cast<policy::ArmId>(a),
                                  .reward = outcome.reward,
                                  .cost_usd = outcome.cost_usd,
                                  .list_price_usd = BlendedPriceUsd(arms_[a])};
      baseline_->Learn(lesson);
      if (outcome.cost_usd > 0) costs_.Learn(lesson);
    }
    ++tick_;
  }

  const Environment& environment_;
  const OfflineContexts& contexts_;
  std::vector<ArmFacts> arms_;
  std::unique_ptr<Baseline> baseline_;
  Costs costs_;
  std::uint64_t tick_ = 0;
};

class OfflineBaseline final : public OfflineLearner {
 public:
  OfflineBaseline(std::string_view name, const EncodedTexts& memory)
      : name_(name), memory_(memory) {}

  std::string name() const override { return name_; }

  std::vector<std::vector<Predicted>> Predict(const Environment& environment,
                                              const Halves& halves) const override {
    OfflineContexts contexts(environment, memory_);
    contexts.FitMap(halves.fit);
    Told told(name_, environment, halves, contexts);
    std::vector<std::vector<Predicted>> rows;
    for (const std::size_t row : halves.score) rows.push_back(told.Predict(row));
    return rows;
  }

 private:
  std::string name_;
  const EncodedTexts& memory_;
};

}  // namespace

std::vector<std::string> OfflineBaselineNames() {
  std::vector<std::string> names;
  for (const BaselineFacts& facts : Baselines()) {
    if (PredictsQuality(facts.name)) names.emplace_back(facts.name);
  }
  return names;
}

std::unique_ptr<const OfflineLearner> MakeOfflineBaseline(std::string_view name,
                                                          const EncodedTexts& memory) {
  if (!PredictsQuality(name)) return nullptr;
  return std::make_unique<OfflineBaseline>(name, memory);
}

}  // namespace sluice::sim
