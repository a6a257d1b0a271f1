// A router's fold as bytes, for checkpoints and for comparing two folds: [record | model | map |
// map position | samples | marks | learnt from | exclusions | prices | models | scopes | open
// decisions | tally | alarm | founding arms | challengers], strings with a u32 length before them.
// Little-endian.
#include <utility>

#include "daemon/router_fold.h"

namespace sluice::daemon {

namespace {

void PutExcluded(store::ByteWriter& out, const Excluded& span) {
  out.Put(span.after);
  out.Put(span.up_to);
  out.PutBool(span.arm.has_value());
  out.Put(span.arm.value_or(0));
}

Excluded GetExcluded(store::ByteReader& in) {
  Excluded span;
  span.after = in.Get<store::Position>();
  span.up_to = in.Get<store::Position>();
  const bool of_one_arm = in.GetBool();
  const auto arm = in.Get<policy::ArmId>();
  if (of_one_arm) span.arm = arm;
  return span;
}

void PutPrices(store::ByteWriter& out, const std::vector<ArmPrices>& history) {
  out.PutCount(history.size());
  for (const ArmPrices& prices : history) {
    out.Put(prices.from);
    out.Put(prices.prices.input_usd_per_million);
    out.Put(prices.prices.output_usd_per_million);
  }
}

std::vector<ArmPrices> GetPrices(store::ByteReader& in) {
  std::vector<ArmPrices> history(in.GetCount(sizeof(ArmPrices)));
  for (ArmPrices& prices : history) {
    prices.from = in.Get<store::Position>();
    prices.prices.input_usd_per_million = in.Get<double>();
    prices.prices.output_usd_per_million = in.Get<double>();
  }
  return history;
}

void PutLedger(store::ByteWriter& out, const Ledger& ledger) {
  out.Put(ledger.now.day);
  out.Put(ledger.now.month);
  out.Put(ledger.spent_day);
  out.Put(ledger.spent_month);
  out.Put(ledger.reserved);
  out.Put(ledger.spent_ever);
}

Ledger GetLedger(store::ByteReader& in) {
  Ledger ledger;
  ledger.now.day = in.Get<std::int64_t>();
  ledger.now.month = in.Get<std::int64_t>();
  ledger.spent_day = in.Get<NanoUsd>();
  ledger.spent_month = in.Get<NanoUsd>();
  ledger.reserved = in.Get<NanoUsd>();
  ledger.spent_ever = in.Get<NanoUsd>();
  return ledger;
}

}  // namespace

void RouterFold::Serialise(store::ByteWriter& out) const {
  out.PutString(record_);
  out.PutString(model_->Serialise());
  std::string map;
  if (map_ != nullptr) map_->Serialise(map);
  out.PutString(map);
  out.Put(map_fitted_at_);
  samples_.Serialise(out);
  out.PutCount(marks_.size());
  for (const store::Position mark : marks_) out.Put(mark);
  out.Put(learnt_from_);
  out.PutCount(excluded_.size());
  for (const Excluded& span : excluded_) PutExcluded(out, span);
  out.PutCount(prices_.size());
  for (const auto& history : prices_) PutPrices(out, history);
  out.PutCount(arm_models_.size());
  for (const auto& history : arm_models_) {
    out.PutCount(history.size());
    for (const ArmModel& model : history) {
      out.Put(model.from);
      out.PutString(model.model);
    }
  }
  out.PutCount(scopes_.size());
  for (const ScopeState& scope : scopes_) {
    out.PutString(scope.plan);
    std::string pacer;
    scope.pacer.Serialise(pacer);
    out.PutString(pacer);
    PutLedger(out, scope.ledger);
    out.PutCount(scope.tenures.size());
    for (const Tenure& tenure : scope.tenures) {
      out.Put(tenure.from);
      out.Put(tenure.until);
    }
  }
  open_.Serialise(out);
  tally_.Serialise(out);
  out.Put(alarm_until_tick_);
  out.PutCount(founding_arms_);
  challengers_.Serialise(out);
}

bool RouterFold::Restore(store::ByteReader& in) {
  record_ = in.GetString();
  auto record = store::DecodeRecord(record_);
  if (!record.ok()) return false;
  const auto* router = std::get_if<store::RouterRecord>(&*record);
  if (router == nullptr) return false;
  auto definition = MakeDefinition(*router, memory_);
  if (!definition.ok()) return false;
  definition_ = *std::move(definition);
  const std::string model = in.GetString();
  const std::string map = in.GetString();
  if (!RestoreModel(model, map)) return false;
  map_fitted_at_ = in.Get<store::Position>();
  if (!samples_.Restore(in)) return false;
  marks_.resize(in.GetCount(sizeof(store::Position)));
  for (store::Position& mark : marks_) mark = in.Get<store::Position>();
  learnt_from_ = in.Get<store::Position>();
  excluded_.resize(in.GetCount(1));
  for (Excluded& span : excluded_) span = GetExcluded(in);
  prices_.resize(in.GetCount(1));
  for (auto& history : prices_) {
    history = GetPrices(in);
    if (history.empty()) return false;
  }
  if (!RestoreArmModels(in) || !RestoreScopes(in) || !open_.Restore(in)) return false;
  tally_ = RouterTally::Restore(in);
  alarm_until_tick_ = in.Get<std::uint64_t>();
  founding_arms_ = in.Get<std::uint32_t>();
  if (!challengers_.Restore(*definition_, in)) return false;
  PutInForce();
  const std::size_t arms = definition_->arms.size();
  if (model_->arms() != arms || prices_.size() != arms || arm_models_.size() != arms ||
      tally_.arms.size() != arms) {
    return false;
  }
  RestorePending();
  return true;
}

bool RouterFold::RestoreModel(std::string_view model_bytes, std::string_view map_bytes) {
  if (!map_bytes.empty()) {
    map_ = policy::ContextMap::Restore(map_bytes);
    if (map_ == nullptr || !map_bytes.empty() || !definition_->context.fits_maps()) return false;
  }
  const std::size_t components = map_ == nullptr ? 0 : map_->components();
  auto model = policy::Model::Restore(model_bytes, ModelOptionsOf(*definition_, components));
  if (!model) return false;
  model_ = std::make_unique<policy::Model>(*std::move(model));
  return true;
}

bool RouterFold::RestoreArmModels(store::ByteReader& in) {
  arm_models_.resize(in.GetCount(1));
  for (auto& history : arm_models_) {
    history.resize(in.GetCount(sizeof(store::Position)));
    for (ArmModel& model : history) {
      model.from = in.Get<store::Position>();
      model.model = in.GetString();
    }
  }
  return true;
}

bool RouterFold::RestoreScopes(store::ByteReader& in) {
  const std::size_t count = in.GetCount(1);
  if (count < definition_->scopes.size()) return false;
  for (std::size_t i = 0; i < count; ++i) {
    const bool configured = i < definition_->scopes.size();
    const Scope scope = configured ? definition_->scopes[i] : Scope();
    ScopeState state{in.GetString(), policy::Pacer(), {}, std::make_shared<ScopeLive>(), {}};
    const std::string bytes = in.GetString();
    std::string_view left = bytes;
    auto pacer = policy::Pacer::Restore(left, scope.objective);
    if (!pacer || !left.empty() || (configured && state.plan != scope.plan)) return false;
    state.pacer = *std::move(pacer);
    state.ledger = GetLedger(in);
    state.tenures.resize(in.GetCount(2 * sizeof(store::Position)));
    for (Tenure& tenure : state.tenures) {
      tenure.from = in.Get<store::Position>();
      tenure.until = in.Get<store::Position>();
    }
    if (state.tenures.empty()) return false;
    state.live->tokens.SetRate(scope.exploration_budget.rate);
    state.live->ledger.Publish(state.ledger);
    scopes_.push_back(std::move(state));
  }
  return true;
}

}  // namespace sluice::daemon
