// Policies that predict with what was fitted offline, and the fitting.
#include <cmath>

#include <catch2/catch.hpp>

#include "policy/policy.h"
#include "tests/support/policy_fixtures.h"

namespace sluice::policy {
namespace {

Context ContextOf(std::initializer_list<float> values) {
  Context context(static_cast<Eigen::Index>(values.size()));
  std::copy(values.begin(), values.end(), context.data());
  return context;
}

TEST_CASE("the logistic fit is the largest posterior of the reference") {  // oracle 18
  const std::vector<Context> contexts = {ContextOf({1, 0, 1}),  ContextOf({0, 1, 1}),
                                         ContextOf({1, 1, 1}),  ContextOf({2, -1, 1}),
                                         ContextOf({-1, 1, 1}), ContextOf({0, -2, 1})};
  const double targets[] = {1, 0, 1, 1, 0, 0};
  std::vector<LogisticSample> samples;
  for (std::size_t i = 0; i < contexts.size(); ++i) {
    samples.push_back({.context = &contexts[i], .target = targets[i]});
  }
  const auto weights = FitLogistic(samples, std::vector(3, 1.0));
  REQUIRE(weights);
  CHECK((*weights)[0] == Approx(1.104429003543).margin(1e-11));
  CHECK((*weights)[1] == Approx(.152003404057).margin(1e-11));
  CHECK((*weights)[2] == Approx(-.302246695613).margin(1e-11));
}

TEST_CASE("a weight counts as so many samples and order changes nothing to rounding") {
  Rng rng(5);
  std::vector<Context> contexts;
  for (int i = 0; i < 40; ++i) contexts.push_back(test::RandomContext(rng, 5));
  std::vector<LogisticSample> doubled;
  std::vector<LogisticSample> repeated;
  for (const Context& context : contexts) {
    const double target = rng.Uniform();
    doubled.push_back({&context, target, 2});
    repeated.push_back({&context, target, 1});
    repeated.insert(repeated.begin(), {&context, target, 1});
  }
  const std::vector<double> precision(5, .5);
  const auto once = FitLogistic(doubled, precision);
  const auto twice = FitLogistic(repeated, precision);
  REQUIRE((once && twice));
  for (std::size_t i = 0; i < precision.size(); ++i) {
    CHECK((*once)[i] == Approx((*twice)[i]).margin(1e-10));
  }
  CHECK(once == FitLogistic(doubled, precision));
}

TEST_CASE("a fit of data that can be told apart stays finite and without data it is the prior") {
  const Context yes = ContextOf({1e4F, 1});
  const Context no = ContextOf({-1e4F, 1});
  const std::vector<LogisticSample> samples = {{&yes, 1, 1e6}, {&no, 0, 1e6}};
  const auto weights = FitLogistic(samples, std::vector(2, 1e-3));
  REQUIRE(weights);
  CHECK(std::isfinite((*weights)[0]));
  CHECK((*weights)[0] > 0);
  CHECK(FitLogistic({}, std::vector(2, 1.0)) == std::vector(2, 0.0));
}

TEST_CASE("k-means finds groups that lie apart and repeats itself") {
  Rng rng(11);
  std::vector<Context> contexts;
  const float middles[][2] = {{0, 0}, {10, 0}, {0, 10}};
  for (int i = 0; i < 300; ++i) {
    const auto& middle = middles[i % 3];
    contexts.push_back(ContextOf({middle[0] + static_cast<float>(rng.Normal()),
                                  middle[1] + static_cast<float>(rng.Normal()), 1}));
  }
  const auto centroids = FitClusters(contexts, 3, 1);
  REQUIRE(centroids.size() == 3);
  for (const auto& middle : middles) {
    const auto nearest = NearestCluster(centroids, ContextOf({middle[0], middle[1], 1}));
    REQUIRE(nearest);
    CHECK(centroids[*nearest][0] == Approx(middle[0]).margin(.4));
    CHECK(centroids[*nearest][1] == Approx(middle[1]).margin(.4));
  }
  CHECK(FitClusters(contexts, 3, 1) == centroids);
  CHECK(FitClusters(contexts, 20, 2) == FitClusters(contexts, 20, 2));
  CHECK(FitClusters(contexts, 20, 2) != FitClusters(contexts, 20, 3));
}

TEST_CASE("there are no more clusters than different contexts") {
  const std::vector<Context> contexts(50, ContextOf({3, 1}));
  CHECK(FitClusters(contexts, 8, 1) == std::vector<std::vector<double>>{{3}});
  CHECK(FitClusters({}, 8, 1).empty());
  CHECK(FitClusters(contexts, 0, 1).empty());
}

struct Scene {
  Scene() : model({.dimension = 3}) {
    for (int arm = 0; arm < 3; ++arm) model.AddArm();
  }
  Decision Choose(const PolicyOptions& options, const Context& context, double cost_weight = 0) {
    const std::vector<ArmTerms> terms{
        {.list_price_usd = 1e-4}, {.list_price_usd = 1e-3}, {.list_price_usd = 1e-2}};
    return policy::Choose(options, *model.Derive(),
                          {.context = &context,
                           .eligible = ArmSet::FirstN(3),
                           .terms = terms,
                           .cost_weight = cost_weight},
                          {1, 1});
  }
  Model model;
};

PolicyOptions Fitted(PolicyKind kind) {
  PolicyOptions options{.kind = kind};
  options.exploration.mode = ExplorationMode::kNatural;
  options.fitted = {.weights = {{2, 0, 1}, {-2, 0, 1}},
                    .centroids = {{1, 0}, {-1, 0}},
                    .qualities = {{.9, .2}, {.3, .8}}};
  return options;
}

TEST_CASE("logistic takes the arm that is good by its weights and costs what it is worth") {
  Scene scene;
  const PolicyOptions options = Fitted(PolicyKind::kLogistic);
  const Decision left = scene.Choose(options, ContextOf({1, 0, 1}));
  CHECK(left.arm == 0);
  CHECK(left.distribution.q32[0] == kProbabilityOne);
  CHECK(left.exploration == 0);
  CHECK(left.estimates[0].mean == Approx(1 / (1 + std::exp(-3.0))));
  CHECK(left.estimates[1].mean == Approx(1 / (1 + std::exp(1.0))));
  CHECK(left.estimates[2].mean == Approx(.7));  // not fitted: what was learnt
  CHECK(scene.Choose(options, ContextOf({-1, 0, 1})).arm == 1);
  CHECK(scene.Choose(options, ContextOf({-1, 0, 1}), 1e5).arm == 0);
}

TEST_CASE("clusters take the arm that is best where the nearest centroid is") {
  Scene scene;
  const PolicyOptions options = Fitted(PolicyKind::kClusters);
  const Decision right = scene.Choose(options, ContextOf({.2F, 5, 1}));
  CHECK(right.arm == 0);
  CHECK(right.estimates[0].mean == .9);
  CHECK(right.estimates[1].mean == .3);
  CHECK(right.estimates[2].mean == Approx(.7));
  CHECK(scene.Choose(options, ContextOf({-.2F, 5, 1})).arm == 1);
  CHECK(scene.Choose(options, ContextOf({0, 0, 1})).estimates[0].mean == .9);  // a tie
}

TEST_CASE("a fit of another dimension predicts nothing") {
  const PolicyOptions options = Fitted(PolicyKind::kLogistic);
  CHECK_FALSE(LogisticQuality(options.fitted, 0, ContextOf({1, 1})));
  CHECK_FALSE(LogisticQuality(options.fitted, 2, ContextOf({1, 1, 1})));
  CHECK_FALSE(NearestCluster(options.fitted.centroids, ContextOf({1, 1})));
  CHECK_FALSE(ClusterQuality(options.fitted, 2, 0));
  CHECK_FALSE(ClusterQuality(options.fitted, 0, 2));
}

}  // namespace
}  // namespace sluice::policy
