#include "api/wire.h"
#include "api/wire_time.h"
#include "api/wire_writer.h"

namespace sluice::api {
namespace {

void WriteStrings(const std::vector<std::string>& values, JsonWriter& json) {
  json.BeginArray();
  for (const std::string& value : values) {
    json.String(value);
  }
  json.EndArray();
}

void WriteNarrowings(const std::vector<Narrowing>& narrowings, JsonWriter& json) {
  json.BeginArray();
  for (const Narrowing narrowing : narrowings) {
    json.String(NarrowingName(narrowing));
  }
  json.EndArray();
}

void WriteScalar(const Scalar& scalar, JsonWriter& json) {
  struct Writer {
    JsonWriter& json;
    void operator()(bool value) const { json.Boolean(value); }
    void operator()(std::int64_t value) const { json.Integer(value); }
    void operator()(double value) const { json.Number(value); }
    void operator()(const std::string& value) const { json.String(value); }
  };
  std::visit(Writer{json}, scalar);
}

void WriteScalars(const Params& params, JsonWriter& json) {
  json.BeginObject();
  for (const auto& [name, value] : params) {
    json.Key(name);
    WriteScalar(value, json);
  }
  json.EndObject();
}

void WritePolicy(const std::string& kind, std::uint64_t version, JsonWriter& json) {
  json.Key("policy").BeginObject();
  json.Key("kind").String(kind);
  json.Key("version").Unsigned(version);
  json.EndObject();
}

void WriteExplanations(const std::vector<ArmExplanation>& arms, JsonWriter& json) {
  json.BeginArray();
  for (const ArmExplanation& arm : arms) {
    json.BeginObject();
    json.Key("arm").String(arm.arm);
    json.Key("mean").Number(arm.mean);
    json.Key("width").Number(arm.width);
    json.Key("expected_cost_usd").Number(arm.expected_cost_usd);
    json.Key("score").Number(arm.score);
    json.Key("probability").Number(arm.probability);
    json.EndObject();
  }
  json.EndArray();
}

void WriteRoute(const RouteAnswer& answer, JsonWriter& json) {
  json.BeginObject();
  json.Key("decision_id").String(answer.decision_id);
  json.Key("arm").String(answer.arm);
  json.Key("model").String(answer.model);
  json.Key("params");
  WriteScalars(answer.params, json);
  json.Key("tier").Integer(answer.tier);
  json.Key("reason").String(ReasonName(answer.reason));
  json.Key("narrowed_by");
  WriteNarrowings(answer.narrowed_by, json);
  json.Key("propensity").Number(answer.propensity);
  WritePolicy(answer.policy_kind, answer.policy_version, json);
  json.Key("fallbacks");
  WriteStrings(answer.fallbacks, json);
  json.Key("logged").Boolean(answer.logged);
  if (!answer.explanation.empty()) {
    json.Key("explanation");
    WriteExplanations(answer.explanation, json);
  }
  json.EndObject();
}

void WriteProblem(const Problem& problem, JsonWriter& json) {
  json.BeginObject();
  json.Key("title").String(problem.title);
  json.Key("status").Integer(problem.status);
  json.Key("detail").String(problem.detail);
  if (!problem.pointer.empty()) {
    json.Key("pointer").String(problem.pointer);
  }
  if (problem.retry_after_s) {
    json.Key("retry_after_s").Integer(*problem.retry_after_s);
  }
  json.EndObject();
}

void WriteRejection(const FeedbackRejection& rejection, JsonWriter& json) {
  json.BeginObject();
  json.Key("index").Unsigned(rejection.index);
  json.Key("status").Integer(rejection.problem.status);
  json.Key("detail").String(rejection.problem.detail);
  if (!rejection.problem.pointer.empty()) {
    json.Key("pointer").String(rejection.problem.pointer);
  }
  json.EndObject();
}

void WriteArm(const ArmReport& arm, JsonWriter& json) {
  json.BeginObject();
  json.Key("name").String(arm.name);
  json.Key("model").String(arm.model);
  json.Key("tier").Integer(arm.tier);
  json.Key("price_input_per_million_usd").Number(arm.price_input_per_million_usd);
  json.Key("price_output_per_million_usd").Number(arm.price_output_per_million_usd);
  json.Key("decisions").Unsigned(arm.decisions);
  json.Key("rewards").Unsigned(arm.rewards);
  json.Key("reward_mean").Number(arm.reward_mean);
  json.Key("costs").Unsigned(arm.costs);
  json.Key("cost_usd_total").Number(arm.cost_usd_total);
  json.EndObject();
}

void WriteRouter(const RouterReport& report, JsonWriter& json) {
  json.BeginObject();
  json.Key("name").String(report.name);
  json.Key("policy").String(report.policy);
  json.Key("exploration_mode").String(report.exploration_mode);
  json.Key("cost_weight").Number(report.cost_weight);
  json.Key("context_source").String(report.context_source);
  json.Key("context_dimension").Unsigned(report.context_dimension);
  json.Key("embedding_dimension").Unsigned(report.embedding_dimension);
  json.Key("context_id").String(report.context_id);
  json.Key("snapshot_version").Unsigned(report.snapshot_version);
  json.Key("applied_position").Unsigned(report.applied_position);
  json.Key("log_position").Unsigned(report.log_position);
  json.Key("lag_s").Number(report.lag_s);
  json.Key("decisions").Unsigned(report.decisions);
  json.Key("exploration_expected").Number(report.exploration_expected);
  json.Key("exploration_realised").Number(report.exploration_realised);
  json.Key("quarantined_arms").Unsigned(report.quarantined_arms);
  json.Key("arms").BeginArray();
  for (const ArmReport& arm : report.arms) {
    WriteArm(arm, json);
  }
  json.EndArray().EndObject();
}

void WriteOutcome(const OutcomeReport& outcome, JsonWriter& json) {
  json.BeginObject();
  json.Key("event_id").String(outcome.event_id);
  json.Key("source").String(outcome.source);
  json.Key("received_at").String(FormatTime(outcome.received_us));
  json.Key("facts");
  WriteScalars(outcome.facts, json);
  json.Key("learnt_quality").Boolean(outcome.learnt_quality);
  json.Key("learnt_cost").Boolean(outcome.learnt_cost);
  json.EndObject();
}

// How the decision was made: the arm and everything that chose it.
void WriteChoice(const DecisionReport& report, JsonWriter& json) {
  json.Key("arm").String(report.arm);
  json.Key("greedy_arm").String(report.greedy_arm);
  json.Key("reason").String(ReasonName(report.reason));
  json.Key("narrowed_by");
  WriteNarrowings(report.narrowed_by, json);
  json.Key("propensity").Number(report.propensity);
  json.Key("exploration").Number(report.exploration);
  json.Key("cost_weight").Number(report.cost_weight);
  json.Key("sequence").Unsigned(report.sequence);
  WritePolicy(report.policy_kind, report.policy_version, json);
  json.Key("arms");
  WriteExplanations(report.arms, json);
  json.Key("context").BeginArray();
  for (const float entry : report.context) {
    json.Number(entry);
  }
  json.EndArray();
}

}  // namespace

std::string RenderRoute(const RouteAnswer& answer) {
  JsonWriter json;
  WriteRoute(answer, json);
  return json.Take();
}

std::string RenderRouteBatch(const std::vector<RouteReply>& replies) {
  JsonWriter json(512 * replies.size());
  json.BeginArray();
  for (const RouteReply& reply : replies) {
    if (const auto* answer = std::get_if<RouteAnswer>(&reply)) {
      WriteRoute(*answer, json);
      continue;
    }
    json.BeginObject().Key("problem");
    WriteProblem(std::get<Problem>(reply), json);
    json.EndObject();
  }
  json.EndArray();
  return json.Take();
}

std::string RenderFeedback(const FeedbackAnswer& answer) {
  JsonWriter json;
  json.BeginObject();
  json.Key("accepted").Unsigned(answer.accepted);
  json.Key("duplicates").Unsigned(answer.duplicates);
  json.Key("rejected").BeginArray();
  for (const FeedbackRejection& rejection : answer.rejected) {
    WriteRejection(rejection, json);
  }
  json.EndArray().EndObject();
  return json.Take();
}

std::string RenderProblem(const Problem& problem) {
  JsonWriter json;
  WriteProblem(problem, json);
  return json.Take();
}

std::string RenderRouter(const RouterReport& report) {
  JsonWriter json(2048);
  WriteRouter(report, json);
  return json.Take();
}

std::string RenderRouters(const std::vector<RouterReport>& reports) {
  JsonWriter json(2048);
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
  json.Key("router").String(report.router);
  json.Key("request_id").String(report.request_id);
  json.Key("tags");
  WriteStrings(report.tags, json);
  json.Key("baseline").String(report.baseline);
  WriteChoice(report, json);
  json.Key("outcomes").BeginArray();
  for (const OutcomeReport& outcome : report.outcomes) {
    WriteOutcome(outcome, json);
  }
  json.EndArray().EndObject();
  return json.Take();
}

}  // namespace sluice::api
