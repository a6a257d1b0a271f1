#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "api/wire.h"
#include "api/wire_time.h"

namespace sluice::api {
namespace {

using nlohmann::json;

FeedbackBody Parsed(std::string_view body) {
  INFO(body.substr(0, 300));
  auto result = ParseFeedback(body);
  if (const auto* problem = std::get_if<Problem>(&result)) {
    FAIL(problem->status << " " << problem->detail << " at " << problem->pointer);
  }
  return std::get<FeedbackBody>(result);
}

FeedbackEvent Accepted(std::string_view body) {
  const FeedbackBody parsed = Parsed(body);
  REQUIRE(parsed.single);
  REQUIRE(parsed.items.size() == 1);
  if (const auto* problem = std::get_if<Problem>(&parsed.items[0])) {
    FAIL(problem->status << " " << problem->detail << " at " << problem->pointer);
  }
  return std::get<FeedbackEvent>(parsed.items[0]);
}

// A refusal of the call or of its only event.
Problem Refused(std::string_view body) {
  INFO(body.substr(0, 300));
  auto result = ParseFeedback(body);
  if (const auto* problem = std::get_if<Problem>(&result)) {
    return *problem;
  }
  const auto& parsed = std::get<FeedbackBody>(result);
  REQUIRE(parsed.single);
  REQUIRE(std::holds_alternative<Problem>(parsed.items.at(0)));
  return std::get<Problem>(parsed.items[0]);
}

TEST_CASE("every field of a feedback event is read") {
  const FeedbackEvent event = Accepted(R"({
    "decision_id": "d-1", "router": "chat", "event_id": "e-1", "source": "judge",
    "served_arm": "premium", "occurred_at": "2026-01-31T12:00:00Z",
    "signals": {"thumb": -1, "score": 0.75, "task_success": true, "regenerated": false,
      "input_tokens": 1, "cached_input_tokens": 2, "output_tokens": 3, "reasoning_tokens": 4,
      "cost_usd": 0.001, "latency_ms": 812.5, "status": 200}})");
  CHECK(event.decision_id == "d-1");
  CHECK(event.request_id.empty());
  CHECK(event.router == "chat");
  CHECK(event.event_id == "e-1");
  CHECK(event.source == "judge");
  CHECK(event.served_arm == "premium");
  CHECK(event.occurred_us == 1769860800000000U);
  CHECK_FALSE(event.reward);
  CHECK(event.thumb == -1);
  CHECK(event.score == 0.75);
  CHECK(event.task_success == true);
  CHECK(event.regenerated == false);
  CHECK(event.input_tokens == 1U);
  CHECK(event.cached_input_tokens == 2U);
  CHECK(event.output_tokens == 3U);
  CHECK(event.reasoning_tokens == 4U);
  CHECK(event.cost_usd == 0.001);
  CHECK(event.latency_ms == 812.5);
  CHECK(event.status == 200);
}

TEST_CASE("a reward may come with what the answer cost") {
  const FeedbackEvent event = Accepted(
      R"({"request_id": "r", "event_id": "e", "reward": 1, "signals": {"cost_usd": 0, "status": 503,
          "latency_ms": 3, "output_tokens": 9}})");
  CHECK(event.request_id == "r");
  CHECK(event.router == "default");
  CHECK(event.source == "user");
  CHECK(event.reward == 1.0);
  CHECK(event.cost_usd == 0.0);
}

TEST_CASE("an event may say only which arm served") {
  CHECK(Accepted(R"({"decision_id": "d", "event_id": "e", "served_arm": "a"})").served_arm == "a");
}

TEST_CASE("a higher seq revises and the first one is zero") {
  CHECK(Accepted(R"({"decision_id": "d", "event_id": "e", "reward": 1})").seq == 0U);
  CHECK(Accepted(R"({"decision_id": "d", "event_id": "e", "reward": 1, "seq": 4294967295})").seq ==
        4294967295U);
}

TEST_CASE("an event may only withdraw or only activate") {
  const FeedbackEvent withdrawn = Accepted(
      R"({"request_id": "r", "router": "chat", "event_id": "e", "source": "judge", "seq": 3,
          "occurred_at": "2026-01-31T12:00:00Z", "revoked": true})");
  CHECK(withdrawn.revoked);
  CHECK(withdrawn.seq == 3U);
  CHECK_FALSE(withdrawn.activate);
  const FeedbackEvent activated =
      Accepted(R"({"decision_id": "d", "event_id": "e", "activate": true})");
  CHECK(activated.activate);
  CHECK_FALSE(activated.revoked);
  CHECK(
      Accepted(R"({"decision_id": "d", "event_id": "e", "activate": true, "reward": 1})").reward ==
      1.0);
}

TEST_CASE("a source may have any plain name but the daemon's own") {
  const auto source = [](const std::string& name) {
    return Accepted(json{{"decision_id", "d"}, {"event_id", "e"}, {"reward", 1}, {"source", name}}
                        .dump())
        .source;
  };
  for (const std::string& name :
       {std::string("user"), std::string("crm.eu-1_B"), std::string("Sluice"),
        std::string("sluice2"), std::string(kNameBytesMax, 'x')}) {
    CHECK(source(name) == name);
  }
}

TEST_CASE("events in a list are read each for itself") {
  const FeedbackBody body = Parsed(R"({"events": [
    {"decision_id": "d", "event_id": "1", "reward": 0.5},
    {"decision_id": "d", "event_id": "2", "signals": {"thumb": 2}},
    3,
    {"decision_id": "d", "event_id": "4", "signals": {"thumb": 1}}]})");
  CHECK_FALSE(body.single);
  REQUIRE(body.items.size() == 4);
  CHECK(std::get<FeedbackEvent>(body.items[0]).reward == 0.5);
  CHECK(std::get<Problem>(body.items[1]).pointer == "/events/1/signals/thumb");
  CHECK(std::get<Problem>(body.items[2]).pointer == "/events/2");
  CHECK(std::get<FeedbackEvent>(body.items[3]).thumb == 1);
}

struct RefusalRow {
  const char* rule;
  json changes;  // merged into a good event; null removes
  const char* pointer;
};

// A good event that withdraws and says something else as well.
json Revoked(json more) {
  more["reward"] = nullptr;
  more["revoked"] = true;
  return more;
}

// Who says what about which decision.
std::vector<RefusalRow> WrongEvents() {
  const std::string long_id(kIdBytesMax + 1, 'x');
  return {
      {"an unknown field", {{"rewrad", 1}}, "/rewrad"},
      {"response_id is for later", {{"response_id", "r"}}, "/response_id"},
      {"an id is there", {{"decision_id", nullptr}}, ""},
      {"only one id is there", {{"request_id", "r"}}, ""},
      {"decision_id is a string", {{"decision_id", 7}}, "/decision_id"},
      {"decision_id is short", {{"decision_id", long_id}}, "/decision_id"},
      {"event_id is there", {{"event_id", nullptr}}, "/event_id"},
      {"event_id is not empty", {{"event_id", ""}}, "/event_id"},
      {"event_id is short", {{"event_id", long_id}}, "/event_id"},
      {"source is not the daemon's own", {{"source", "sluice"}}, "/source"},
      {"source is a name", {{"source", "web hook"}}, "/source"},
      {"source is not empty", {{"source", ""}}, "/source"},
      {"source is short", {{"source", std::string(kNameBytesMax + 1, 'x')}}, "/source"},
      {"seq is whole", {{"seq", 1.5}}, "/seq"},
      {"seq is not negative", {{"seq", -1}}, "/seq"},
      {"seq has 32 bits", {{"seq", 4294967296}}, "/seq"},
      {"revoked is a boolean", {{"revoked", 1}}, "/revoked"},
      {"revoked excludes reward", {{"revoked", true}}, "/revoked"},
      {"revoked excludes quality", Revoked({{"signals", {{"thumb", 0}}}}), "/revoked"},
      {"revoked excludes cost", Revoked({{"signals", {{"cost_usd", 0}}}}), "/revoked"},
      {"revoked excludes status", Revoked({{"signals", {{"status", 200}}}}), "/revoked"},
      {"revoked excludes served_arm", Revoked({{"served_arm", "a"}}), "/revoked"},
      {"revoked excludes activate", Revoked({{"activate", true}}), "/revoked"},
      {"revoked needs its ids as well", Revoked({{"event_id", nullptr}}), "/event_id"},
      {"not revoking says nothing", {{"reward", nullptr}, {"revoked", false}}, ""},
      {"activate is a boolean", {{"activate", "yes"}}, "/activate"},
      {"not activating says nothing", {{"reward", nullptr}, {"activate", false}}, ""},
      {"source is a string", {{"source", 1}}, "/source"},
      {"served_arm is a name", {{"served_arm", ""}}, "/served_arm"},
  };
}

// What is said.
std::vector<RefusalRow> WrongSignals() {
  return {
      {"reward is at most one", {{"reward", 1.0000001}}, "/reward"},
      {"reward is not negative", {{"reward", -0.1}}, "/reward"},
      {"reward is a number", {{"reward", "1"}}, "/reward"},
      {"reward excludes thumb", {{"signals", {{"thumb", 1}}}}, "/reward"},
      {"reward excludes score", {{"signals", {{"score", 1}}}}, "/reward"},
      {"reward excludes task_success", {{"signals", {{"task_success", true}}}}, "/reward"},
      {"reward excludes regenerated", {{"signals", {{"regenerated", true}}}}, "/reward"},
      {"something is said", {{"reward", nullptr}}, ""},
      {"signals say something", {{"reward", nullptr}, {"signals", json::object()}}, ""},
      {"signals is an object", {{"signals", {1}}}, "/signals"},
      {"an unknown signal", {{"signals", {{"thumbs", 1}}}}, "/signals/thumbs"},
      {"thumb is up or down", {{"signals", {{"thumb", 2}}}}, "/signals/thumb"},
      {"thumb is whole", {{"signals", {{"thumb", 0.5}}}}, "/signals/thumb"},
      {"score is in the unit", {{"signals", {{"score", 1.5}}}}, "/signals/score"},
      {"task_success is a boolean", {{"signals", {{"task_success", 1}}}}, "/signals/task_success"},
      {"regenerated is a boolean", {{"signals", {{"regenerated", "no"}}}}, "/signals/regenerated"},
      {"cost_usd is not negative", {{"signals", {{"cost_usd", -1e-9}}}}, "/signals/cost_usd"},
      {"latency_ms is not negative", {{"signals", {{"latency_ms", -1}}}}, "/signals/latency_ms"},
      {"input_tokens is whole", {{"signals", {{"input_tokens", 1.5}}}}, "/signals/input_tokens"},
      {"output_tokens has 32 bits",
       {{"signals", {{"output_tokens", 4294967296}}}},
       "/signals/output_tokens"},
      {"status is one of HTTP", {{"signals", {{"status", 99}}}}, "/signals/status"},
      {"status is below 600", {{"signals", {{"status", 600}}}}, "/signals/status"},
      {"occurred_at is a string", {{"occurred_at", 1769860800}}, "/occurred_at"},
      {"occurred_at has a zone", {{"occurred_at", "2026-01-31T12:00:00"}}, "/occurred_at"},
  };
}

TEST_CASE("an event that breaks a rule is unprocessable and pointed to") {
  const json good = {{"decision_id", "d"}, {"event_id", "e"}, {"reward", 0.5}};
  REQUIRE(Accepted(good.dump()).reward == 0.5);
  std::vector<RefusalRow> rows = WrongEvents();
  const std::vector<RefusalRow> signals = WrongSignals();
  rows.insert(rows.end(), signals.begin(), signals.end());
  for (const RefusalRow& row : rows) {
    DYNAMIC_SECTION(row.rule) {
      json body = good;
      body.merge_patch(row.changes);
      const Problem problem = Refused(body.dump());
      CHECK(problem.status == 422);
      CHECK(problem.pointer == row.pointer);
      CHECK_FALSE(problem.detail.empty());
    }
  }
}

TEST_CASE("a feedback call that is no event and no list is refused as a whole") {
  const auto status = [](const std::string& body) { return Refused(body).status; };
  CHECK(status("") == 400);
  CHECK(status("[]") == 422);
  CHECK(status(R"({"events": []})") == 422);
  CHECK(status(R"({"events": {}})") == 422);
  CHECK(status(R"({"events": [], "source": "user"})") == 422);
  CHECK(status(R"({"decision_id": "a", "decision_id": "b"})") == 400);
  CHECK(status(json{{"events", std::vector<json>(kBatchMax + 1, json::object())}}.dump()) == 422);
  CHECK(
      Parsed(json{{"events", std::vector<json>(kBatchMax, json::object())}}.dump()).items.size() ==
      kBatchMax);
}

TEST_CASE("a time is read to the microsecond in any zone") {
  CHECK(ParseTime("1970-01-01T00:00:00Z") == 0U);
  CHECK(ParseTime("2026-01-31T12:00:00.25+01:00") == 1769857200250000U);
  CHECK(ParseTime("2026-01-31t12:00:00z") == 1769860800000000U);
  CHECK(ParseTime("2026-01-31T12:00:00.1234567899Z") == 1769860800123456U);
  CHECK(ParseTime("2024-02-29T23:59:60-00:30") == ParseTime("2024-03-01T00:30:00Z"));
  CHECK(ParseTime("9999-12-31T23:59:59Z") == 253402300799000000U);
}

TEST_CASE("a text that is no time is not read as one") {
  for (const char* text : {"",
                           "Z",
                           "2026-01-31",
                           "2026-01-31T12:00:00",
                           "2026-01-31 12:00:00Z",
                           "2026-02-29T12:00:00Z",
                           "2026-13-01T12:00:00Z",
                           "2026-00-01T12:00:00Z",
                           "2026-01-31T24:00:00Z",
                           "2026-01-31T12:60:00Z",
                           "2026-01-31T12:00:61Z",
                           "2026-01-31T12:00:00.Z",
                           "2026-01-31T12:00:00+1:00",
                           "2026-01-31T12:00:00+24:00",
                           "2026-01-31T12:00:00Zx",
                           "26-01-31T12:00:00Z",
                           "+2026-01-31T12:00:00Z",
                           "1969-12-31T23:59:59Z",
                           "1970-01-01T00:30:00+01:00",
                           "2026-01-31T12:00Z"}) {
    INFO(text);
    CHECK_FALSE(ParseTime(text));
  }
}

TEST_CASE("a time that was written reads back the same") {
  CHECK(FormatTime(1769857200250000) == "2026-01-31T11:00:00.250000Z");
  for (std::uint64_t time_us : {0ULL, 1ULL, 951782400000000ULL, 1769857200999999ULL,
                                4102444799999999ULL, 253402300799999999ULL}) {
    CHECK(ParseTime(FormatTime(time_us)) == time_us);
  }
}

}  // namespace
}  // namespace sluice::api
