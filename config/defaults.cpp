// What holds where a file is silent, and the whole of it when there is no file.
#include "config/field.h"

namespace sluice::config {

namespace {

// A number of an embedding of length 1 is some 1/sqrt(dimension) in size; a text scalar, or a
// number that the caller has standardised, is near 1: the prior that suits one would freeze or
// unleash the other.
constexpr double kFeaturePrecisionUnit = 50;
constexpr double kFeaturePrecisionEmbedding = 0.64;

}  // namespace

RouterOptions StandardRouter(const policy::ContextOptions& context) {
  RouterOptions router;
  router.objective.cost_weight = kCostWeightDefault;
  const bool embedding = context.source == policy::ContextSource::kEmbedding;
  // There is nothing to leave out of an embedding that is as short as its map.
  if (embedding && context.dimension <= context.components) {
    router.context.projection = policy::Projection::kNone;
  }
  const bool unit_length = embedding && context.projection != policy::Projection::kAsGiven;
  router.prior.feature_precision = unit_length ? kFeaturePrecisionEmbedding : kFeaturePrecisionUnit;
  return router;
}

PlanOptions StandardPlan(const RouterOptions& router) {
  PlanOptions plan;
  plan.objective = router.objective;
  return plan;
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
  RouterOptions router = StandardRouter(policy::ContextOptions{});
  router.arms = StandardArms();
  router.fallback_arm = kStandardFallback;
  options.routers.push_back(router);
  return options;
}

}  // namespace sluice::config
