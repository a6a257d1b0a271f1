// What the data plane answers, written.
#include "api/wire.h"
#include "api/wire_values.h"
#include "api/wire_writer.h"

namespace sluice::api {
namespace {

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
  json.Key("audit").Boolean(answer.audit);
  json.Key("logged").Boolean(answer.logged);
  if (answer.explanation) {
    json.Key("explanation");
    WriteExplanation(*answer.explanation, json);
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

}  // namespace sluice::api
