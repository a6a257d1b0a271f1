// What the admin plane shows: readiness, metrics, routers, single decisions.
#include <algorithm>
#include <array>
#include <utility>

#include "daemon/decisions.h"
#include "daemon/refusal.h"
#include "daemon/router.h"
#include "policy/policy.h"

namespace sluice::daemon {

namespace {

using api::Problem;

double Ratio(double sum, std::uint64_t count) {
  return count == 0 ? 0 : sum / static_cast<double>(count);
}

std::string StateOf(const RouterView& router, const FoldReport& fold, policy::ArmId arm) {
  const RouterDefinition& definition = *router.definition;
  if (definition.arms[arm].state == config::ArmState::kPaused) return "paused";
  if (definition.arms[arm].state == config::ArmState::kDraining) return "draining";
  if (fold.quarantined.Has(arm)) return "quarantined";
  return router.new_arms.Has(arm) ? "new" : "active";
}

api::ArmReport ArmReportOf(const RouterView& router, const FoldReport& fold, policy::ArmId arm) {
  const config::ArmOptions& options = router.definition->arms[arm];
  const RouterTally::ArmTally& tally = fold.tally.arms[arm];
  api::ArmReport report;
  report.name = options.name;
  report.model = options.model;
  report.tier = options.tier;
  report.state = StateOf(router, fold, arm);
  report.owner = options.owner == config::ArmOwner::kFile ? "file" : "admin";
  report.price_input_per_million_usd = options.price_input_per_million_usd;
  report.price_output_per_million_usd = options.price_output_per_million_usd;
  report.decisions = tally.decisions;
  report.labels = tally.labels;
  report.label_rate = Ratio(static_cast<double>(tally.labels), tally.decisions);
  report.reward_mean = Ratio(tally.reward_sum, tally.labels);
  report.costs = tally.costs;
  report.cost_usd_total = tally.cost_usd_sum;
  report.cost_ratio = fold.cost_ratios[arm];
  if (fold.latencies_s[arm] > 0) report.latency_ms = 1e3 * fold.latencies_s[arm];
  report.alarms = fold.alarms[arm];
  return report;
}

constexpr std::array<const char*, 3> kObjectiveNames = {"cost_weight", "budget", "cheapest_above"};

api::ScopeReport ScopeReportOf(const RouterDefinition& definition, const Scope& scope,
                               const ScopeView& view, const Ledger& ledger) {
  api::ScopeReport report;
  report.plan = scope.plan;
  report.objective = kObjectiveNames.at(static_cast<std::size_t>(scope.objective.objective));
  report.cost_weight = view.cost_weight;
  report.budget_usd = scope.objective.budget_usd;
  report.target_usd = view.target_usd;
  report.bank_usd = view.bank_usd;
  report.spent_day_usd = ToUsd(ledger.spent_day);
  report.spent_month_usd = ToUsd(ledger.spent_month);
  report.reserved_usd = ToUsd(ledger.reserved);
  report.ceiling_day_usd = scope.ceiling.day_usd;
  report.ceiling_month_usd = scope.ceiling.month_usd;
  if (view.live->tokens.limited()) report.exploration_tokens = view.live->tokens.left();
  for (const policy::ArmId arm : view.sought) {
    report.sought_arms.push_back(definition.arms[arm].name);
  }
  return report;
}

std::optional<api::ObserveReport> ObserveReportOf(const RouterTally::Observed& observed) {
  if (observed.decisions == 0) return std::nullopt;
  api::ObserveReport report;
  report.decisions = observed.decisions;
  report.agreement = Ratio(static_cast<double>(observed.agreed), observed.decisions);
  report.ours_cost_usd = Ratio(observed.ours_cost_usd, observed.decisions);
  report.baseline_cost_usd = Ratio(observed.baseline_cost_usd, observed.decisions);
  report.ours_quality = Ratio(observed.ours_quality, observed.decisions);
  report.baseline_quality = Ratio(observed.baseline_quality, observed.decisions);
  return report;
}

// How long the oldest entry that is not folded yet has waited.
double LagSeconds(const store::Store& store, store::Position applied, std::uint64_t now_us) {
  const auto waiting = store.Read(applied, 1);
  if (!waiting.ok() || waiting->empty()) return 0;
  const std::uint64_t since_us = store::TimeOf(waiting->front().record);
  return now_us > since_us ? 1e-6 * static_cast<double>(now_us - since_us) : 0;
}

template <typename T>
void AddFact(api::OutcomeReport& report, const char* name, const std::optional<T>& value) {
  if (!value) return;
  if constexpr (std::is_same_v<T, bool>) {
    report.facts.emplace_back(name, *value);
  } else if constexpr (std::is_floating_point_v<T>) {
    report.facts.emplace_back(name, static_cast<double>(*value));
  } else {
    report.facts.emplace_back(name, static_cast<std::int64_t>(*value));
  }
}

api::OutcomeReport OutcomeReportOf(const store::OutcomeRecord& record) {
  api::OutcomeReport report;
  report.event_id = record.event_id;
  report.source = record.source;
  report.received_us = record.received_us;
  report.seq = record.seq;
  report.revoked = record.revoked;
  AddFact(report, "reward", record.reward);
  AddFact(report, "thumb", record.thumb);
  AddFact(report, "score", record.score);
  AddFact(report, "task_success", record.task_success);
  AddFact(report, "regenerated", record.regenerated);
  AddFact(report, "cost_usd", record.cost_usd);
  AddFact(report, "latency_ms", record.latency_ms);
  AddFact(report, "input_tokens", record.input_tokens);
  AddFact(report, "cached_input_tokens", record.cached_input_tokens);
  AddFact(report, "output_tokens", record.output_tokens);
  AddFact(report, "reasoning_tokens", record.reasoning_tokens);
  AddFact(report, "status", record.status);
  if (!record.served_arm.empty()) report.facts.emplace_back("served_arm", record.served_arm);
  return report;
}

api::LessonReport LessonReportOf(const RouterDefinition& definition, const Standing& standing,
                                 bool closed) {
  api::LessonReport report;
  report.state = LessonState(standing, closed);
  report.arm = definition.arm_names[standing.served];
  if (standing.quality) {
    report.arm = definition.arm_names[standing.quality->arm];
    report.quality = standing.quality->value;
    report.weight = standing.quality->weight;
  }
  report.cost_usd = standing.billed_usd;
  return report;
}

api::DecisionReport DecisionReportOf(const RouterDefinition& definition,
                                     const store::DecisionStory& story) {
  const store::DecisionRecord& decision = story.decision;
  api::DecisionReport report;
  report.decision_id = FormatId(decision.id);
  report.position = story.position;
  report.time_us = decision.time_us;
  report.router = definition.name();
  report.arm = definition.arm_names[decision.arm];
  report.reason = static_cast<api::Reason>(decision.reason);
  report.narrowed_by = NarrowingsOf(decision);
  report.propensity = PropensityOf(decision);
  report.sequence = decision.sequence;
  report.tick = decision.tick;
  report.plan = decision.plan;
  report.active = decision.active;
  report.audit = decision.audit;
  report.policy_kind =
      policy::PolicyKindName(static_cast<policy::PolicyKind>(decision.policy_kind));
  report.policy_version = decision.policy_version;
  report.request_id = decision.request_id;
  report.session = FormatSession(decision.session);
  report.tags = decision.tags;
  if (decision.baseline_arm) report.baseline = definition.arm_names[*decision.baseline_arm];
  report.explanation = ExplanationOf(definition, decision);
  report.context = decision.context;
  for (const store::PlacedOutcome& outcome : story.outcomes) {
    report.outcomes.push_back(OutcomeReportOf(outcome.record));
  }
  return report;
}

api::ChallengerReport ChallengerReportOf(const ChallengerStanding& standing) {
  const policy::PromotionCounts& counts = standing.counts;
  const policy::PromotionOptions& options = standing.options;
  api::ChallengerReport report;
  report.name = standing.name;
  report.policy = policy::PolicyKindName(standing.kind);
  report.promotion = options.mode == policy::PromotionMode::kPromote ? "promote" : "recommend";
  report.state = kChallengerStateNames[static_cast<std::size_t>(standing.state)];
  report.test = standing.test;
  report.level = standing.level;
  report.decisions = counts.decisions;
  report.labels = counts.labels;
  report.waiting = standing.waiting;
  report.missing = counts.missing;
  report.effective_labels = counts.effective();
  report.weight_mean = Ratio(counts.weights, counts.labels);
  report.unsupported = Ratio(counts.unsupported, counts.decisions);
  report.gain = Ratio(counts.gain, counts.labels);
  report.cost_ratio = counts.cost_usd > 0 ? counts.other_cost_usd / counts.cost_usd : 1;
  report.log_e_needed = standing.log_e_needed;
  report.log_e_quality = standing.log_e_quality;
  report.log_e_cost = standing.log_e_cost;
  report.log_e_worse = standing.log_e_worse;
  report.log_e_propensities = standing.log_e_propensities;
  report.log_e_return = standing.log_e_return;
  report.gain_assumed = options.gain_assumed;
  if (standing.plan) {
    report.labels_expected = standing.plan->labels;
    report.days_expected = standing.plan->days;
  }
  return report;
}

api::RouterReport RouterReportOf(const RouterView& router, const FoldReport& fold) {
  const RouterDefinition& definition = *router.definition;
  const RouterTally& tally = fold.tally;
  api::RouterReport report;
  report.name = definition.name();
  report.policy = policy::PolicyKindName(definition.policy.kind);
  const auto mode = static_cast<std::size_t>(definition.policy.exploration.mode);
  report.exploration_mode = policy::kExplorationModeNames.at(mode);
  const bool text = definition.options.context.source == policy::ContextSource::kText;
  report.context_source = text ? "text" : "embedding";
  report.context_dimension = router.posterior->dimension();
  report.embedding_dimension = text ? 0 : definition.options.context.dimension;
  report.context_id = definition.context.id();
  report.map = {fold.map_version, fold.map_components, fold.map_fitted_at, fold.distinct_seen,
                fold.input_shift};
  report.observe = definition.options.observe;
  report.frozen = fold.frozen;
  report.decisions = tally.decisions;
  report.audits = tally.audits;
  report.exploration_expected = Ratio(tally.exploration_sum, tally.decisions);
  report.exploration_realised = Ratio(static_cast<double>(tally.explored), tally.decisions);
  report.exploration_limited = tally.limited;
  report.quarantined_arms = fold.quarantined.Size();
  report.observed = ObserveReportOf(tally.observed);
  const std::size_t scopes = std::min(router.scopes.size(), fold.ledgers.size());
  for (std::size_t i = 0; i < scopes; ++i) {
    report.scopes.push_back(
        ScopeReportOf(definition, definition.scopes[i], router.scopes[i], fold.ledgers[i]));
  }
  for (const ChallengerStanding& challenger : fold.challengers) {
    report.challengers.push_back(ChallengerReportOf(challenger));
  }
  for (const policy::ArmId arm : definition.configured) {
    if (arm < tally.arms.size()) report.arms.push_back(ArmReportOf(router, fold, arm));
  }
  return report;
}

}  // namespace

api::Readiness Router::Ready() const {
  if (draining_.load(std::memory_order_relaxed)) return {false, false, "stopping"};
  api::Readiness readiness;
  readiness.route = parts_.board.Latest() != nullptr;
  readiness.feedback = readiness.route && parts_.store.health().writable;
  if (!readiness.route) {
    readiness.detail = "no snapshot yet";
  } else if (!readiness.feedback) {
    readiness.detail = "the event log is not writable; routing goes on without it";
  }
  return readiness;
}

std::string Router::Metrics() const {
  const LearnerReport learner = parts_.learner.Report();
  Gauges gauges;
  gauges.applied = learner.applied;
  gauges.log_end = parts_.store.last_position();
  gauges.now_us = parts_.clock();
  gauges.learner_lag_s = LagSeconds(parts_.store, learner.applied, gauges.now_us);
  gauges.store = parts_.store.health();
  if (parts_.planes) gauges.planes = parts_.planes();
  for (const FoldReport& router : learner.routers) {
    gauges.challengers.push_back(router.challengers);
  }
  return parts_.metrics.Render(parts_.board.Latest().get(), gauges);
}

std::vector<api::RouterReport> Router::Routers() const {
  std::vector<api::RouterReport> reports;
  const auto snapshot = parts_.board.Latest();
  if (snapshot == nullptr) return reports;
  const LearnerReport learner = parts_.learner.Report();
  const store::Position log_end = parts_.store.last_position();
  const double lag_s = LagSeconds(parts_.store, learner.applied, parts_.clock());
  for (std::size_t i = 0; i < snapshot->routers.size() && i < learner.routers.size(); ++i) {
    if (!snapshot->routers[i].definition->active) continue;
    api::RouterReport report = RouterReportOf(snapshot->routers[i], learner.routers[i]);
    report.snapshot_version = snapshot->position;
    report.applied_position = learner.applied;
    report.log_position = log_end;
    report.lag_s = lag_s;
    reports.push_back(std::move(report));
  }
  return reports;
}

std::variant<api::RouterReport, Problem> Router::RouterByName(const std::string& name) const {
  for (api::RouterReport& report : Routers()) {
    if (report.name == name) return std::move(report);
  }
  return Refusal(404, "Unknown router", "no router of this name is configured");
}

std::variant<api::DecisionReport, Problem> Router::DecisionById(const std::string& text) const {
  const Problem unknown = Refusal(404, "Unknown decision", "no such decision is in the log");
  const auto id = ParseId(text);
  if (!id) return unknown;
  auto found = parts_.store.FindDecision(*id);
  if (!found.ok()) {
    return Refusal(503, "Log unavailable", "the event log cannot be read now");
  }
  const auto snapshot = parts_.board.Latest();
  if (!found->has_value() || snapshot == nullptr) return unknown;
  const std::uint32_t router = (*found)->decision.router;
  if (router >= snapshot->routers.size()) return unknown;
  const RouterDefinition& definition = *snapshot->routers[router].definition;
  api::DecisionReport report = DecisionReportOf(definition, **found);
  if (const auto standing = parts_.learner.StandingOf(**found)) {
    const bool closed = Closed(definition, (*found)->decision, parts_.clock());
    report.lesson = LessonReportOf(definition, *standing, closed);
  }
  return report;
}

std::variant<api::AdminAnswer, Problem> Router::Operate(const api::AdminRequest& request) {
  return parts_.changes->Operate(request);
}

std::variant<api::AdminAnswer, Problem> Router::PutArm(const api::ArmPut& put) {
  return parts_.changes->PutArm(put);
}

std::variant<api::AdminAnswer, Problem> Router::DeleteArm(const std::string& router,
                                                          const std::string& arm) {
  return parts_.changes->DeleteArm(router, arm);
}

std::variant<std::string, Problem> Router::ArmStatistics(const std::string& name,
                                                         const std::string& arm) const {
  const auto snapshot = parts_.board.Latest();
  const RouterView* router = snapshot == nullptr ? nullptr : snapshot->Find(name);
  if (router == nullptr) {
    return Refusal(404, "Unknown router", "no router of this name is configured");
  }
  const auto id = router->definition->arm_ids.find(arm);
  if (id == router->definition->arm_ids.end()) {
    return Refusal(404, "Unknown arm", "the router has no arm of this name");
  }
  auto statistics = parts_.learner.ArmStatistics(router->definition->id, id->second);
  if (!statistics) return Refusal(404, "Unknown arm", "nothing is known of this arm yet");
  return *std::move(statistics);
}

std::variant<std::vector<api::ConfigChange>, Problem> Router::ReloadConfig() {
  return parts_.changes->ReloadConfig();
}

}  // namespace sluice::daemon
