// What the admin plane shows: readiness, metrics, routers, single decisions.
#include <algorithm>
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

api::ArmReport ArmReportOf(const config::ArmOptions& arm, const RouterTally::ArmTally& tally) {
  return {.name = arm.name,
          .model = arm.model,
          .tier = arm.tier,
          .price_input_per_million_usd = arm.price_input_per_million_usd,
          .price_output_per_million_usd = arm.price_output_per_million_usd,
          .decisions = tally.decisions,
          .rewards = tally.rewards,
          .reward_mean = Ratio(tally.reward_sum, tally.rewards),
          .costs = tally.costs,
          .cost_usd_total = tally.cost_usd_sum};
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

// A served arm that the router does not have teaches nothing.
bool Teaches(const RouterDefinition& definition, const store::OutcomeRecord& record) {
  return record.served_arm.empty() || definition.arm_ids.contains(record.served_arm);
}

api::OutcomeReport OutcomeReportOf(const RouterDefinition& definition,
                                   const store::OutcomeRecord& record, bool learnable) {
  api::OutcomeReport report;
  report.event_id = record.event_id;
  report.source = record.source;
  report.received_us = record.received_us;
  const bool teaches = Teaches(definition, record);
  report.learnt_quality = record.first_quality && learnable && teaches;
  report.learnt_cost = record.first_cost && teaches;
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

api::DecisionReport DecisionReportOf(const RouterDefinition& definition,
                                     const store::DecisionStory& story) {
  const store::DecisionRecord& decision = story.decision;
  api::DecisionReport report;
  report.decision_id = FormatId(decision.id);
  report.position = story.position;
  report.time_us = decision.time_us;
  report.router = definition.name();
  report.arm = definition.arm_names[decision.arm];
  report.greedy_arm = definition.arm_names[decision.greedy_arm];
  report.reason = static_cast<api::Reason>(decision.reason);
  report.narrowed_by = NarrowingsOf(decision);
  report.propensity = PropensityOf(decision);
  report.exploration = decision.exploration;
  report.cost_weight = decision.cost_weight;
  report.sequence = decision.sequence;
  report.policy_kind =
      policy::PolicyKindName(static_cast<policy::PolicyKind>(decision.policy_kind));
  report.policy_version = decision.policy_version;
  report.request_id = decision.request_id;
  report.tags = decision.tags;
  if (decision.baseline_arm) report.baseline = definition.arm_names[*decision.baseline_arm];
  report.arms = ExplanationOf(definition, decision);
  report.context = decision.context;
  for (const store::OutcomeRecord& outcome : story.outcomes) {
    report.outcomes.push_back(OutcomeReportOf(definition, outcome, decision.learnable));
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
  return parts_.metrics.Render(parts_.board.Latest().get(), gauges);
}

std::vector<api::RouterReport> Router::Routers() const {
  std::vector<api::RouterReport> reports;
  const auto snapshot = parts_.board.Latest();
  if (snapshot == nullptr) return reports;
  const LearnerReport learner = parts_.learner.Report();
  const store::Position log_end = parts_.store.last_position();
  const double lag_s = LagSeconds(parts_.store, learner.applied, parts_.clock());
  for (std::size_t i = 0; i < snapshot->routers.size() && i < learner.tallies.size(); ++i) {
    const RouterDefinition& definition = *snapshot->routers[i].definition;
    if (!definition.active) continue;
    const RouterTally& tally = learner.tallies[i];
    api::RouterReport report;
    report.name = definition.name();
    report.policy = policy::PolicyKindName(definition.policy.kind);
    const auto mode = static_cast<std::size_t>(definition.policy.exploration.mode);
    report.exploration_mode = policy::kExplorationModeNames.at(mode);
    report.cost_weight = definition.policy.cost_weight;
    const bool text = definition.options.context.source == policy::ContextSource::kText;
    report.context_source = text ? "text" : "embedding";
    report.context_dimension = definition.model.dimension;
    report.embedding_dimension = text ? 0 : definition.options.context.dimension;
    report.context_id = definition.context.id();
    report.snapshot_version = snapshot->position;
    report.applied_position = learner.applied;
    report.log_position = log_end;
    report.lag_s = lag_s;
    report.decisions = tally.decisions;
    report.exploration_expected = Ratio(tally.exploration_sum, tally.decisions);
    report.exploration_realised = Ratio(static_cast<double>(tally.explored), tally.decisions);
    report.quarantined_arms = learner.quarantined[i];
    for (const policy::ArmId arm : definition.configured) {
      if (arm >= tally.arms.size()) continue;
      report.arms.push_back(ArmReportOf(definition.arms[arm], tally.arms[arm]));
    }
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
  return DecisionReportOf(*snapshot->routers[router].definition, **found);
}

}  // namespace sluice::daemon
