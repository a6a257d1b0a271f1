#include "api/wire_values.h"

#include <variant>

namespace sluice::api {
namespace {

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

void WriteToWin(const ArmToWin& change, JsonWriter& json) {
  json.BeginObject();
  json.Key("mean_by").Number(change.mean_by);
  WriteOptional("cost_usd_by", change.cost_usd_by, json);
  WriteOptional("cost_weight", change.cost_weight, json);
  json.EndObject();
}

void WriteArm(const ArmExplanation& arm, JsonWriter& json) {
  json.BeginObject();
  json.Key("arm").String(arm.arm);
  json.Key("mean").Number(arm.mean);
  json.Key("width").Number(arm.width);
  json.Key("expected_cost_usd").Number(arm.expected_cost_usd);
  WriteOptional("expected_latency_ms", arm.expected_latency_ms, json);
  json.Key("score").Number(arm.score);
  json.Key("probability").Number(arm.probability);
  if (arm.to_win) {
    json.Key("to_win");
    WriteToWin(*arm.to_win, json);
  }
  json.EndObject();
}

}  // namespace

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

void WriteExplanation(const Explanation& explanation, JsonWriter& json) {
  json.BeginObject();
  json.Key("cost_weight").Number(explanation.cost_weight);
  json.Key("latency_weight").Number(explanation.latency_weight);
  json.Key("exploration").Number(explanation.exploration);
  json.Key("map_version").Unsigned(explanation.map_version);
  json.Key("greedy_arm").String(explanation.greedy_arm);
  json.Key("observed_arm").String(explanation.observed_arm);
  json.Key("notes");
  WriteStrings(explanation.notes, json);
  json.Key("arms").BeginArray();
  for (const ArmExplanation& arm : explanation.arms) {
    WriteArm(arm, json);
  }
  json.EndArray().EndObject();
}

void WriteOptional(const char* key, const std::optional<double>& value, JsonWriter& json) {
  if (value) {
    json.Key(key).Number(*value);
  }
}

}  // namespace sluice::api
