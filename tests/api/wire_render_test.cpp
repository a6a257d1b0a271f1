#include <bit>
#include <cmath>
#include <cstdlib>
#include <map>
#include <random>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "api/wire.h"
#include "api/wire_writer.h"

namespace sluice::api {
namespace {

using nlohmann::json;

RouteAnswer SomeAnswer() {
  RouteAnswer answer;
  answer.decision_id = "01890a5d-ac96-774b-bcce-b302099a8057";
  answer.arm = "economy";
  answer.model = "llama-3.1-8b-instruct";
  answer.params = {{"temperature", 0.2},
                   {"seed", std::int64_t{-7}},
                   {"stream", true},
                   {"stop", std::string("\"\n\\")}};
  answer.tier = 1;
  answer.reason = Reason::kExplore;
  answer.narrowed_by = {Narrowing::kDeny, Narrowing::kMaxCost};
  answer.propensity = 0.1 + 0.2;
  answer.policy_kind = "thompson";
  answer.policy_version = 18446744073709551615U;
  answer.fallbacks = {"standard", "premium"};
  return answer;
}

TEST_CASE("an answer is rendered with the names of the document") {
  const json body = json::parse(RenderRoute(SomeAnswer()));
  CHECK(body == json::parse(R"({
    "decision_id": "01890a5d-ac96-774b-bcce-b302099a8057", "arm": "economy",
    "model": "llama-3.1-8b-instruct",
    "params": {"temperature": 0.2, "seed": -7, "stream": true, "stop": "\"\n\\"},
    "tier": 1, "reason": "explore", "narrowed_by": ["deny", "max_cost_usd"],
    "propensity": 0.30000000000000004,
    "policy": {"kind": "thompson", "version": 18446744073709551615},
    "fallbacks": ["standard", "premium"], "logged": true})"));
}

TEST_CASE("an explanation is rendered only when there is one") {
  RouteAnswer answer = SomeAnswer();
  CHECK_FALSE(json::parse(RenderRoute(answer)).contains("explanation"));
  answer.explanation = {{"economy", 0.5, 0.1, 2e-5, 0.6, 0.95}};
  CHECK(json::parse(RenderRoute(answer))["explanation"] == json::parse(R"([{"arm": "economy",
    "mean": 0.5, "width": 0.1, "expected_cost_usd": 2e-5, "score": 0.6, "probability": 0.95}])"));
}

TEST_CASE("a batch is rendered as answers and problems in order") {
  const Problem problem{.status = 404,
                        .title = "Not Found",
                        .detail = "no such router",
                        .pointer = "/1/router",
                        .retry_after_s = {}};
  const json body = json::parse(RenderRouteBatch({SomeAnswer(), problem}));
  REQUIRE(body.size() == 2);
  CHECK(body[0] == json::parse(RenderRoute(SomeAnswer())));
  CHECK(body[1] == json{{"problem", json::parse(RenderProblem(problem))}});
  CHECK(RenderRouteBatch({}) == "[]");
}

TEST_CASE("a problem is rendered with what it has") {
  Problem problem{.status = 422, .title = "t", .detail = "d", .pointer = "", .retry_after_s = {}};
  CHECK(json::parse(RenderProblem(problem)) ==
        json::parse(R"({"title": "t", "status": 422, "detail": "d"})"));
  problem.pointer = "/a~1b";
  problem.retry_after_s = 1;
  CHECK(json::parse(RenderProblem(problem)) ==
        json::parse(R"({"title": "t", "status": 422, "detail": "d", "pointer": "/a~1b",
                        "retry_after_s": 1})"));
}

TEST_CASE("feedback is rendered with each rejection at its index") {
  FeedbackAnswer answer{.accepted = 2, .duplicates = 1, .rejected = {}};
  CHECK(RenderFeedback(answer) == R"({"accepted":2,"duplicates":1,"rejected":[]})");
  answer.rejected.push_back({3,
                             {.status = 404,
                              .title = "t",
                              .detail = "unknown decision",
                              .pointer = "/events/3/decision_id",
                              .retry_after_s = {}}});
  answer.rejected.push_back(
      {5, {.status = 409, .title = "t", .detail = "d", .pointer = "", .retry_after_s = {}}});
  CHECK(json::parse(RenderFeedback(answer))["rejected"] == json::parse(R"([
    {"index": 3, "status": 404, "detail": "unknown decision", "pointer": "/events/3/decision_id"},
    {"index": 5, "status": 409, "detail": "d"}])"));
}

TEST_CASE("a router is rendered with its arms") {
  RouterReport report;
  report.name = "default";
  report.policy = "linucb";
  report.applied_position = 12;
  report.log_position = 15;
  report.lag_s = 0.25;
  report.arms.push_back({.name = "economy", .model = "m", .tier = 1, .reward_mean = 0.5});
  const json body = json::parse(RenderRouter(report));
  CHECK(body["name"] == "default");
  CHECK(body["policy"] == "linucb");
  CHECK(body["applied_position"] == 12);
  CHECK(body["log_position"] == 15);
  CHECK(body["lag_s"] == 0.25);
  CHECK(body["arms"][0]["name"] == "economy");
  CHECK(body["arms"][0]["reward_mean"] == 0.5);
  CHECK(json::parse(RenderRouters({report, report}))["routers"] == json::array({body, body}));
}

TEST_CASE("a decision is rendered with its outcomes") {
  DecisionReport report;
  report.decision_id = "d";
  report.time_us = 1769857200250000;
  report.reason = Reason::kLimits;
  report.tags = {"t"};
  report.arms = {{"economy", 0.5, 0.1, 2e-5, 0.6, 1}};
  report.context = {0.1F, 1.0F};
  report.outcomes.push_back({.event_id = "e",
                             .source = "user",
                             .received_us = 1769857201000000,
                             .facts = {{"reward", 0.5}},
                             .learnt_quality = true,
                             .learnt_cost = false});
  const json body = json::parse(RenderDecision(report));
  CHECK(body["decision_id"] == "d");
  CHECK(body["time"] == "2026-01-31T11:00:00.250000Z");
  CHECK(body["reason"] == "limits");
  CHECK(body["tags"] == json::array({"t"}));
  CHECK(body["arms"][0]["probability"] == 1);
  CHECK(body["context"][0].get<float>() == 0.1F);
  CHECK(body["outcomes"] == json::parse(R"([{"event_id": "e", "source": "user",
    "received_at": "2026-01-31T11:00:01.000000Z", "facts": {"reward": 0.5},
    "learnt_quality": true, "learnt_cost": false}])"));
}

TEST_CASE("every reason and narrowing has a name of its own") {
  std::map<std::string, int> names;
  for (int i = 0; i <= static_cast<int>(Reason::kFallback); ++i) {
    ++names[ReasonName(static_cast<Reason>(i))];
  }
  CHECK(names.size() == 11);
  names.clear();
  for (int i = 0; i <= static_cast<int>(Narrowing::kMaxCost); ++i) {
    ++names[NarrowingName(static_cast<Narrowing>(i))];
  }
  CHECK(names.size() == 4);
  CHECK(names.count("unknown") == 0);
}

TEST_CASE("a number that was written reads back to the last bit") {
  const auto seed = std::random_device()();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20000; ++i) {
    const double value = std::bit_cast<double>(random());
    JsonWriter writer;
    writer.Number(value);
    const std::string text = writer.Take();
    INFO(text);
    if (std::isfinite(value)) {
      REQUIRE(std::bit_cast<std::uint64_t>(std::strtod(text.c_str(), nullptr)) ==
              std::bit_cast<std::uint64_t>(value));
    } else {
      REQUIRE(text == "null");
    }
  }
}

TEST_CASE("a string that was written reads back the same") {
  std::string all;
  for (int c = 0; c < 128; ++c) {
    all += static_cast<char>(c);
  }
  all += "\xE2\x82\xAC";
  JsonWriter writer;
  writer.String(all);
  CHECK(json::parse(writer.Take()) == all);
}

}  // namespace
}  // namespace sluice::api
