#include <utility>

#include "api/problem.h"
#include "api/wire.h"
#include "api/wire_fields.h"
#include "api/wire_json.h"

namespace sluice::api {
namespace {

using Out = FeedbackEvent;
using Value = const JsonValue&;
using At = const Place&;

constexpr NumberRange kUnit{.min = 0, .max = 1};
constexpr NumberRange kNotNegative{.min = 0};
constexpr NumberRange kCost{.min = 0, .max = kCostUsdMax};

// Under this name the daemon writes what its own timers say.
constexpr std::string_view kReservedSource = "sluice";

// Which names a router knows is the service's business.
Fault ReadSource(Value value, At place, Out& out) {
  if (Fault fault = ReadPlainName(value, place, out.source)) {
    return fault;
  }
  return out.source == kReservedSource ? Invalid(place, "this source is the daemon's own")
                                       : std::nullopt;
}

constexpr FieldRule<FeedbackEvent> kSignalFields[] = {
    {"thumb",
     [](Value v, At at, Out& out) {
       return ReadInteger(v, at, {.min = -1, .max = 1}, out.thumb.emplace());
     }},
    {"score",
     [](Value v, At at, Out& out) { return ReadNumber(v, at, kUnit, out.score.emplace()); }},
    {"task_success",
     [](Value v, At at, Out& out) { return ReadBoolean(v, at, out.task_success.emplace()); }},
    {"regenerated",
     [](Value v, At at, Out& out) { return ReadBoolean(v, at, out.regenerated.emplace()); }},
    {"input_tokens",
     [](Value v, At at, Out& out) { return ReadUint32(v, at, out.input_tokens.emplace()); }},
    {"cached_input_tokens",
     [](Value v, At at, Out& out) { return ReadUint32(v, at, out.cached_input_tokens.emplace()); }},
    {"output_tokens",
     [](Value v, At at, Out& out) { return ReadUint32(v, at, out.output_tokens.emplace()); }},
    {"reasoning_tokens",
     [](Value v, At at, Out& out) { return ReadUint32(v, at, out.reasoning_tokens.emplace()); }},
    {"cost_usd",
     [](Value v, At at, Out& out) { return ReadNumber(v, at, kCost, out.cost_usd.emplace()); }},
    {"latency_ms",
     [](Value v, At at, Out& out) {
       return ReadNumber(v, at, kNotNegative, out.latency_ms.emplace());
     }},
    {"status",
     [](Value v, At at, Out& out) {
       return ReadInteger(v, at, {.min = 100, .max = 599}, out.status.emplace());
     }},
};

constexpr ObjectRules<FeedbackEvent> kSignalRules{kSignalFields, {}};

constexpr FieldRule<FeedbackEvent> kEventFields[] = {
    {"decision_id", [](Value v, At at, Out& out) { return ReadId(v, at, out.decision_id); }},
    {"request_id", [](Value v, At at, Out& out) { return ReadId(v, at, out.request_id); }},
    {"router", [](Value v, At at, Out& out) { return ReadName(v, at, out.router); }},
    {"event_id", [](Value v, At at, Out& out) { return ReadId(v, at, out.event_id); }},
    {"source", ReadSource},
    {"seq", [](Value v, At at, Out& out) { return ReadUint32(v, at, out.seq); }},
    {"revoked", [](Value v, At at, Out& out) { return ReadBoolean(v, at, out.revoked); }},
    {"activate", [](Value v, At at, Out& out) { return ReadBoolean(v, at, out.activate); }},
    {"served_arm",
     [](Value v, At at, Out& out) { return ReadName(v, at, out.served_arm.emplace()); }},
    {"occurred_at",
     [](Value v, At at, Out& out) { return ReadTime(v, at, out.occurred_us.emplace()); }},
    {"reward",
     [](Value v, At at, Out& out) { return ReadNumber(v, at, kUnit, out.reward.emplace()); }},
    {"signals", [](Value v, At at, Out& out) { return ReadObject(v, at, kSignalRules, out); }},
};

// Of later versions of the wire, and refused until the capability behind them is there.
constexpr std::string_view kLaterEventFields[] = {"response_id"};

constexpr ObjectRules<FeedbackEvent> kEventRules{kEventFields, kLaterEventFields};

bool HasQualitySignal(const FeedbackEvent& event) {
  return event.thumb || event.score || event.task_success || event.regenerated;
}

// About what the decision was good for, or what it took.
bool ReportsSomething(const FeedbackEvent& event) {
  const bool used = event.input_tokens || event.cached_input_tokens || event.output_tokens ||
                    event.reasoning_tokens;
  const bool ran = event.cost_usd || event.latency_ms || event.status || event.served_arm;
  return event.reward || HasQualitySignal(event) || used || ran;
}

// What no single field can tell.
Fault CheckEvent(const FeedbackEvent& event, const Place& place) {
  if (event.decision_id.empty() == event.request_id.empty()) {
    return Invalid(place, "either decision_id or request_id was expected");
  }
  if (event.event_id.empty()) {
    return Invalid(place.Field("event_id"), "event_id is missing; it makes a repeat harmless");
  }
  if (event.reward && HasQualitySignal(event)) {
    return Invalid(place.Field("reward"),
                   "reward excludes thumb, score, task_success and regenerated");
  }
  const bool reports = ReportsSomething(event);
  if (event.revoked && (reports || event.activate)) {
    return Invalid(place.Field("revoked"),
                   "revoked excludes reward, signals, served_arm and activate");
  }
  if (!reports && !event.revoked && !event.activate) {
    return Invalid(place,
                   "the event says nothing; reward, signals, served_arm, revoked or activate was "
                   "expected");
  }
  return std::nullopt;
}

FeedbackItem ReadEvent(const JsonValue& value, const Place& place) {
  FeedbackEvent event;
  Fault fault = ReadObject(value, place, kEventRules, event);
  if (!fault) {
    fault = CheckEvent(event, place);
  }
  if (fault) {
    return *std::move(fault);
  }
  return event;
}

Fault ReadEvents(Value events, At place, FeedbackBody& out) {
  if (!events.IsArray()) {
    return Invalid(place, "an array of events was expected");
  }
  out.single = false;
  for (JsonCursor event(events); event.Next();) {
    if (out.items.size() == kBatchMax) {
      return Invalid(place, "at most 256 events were expected");
    }
    out.items.push_back(ReadEvent(event.value(), place.Item(out.items.size())));
  }
  return out.items.empty() ? Invalid(place, "at least one event was expected") : std::nullopt;
}

constexpr FieldRule<FeedbackBody> kListFields[] = {{"events", ReadEvents}};
constexpr ObjectRules<FeedbackBody> kListRules{kListFields, {}};

bool IsList(const JsonValue& root) {
  for (JsonCursor field(root); field.Next();) {
    if (root.IsObject() && field.key() == "events") {
      return true;
    }
  }
  return false;
}

}  // namespace

std::variant<FeedbackBody, Problem> ParseFeedback(std::string_view body) {
  auto document = ParseJson(body);
  if (auto* problem = std::get_if<Problem>(&document)) {
    return std::move(*problem);
  }
  const JsonValue& root = std::get<JsonValue>(document);
  FeedbackBody feedback;
  if (!IsList(root)) {
    feedback.items.push_back(ReadEvent(root, Place()));
    return feedback;
  }
  if (Fault fault = ReadObject(root, Place(), kListRules, feedback)) {
    return *std::move(fault);
  }
  return feedback;
}

}  // namespace sluice::api
