#include "policy/context.h"

#include <cmath>
#include <limits>
#include <set>

#include <catch2/catch.hpp>

namespace sluice::policy {
namespace {

ContextOptions EmbeddingOptions(std::size_t dimension) {
  return {.source = ContextSource::kEmbedding, .dimension = dimension};
}

TEST_CASE("an embedding is normalised and followed by the bias") {
  const ContextBuilder builder(EmbeddingOptions(3));
  REQUIRE(builder.dimension() == 4);
  const float embedding[] = {3, 0, -4};
  const auto context = builder.FromEmbedding(embedding, {});
  REQUIRE(context);
  CHECK((*context)[0] == .6f);
  CHECK((*context)[1] == 0);
  CHECK((*context)[2] == -.8f);
  CHECK((*context)[3] == 1);
}

TEST_CASE("embeddings of any size have the same direction") {
  const ContextBuilder builder(EmbeddingOptions(2));
  for (float scale : {1e-20f, 1e-3f, 1.f, 1e30f, 1e38f}) {
    CAPTURE(scale);
    const float embedding[] = {scale, scale};
    const auto context = builder.FromEmbedding(embedding, {});
    REQUIRE(context);
    CHECK((*context)[0] == Approx(std::sqrt(.5)).epsilon(1e-6));
  }
}

TEST_CASE("an embedding without a direction gives no context") {
  const ContextBuilder builder(EmbeddingOptions(2));
  const float denormal = std::numeric_limits<float>::denorm_min();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  for (float bad : {0.f, -0.f, denormal, 9e-31f, nan, infinity}) {
    CAPTURE(bad);
    const float embedding[] = {bad, 0};
    CHECK_FALSE(builder.FromEmbedding(embedding, {}));
  }
}

TEST_CASE("no context holds a number below 1e-30 that is not zero") {
  const ContextBuilder builder(EmbeddingOptions(3));
  const float embedding[] = {1e15f, 1e-20f, 1e-40f};
  const auto context = builder.FromEmbedding(embedding, {});
  REQUIRE(context);
  CHECK((*context)[0] == 1);
  CHECK((*context)[1] == 0);
  CHECK((*context)[2] == 0);
}

TEST_CASE("declared features are standardised and clipped and scaled") {
  ContextOptions options = EmbeddingOptions(1);
  options.features = {{.name = "a", .mean = 10, .sd = 2, .absent = 14},
                      {.name = "b", .mean = 0, .sd = 1, .absent = 0}};
  const ContextBuilder builder(options);
  REQUIRE(builder.dimension() == 4);
  const float embedding[] = {1};
  const auto feature = [&](std::span<const double> features, Eigen::Index at) {
    return (*builder.FromEmbedding(embedding, features))[at];
  };
  const double nan = std::nan("");
  CHECK(feature(std::vector{11., 0.5}, 1) == .4f);
  CHECK(feature(std::vector{11., 0.5}, 2) == .4f);
  CHECK(feature(std::vector{1e9, -1e9}, 1) == 2.4f);
  CHECK(feature(std::vector{1e9, -1e9}, 2) == -2.4f);
  CHECK(feature(std::vector{nan, 0.}, 1) == 1.6f);  // absent
  CHECK(feature({}, 1) == 1.6f);
  CHECK(feature(std::vector{11.}, 2) == 0);
  CHECK(feature({}, 3) == 1);
}

TEST_CASE("a text gives the scalars and the features and the bias") {
  const ContextBuilder builder({.features = {{.name = "turns", .mean = 0, .sd = 10}}});
  REQUIRE(builder.dimension() == kScalarFeatures + 2);
  const Context context = builder.FromText("What is 6 times 7?", std::vector{5.});
  float scalars[kScalarFeatures];
  MakeScalarEncoder()->Encode("What is 6 times 7?", scalars);
  for (std::size_t i = 0; i < kScalarFeatures; ++i) {
    CHECK(context[static_cast<Eigen::Index>(i)] == scalars[i]);
  }
  CHECK(context[kScalarFeatures] == .4f);
  CHECK(context[kScalarFeatures + 1] == 1);
}

TEST_CASE("contexts that mean different things have different ids") {
  std::set<std::string> ids;
  const auto id = [](const ContextOptions& options) { return ContextBuilder(options).id(); };
  std::vector<ContextOptions> all{{}, EmbeddingOptions(36), EmbeddingOptions(37)};
  const FeatureOptions feature{.name = "a", .mean = .1, .sd = 2, .absent = 0};
  const double next = std::nextafter(.1, 1);
  for (const FeatureOptions& other :
       {feature, FeatureOptions{"b", .1, 2, 0}, FeatureOptions{"a", next, 2, 0},
        FeatureOptions{"a", .1, 2.5, 0}, FeatureOptions{"a", .1, 2, 1},
        FeatureOptions{"a,0.1,2,0;1:b", .1, 2, 0}}) {
    all.push_back({.features = {other}});
  }
  all.push_back({.features = {feature, {"b", .1, 2, 0}}});
  all.push_back({.features = {{"b", .1, 2, 0}, feature}});
  for (const ContextOptions& options : all) {
    CAPTURE(id(options));
    CHECK(ids.insert(id(options)).second);
    CHECK(id(options) == id(options));
  }
}

TEST_CASE("the ids on disk never change by accident") {
  CHECK(ContextBuilder(ContextOptions{}).id() == "scalars36/1;d=36");
  CHECK(ContextBuilder(EmbeddingOptions(384)).id() == "embedding-l2/1;d=384");
  const ContextOptions options{.features = {{.name = "turns", .mean = .1, .sd = 2, .absent = 1}}};
  CHECK(ContextBuilder(options).id() == "scalars36/1;d=36;5:turns,0.1,2,1");
}

}  // namespace
}  // namespace sluice::policy
