// What holds where a file is silent, and the whole of it when there is no file.
#include "config/field.h"

namespace sluice::config {

namespace {

// A feature of an embedding is some 1/sqrt(dimension) in size, a text scalar is near 1: the prior
// that suits one would freeze or unleash the other.
constexpr double kFeaturePrecisionText = 50;
constexpr double kFeaturePrecisionEmbedding = 0.64;

}  // namespace

RouterOptions StandardRouter(policy::ContextSource source) {
  RouterOptions router;
  router.policy.cost_weight = kCostWeightDefault;
  router.prior.feature_precision =
      source == policy::ContextSource::kText ? kFeaturePrecisionText : kFeaturePrecisionEmbedding;
  return router;
}

std::vector<ArmOptions> StandardArms() {
  return {{.name = "economy",
           .model = "llama-3.1-8b-instruct",
           .tier = 1,
           .price_input_per_million_usd = 0.10,
           .price_output_per_million_usd = 0.10},
          {.name = "standard",
           .model = "mistral-large-2512",
           .tier = 2,
           .price_input_per_million_usd = 0.50,
           .price_output_per_million_usd = 1.50},
          {.name = "premium",
           .model = "gemini-2.5-pro",
           .tier = 3,
           .price_input_per_million_usd = 1.25,
           .price_output_per_million_usd = 10.0}};
}

Options Defaults() {
  Options options;
  options.data_plane.port = 8080;
  options.data_plane.threads = 0;
  options.admin_plane.port = 8081;
  RouterOptions router = StandardRouter(policy::ContextSource::kText);
  router.arms = StandardArms();
  router.fallback_arm = kStandardFallback;
  options.routers.push_back(router);
  return options;
}

}  // namespace sluice::config
