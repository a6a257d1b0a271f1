// What a reload would change of a router, and how far each change reaches.
#include <map>

#include <catch2/catch.hpp>

#include "tests/config/any_options.h"
#include "tests/config/helpers.h"

namespace sluice::config {

namespace {

RouterOptions Router() {
  RouterOptions router = Defaults().routers[0];
  router.context.features = {{.name = "turns"}, {.name = "images"}};
  router.plans = {{.name = "free", .objective = router.objective},
                  {.name = "paid", .objective = router.objective}};
  router.sources = {{.name = "lab", .weight = 0.5}};
  return router;
}

std::string ToString(const Difference& difference) {
  constexpr const char* kReaches[] = {"live", "rebuild", "new router"};
  return difference.field + ": " + difference.from + " -> " + difference.to + " (" +
         kReaches[static_cast<std::size_t>(difference.reach)] + ")";
}

std::vector<std::string> Differences(const RouterOptions& now, const RouterOptions& wanted) {
  std::vector<std::string> texts;
  for (const Difference& one : RouterDifferences(now, wanted)) texts.push_back(ToString(one));
  return texts;
}

// The only difference after one change.
template <typename Change>
std::string After(Change&& change) {
  RouterOptions wanted = Router();
  change(wanted);
  const auto differences = Differences(Router(), wanted);
  CAPTURE(differences);
  REQUIRE(differences.size() == 1);
  return differences[0];
}

}  // namespace

TEST_CASE("equal routers do not differ") {
  CHECK(Differences(Router(), Router()).empty());
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    CAPTURE(seed);
    policy::Rng rng(seed, 4);
    const RouterOptions router = AnyOptions(rng, Origin::kLog).routers.front();
    CHECK(Differences(router, router).empty());
  }
}

TEST_CASE("what decides from now on is live") {
  CHECK(After([](auto& r) { r.policy.exploration.cap = 0.1; }) ==
        "exploration.cap: 0.05 -> 0.1 (live)");
  CHECK(After([](auto& r) { r.policy.kind = policy::PolicyKind::kLinUcb; }) ==
        "policy: \"thompson\" -> \"linucb\" (live)");
  CHECK(After([](auto& r) { r.objective.cost_weight = 300; }) ==
        "cost_weight: 40.0 -> 300.0 (live)");
  CHECK(After([](auto& r) { r.ceiling.day_usd = 5; }) == "ceiling.day_usd: 0.0 -> 5.0 (live)");
  CHECK(After([](auto& r) { r.feedback.audit_rate = 0; }) ==
        "feedback.audit_rate: 0.02 -> 0.0 (live)");
  CHECK(After([](auto& r) { r.feedback.default_reward = 0.5; }) ==
        "feedback.default_reward:  -> 0.5 (live)");
  CHECK(After([](auto& r) { r.fallback_arm = ""; }) == "fallback_arm: \"standard\" ->  (live)");
  CHECK(After([](auto& r) { r.alarm.exploration_cap = 0.2; }) ==
        "drift.exploration_cap: 0.0 -> 0.2 (live)");
  CHECK(After([](auto& r) { r.arms[1].price_output_per_million_usd = 2; }) ==
        "arm[standard].price_output_per_million_usd: 1.5 -> 2.0 (live)");
  CHECK(After([](auto& r) { r.arms[0].state = ArmState::kPaused; }) ==
        "arm[economy].state: \"active\" -> \"paused\" (live)");
  CHECK(After([](auto& r) { r.plans[1].ceiling.reached = CeilingAction::kRefuse; }) ==
        "plan[paid].ceiling_reached: \"cheapest\" -> \"refuse\" (live)");
}

TEST_CASE("rules and what was fitted take effect at once and their order counts") {
  RouterOptions now = Router();
  now.rules = {{.name = "a", .arm = "economy"}, {.name = "b", .arm = "premium"}};
  RouterOptions wanted = now;
  std::swap(wanted.rules[0], wanted.rules[1]);
  CHECK(Differences(now, wanted) == std::vector<std::string>{"rule: a, b -> b, a (live)"});
  wanted = now;
  wanted.rules[1].keywords = {"sql"};
  CHECK(Differences(now, wanted) ==
        std::vector<std::string>{"rule[b].keywords: [] -> [\"sql\"] (live)"});
  CHECK(After([](auto& r) {
          r.fitted_arms = {{.name = "economy", .weights = {0.5, -1}, .qualities = {}}};
        }) == "fitted_arm[economy]:  -> {name = \"economy\", weights = [0.5, -1.0]} (live)");
  CHECK(After([](auto& r) { r.warm_start = "f"; }) == "warm_start:  -> \"f\" (live)");
}

TEST_CASE("what was learnt otherwise is learnt again") {
  CHECK(After([](auto& r) { r.prior.half_life = 5000; }) == "half_life: 0 -> 5000 (rebuild)");
  CHECK(After([](auto& r) { r.prior.quality_mean = 0.5; }) ==
        "prior.quality_mean: 0.7 -> 0.5 (rebuild)");
  CHECK(After([](auto& r) { r.prior.drift.detect = false; }) ==
        "drift.detect: true -> false (rebuild)");
  CHECK(After([](auto& r) { r.feedback.judge_weight = 0.5; }) ==
        "feedback.judge_weight: 0.7 -> 0.5 (rebuild)");
  CHECK(After([](auto& r) { r.feedback.override_weight = 1; }) ==
        "feedback.override_weight: 0.0 -> 1.0 (rebuild)");
  CHECK(After([](auto& r) { r.context.components = 30; }) ==
        "context.components: 25 -> 30 (rebuild)");
  CHECK(After([](auto& r) { r.context.projection = policy::Projection::kNone; }) ==
        "context.projection: \"fitted\" -> \"none\" (new router)");
  CHECK(After([](auto& r) { r.sources[0].weight = 1; }) ==
        "source[lab].weight: 0.5 -> 1.0 "
        "(rebuild)");
}

TEST_CASE("another context needs another router") {
  CHECK(After([](auto& r) { r.name = "other"; }) == "name: \"default\" -> \"other\" (new router)");
  CHECK(After([](auto& r) { r.context.features[1].sd = 2; }) ==
        "context.feature[images].sd: 1.0 -> 2.0 (new router)");
  CHECK(After([](auto& r) { r.context.features.pop_back(); }) ==
        "context.feature[images]: {name = \"images\"} ->  (new router)");
  CHECK(After([](auto& r) { r.context.embedding_model = "e"; }) ==
        "context.embedding_model:  -> \"e\" (new router)");
  CHECK(After([](auto& r) { r.context.dimension = 4; }) == "context.dimension:  -> 4 (new router)");
  CHECK(After([](auto& r) { std::swap(r.context.features[0], r.context.features[1]); }) ==
        "context.feature: turns, images -> images, turns (new router)");
}

TEST_CASE("an arm or plan or source that is new or gone is one difference") {
  CHECK(After([](auto& r) {
          r.arms.push_back({.name = "mini", .model = "m", .price_input_per_million_usd = 0.2});
        }) ==
        "arm[mini]:  -> {name = \"mini\", model = \"m\", price_input_per_million_usd = 0.2} "
        "(live)");
  CHECK(After([](auto& r) { r.arms.erase(r.arms.begin()); }) ==
        "arm[economy]: {name = \"economy\", model = \"llama-3.1-8b-instruct\", "
        "price_input_per_million_usd = 0.1, price_output_per_million_usd = 0.1} ->  (live)");
  CHECK(After([](auto& r) { r.plans.erase(r.plans.begin()); }) ==
        "plan[free]: {name = \"free\"} ->  (live)");
  CHECK(After([](auto& r) { r.sources.push_back({.name = "new"}); }) ==
        "source[new]:  -> {name = \"new\"} (rebuild)");
  CHECK(After([](auto& r) { r.sources.clear(); }) ==
        "source[lab]: {name = \"lab\", weight = 0.5} ->  (rebuild)");
}

TEST_CASE("a change of prices is found by its time") {
  const PriceChange change{.from_us = 1796083200000000, .input_per_million_usd = 2};
  CHECK(After([&](auto& r) { r.arms[1].price_changes = {change}; }) ==
        "arm[standard].price[2026-12-01T00:00:00Z]:  -> {from = 2026-12-01T00:00:00Z, "
        "input_per_million_usd = 2.0} (live)");
  RouterOptions now = Router();
  now.arms[1].price_changes = {change};
  RouterOptions wanted = now;
  wanted.arms[1].price_changes[0].output_per_million_usd = 3;
  CHECK(Differences(now, wanted) ==
        std::vector<std::string>{"arm[standard].price[2026-12-01T00:00:00Z]."
                                 "output_per_million_usd: 0.0 -> 3.0 (live)"});
}

TEST_CASE("the order of arms and plans is no difference") {
  RouterOptions wanted = Router();
  std::ranges::reverse(wanted.arms);
  std::ranges::reverse(wanted.plans);
  CHECK(Differences(Router(), wanted).empty());
}

TEST_CASE("every field of a router that changes is reported as itself") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    CAPTURE(seed);
    policy::Rng rng(seed, 5);
    const RouterOptions now = AnyOptions(rng, Origin::kLog).routers.front();
    const RouterOptions wanted = AnyOptions(rng, Origin::kLog).routers.front();
    const auto forth = RouterDifferences(now, wanted);
    const auto back = RouterDifferences(wanted, now);
    REQUIRE(forth.size() == back.size());
    REQUIRE_FALSE(forth.empty());
    std::map<std::string, Difference> by_field;
    for (const Difference& one : back) by_field[one.field] = one;
    for (const Difference& one : forth) {
      CAPTURE(one.field);
      REQUIRE(by_field.contains(one.field));
      CHECK(by_field[one.field].from == one.to);
      CHECK(by_field[one.field].to == one.from);
      CHECK(by_field[one.field].reach == one.reach);
      CHECK(one.from != one.to);
    }
  }
}

}  // namespace sluice::config
