// Rules between fields of one router.
#include <catch2/catch.hpp>

#include "tests/config/helpers.h"

namespace sluice::config {

namespace {

std::string Arm(const std::string& name, const std::string& rest = "") {
  return "[[router.arm]]\nname = \"" + name +
         "\"\nmodel = \"m\"\nprice_input_per_million_usd = 1\n" + rest;
}

std::string Price(const std::string& from, const std::string& input = "1") {
  return "[[router.arm.price]]\nfrom = " + from + "\ninput_per_million_usd = " + input +
         "\noutput_per_million_usd = 0\n";
}

const std::string kRouter = "[[router]]\n";
const std::string kExploration = "[[router]]\n[router.exploration]\n";
const std::string kContext = "[[router]]\n[router.context]\n";
const std::string kEmbedding = kContext + "source = \"embedding\"\n";

}  // namespace

TEST_CASE("a budget goes with its objective and only there") {
  CHECK(ProblemsOf(kRouter + "objective = \"budget\"\nbudget_usd = 0.001\n").empty());
  CHECK(Only(kRouter + "objective = \"budget\"\n") ==
        "f.toml:1: router[0].budget_usd: must be above 0 with objective \"budget\": USD a request");
  CHECK(Only(kRouter + "budget_usd = 0.001\n") ==
        "f.toml:2: router[0].budget_usd: does not go with objective \"cost_weight\": leave it out, "
        "or set objective = \"budget\"");
  CHECK(Only(kRouter + "objective = \"cheapest_above\"\nbudget_usd = 0.001\n")
            .starts_with("f.toml:3: router[0].budget_usd: does not go with objective "
                         "\"cheapest_above\""));
  const std::string plan = kRouter + "[[router.plan]]\nname = \"p\"\n";
  CHECK(ProblemsOf(plan + "objective = \"budget\"\nbudget_usd = 0.001\n").empty());
  CHECK(Only(plan + "objective = \"budget\"\n").starts_with("f.toml:2: router[0].plan[0].budget_"));
  CHECK(
      Only(plan + "budget_usd = 1\n").starts_with("f.toml:4: router[0].plan[0].budget_usd: does"));
}

TEST_CASE("a budget that is wrong by itself is reported once") {
  CHECK(Only(kRouter + "objective = \"budget\"\nbudget_usd = -1\n")
            .starts_with("f.toml:3: router[0].budget_usd: must be 0..1000000"));
  CHECK(Only(kRouter + "objective = \"bugdet\"\nbudget_usd = 1\n")
            .ends_with("did you mean \"budget\"?"));
}

TEST_CASE("a challenger goes by what the log has") {
  const std::string challenger = "[[router.challenger]]\nname = \"c\"\n";
  CHECK(ProblemsOf(kRouter + challenger + challenger.substr(0, 22) + "name = \"d\"\n").empty());
  CHECK(Only(kRouter + challenger + challenger).find("names must differ") != std::string::npos);
  CHECK(Only(kRouter + "observe = true\n" + challenger)
            .find("does not go with confidence_gate, baseline_guard or observe") !=
        std::string::npos);
  CHECK(Only(kRouter + "[router.confidence_gate]\nenabled = true\n" + challenger)
            .find("does not go with confidence_gate") != std::string::npos);
  CHECK(Only(kRouter + challenger + "policy = \"fixed\"\n")
            .find("challenger[0].fixed_arm: must be the name of an arm") != std::string::npos);
  CHECK(ProblemsOf(kRouter + challenger + "policy = \"fixed\"\nfixed_arm = \"economy\"\n").empty());
  CHECK(Only(kRouter + challenger + "fixed_arm = \"economy\"\n")
            .find("does not go with policy \"thompson\"") != std::string::npos);
}

TEST_CASE("a month costs at least what one of its days may") {
  for (const std::string& table :
       {kRouter + "[router.ceiling]\n", kRouter + "[[router.plan]]\nname = \"p\"\n"}) {
    const std::string prefix = table.find("plan") == std::string::npos ? "" : "ceiling_";
    CAPTURE(table);
    const auto ceiling = [&](const std::string& day, const std::string& month) {
      return ProblemsOf(table + prefix + "day_usd = " + day + "\n" + prefix +
                        "month_usd = " + month + "\n");
    };
    CHECK(ceiling("5", "5").empty());
    CHECK(ceiling("5", "0").empty());
    CHECK(ceiling("0", "5").empty());
    const auto problems = ceiling("5", "4.5");
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].find("month_usd: must be at least what one day may cost, 5, or 0 for no "
                           "ceiling, not 4.5") != std::string::npos);
  }
}

TEST_CASE("plans and sources have names of their own") {
  const std::string plan = "[[router.plan]]\nname = \"p\"\n";
  const std::string source = "[[router.source]]\nname = \"s\"\n";
  CHECK(Only(kRouter + plan + plan) ==
        "f.toml:5: router[0].plan[1].name: \"p\" is taken by router[0].plan[0] (line 3): names "
        "must differ");
  CHECK(
      Only(kRouter + source + source).starts_with("f.toml:5: router[0].source[1].name: \"s\" is"));
  CHECK(ProblemsOf(kRouter + plan + source + kRouter + "name = \"b\"\n" + plan + source).empty());
}

TEST_CASE("a source has none of the names that mean something already") {
  for (const std::string name : {"user", "judge", "gateway", "sluice"}) {
    CAPTURE(name);
    CHECK(Only(kRouter + "[[router.source]]\nname = \"" + name + "\"\n")
              .starts_with("f.toml:3: router[0].source[0].name: must be another name than user, "));
  }
}

TEST_CASE("an arm that is named as guard or start is an arm of the router") {
  CHECK(Only(kRouter + "[router.baseline_guard]\narm = \"standrd\"\n") ==
        "f.toml:3: router[0].baseline_guard.arm: this router has no arm \"standrd\"; did you mean "
        "\"standard\"?");
  CHECK(ProblemsOf(kRouter + "[router.baseline_guard]\narm = \"standard\"\n").empty());
  CHECK(ProblemsOf(kRouter + Arm("x") + Arm("y", "start = \"x\"\n")).empty());
  CHECK(Only(kRouter + Arm("x") + Arm("y", "start = \"z\"\n")) ==
        "f.toml:10: router[0].arm[1].start: this router has no arm \"z\"; did you mean \"x\"?");
  CHECK(Only(kRouter + Arm("x", "start = \"x\"\n")) ==
        "f.toml:6: router[0].arm[0].start: must be \"others\", \"prior\" or another arm's name");
}

TEST_CASE("no arm is called what start says instead of a name") {
  for (const std::string name : {"others", "prior"}) {
    CHECK(
        Only(kRouter + Arm(name))
            .starts_with("f.toml:3: router[0].arm[0].name: must be another name than \"others\""));
  }
}

TEST_CASE("prices change at rising times and stay above zero") {
  const std::string early = "2026-12-01T00:00:00Z";
  const std::string same = "2026-12-01T01:00:00+01:00";
  const std::string late = "2026-12-01T00:00:01Z";
  CHECK(ProblemsOf(kRouter + Arm("x") + Price(early) + Price(late)).empty());
  for (const std::string& then : {same, early}) {
    CHECK(Only(kRouter + Arm("x") + Price(early) + Price(then)) ==
          "f.toml:11: router[0].arm[0].price[1].from: must be later than the change before, "
          "2026-12-01T00:00:00Z: the times rise");
  }
  CHECK(Only(kRouter + Arm("x") + Price(late) + Price(early))
            .starts_with("f.toml:11: router[0].arm[0].price[1].from: must be later"));
  CHECK(Only(kRouter + Arm("x") + Price(early, "0"))
            .starts_with("f.toml:9: router[0].arm[0].price[0].output_per_million_usd: one of "
                         "input_per_million_usd and output_per_million_usd must be above 0"));
  CHECK(ProblemsOf(kRouter + Arm("x") + "[[router.arm.price]]\n").size() == 3);
}

TEST_CASE("what is about embeddings goes with an embedding") {
  CHECK(Only(kContext + "projection = \"as_given\"\n")
            .starts_with("f.toml:3: router[0].context.projection: must be \"fitted\" or \"none\""));
  CHECK(Only(kContext + "embedding_model = \"e\"\n")
            .starts_with("f.toml:3: router[0].context.embedding_model: does not go with source"));
  CHECK(ProblemsOf(kEmbedding + "dimension = 8\nprojection = \"as_given\"\n"
                                "embedding_model = \"e\"\n")
            .empty());
}

TEST_CASE("a fitted map is shorter than the embedding") {
  const std::string eight = kEmbedding + "dimension = 8\n";
  CHECK(ProblemsOf(eight + "components = 7\n").empty());
  CHECK(ProblemsOf(eight + "components = 8\n").empty());
  CHECK(ProblemsOf(eight + "projection = \"fitted\"\ncomponents = 7\n").empty());
  CHECK(Only(eight + "projection = \"fitted\"\ncomponents = 8\n") ==
        "f.toml:6: router[0].context.components: a fitted map has fewer components than the "
        "embedding's dimension, but 8 >= 8: set fewer components, or projection = \"none\"");
  CHECK(Only(eight + "projection = \"fitted\"\n")
            .starts_with("f.toml:5: router[0].context.projection: a fitted map has fewer"));
  CHECK(ProblemsOf(kContext + "components = 64\n").empty());
}

TEST_CASE("a cap for some time is as wide as the cap or none") {
  const std::string cap = kExploration + "cap = 0.1\n";
  CHECK(ProblemsOf(cap + "warmup_cap = 0.1\n").empty());
  CHECK(ProblemsOf(cap + "warmup_cap = 0\n").empty());
  CHECK(Only(cap + "warmup_cap = 0.09\n") ==
        "f.toml:4: router[0].exploration.warmup_cap: must be 0, or at least exploration.cap, 0.1, "
        "not 0.09: it widens the cap for some time");
  CHECK(ProblemsOf(cap + "[router.drift]\nexploration_cap = 0.1\n").empty());
  CHECK(Only(cap + "[router.drift]\nexploration_cap = 0.09\n")
            .starts_with("f.toml:5: router[0].drift.exploration_cap: must be 0, or at least"));
}

TEST_CASE("what each arm is promised fits into the least that is explored") {
  CHECK(ProblemsOf(kExploration + "arm_floor = 0.0025\n").empty());
  CHECK(Only(kExploration + "arm_floor = 0.003\n") ==
        "f.toml:3: router[0].exploration.arm_floor: must fit 2 times, for each arm but one, into "
        "the least probability of exploring, 0.005 (floor): at most 0.0025");
  CHECK(ProblemsOf(kExploration + "floor = 0.006\narm_floor = 0.003\n").empty());
  const std::string exact = kExploration + "mode = \"exact\"\nepsilon = 0.3\n";
  CHECK(ProblemsOf(exact + "arm_floor = 0.15\n").empty());
  CHECK(Only(exact + "arm_floor = 0.151\n").ends_with("0.3 (epsilon): at most 0.15"));
  const std::string greedy = "[[router]]\npolicy = \"epsilon_greedy\"\nepsilon = 0.3\n";
  CHECK(ProblemsOf(greedy + "[router.exploration]\narm_floor = 0.1\n").empty());
  CHECK(
      Only(greedy + "[router.exploration]\narm_floor = 0.11\n").find("policy \"epsilon_greedy\"") !=
      std::string::npos);
  const std::string uniform = "[[router]]\npolicy = \"uniform\"\n[router.exploration]\n";
  CHECK(ProblemsOf(uniform + "arm_floor = 0.3333\n").empty());
  CHECK(ProblemsOf(uniform + "arm_floor = 0.3334\n").size() == 1);
  CHECK(ProblemsOf(kExploration + "arm_floor = 0.5\n" + Arm("only")).empty());
}

TEST_CASE("no arm is promised a share by a mode that may not explore at all") {
  for (const std::string mode : {"off", "natural"}) {
    CHECK(Only(kExploration + "mode = \"" + mode + "\"\narm_floor = 0.001\n") ==
          "f.toml:4: router[0].exploration.arm_floor: promises each arm a share, but mode \"" +
              mode +
              "\" of policy \"thompson\" may not explore at all: leave it out, or have a mode with "
              "a floor");
  }
  CHECK(ProblemsOf(kRouter + "policy = \"squarecb\"\n[router.exploration]\narm_floor = 0.001\n")
            .size() == 1);
}

TEST_CASE("a default reward comes before feedback is too late") {
  const std::string feedback = kRouter + "[router.feedback]\nrevision_days = 1\n";
  CHECK(ProblemsOf(feedback + "default_reward = 0\ndefault_after_s = 86400\n").empty());
  CHECK(ProblemsOf(feedback + "default_after_s = 86401\n").empty());
  CHECK(Only(feedback + "default_reward = 0\ndefault_after_s = 86401\n") ==
        "f.toml:5: router[0].feedback.default_after_s: must be within revision_days, 86400 s: what "
        "comes later is not learnt");
}

TEST_CASE("a default reward of zero is not the same as none") {
  const auto reward = [](const std::string& rest) {
    return Accepted(kRouter + "[router.feedback]\n" + rest).routers[0].feedback.default_reward;
  };
  CHECK_FALSE(reward("").has_value());
  CHECK(reward("default_reward = 0\n") == 0.0);
}

}  // namespace sluice::config
