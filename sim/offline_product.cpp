#include "sim/offline_product.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>

#include "policy/check.h"
#include "sim/process.h"

namespace sluice::sim {
namespace {

constexpr double kCostLeastUsd = 1e-9;

// A router of its own defaults over as many arms, with prices that no context knows of.
std::shared_ptr<const daemon::RouterDefinition> DefinitionOf(const Environment& environment,
                                                             const EncodedTexts& memory) {
  config::RouterOptions router;
  router.name = "offline";
  for (std::size_t a = 0; a < environment.arms.size(); ++a) {
    router.arms.emplace_back();
    router.arms.back().name = "arm" + std::to_string(a);
    router.arms.back().model = router.arms.back().name;
    router.arms.back().price_input_per_million_usd = 1;
    router.arms.back().price_output_per_million_usd = 1;
  }
  const auto record = daemon::MakeRecord(router, 0, nullptr, GramSeedOf(router));
  policy::Check(record.ok(), "the defaults make a router");
  const auto definition = daemon::MakeDefinition(*record, &memory);
  policy::Check(definition.ok(), "a record that was just made is read");
  return *definition;
}

}  // namespace

std::vector<double> ListPricesUsd(const Environment& environment, const Halves& halves) {
  std::vector<double> prices;
  for (std::size_t a = 0; a < environment.arms.size(); ++a) {
    double price = environment.arms[a].price() / 2 / 1000;
    if (price == 0) {
      for (const std::size_t row : halves.fit) price += environment.tasks[row].outcomes[a].cost_usd;
      price = std::max(kCostLeastUsd, price / static_cast<double>(halves.fit.size()));
    }
    prices.push_back(price);
  }
  return prices;
}

OfflineContexts::OfflineContexts(const Environment& environment, const EncodedTexts& memory)
    : environment_(environment), definition_(DefinitionOf(environment, memory)) {}

void OfflineContexts::FitMap(const std::vector<std::size_t>& rows) {
  const auto& options = definition_->options.context;
  std::set<std::string_view> texts;
  std::vector<policy::ContextBuilder::Raw> raws;
  for (const std::size_t row : rows) {
    if (raws.size() == options.fit_after) break;
    const std::string& text = environment_.tasks[row].text;
    if (!texts.insert(text).second) continue;
    const auto encoded = definition_->context.FromText(text, {});
    raws.push_back(definition_->context.RawOf(encoded.context, 0, encoded.kept));
  }
  map_ = definition_->context.FitMap(raws, {.components = options.components});
}

policy::Context OfflineContexts::Of(std::size_t row) const {
  return definition_->context.FromText(environment_.tasks[row].text, {}, map_.get()).context;
}

policy::ModelOptions OfflineContexts::model() const {
  auto options = ModelOptionsOf(*definition_, map_ == nullptr ? 0 : map_->components());
  options.drift.detect = false;  // the rows are in no order of time: nothing drifts
  return options;
}

OfflineModel::OfflineModel(const Environment& environment, const Halves& halves,
                           const OfflineContexts& contexts)
    : environment_(environment), contexts_(contexts), model_(contexts.model()) {
  for (const double price : ListPricesUsd(environment, halves)) {
    terms_.push_back({.list_price_usd = price});
  }
  for (std::size_t a = 0; a < terms_.size(); ++a) model_.AddArm();
  for (const std::size_t row : halves.fit) Tell(row);
  // Once the costs are known: what was billed against what is predicted.
  for (const std::size_t row : halves.fit) Settle(row);
  posterior_ = model_.Derive();
}

std::vector<Predicted> OfflineModel::Predict(std::size_t row) const {
  const policy::Context context = contexts_.Of(row);
  std::vector<Predicted> arms;
  for (std::size_t a = 0; a < terms_.size(); ++a) {
    const auto estimate = posterior_->Predict(static_cast<policy::ArmId>(a), context, terms_[a]);
    arms.push_back({estimate.mean, estimate.expected_cost_usd});
  }
  return arms;
}

void OfflineModel::Tell(std::size_t row) {
  const policy::Context context = contexts_.Of(row);
  for (std::size_t a = 0; a < terms_.size(); ++a) {
    model_.Learn({.arm = static_cast<policy::ArmId>(a),
                  .context = &context,
                  .value = environment_.tasks[row].outcomes[a].reward});
    if (const auto bill = BillOf(row, a, context)) model_.LearnCost(*bill);
  }
}

void OfflineModel::Settle(std::size_t row) {
  const policy::Context context = contexts_.Of(row);
  for (std::size_t a = 0; a < terms_.size(); ++a) {
    if (const auto bill = BillOf(row, a, context)) model_.Calibrate(*bill);
  }
}

// As the daemon: an answer that cost nothing says nothing about what the arm costs.
std::optional<policy::CostLesson> OfflineModel::BillOf(std::size_t row, std::size_t arm,
                                                       const policy::Context& context) const {
  const double cost_usd = environment_.tasks[row].outcomes[arm].cost_usd;
  if (!(cost_usd > 0)) return std::nullopt;
  return policy::CostLesson{.arm = static_cast<policy::ArmId>(arm),
                            .context = &context,
                            .log_ratio = std::log(cost_usd / terms_[arm].list_price_usd)};
}

}  // namespace sluice::sim
