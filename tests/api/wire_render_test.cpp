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

Explanation SomeExplanation() {
  Explanation explanation;
  explanation.cost_weight = 40;
  explanation.latency_weight = 1e-4;
  explanation.exploration = 0.05;
  explanation.map_version = 2;
  explanation.greedy_arm = "economy";
  explanation.observed_arm = "premium";
  explanation.notes = {"alarm_cap"};
  explanation.arms = {{"economy", 0.5, 0.1, 2e-5, 812.5, 0.6, 0.95, {}},
                      {"premium", 0.75, 0.1, 2e-3, {}, 0.5, 0.05, ArmToWin{0.125, 1e-3, 25}},
                      {"standard", 0.25, 0.1, 2e-4, {}, 0.25, 0, ArmToWin{0.5, {}, {}}}};
  return explanation;
}

constexpr const char* kExplanation = R"({"cost_weight": 40, "latency_weight": 1e-4,
  "exploration": 0.05, "map_version": 2, "greedy_arm": "economy", "observed_arm": "premium",
  "notes": ["alarm_cap"], "arms": [
    {"arm": "economy", "mean": 0.5, "width": 0.1, "expected_cost_usd": 2e-5,
     "expected_latency_ms": 812.5, "score": 0.6, "probability": 0.95},
    {"arm": "premium", "mean": 0.75, "width": 0.1, "expected_cost_usd": 2e-3, "score": 0.5,
     "probability": 0.05, "to_win": {"mean_by": 0.125, "cost_usd_by": 1e-3, "cost_weight": 25}},
    {"arm": "standard", "mean": 0.25, "width": 0.1, "expected_cost_usd": 2e-4, "score": 0.25,
     "probability": 0, "to_win": {"mean_by": 0.5}}]})";

TEST_CASE("an answer is rendered with the names of the document") {
  const json body = json::parse(RenderRoute(SomeAnswer()));
  CHECK(body == json::parse(R"({
    "decision_id": "01890a5d-ac96-774b-bcce-b302099a8057", "arm": "economy",
    "model": "llama-3.1-8b-instruct",
    "params": {"temperature": 0.2, "seed": -7, "stream": true, "stop": "\"\n\\"},
    "tier": 1, "reason": "explore", "narrowed_by": ["deny", "max_cost_usd"],
    "propensity": 0.30000000000000004,
    "policy": {"kind": "thompson", "version": 18446744073709551615},
    "fallbacks": ["standard", "premium"], "audit": false, "logged": true})"));
}

TEST_CASE("an explanation is rendered only when there is one") {
  RouteAnswer answer = SomeAnswer();
  CHECK_FALSE(json::parse(RenderRoute(answer)).contains("explanation"));
  answer.audit = true;
  answer.explanation = SomeExplanation();
  const json body = json::parse(RenderRoute(answer));
  CHECK(body["audit"] == true);
  CHECK(body["explanation"] == json::parse(kExplanation));
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

TEST_CASE("every reason and narrowing has a name of its own") {
  std::map<std::string, int> names;
  for (int i = 0; i <= static_cast<int>(Reason::kFallback); ++i) {
    ++names[ReasonName(static_cast<Reason>(i))];
  }
  CHECK(names.size() == 11);
  names.clear();
  for (int i = 0; i <= static_cast<int>(Narrowing::kCeiling); ++i) {
    ++names[NarrowingName(static_cast<Narrowing>(i))];
  }
  CHECK(names.size() == 6);
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
