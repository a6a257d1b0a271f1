// An evaluation as JSON: every figure of the table, and what it rests on.
#include <cmath>

#include <nlohmann/json.hpp>

#include "policy/integrity.h"
#include "sim/report_evaluate.h"

namespace sluice::sim {
namespace {

using Json = nlohmann::ordered_json;

// What is not a number is null.
Json Number(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}
Json Pair(const policy::OpeInterval& interval) {
  return {Number(interval.lower), Number(interval.upper)};
}

Json DiagnosticsJson(const policy::OpeDiagnostics& facts) {
  return {{"decisions", facts.decisions},
          {"clusters", facts.clusters},
          {"audits_asked", facts.asked},
          {"labels", facts.labels},
          {"effective_sample_size", Number(facts.effective)},
          {"weight_max", facts.weight_max},
          {"weight_share_max", facts.weight_share},
          {"weight_mean", Number(facts.weight_mean)},
          {"unsupported", Number(facts.unsupported)},
          {"integrity_log_e", facts.integrity},
          {"integrity_alarm_at", policy::kIntegrityAlarm}};
}

Json MeasureJson(const MeasureResult& result) {
  Json json;
  for (std::size_t i = 0; i < policy::kOpeFigureNames.size(); ++i) {
    Json& figure = json[std::string(policy::kOpeFigureNames[i])];
    figure = {{"estimate", Number(result.estimates.figures[i])},
              {"interval", Pair(result.intervals[i])}};
  }
  if (result.anytime) json["ips"]["anytime"] = Pair(*result.anytime);
  if (result.anytime_logged) json["logged"]["anytime"] = Pair(*result.anytime_logged);
  json["gain"]["share_above_zero"] = Number(result.share_above_zero);
  json["diagnostics"] = DiagnosticsJson(result.diagnostics);
  json["refusals"] = Json::array();
  for (const policy::OpeRefusal refusal : result.refusals) {
    json["refusals"].push_back(RenderRefusal(refusal, result.diagnostics));
  }
  return json;
}

Json LabelsJson(const Evaluation& evaluation) {
  Json arms = Json::array();
  for (const LabelCounts& arm : evaluation.labels) {
    arms.push_back({{"arm", arm.arm},
                    {"decisions", arm.decisions},
                    {"labelled", arm.labelled},
                    {"audited", arm.audited},
                    {"judged", arm.judged},
                    {"billed", arm.billed}});
  }
  return arms;
}

}  // namespace

std::string EvaluationJson(const Evaluation& evaluation) {
  Json excluded;
  for (std::size_t i = 0; i < kExcludedNames.size(); ++i) {
    excluded[std::string(kExcludedNames[i])] = evaluation.excluded[i];
  }
  std::string verdict = RenderVerdict(evaluation);
  verdict.pop_back();
  const Json json = {
      {"command", "evaluate"},
      {"router", evaluation.router},
      {"logged_policy", evaluation.logged_policy},
      {"policy", evaluation.policy},
      {"arms", evaluation.arms},
      {"frozen_at", evaluation.frozen_at},
      {"decisions_learnt", evaluation.trained},
      {"decisions_after", evaluation.decisions},
      {"decisions_evaluated", evaluation.evaluated()},
      {"excluded", std::move(excluded)},
      {"sessions", evaluation.sessions},
      {"labels_independent_of_arm", evaluation.labels_independent},
      {"cost_weight_own", evaluation.cost_weight ? Json(*evaluation.cost_weight) : Json(nullptr)},
      {"cost_weight_logged_mean", evaluation.cost_weight_mean},
      {"cost_bound_usd", evaluation.cost_bound_usd},
      {"agreement", evaluation.agreement},
      {"labels_by_arm", LabelsJson(evaluation)},
      {"quality", MeasureJson(evaluation.quality)},
      {"cost_usd", MeasureJson(evaluation.cost)},
      {"utility", MeasureJson(evaluation.utility)},
      {"refused", !evaluation.deciding().refusals.empty()},
      {"verdict", verdict}};
  return json.dump(1) + "\n";
}

}  // namespace sluice::sim
