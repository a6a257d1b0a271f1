#include "sim/report_export.h"

#include <array>
#include <cstdio>
#include <optional>

#include <nlohmann/json.hpp>

#include "api/service.h"
#include "daemon/ids.h"
#include "policy/policy.h"
#include "sim/times.h"

namespace sluice::sim {
namespace {

using Json = nlohmann::ordered_json;
using store::ArmShare;

constexpr std::array kNarrowings = {api::Narrowing::kAllow,      api::Narrowing::kDeny,
                                    api::Narrowing::kNeeds,      api::Narrowing::kMaxCost,
                                    api::Narrowing::kMaxLatency, api::Narrowing::kCeiling};

template <typename T>
Json Maybe(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

std::string Hexadecimal(std::uint64_t number) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(number));
  return text;
}

// A figure of every eligible arm, by name.
template <typename Figure>
Json ByArm(const daemon::RouterDefinition& router, const store::DecisionRecord& record,
           Figure figure) {
  Json json = Json::object();
  for (const ArmShare& share : record.shares) json[router.arm_names[share.arm]] = figure(share);
  return json;
}

Json Names(const daemon::RouterDefinition& router, policy::ArmSet arms) {
  Json json = Json::array();
  for (const policy::ArmId arm : arms) json.push_back(router.arm_names[arm]);
  return json;
}

Json NarrowingsJson(std::uint16_t bits) {
  Json json = Json::array();
  for (const api::Narrowing narrowing : kNarrowings) {
    if ((bits >> static_cast<unsigned>(narrowing) & 1U) != 0) {
      json.push_back(api::NarrowingName(narrowing));
    }
  }
  return json;
}

// Only what was said.
Json SignalsJson(const store::OutcomeRecord& outcome) {
  Json json = Json::object();
  const auto add = [&](const char* name, const auto& value) {
    if (value) json[name] = *value;
  };
  add("reward", outcome.reward);
  if (outcome.thumb) json["thumb"] = static_cast<int>(*outcome.thumb);
  add("score", outcome.score);
  add("task_success", outcome.task_success);
  add("regenerated", outcome.regenerated);
  add("cost_usd", outcome.cost_usd);
  add("latency_ms", outcome.latency_ms);
  add("input_tokens", outcome.input_tokens);
  add("cached_input_tokens", outcome.cached_input_tokens);
  add("output_tokens", outcome.output_tokens);
  add("reasoning_tokens", outcome.reasoning_tokens);
  add("status", outcome.status);
  return json;
}

Json OutcomeJson(const store::PlacedOutcome& placed) {
  const store::OutcomeRecord& outcome = placed.record;
  Json json = {{"position", placed.position},
               {"source", outcome.source},
               {"event_id", outcome.event_id},
               {"seq", outcome.seq},
               {"received", PrintTime(outcome.received_us)}};
  if (outcome.occurred_us) json["occurred"] = PrintTime(*outcome.occurred_us);
  if (outcome.revoked) json["revoked"] = true;
  if (outcome.activate) json["activate"] = true;
  if (!outcome.served_arm.empty()) json["served_arm"] = outcome.served_arm;
  json["signals"] = SignalsJson(outcome);
  return json;
}

void AddChoice(const daemon::RouterDefinition& router, const store::DecisionRecord& record,
               Json& json) {
  const auto name = [&](const std::optional<std::uint16_t>& arm) {
    return arm ? Json(router.arm_names[*arm]) : Json(nullptr);
  };
  constexpr auto one = static_cast<double>(policy::kProbabilityOne);
  json["arm"] = router.arm_names[record.arm];
  json["greedy_arm"] = router.arm_names[record.greedy_arm];
  json["observed_arm"] = name(record.observed_arm);
  json["baseline_arm"] = name(record.baseline_arm);
  json["eligible"] = Names(router, policy::ArmSet::FromBits(record.eligible));
  json["narrowed_by"] = NarrowingsJson(record.narrowed_by);
  json["propensities"] = ByArm(router, record, [](const ArmShare& share) {
    return static_cast<double>(share.probability_q32) / one;
  });
  json["means"] = ByArm(router, record, [](const ArmShare& share) { return share.mean; });
  json["widths"] = ByArm(router, record, [](const ArmShare& share) { return share.width; });
  json["expected_costs_usd"] =
      ByArm(router, record, [](const ArmShare& share) { return share.expected_cost_usd; });
  json["scores"] = ByArm(router, record, [](const ArmShare& share) { return share.score; });
  json["cost_weight"] = record.cost_weight;
  json["latency_weight"] = record.latency_weight;
  json["exploration"] = record.exploration;
}

// As the learner judges what was said, without defaults for silence.
void AddStanding(const LoggedRouter& router, const store::DecisionStory& story, Json& json) {
  const daemon::Standing standing = JudgeLogged(router, story);
  json["served_arm"] = router.newest().arm_names[standing.served];
  json["reward"] = standing.quality ? Json(standing.quality->value) : Json(nullptr);
  json["reward_weight"] = standing.quality ? Json(standing.quality->weight) : Json(nullptr);
  json["cost_usd"] = Maybe(standing.billed_usd);
  json["latency_s"] = Maybe(standing.latency_s);
}

}  // namespace

std::string ExportLine(const LoggedRouter& router, const store::DecisionStory& story) {
  const daemon::RouterDefinition& definition = router.newest();
  const store::DecisionRecord& record = story.decision;
  const auto kind = static_cast<policy::PolicyKind>(record.policy_kind);
  const auto mode = policy::kExplorationModeNames.at(record.exploration_mode);
  Json json = {{"id", daemon::FormatId(record.id)},
               {"time", PrintTime(record.time_us)},
               {"router", definition.name()},
               {"position", story.position},
               {"policy", std::string(policy::PolicyKindName(kind))},
               {"exploration_mode", std::string(mode)},
               {"policy_version", record.policy_version},
               {"reason", api::ReasonName(static_cast<api::Reason>(record.reason))}};
  AddChoice(definition, record, json);
  json["audit"] = record.audit;
  json["learnable"] = record.learnable;
  json["context"] = record.context;
  json["map_version"] = record.map_version;
  json["plan"] = record.plan;
  json["tags"] = record.tags;
  json["request_id"] = record.request_id;
  // As text: notebooks read numbers of 64 bits wrongly.
  json["session"] = record.session == 0 ? Json(nullptr) : Json(Hexadecimal(record.session));
  AddStanding(router, story, json);
  json["outcomes"] = Json::array();
  for (const store::PlacedOutcome& outcome : story.outcomes) {
    json["outcomes"].push_back(OutcomeJson(outcome));
  }
  // A name may hold bytes that are no text.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace sluice::sim
