#include "sim/world_file.h"

#include <catch2/catch.hpp>

namespace sluice::sim {
namespace {

constexpr const char* kWhole = R"(description = "All of it."
requests = 1000
prompts = "embedding"

[reward]
reach = 0.2
curvature = 0.25
clusters = 3
spread = 0.1

[[arm]]
name = "a"
level = 0.4

[[arm]]
name = "b"

[[event]]
kind = "fail"
arm = "b"
at = 100
until = 200
by = 0.3

[[event]]
kind = "price"
arm = "a"
at = 300
factor = 2
announced = false

[feedback]
delay = 20
delay_kind = "uniform"
censored = 0.1
complaints = 0.9
praise = 0.8

[[feedback.source]]
name = "bots"
share = 0.5
rule = "favour"
arm = "b"

[[router]]
[router.context]
source = "embedding"
dimension = 4
[[router.source]]
name = "bots"
weight = 0.0
[[router.arm]]
name = "a"
model = "m/a"
price_input_per_million_usd = 1
[[router.arm]]
name = "b"
model = "m/b"
price_input_per_million_usd = 1
)";

// The problems of a text, a line each.
std::string Problems(const std::string& toml) {
  const auto parsed = ParseWorld(toml, "w.toml");
  std::string text;
  if (const auto* problems = std::get_if<1>(&parsed)) {
    for (const config::Problem& problem : *problems) text += config::ToString(problem) + "\n";
  }
  return text;
}

constexpr const char* kText = "description = \"x.\"\nrequests = 10\nprompts = \"text\"\n";

}  // namespace

TEST_CASE("everything that a world may say is read") {
  const auto parsed = ParseWorld(kWhole, "folder/w.toml");
  if (const auto* problems = std::get_if<1>(&parsed)) FAIL(config::ToString(problems->front()));
  const World& world = std::get<World>(parsed);
  CHECK(world.name == "w");
  CHECK(world.description == "All of it.");
  CHECK(world.requests == 1000);
  CHECK(world.prompts == Prompts::kEmbedding);
  CHECK(world.reward == RewardShape{0.2, 0.25, 3, 0.1});
  CHECK(world.arms == std::vector<WorldArm>{{"a", 0.4}, {"b", 0.5}});
  CHECK(world.events ==
        std::vector<WorldEvent>{
            {.kind = EventKind::kFail, .arm = 1, .at = 100, .until = 200, .by = 0.3},
            {.kind = EventKind::kPrice, .arm = 0, .at = 300, .factor = 2, .announced = false}});
  CHECK(world.feedback.delay == 20);
  CHECK(world.feedback.delay_kind == DelayKind::kUniform);
  CHECK(world.feedback.censored == 0.1);
  CHECK(world.feedback.complaints == 0.9);
  CHECK(world.feedback.praise == 0.8);
  CHECK(world.feedback.sources ==
        std::vector<PoisonedSource>{{"bots", 0.5, ClaimRule::kFavour, 1}});
  REQUIRE(world.routers.size() == 1);
  CHECK(world.routers.front().context.dimension == 4);
}

TEST_CASE("all problems of a world are reported together with their lines") {
  const std::string problems = Problems(
      "requests = 0\n"
      "prompts = \"sounds\"\n"
      "[[event]]\n"
      "kind = \"fail\"\n"
      "at = 5\n"
      "[[event]]\n"
      "kind = \"explode\"\n"
      "[feedback]\n"
      "censored = 2\n"
      "delays = 3\n");
  CHECK(problems ==
        "w.toml:1: description: is missing\n"
        "w.toml:1: requests: must be an integer, 1..10000000\n"
        "w.toml:2: prompts: must be one of \"text\", \"embedding\"\n"
        "w.toml:3: event[0].arm: is missing\n"
        "w.toml:3: event[0].by: is missing\n"
        "w.toml:5: event[0].at: must be an integer, 1..1\n"
        "w.toml:7: event[1].kind: must be one of \"fail\", \"drift\", \"price\", \"join\", "
        "\"burst\", \"checkpoint\", \"restart\"\n"
        "w.toml:9: feedback.censored: must be a number, 0..1\n"
        "w.toml:10: feedback.delays: unknown; here may stand delay, delay_kind, censored, "
        "complaints, praise, source\n");
}

TEST_CASE("what a kind of event does not take is refused") {
  const std::string join = std::string(kText) + "[[event]]\nkind = \"join\"\nat = 5\n";
  CHECK(Problems(join + "arm = \"premium\"\n").empty());
  CHECK(Problems(join + "arm = \"premium\"\nuntil = 7\n") ==
        "w.toml:8: event[0].until: unknown; here may stand kind, at, arm\n");
  CHECK(Problems(join + "arm = \"gold\"\n") ==
        "w.toml:7: event[0].arm: must be one of \"economy\", \"standard\", \"premium\"\n");
  CHECK(Problems(join).find("event[0].arm: is missing") != std::string::npos);
  const std::string drift = std::string(kText) + "[[event]]\nkind = \"drift\"\nat = 5\n";
  CHECK(Problems(drift).find("prompts = \"embedding\"") != std::string::npos);
}

TEST_CASE("routers of a world are read as strictly as a configuration") {
  CHECK(Problems(std::string(kText) + "[[router]]\npolcy = \"linucb\"\n") ==
        "w.toml:5: router[0].polcy: unknown; did you mean policy?\n");
  CHECK(Problems(std::string(kText) + "evnt = 3\n") ==
        "w.toml:4: evnt: unknown; did you mean event?\n");
  CHECK(Problems(std::string(kText) + "[store]\nsync = false\n").find("w.toml:4: store") == 0);
  CHECK(Problems(std::string(kText) + "x = = 3\n").find("w.toml:4: is not TOML") == 0);
}

TEST_CASE("a world whose arms would all join has nobody to answer") {
  std::string text = kText;
  for (const char* arm : {"economy", "standard", "premium"}) {
    text += "[[event]]\nkind = \"join\"\nat = 5\narm = \"" + std::string(arm) + "\"\n";
  }
  CHECK(Problems(text).find("some arm must be there from the start") != std::string::npos);
}

TEST_CASE("a poisoned source must be one that every router knows") {
  CHECK(Problems(std::string(kText) +
                 "[[feedback.source]]\nname = \"bots\"\nshare = 0.1\n[[router]]\n")
            .find("has no [[router.source]] of this name") != std::string::npos);
}

TEST_CASE("a router of a world has as many arms as the world") {
  const std::string text = std::string(kText) + "[[arm]]\nname = \"one\"\n[[router]]\n";
  CHECK(Problems(text).find("has 3 arms, and the world 1") != std::string::npos);
}

}  // namespace sluice::sim
