// What the admin plane answers, as it is written.
#include <random>
#include <span>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "api/wire.h"
#include "api/wire_base64.h"
#include "tests/support/wire_samples.h"

namespace sluice::api {
namespace {

using nlohmann::json;

RouterReport SomeRouter() {
  RouterReport report;
  report.name = "default";
  report.policy = "linucb";
  report.exploration_mode = "cap";
  report.context_source = "text";
  report.context_dimension = 26;
  report.context_id = "map/2";
  report.map = {
      .version = 2, .components = 25, .fitted_at = 611, .distinct_seen = 300, .input_shift = 0.5};
  report.frozen = true;
  report.snapshot_version = 9;
  report.applied_position = 12;
  report.log_position = 15;
  report.lag_s = 0.25;
  report.decisions = 7;
  report.audits = 1;
  report.exploration_expected = 0.05;
  report.exploration_realised = 0.04;
  report.exploration_limited = 3;
  report.quarantined_arms = 1;
  report.scopes = {{.plan = "", .objective = "budget", .cost_weight = 40}};
  report.arms = {{.name = "economy", .model = "m", .tier = 1, .state = "new", .owner = "admin"}};
  return report;
}

TEST_CASE("a router is rendered with everything that it is and has done") {
  json body = json::parse(RenderRouter(SomeRouter()));
  CHECK(body.at("scopes").size() == 1);
  CHECK(body.at("arms").size() == 1);
  body.erase("scopes");
  body.erase("arms");
  CHECK(body == json::parse(R"({"name": "default", "policy": "linucb", "exploration_mode": "cap",
    "context_source": "text", "context_dimension": 26, "embedding_dimension": 0,
    "context_id": "map/2", "map": {"version": 2, "components": 25, "fitted_at": 611,
    "distinct_seen": 300, "input_shift": 0.5}, "observe": false, "frozen": true,
    "snapshot_version": 9, "applied_position": 12, "log_position": 15, "lag_s": 0.25,
    "decisions": 7, "audits": 1, "exploration_expected": 0.05, "exploration_realised": 0.04,
    "exploration_limited": 3, "quarantined_arms": 1, "challengers": []})"));
}

TEST_CASE("a router is the same alone and in the list of all") {
  const RouterReport report = SomeRouter();
  const json body = json::parse(RenderRouter(report));
  CHECK(json::parse(RenderRouters({report, report}))["routers"] == json::array({body, body}));
  CHECK(RenderRouters({}) == R"({"routers":[]})");
}

TEST_CASE("an arm is rendered with its state and what is known of it") {
  RouterReport report = SomeRouter();
  report.arms = {{.name = "economy",
                  .model = "m",
                  .tier = 1,
                  .state = "draining",
                  .owner = "file",
                  .price_input_per_million_usd = 0.5,
                  .price_output_per_million_usd = 1.5,
                  .decisions = 10,
                  .labels = 4,
                  .label_rate = 0.4,
                  .reward_mean = 0.75,
                  .costs = 3,
                  .cost_usd_total = 0.25,
                  .cost_ratio = 1.125,
                  .latency_ms = 812.5,
                  .alarms = 2}};
  const json expected = json::parse(R"({"name": "economy", "model": "m", "tier": 1,
    "state": "draining", "owner": "file", "price_input_per_million_usd": 0.5,
    "price_output_per_million_usd": 1.5, "decisions": 10, "labels": 4, "label_rate": 0.4,
    "reward_mean": 0.75, "costs": 3, "cost_usd_total": 0.25, "cost_ratio": 1.125,
    "latency_ms": 812.5, "alarms": 2})");
  CHECK(json::parse(RenderRouter(report))["arms"][0] == expected);
  report.arms[0].latency_ms.reset();
  CHECK_FALSE(json::parse(RenderRouter(report))["arms"][0].contains("latency_ms"));
}

TEST_CASE("a scope is rendered with what it spends and may spend") {
  RouterReport report = SomeRouter();
  report.scopes = {{.plan = "free",
                    .objective = "cheapest_above",
                    .cost_weight = 12,
                    .budget_usd = 0.5,
                    .target_usd = 0.25,
                    .bank_usd = -1.5,
                    .spent_day_usd = 2,
                    .spent_month_usd = 3,
                    .reserved_usd = 0.125,
                    .ceiling_day_usd = 4,
                    .ceiling_month_usd = 5,
                    .exploration_tokens = 6.5,
                    .sought_arms = {"premium"}}};
  const json expected = json::parse(R"({"plan": "free", "objective": "cheapest_above",
    "cost_weight": 12, "budget_usd": 0.5, "target_usd": 0.25, "bank_usd": -1.5, "spent_day_usd": 2,
    "spent_month_usd": 3, "reserved_usd": 0.125, "ceiling_day_usd": 4, "ceiling_month_usd": 5,
    "exploration_tokens": 6.5, "sought_arms": ["premium"]})");
  CHECK(json::parse(RenderRouter(report))["scopes"][0] == expected);
  report.scopes[0].exploration_tokens.reset();
  CHECK_FALSE(json::parse(RenderRouter(report))["scopes"][0].contains("exploration_tokens"));
}

TEST_CASE("what was observed is rendered once anything was") {
  RouterReport report = SomeRouter();
  CHECK_FALSE(json::parse(RenderRouter(report)).contains("observed"));
  report.observed = {.decisions = 8,
                     .agreement = 0.75,
                     .ours_cost_usd = 1e-3,
                     .baseline_cost_usd = 2e-3,
                     .ours_quality = 0.5,
                     .baseline_quality = 0.625};
  CHECK(json::parse(RenderRouter(report))["observed"] == json::parse(R"({"decisions": 8,
    "agreement": 0.75, "ours_cost_usd": 1e-3, "baseline_cost_usd": 2e-3, "ours_quality": 0.5,
    "baseline_quality": 0.625})"));
}

DecisionReport SomeDecision() {
  DecisionReport report;
  report.decision_id = "d";
  report.position = 3;
  report.time_us = 1769857200250000;
  report.router = "default";
  report.plan = "free";
  report.arm = "economy";
  report.reason = Reason::kObserve;
  report.narrowed_by = {Narrowing::kMaxLatency, Narrowing::kCeiling};
  report.sequence = 2;
  report.tick = 5;
  report.policy_kind = "thompson";
  report.policy_version = 4;
  report.session = "5d41402abc4b2a76";
  report.tags = {"t"};
  report.active = false;
  report.audit = true;
  report.explanation.greedy_arm = "economy";
  report.context = {0.1F, 1.0F};
  report.lesson = {.state = "open"};
  return report;
}

TEST_CASE("a decision is rendered with who asked and how it was made") {
  json body = json::parse(RenderDecision(SomeDecision()));
  CHECK(body["context"][0].get<float>() == 0.1F);
  CHECK(body["explanation"]["greedy_arm"] == "economy");
  body.erase("context");
  body.erase("explanation");
  CHECK(body == json::parse(R"({"decision_id": "d", "position": 3,
    "time": "2026-01-31T11:00:00.250000Z", "router": "default", "plan": "free", "request_id": "",
    "session": "5d41402abc4b2a76", "tags": ["t"], "baseline": "", "active": false, "audit": true,
    "arm": "economy",
    "reason": "observe", "narrowed_by": ["max_latency_ms", "ceiling"], "propensity": 1,
    "sequence": 2, "tick": 5, "policy": {"kind": "thompson", "version": 4},
    "lesson": {"state": "open", "arm": ""}, "outcomes": []})"));
}

TEST_CASE("a decision is rendered with what was said of it and what it taught") {
  DecisionReport report = SomeDecision();
  report.lesson = {
      .state = "revised", .quality = 0.5, .weight = 0.7, .cost_usd = 1e-3, .arm = "economy"};
  report.outcomes.push_back({.event_id = "e",
                             .source = "crm",
                             .received_us = 1769857201000000,
                             .facts = {{"reward", 0.5}},
                             .seq = 2,
                             .revoked = true});
  const json body = json::parse(RenderDecision(report));
  CHECK(body["lesson"] == json::parse(R"({"state": "revised", "quality": 0.5, "weight": 0.7,
    "cost_usd": 1e-3, "arm": "economy"})"));
  CHECK(body["outcomes"] == json::parse(R"([{"event_id": "e", "source": "crm", "seq": 2,
    "revoked": true, "received_at": "2026-01-31T11:00:01.000000Z", "facts": {"reward": 0.5}}])"));
}

TEST_CASE("what a change did is rendered with its place in the log") {
  CHECK(RenderAdmin({.position = 12, .detail = "frozen"}) ==
        R"({"position":12,"detail":"frozen"})");
  CHECK(RenderChanges({}) == R"({"changes":[]})");
  CHECK(json::parse(RenderChanges({{"router[default].alpha", "1.0", "\"2\"", "live"}})) ==
        json::parse(R"({"changes": [{"field": "router[default].alpha", "from": "1.0",
          "to": "\"2\"", "effect": "live"}]})"));
}

TEST_CASE("statistics come back as the bytes that were given out") {
  const auto seed = std::random_device()();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  for (std::size_t size = 1; size < 200; ++size) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) {
      byte = static_cast<char>(random());
    }
    json body = json::parse(RenderStatistics(bytes));
    CHECK(body.at("statistics").get<std::string>() == test::Base64(bytes));
    body["model"] = "m";
    body["price_input_per_million_usd"] = 1;
    auto parsed = ParseArm(body.dump());
    REQUIRE(std::holds_alternative<ArmPut>(parsed));
    CHECK(std::get<ArmPut>(parsed).statistics == bytes);
  }
}

TEST_CASE("a text that is no base64 is not decoded") {
  for (const char* text : {"A", "AA", "AAA", "AAAAA", "AA=A", "A===", "====", "=AAA", "AA-A",
                           "AA A", "AAA\n", "AA==AAAA"}) {
    INFO(text);
    std::string out(Base64Bytes(text).value_or(0), '\0');
    CHECK((out.empty() || !DecodeBase64(text, std::as_writable_bytes(std::span(out)))));
  }
  CHECK(Base64Bytes("") == 0U);
  CHECK(EncodeBase64("") == "");
  CHECK(EncodeBase64("f") == "Zg==");
  CHECK(EncodeBase64("foobar") == "Zm9vYmFy");
}

}  // namespace
}  // namespace sluice::api
