// A router's definition and what operators ask of it.
#include "daemon/router_fold.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <spdlog/spdlog.h>

#include "api/operations.h"
#include "daemon/metrics.h"
#include "daemon/prior_means.h"
#include "daemon/warm_start.h"

namespace sluice::daemon {

namespace {

using store::Code;
using store::Done;
using store::Error;
using store::Position;
using store::Result;

policy::TokenPrices PricesOf(const config::ArmOptions& arm) {
  return {.input_usd_per_million = arm.price_input_per_million_usd,
          .output_usd_per_million = arm.price_output_per_million_usd};
}

// Observations that are left of an arm when another model takes its name.
constexpr double kNewVersionStrength = 50;

bool SamePrices(const policy::TokenPrices& a, const policy::TokenPrices& b) {
  return a.input_usd_per_million == b.input_usd_per_million &&
         a.output_usd_per_million == b.output_usd_per_million;
}

bool NeedsRefold(const RouterDefinition& before, const RouterDefinition& after) {
  const auto differences = config::RouterDifferences(before.options, after.options);
  return std::any_of(differences.begin(), differences.end(), [](const auto& difference) {
    return difference.reach == config::Reach::kRebuild;
  });
}

}  // namespace

RouterFold::RouterFold(const store::Store& store, const policy::EncodingMemory* memory)
    : store_(store), memory_(memory), counters_(std::make_shared<RouterCounters>()) {}

bool RouterFold::frozen() const {
  return !excluded_.empty() && excluded_.back().up_to == kNoEnd;
}

// -- Definition -----------------------------------------------------------------------------------

Result<Done> RouterFold::Define(Position position, const store::RouterRecord& record) {
  auto made = MakeDefinition(record, memory_);
  if (!made.ok()) return made.error();
  const auto before = std::exchange(definition_, *std::move(made));
  if (before != nullptr && before->name() != definition_->name()) {
    return Error{Code::kCorrupt, "the log gives the number of router '" + before->name() +
                                     "' to '" + definition_->name() + "'"};
  }
  // Part of every checkpoint, which has what new arms began with elsewhere.
  store::RouterRecord kept = record;
  kept.context_map.clear();
  kept.warm_starts.clear();
  record_ = store::EncodeRecord(kept);
  if (before == nullptr) {
    auto map = MapBegunWith(record, *definition_);
    if (!map.ok()) return map.error();
    map_ = *std::move(map);
    map_fitted_at_ = map_ == nullptr ? 0 : position;
    const std::size_t components = map_ == nullptr ? 0 : map_->components();
    model_ = std::make_unique<policy::Model>(ModelOptionsOf(*definition_, components));
    founding_arms_ = record.arm_names.size();
  }
  NoteArmModels(position);
  FadeChanged(position);
  StartArms(record, *definition_, SpaceOfContexts(), *model_);
  tally_.arms.resize(record.arm_names.size());
  const bool repriced = NotePrices(position);
  PlaceScopes(position);
  challengers_.Define(before.get(), *definition_, {position, store_, LabelRate()});
  PutInForce();
  TellTests(position);
  if (before == nullptr) return Done{};
  NotePolicy(before->policy);
  SolveAnew(repriced);
  const policy::ContextOptions& context = definition_->options.context;
  const bool wider = before->options.context.components != context.components;
  if (map_ != nullptr && wider && samples_.distinct() >= context.fit_after) {
    const auto fitted = FitMap(position, 0);
    if (!fitted.ok()) return fitted.error();
    if (*fitted) return Done{};
  }
  return NeedsRefold(*before, *definition_) ? Refold(position, 0, {}) : Result<Done>(Done{});
}

void RouterFold::PutInForce() {
  if (definition_->promoted == challengers_.promoted()) return;
  definition_ = WithPolicyOf(*definition_, challengers_.promoted());
}

// What tests that begin here will take.
void RouterFold::TellTests(Position position) const {
  if (position <= live_from_) return;
  for (const ChallengerStanding& standing : challengers_.Standings(*definition_, LabelRate())) {
    const bool begins =
        standing.state == ChallengerState::kTesting && standing.counts.decisions == 0;
    if (!begins || !standing.plan) continue;
    spdlog::info(
        "router '{}': a test of challenger '{}' at level {:.4f} begins; if it gains {} it takes "
        "about {:.0f} labels, {:.1f} days",
        definition_->name(), standing.name, standing.level, standing.options.gain_assumed,
        standing.plan->labels, standing.plan->days);
  }
}

double RouterFold::LabelRate() const {
  const auto decisions = static_cast<double>(std::max<std::uint64_t>(1, tally_.decisions));
  return static_cast<double>(tally_.labels) / decisions;
}

// Sums of two spaces never mix: the map's own numbers, or how raw features are made.
std::uint64_t RouterFold::SpaceOfContexts() const {
  return map_ != nullptr ? map_->fingerprint() : DigestOf(definition_->context.id());
}

std::string RouterFold::ArmStatistics(policy::ArmId arm) const {
  return MarkStatistics(SpaceOfContexts(), model_->ArmStatistics(arm));
}

std::optional<std::string_view> RouterFold::StatisticsIn(std::string_view marked) const {
  return StatisticsOf(marked, SpaceOfContexts());
}

void RouterFold::NoteArmModels(Position position) {
  arm_models_.resize(definition_->arms.size());
  for (std::size_t i = 0; i < arm_models_.size(); ++i) {
    const std::string& now = definition_->arms[i].model;
    // An arm that is away has no name of a model.
    if (now.empty() || (!arm_models_[i].empty() && arm_models_[i].back().model == now)) continue;
    arm_models_[i].push_back({position, now});
  }
}

// Another model under an arm's name: what was learnt of the old one is a first guess.
void RouterFold::FadeChanged(Position position) {
  for (std::size_t i = 0; i < model_->arms(); ++i) {
    const std::vector<ArmModel>& models = arm_models_[i];
    const auto since = std::find_if(models.begin(), models.end(),
                                    [&](const ArmModel& model) { return model.from == position; });
    if (since == models.begin() || since == models.end()) continue;
    model_->Fade(static_cast<policy::ArmId>(i), kNewVersionStrength, position);
  }
}

bool RouterFold::NotePrices(Position position) {
  prices_.resize(definition_->arms.size());
  bool repriced = false;
  for (std::size_t i = 0; i < prices_.size(); ++i) {
    const policy::TokenPrices now = PricesOf(definition_->arms[i]);
    if (!prices_[i].empty() && SamePrices(prices_[i].back().prices, now)) continue;
    repriced = repriced || !prices_[i].empty();
    prices_[i].push_back({position, now});
  }
  return repriced;
}

// Before the next request, which pays the new prices already.
void RouterFold::SolveAnew(bool repriced) {
  for (ScopeState& scope : scopes_) {
    if (repriced) scope.pacer.Reprice();
    SolveWhenDue(scope);
  }
}

// A scope is known by its plan's name: it keeps its bank, its ledger and its tokens. One that is no
// longer configured keeps its ledger.
void RouterFold::PlaceScopes(Position position) {
  std::vector<ScopeState> placed;
  placed.reserve(definition_->scopes.size());
  for (const Scope& scope : definition_->scopes) {
    const auto known = std::find_if(scopes_.begin(), scopes_.end(), [&](const ScopeState& state) {
      return state.live != nullptr && state.plan == scope.plan;
    });
    if (known == scopes_.end()) {
      placed.push_back(
          {scope.plan, policy::Pacer(scope.objective), {}, std::make_shared<ScopeLive>(), {}});
    } else {
      placed.push_back(std::move(*known));
      placed.back().pacer.SetOptions(scope.objective);
    }
    auto& tenures = placed.back().tenures;
    if (tenures.empty() || tenures.back().until != kNoEnd) tenures.push_back({position});
    placed.back().pacer.Invalidate();
    placed.back().live->tokens.SetRate(scope.exploration_budget.rate);
  }
  for (ScopeState& gone : scopes_) {
    if (gone.live == nullptr) continue;
    if (gone.tenures.back().until == kNoEnd) gone.tenures.back().until = position;
    gone.pacer = policy::Pacer();
    placed.push_back(std::move(gone));
  }
  scopes_ = std::move(placed);
}

RouterFold::ScopeState& RouterFold::HomeOf(const store::DecisionRecord& record) {
  const Position version = record.policy_version;
  const auto home = std::find_if(scopes_.begin() + 1, scopes_.end(), [&](const ScopeState& scope) {
    return scope.plan == record.plan &&
           std::any_of(scope.tenures.begin(), scope.tenures.end(), [&](const Tenure& tenure) {
             return tenure.from <= version && version < tenure.until;
           });
  });
  return home == scopes_.end() ? scopes_.front() : *home;
}

Result<Done> RouterFold::Administer(Position position, const store::AdminRecord& record) {
  switch (static_cast<api::AdminOperation>(record.operation)) {
    case api::AdminOperation::kFreeze:
      if (!frozen()) excluded_.push_back({position, kNoEnd, std::nullopt});
      return Done{};
    case api::AdminOperation::kUnfreeze:
      if (frozen()) excluded_.back().up_to = position;
      return Done{};
    case api::AdminOperation::kRefit: {
      const auto fitted = FitMap(position, Oldest());
      return fitted.ok() ? Result<Done>(Done{}) : fitted.error();
    }
    case api::AdminOperation::kPromote:
    case api::AdminOperation::kDemote:
    case api::AdminOperation::kStop:
    case api::AdminOperation::kRecommend: {
      const policy::PolicyOptions before = definition_->policy;
      challengers_.Administer(*definition_, record, {position, store_, LabelRate()});
      PutInForce();
      TellTests(position);
      NotePolicy(before);
      SolveAnew(false);
      return Done{};
    }
    case api::AdminOperation::kRollback:
    case api::AdminOperation::kReset:
      break;
  }
  const bool was_frozen = frozen();
  if (was_frozen) excluded_.back().up_to = position;
  Excluded span{record.target, position, std::nullopt};
  if (!record.arm.empty()) {
    const auto arm = definition_->arm_ids.find(record.arm);
    if (arm == definition_->arm_ids.end()) return Done{};
    span.arm = arm->second;
  }
  excluded_.push_back(span);
  if (was_frozen) excluded_.push_back({position, kNoEnd, std::nullopt});
  return Refold(position, 0, {});
}

}  // namespace sluice::daemon
