// What holds where the file is silent.
#include <catch2/catch.hpp>

#include "tests/config/helpers.h"

namespace sluice::config {

TEST_CASE("an empty file is the embedded defaults") {
  CHECK(Same(Accepted(""), Defaults()));
  CHECK(Same(Accepted("# nothing\n"), Defaults()));
}

TEST_CASE("the defaults are one router on text with three arms of rising price") {
  const Options options = Defaults();
  CHECK(options.node == 1);
  CHECK(options.data_plane.host == "127.0.0.1");
  CHECK(options.data_plane.port == 8080);
  CHECK(options.admin_plane.host == "127.0.0.1");
  CHECK(options.admin_plane.port == 8081);
  CHECK(options.store.directory == "sluice-data");

  REQUIRE(options.routers.size() == 1);
  const RouterOptions& router = options.routers[0];
  CHECK(router.name == "default");
  CHECK(router.context.source == policy::ContextSource::kText);
  CHECK(router.policy.kind == policy::PolicyKind::kThompson);
  CHECK(router.policy.thompson_scale == 0.5);
  CHECK(router.objective.cost_weight == kCostWeightDefault);
  CHECK(router.policy.exploration.mode == policy::ExplorationMode::kCap);
  CHECK(router.policy.exploration.cap == 0.05);
  CHECK(router.policy.exploration.floor == 0.005);
  CHECK(router.prior.feature_precision == 50);
  CHECK(router.prior.bias_precision == 1);
  CHECK(router.prior.quality_mean == 0.7);
  CHECK(router.prior.noise_shape == 5);
  CHECK(router.prior.noise_scale == 0.16);
  CHECK(router.fallback_arm == "standard");

  REQUIRE(router.arms.size() == 3);
  CHECK(router.arms[0].name == "economy");
  CHECK(router.arms[0].model == "llama-3.1-8b-instruct");
  CHECK(router.arms[1].name == "standard");
  CHECK(router.arms[1].model == "mistral-large-2512");
  CHECK(router.arms[1].price_input_per_million_usd == 0.5);
  CHECK(router.arms[1].price_output_per_million_usd == 1.5);
  CHECK(router.arms[2].name == "premium");
  CHECK(router.arms[2].model == "gemini-2.5-pro");
  CHECK(router.arms[2].tier == 3);
  CHECK(router.arms[2].price_output_per_million_usd == 10);
}

TEST_CASE("a router without arms gets the default arms and their fallback") {
  const Options options = Accepted("[[router]]\nname = \"a\"\n[[router]]\nname = \"b\"\n");
  REQUIRE(options.routers.size() == 2);
  CHECK(options.routers[0].arms == Defaults().routers[0].arms);
  CHECK(options.routers[1].arms == Defaults().routers[0].arms);
  CHECK(options.routers[1].fallback_arm == "standard");
}

TEST_CASE("a router with arms of its own has no fallback unless it names one") {
  const Options options = Accepted(R"(
[[router]]
[[router.arm]]
name = "only"
model = "m"
price_input_per_million_usd = 1
)");
  CHECK(options.routers[0].fallback_arm.empty());
  CHECK(options.routers[0].arms.size() == 1);
}

TEST_CASE("the prior of features follows the source unless it is given") {
  const std::string embedding =
      "[[router]]\n[router.context]\nsource = \"embedding\"\ndimension = 8\n";
  CHECK(Accepted(embedding).routers[0].prior.feature_precision == 0.64);
  CHECK(Accepted(embedding + "[router.prior]\nfeature_precision = 50\n")
            .routers[0]
            .prior.feature_precision == 50);
  CHECK(Accepted("[[router]]\n").routers[0].prior.feature_precision == 50);
}

TEST_CASE("numbers that are already standardised have the prior of text scalars") {
  const std::string given =
      "[[router]]\n[router.context]\nsource = \"embedding\"\ndimension = 64\nprojection = ";
  CHECK(Accepted(given + "\"as_given\"\n").routers[0].prior.feature_precision == 50);
  CHECK(Accepted(given + "\"none\"\n").routers[0].prior.feature_precision == 0.64);
  CHECK(Accepted(given + "\"fitted\"\n").routers[0].prior.feature_precision == 0.64);
}

TEST_CASE("a map is fitted unless the embedding is as short as the map") {
  const auto projection = [](const std::string& rest) {
    return Accepted("[[router]]\n[router.context]\n" + rest).routers[0].context.projection;
  };
  const std::string embedding = "source = \"embedding\"\ndimension = ";
  CHECK(projection("") == policy::Projection::kFitted);
  CHECK(projection(embedding + "26\n") == policy::Projection::kFitted);
  CHECK(projection(embedding + "25\n") == policy::Projection::kNone);
  CHECK(projection(embedding + "25\ncomponents = 24\n") == policy::Projection::kFitted);
  CHECK(projection(embedding + "1\n") == policy::Projection::kNone);
}

TEST_CASE("what a plan does not say of its objective is the router's") {
  const Options options = Accepted(R"(
[[router]]
objective = "budget"
budget_usd = 0.002
cost_weight = 7
[router.ceiling]
day_usd = 5
[[router.plan]]
name = "silent"
[[router.plan]]
name = "richer"
budget_usd = 0.01
[[router.plan]]
name = "weighed"
objective = "cost_weight"
latency_weight = 0.5
)");
  const auto& plans = options.routers[0].plans;
  REQUIRE(plans.size() == 3);
  CHECK(plans[0].objective == options.routers[0].objective);
  CHECK(plans[0].ceiling == CeilingOptions{});
  CHECK(plans[1].objective.objective == policy::Objective::kBudget);
  CHECK(plans[1].objective.budget_usd == 0.01);
  CHECK(plans[2].objective.objective == policy::Objective::kCostWeight);
  CHECK(plans[2].objective.cost_weight == 7);
  CHECK(plans[2].objective.latency_weight == 0.5);
  CHECK(plans[2].objective.budget_usd == 0);
}

TEST_CASE("what is new is off or harmless where the file is silent") {
  const RouterOptions router = Defaults().routers[0];
  CHECK_FALSE(router.observe);
  CHECK(router.objective.objective == policy::Objective::kCostWeight);
  CHECK(router.objective.latency_weight == 0);
  CHECK(router.policy.gamma == 80);
  CHECK(router.policy.exploration.arm_floor == 0);
  CHECK_FALSE(router.policy.gate.enabled);
  CHECK(router.warmup_cap == 0);
  CHECK(router.new_arm_share_max == 1);
  CHECK(router.exploration_budget.rate == 0);
  CHECK(router.guard_arm.empty());
  CHECK(router.ceiling.day_usd == 0);
  CHECK(router.ceiling.month_usd == 0);
  CHECK(router.prior.half_life == 0);
  CHECK(router.feedback.audit_rate == 0.02);
  CHECK(router.feedback.judge_weight == 0.7);
  CHECK(router.feedback.override_weight == 0);
  CHECK_FALSE(router.feedback.default_reward.has_value());
  CHECK(router.prior.drift == policy::DriftOptions{});
  CHECK(router.alarm.exploration_cap == 0);
  CHECK(router.plans.empty());
  CHECK(router.rules.empty());
  CHECK(router.fitted_arms.empty());
  CHECK(router.warm_start.empty());
  CHECK(router.warm_start_strength == 200);
  CHECK(router.sources.empty());
  CHECK(router.arms[0].start == "others");
  CHECK(router.arms[0].state == ArmState::kActive);
}

TEST_CASE("a policy with a distribution of its own implies the mode natural") {
  for (const char* policy : {"uniform", "epsilon_greedy", "squarecb"}) {
    CAPTURE(policy);
    const Options options = Accepted("[[router]]\npolicy = \"" + std::string(policy) + "\"\n");
    CHECK(options.routers[0].policy.exploration.mode == policy::ExplorationMode::kNatural);
  }
  const Options fixed = Accepted("[[router]]\npolicy = \"fixed\"\nfixed_arm = \"economy\"\n");
  CHECK(fixed.routers[0].policy.exploration.mode == policy::ExplorationMode::kNatural);
  CHECK(fixed.routers[0].fixed_arm == "economy");
}

}  // namespace sluice::config
