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
  CHECK(router.policy.cost_weight == kCostWeightDefault);
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

TEST_CASE("a policy with a distribution of its own implies the mode natural") {
  for (const char* policy : {"uniform", "epsilon_greedy"}) {
    CAPTURE(policy);
    const Options options = Accepted("[[router]]\npolicy = \"" + std::string(policy) + "\"\n");
    CHECK(options.routers[0].policy.exploration.mode == policy::ExplorationMode::kNatural);
  }
  const Options fixed = Accepted("[[router]]\npolicy = \"fixed\"\nfixed_arm = \"economy\"\n");
  CHECK(fixed.routers[0].policy.exploration.mode == policy::ExplorationMode::kNatural);
  CHECK(fixed.routers[0].fixed_arm == "economy");
}

}  // namespace sluice::config
