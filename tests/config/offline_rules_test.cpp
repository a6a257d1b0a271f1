// Rules between fields: what was made offline for a router, and what it goes with.
#include <catch2/catch.hpp>

#include "tests/config/helpers.h"

namespace sluice::config {

namespace {

const std::string kRouter = "[[router]]\n";
const std::string kSmall =
    "context = {source = \"embedding\", dimension = 2, projection = \"none\"}\n";
const std::string kClusters =
    "[[router.cluster]]\nname = \"0\"\ncentroid = [0, 1]\n"
    "[[router.cluster]]\nname = \"1\"\ncentroid = [1, 0]\n";
const std::string kFitted =
    "[[router.fitted_arm]]\nname = \"economy\"\nweights = [1, 2, 3]\nqualities = [0.5, 1]\n";

std::string Policy(const std::string& name) {
  return "policy = \"" + name + "\"\n";
}

}  // namespace

TEST_CASE("rules with all that they need are accepted and read as they stand") {
  const Options options = Accepted(kRouter + Policy("rules") +
                                   "[[router.rule]]\nname = \"a\"\nlength_max = 80\narm = "
                                   "\"economy\"\n[[router.rule]]\nname = \"b\"\nkeywords = "
                                   "[\"sql\"]\narm = \"premium\"\n");
  const RouterOptions& router = options.routers[0];
  REQUIRE(router.rules.size() == 2);
  CHECK(router.rules[0] == RuleOptions{.name = "a", .length_max = 80, .arm = "economy"});
  CHECK(router.rules[1].length_max == kTextLengthMax);
  CHECK(router.rules[1].keywords == std::vector<std::string>{"sql"});
  CHECK(router.policy.exploration.mode == policy::ExplorationMode::kNatural);
}

TEST_CASE("rules that cannot be followed are refused") {
  const std::string rule = "[[router.rule]]\nname = \"a\"\narm = \"economy\"\n";
  CHECK(Only(kRouter + Policy("rules")) ==
        "f.toml:2: router[0].policy: \"rules\" needs a [[router.rule]]");
  CHECK(Only(kRouter + rule + "length_min = 5\nlength_max = 4\n") ==
        "f.toml:6: router[0].rule[0].length_max: length_min must be at most length_max, but 5 > 4");
  CHECK(Only(kRouter + "[[router.rule]]\nname = \"a\"\narm = \"econmy\"\n") ==
        "f.toml:4: router[0].rule[0].arm: this router has no arm \"econmy\"; did you mean "
        "\"economy\"?");
  CHECK(Only(kRouter + rule + "keywords = [\"ok\", \"Not\"]\n") ==
        "f.toml:5: router[0].rule[0].keywords: must be whole words of lower-case ASCII letters, "
        "digits and _, which are looked for in any case; not \"Not\"");
  CHECK(Only(kRouter + rule + rule).find("\"a\" is taken by router[0].rule[0]") !=
        std::string::npos);
  CHECK(Only(kRouter + kSmall + Policy("rules") + rule) ==
        "f.toml:4: router[0].rule[0]: does not go with source \"embedding\": rules look at a "
        "request's text, and this router gets none");
}

TEST_CASE("what was fitted is accepted with a context that stays") {
  for (const std::string policy : {"logistic", "clusters", "thompson"}) {
    CAPTURE(policy);
    CHECK(ProblemsOf(kRouter + kSmall + Policy(policy) + kClusters + kFitted).empty());
    const std::string given =
        "context = {source = \"embedding\", dimension = 2, projection = \"as_given\"}\n";
    CHECK(ProblemsOf(kRouter + given + Policy(policy) + kClusters + kFitted).empty());
  }
}

TEST_CASE("what was fitted does not go with a map that is fitted on the way") {
  std::string weights = "[[router.fitted_arm]]\nname = \"economy\"\nweights = [0";
  for (int i = 0; i < 36; ++i) weights += ", 0";
  weights += "]\n";
  CHECK(Only(kRouter + Policy("logistic") + weights) ==
        "f.toml:1: router[0].context.projection: must be \"none\" with what was fitted offline: it "
        "is about one space of contexts, and a map that is fitted on the way makes another");
  CHECK(ProblemsOf(kRouter + "warm_start = \"w\"\n").empty());  // a file that brings its map
}

TEST_CASE("what was fitted has the dimension of the context and as many qualities as clusters") {
  const std::string arm = kRouter + kSmall + "[[router.fitted_arm]]\nname = \"economy\"\n";
  CHECK(Only(arm + "weights = [1, 2]\n") ==
        "f.toml:5: router[0].fitted_arm[0].weights: must be an array of 3 numbers, not of 2");
  CHECK(Only(arm + "qualities = [1]\n") ==
        "f.toml:5: router[0].fitted_arm[0].qualities: must be an array of 0 numbers, not of 1");
  CHECK(Only(kRouter + kSmall + "[[router.cluster]]\nname = \"c\"\ncentroid = [1, 2, 3]\n") ==
        "f.toml:5: router[0].cluster[0].centroid: must be an array of 2 numbers, not of 3");
  CHECK(Only(kRouter + kSmall + "[[router.fitted_arm]]\nname = \"x\"\n") ==
        "f.toml:4: router[0].fitted_arm[0].name: this router has no arm \"x\"");
}

TEST_CASE("a policy without what it predicts with is refused") {
  CHECK(
      Only(kRouter + kSmall + Policy("logistic") + "[[router.fitted_arm]]\nname = \"economy\"\n") ==
      "f.toml:3: router[0].policy: \"logistic\" needs a [[router.fitted_arm]] with weights");
  CHECK(Only(kRouter + kSmall + Policy("clusters") + kClusters) ==
        "f.toml:3: router[0].policy: \"clusters\" needs a [[router.cluster]] and a "
        "[[router.fitted_arm]] with qualities");
}

TEST_CASE("what is kept by what was learnt does not go with what was fitted") {
  const std::string logistic = kRouter + kSmall + Policy("logistic");
  const std::string why =
      " does not go with policy \"logistic\": it is kept by what was learnt, and this policy ranks "
      "by what was fitted offline";
  CHECK(Only(logistic + "objective = \"cheapest_above\"\n" + kClusters + kFitted) ==
        "f.toml:4: router[0].objective: \"cheapest_above\"" + why);
  CHECK(Only(logistic + "baseline_guard.arm = \"premium\"\n" + kClusters + kFitted) ==
        "f.toml:4: router[0].baseline_guard.arm: a guard" + why);
}

}  // namespace sluice::config
