#include "daemon/prior_means.h"

#include <utility>

#include "daemon/request_context.h"

namespace sluice::daemon {

PriorMeans::PriorMeans(policy::Model& model, const RouterDefinition& definition,
                       const policy::ContextMap* map, std::vector<store::DecisionRecord> inputs) {
  for (store::DecisionRecord& input : inputs) {
    const auto context = LoggedContext(definition, map, input);
    if (!context) continue;
    Expected expected{std::move(input), {}, {}};
    for (std::size_t arm = 0; arm < model.arms(); ++arm) {
      const policy::ArmHeads heads = model.Heads(static_cast<policy::ArmId>(arm));
      if (heads.quality == nullptr || heads.cost == nullptr) {
        expected_.clear();
        return;
      }
      expected.quality.push_back(policy::MeanExactly(*heads.quality, *context));
      expected.cost_log_ratio.push_back(policy::MeanExactly(*heads.cost, *context));
    }
    expected_.push_back(std::move(expected));
  }
}

void PriorMeans::Start(policy::Model& model, const RouterDefinition& definition,
                       const policy::ContextMap* map) const {
  if (expected_.empty()) return;
  std::vector<policy::Context> contexts;
  for (const Expected& expected : expected_) {
    auto context = LoggedContext(definition, map, expected.input);
    if (!context) return;
    contexts.push_back(*std::move(context));
  }
  for (std::size_t arm = 0; arm < expected_.front().quality.size(); ++arm) {
    std::vector<double> quality;
    std::vector<double> cost_log_ratio;
    for (const Expected& expected : expected_) {
      quality.push_back(expected.quality[arm]);
      cost_log_ratio.push_back(expected.cost_log_ratio[arm]);
    }
    model.AddArm({.from = policy::ArmStart::From::kPredictions,
                  .contexts = contexts,
                  .quality = quality,
                  .cost_log_ratio = cost_log_ratio});
  }
}

}  // namespace sluice::daemon
