// What the admin plane answers, written.
#include "api/wire.h"
#include "api/wire_base64.h"
#include "api/wire_time.h"
#include "api/wire_values.h"
#include "api/wire_writer.h"

namespace sluice::api {
namespace {

// -- Routers --------------------------------------------------------------------------------------

void WriteArm(const ArmReport& arm, JsonWriter& json) {
  json.BeginObject();
  json.Key("name").String(arm.name);
  json.Key("model").String(arm.model);
  json.Key("tier").Integer(arm.tier);
  json.Key("state").String(arm.state);
  json.Key("owner").String(arm.owner);
  json.Key("price_input_per_million_usd").Number(arm.price_input_per_million_usd);
  json.Key("price_output_per_million_usd").Number(arm.price_output_per_million_usd);
  json.Key("decisions").Unsigned(arm.decisions);
  json.Key("labels").Unsigned(arm.labels);
  json.Key("label_rate").Number(arm.label_rate);
  json.Key("reward_mean").Number(arm.reward_mean);
  json.Key("costs").Unsigned(arm.costs);
  json.Key("cost_usd_total").Number(arm.cost_usd_total);
  json.Key("cost_ratio").Number(arm.cost_ratio);
  WriteOptional("latency_ms", arm.latency_ms, json);
  json.Key("alarms").Unsigned(arm.alarms);
  json.EndObject();
}

void WriteScope(const ScopeReport& scope, JsonWriter& json) {
  json.BeginObject();
  json.Key("plan").String(scope.plan);
  json.Key("objective").String(scope.objective);
  json.Key("cost_weight").Number(scope.cost_weight);
  json.Key("budget_usd").Number(scope.budget_usd);
  json.Key("target_usd").Number(scope.target_usd);
  json.Key("bank_usd").Number(scope.bank_usd);
  json.Key("spent_day_usd").Number(scope.spent_day_usd);
  json.Key("spent_month_usd").Number(scope.spent_month_usd);
  json.Key("reserved_usd").Number(scope.reserved_usd);
  json.Key("ceiling_day_usd").Number(scope.ceiling_day_usd);
  json.Key("ceiling_month_usd").Number(scope.ceiling_month_usd);
  WriteOptional("exploration_tokens", scope.exploration_tokens, json);
  json.Key("sought_arms").BeginArray();
  for (const std::string& arm : scope.sought_arms) json.String(arm);
  json.EndArray();
  json.EndObject();
}

void WriteChallenger(const ChallengerReport& challenger, JsonWriter& json) {
  json.BeginObject();
  json.Key("name").String(challenger.name);
  json.Key("policy").String(challenger.policy);
  json.Key("promotion").String(challenger.promotion);
  json.Key("state").String(challenger.state);
  json.Key("test").Unsigned(challenger.test);
  json.Key("level").Number(challenger.level);
  json.Key("decisions").Unsigned(challenger.decisions);
  json.Key("labels").Unsigned(challenger.labels);
  json.Key("waiting").Unsigned(challenger.waiting);
  json.Key("missing").Unsigned(challenger.missing);
  json.Key("effective_labels").Number(challenger.effective_labels);
  json.Key("weight_mean").Number(challenger.weight_mean);
  json.Key("unsupported").Number(challenger.unsupported);
  json.Key("gain").Number(challenger.gain);
  json.Key("cost_ratio").Number(challenger.cost_ratio);
  json.Key("log_e_needed").Number(challenger.log_e_needed);
  json.Key("log_e_quality").Number(challenger.log_e_quality);
  json.Key("log_e_cost").Number(challenger.log_e_cost);
  json.Key("log_e_worse").Number(challenger.log_e_worse);
  json.Key("log_e_propensities").Number(challenger.log_e_propensities);
  WriteOptional("log_e_return", challenger.log_e_return, json);
  json.Key("gain_assumed").Number(challenger.gain_assumed);
  WriteOptional("labels_expected", challenger.labels_expected, json);
  WriteOptional("days_expected", challenger.days_expected, json);
  json.EndObject();
}

void WriteMap(const MapReport& map, JsonWriter& json) {
  json.BeginObject();
  json.Key("version").Unsigned(map.version);
  json.Key("components").Unsigned(map.components);
  json.Key("fitted_at").Unsigned(map.fitted_at);
  json.Key("distinct_seen").Unsigned(map.distinct_seen);
  json.Key("input_shift").Number(map.input_shift);
  json.EndObject();
}

void WriteObserved(const ObserveReport& observed, JsonWriter& json) {
  json.BeginObject();
  json.Key("decisions").Unsigned(observed.decisions);
  json.Key("agreement").Number(observed.agreement);
  json.Key("ours_cost_usd").Number(observed.ours_cost_usd);
  json.Key("baseline_cost_usd").Number(observed.baseline_cost_usd);
  json.Key("ours_quality").Number(observed.ours_quality);
  json.Key("baseline_quality").Number(observed.baseline_quality);
  json.EndObject();
}

// What it is: what requests meet, and what their contexts are made of.
void WriteDefinition(const RouterReport& report, JsonWriter& json) {
  json.Key("name").String(report.name);
  json.Key("policy").String(report.policy);
  json.Key("exploration_mode").String(report.exploration_mode);
  json.Key("context_source").String(report.context_source);
  json.Key("context_dimension").Unsigned(report.context_dimension);
  json.Key("embedding_dimension").Unsigned(report.embedding_dimension);
  json.Key("context_id").String(report.context_id);
  json.Key("map");
  WriteMap(report.map, json);
  json.Key("observe").Boolean(report.observe);
  json.Key("frozen").Boolean(report.frozen);
}

// What it has seen and done.
void WriteProgress(const RouterReport& report, JsonWriter& json) {
  json.Key("snapshot_version").Unsigned(report.snapshot_version);
  json.Key("applied_position").Unsigned(report.applied_position);
  json.Key("log_position").Unsigned(report.log_position);
  json.Key("lag_s").Number(report.lag_s);
  json.Key("decisions").Unsigned(report.decisions);
  json.Key("audits").Unsigned(report.audits);
  json.Key("exploration_expected").Number(report.exploration_expected);
  json.Key("exploration_realised").Number(report.exploration_realised);
  json.Key("exploration_limited").Unsigned(report.exploration_limited);
  json.Key("quarantined_arms").Unsigned(report.quarantined_arms);
}

void WriteRouter(const RouterReport& report, JsonWriter& json) {
  json.BeginObject();
  WriteDefinition(report, json);
  WriteProgress(report, json);
  if (report.observed) {
    json.Key("observed");
    WriteObserved(*report.observed, json);
  }
  json.Key("scopes").BeginArray();
  for (const ScopeReport& scope : report.scopes) {
    WriteScope(scope, json);
  }
  json.EndArray();
  json.Key("challengers").BeginArray();
  for (const ChallengerReport& challenger : report.challengers) {
    WriteChallenger(challenger, json);
  }
  json.EndArray();
  json.Key("arms").BeginArray();
  for (const ArmReport& arm : report.arms) {
    WriteArm(arm, json);
  }
  json.EndArray().EndObject();
}

// -- Decisions ------------------------------------------------------------------------------------

void WriteOutcome(const OutcomeReport& outcome, JsonWriter& json) {
  json.BeginObject();
  json.Key("event_id").String(outcome.event_id);
  json.Key("source").String(outcome.source);
  json.Key("seq").Unsigned(outcome.seq);
  json.Key("revoked").Boolean(outcome.revoked);
  json.Key("received_at").String(FormatTime(outcome.received_us));
  json.Key("facts");
  WriteScalars(outcome.facts, json);
  json.EndObject();
}

void WriteLesson(const LessonReport& lesson, JsonWriter& json) {
  json.BeginObject();
  json.Key("state").String(lesson.state);
  WriteOptional("quality", lesson.quality, json);
  WriteOptional("weight", lesson.weight, json);
  WriteOptional("cost_usd", lesson.cost_usd, json);
  json.Key("arm").String(lesson.arm);
  json.EndObject();
}

// How the decision was made: the arm and everything that chose it.
void WriteChoice(const DecisionReport& report, JsonWriter& json) {
  json.Key("arm").String(report.arm);
  json.Key("reason").String(ReasonName(report.reason));
  json.Key("narrowed_by");
  WriteNarrowings(report.narrowed_by, json);
  json.Key("propensity").Number(report.propensity);
  json.Key("sequence").Unsigned(report.sequence);
  json.Key("tick").Unsigned(report.tick);
  WritePolicy(report.policy_kind, report.policy_version, json);
  json.Key("explanation");
  WriteExplanation(report.explanation, json);
  json.Key("context").BeginArray();
  for (const float entry : report.context) {
    json.Number(entry);
  }
  json.EndArray();
}

// What was asked, and by whom.
void WriteAsked(const DecisionReport& report, JsonWriter& json) {
  json.Key("router").String(report.router);
  json.Key("plan").String(report.plan);
  json.Key("request_id").String(report.request_id);
  json.Key("session").String(report.session);
  json.Key("tags");
  WriteStrings(report.tags, json);
  json.Key("baseline").String(report.baseline);
  json.Key("active").Boolean(report.active);
  json.Key("audit").Boolean(report.audit);
}

}  // namespace

std::string RenderRouter(const RouterReport& report) {
  JsonWriter json(4096);
  WriteRouter(report, json);
  return json.Take();
}

std::string RenderRouters(const std::vector<RouterReport>& reports) {
  JsonWriter json(4096);
  json.BeginObject().Key("routers").BeginArray();
  for (const RouterReport& report : reports) {
    WriteRouter(report, json);
  }
  json.EndArray().EndObject();
  return json.Take();
}

std::string RenderDecision(const DecisionReport& report) {
  JsonWriter json(4096);
  json.BeginObject();
  json.Key("decision_id").String(report.decision_id);
  json.Key("position").Unsigned(report.position);
  json.Key("time").String(FormatTime(report.time_us));
  WriteAsked(report, json);
  WriteChoice(report, json);
  json.Key("lesson");
  WriteLesson(report.lesson, json);
  json.Key("outcomes").BeginArray();
  for (const OutcomeReport& outcome : report.outcomes) {
    WriteOutcome(outcome, json);
  }
  json.EndArray().EndObject();
  return json.Take();
}

std::string RenderAdmin(const AdminAnswer& answer) {
  JsonWriter json;
  json.BeginObject();
  json.Key("position").Unsigned(answer.position);
  json.Key("detail").String(answer.detail);
  json.EndObject();
  return json.Take();
}

std::string RenderStatistics(std::string_view bytes) {
  const std::string text = EncodeBase64(bytes);
  JsonWriter json(text.size() + 32);
  json.BeginObject().Key("statistics").String(text).EndObject();
  return json.Take();
}

std::string RenderChanges(const std::vector<ConfigChange>& changes) {
  JsonWriter json;
  json.BeginObject().Key("changes").BeginArray();
  for (const ConfigChange& change : changes) {
    json.BeginObject();
    json.Key("field").String(change.field);
    json.Key("from").String(change.from);
    json.Key("to").String(change.to);
    json.Key("effect").String(change.effect);
    json.EndObject();
  }
  json.EndArray().EndObject();
  return json.Take();
}

}  // namespace sluice::api
