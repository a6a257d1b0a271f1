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
  CHECK(context->context[0] == .6f);
  CHECK(context->context[1] == 0);
  CHECK(context->context[2] == -.8f);
  CHECK(context->context[3] == 1);
}

TEST_CASE("embeddings of any size have the same direction") {
  const ContextBuilder builder(EmbeddingOptions(2));
  for (float scale : {1e-20f, 1e-3f, 1.f, 1e30f, 1e38f}) {
    CAPTURE(scale);
    const float embedding[] = {scale, scale};
    const auto context = builder.FromEmbedding(embedding, {});
    REQUIRE(context);
    CHECK(context->context[0] == Approx(std::sqrt(.5)).epsilon(1e-6));
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
  CHECK(context->context[0] == 1);
  CHECK(context->context[1] == 0);
  CHECK(context->context[2] == 0);
}

TEST_CASE("declared features are standardised and clipped and scaled") {
  ContextOptions options = EmbeddingOptions(1);
  options.features = {{.name = "a", .mean = 10, .sd = 2, .absent = 14},
                      {.name = "b", .mean = 0, .sd = 1, .absent = 0}};
  const ContextBuilder builder(options);
  REQUIRE(builder.dimension() == 4);
  const float embedding[] = {1};
  const auto feature = [&](std::span<const double> features, Eigen::Index at) {
    return builder.FromEmbedding(embedding, features)->context[at];
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
  const Context context = builder.FromText("What is 6 times 7?", std::vector{5.}).context;
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

TEST_CASE("what is given as it is comes through unchanged but for the clip") {
  ContextOptions options = EmbeddingOptions(3);
  options.projection = Projection::kAsGiven;
  const ContextBuilder builder(options);
  const float numbers[] = {1.5f, -9, 0};
  const auto encoded = builder.FromEmbedding(numbers, {});
  REQUIRE(encoded);
  CHECK(encoded->context[0] == 1.5f);
  CHECK(encoded->context[1] == -8);
  CHECK(encoded->context[2] == 0);
  CHECK(encoded->context[3] == 1);
  CHECK(encoded->kept.empty());
  CHECK(builder.id() == "embedding-as-given/1;d=3");
}

TEST_CASE("what the log keeps of a context gives the same context under another map") {
  const ContextBuilder builder({.features = {{.name = "turns", .mean = 0, .sd = 10}}}, 7);
  std::vector<ContextBuilder::Raw> raws;
  for (int i = 0; i < 40; ++i) {
    const std::string text = "question number " + std::to_string(i * i) + " about maps";
    const EncodedContext plain = builder.FromText(text, std::vector{1.});
    raws.push_back(builder.RawOf(plain.context, plain.map_version, plain.kept));
  }
  const auto map = FitContextMap(raws, {.components = 5, .version = 3});
  REQUIRE(map != nullptr);
  const EncodedContext before = builder.FromText("how far is the moon", std::vector{5.});
  const EncodedContext after = builder.FromText("how far is the moon", std::vector{5.}, map.get());
  CHECK(after.map_version == 3);
  CHECK(after.kept == before.kept);
  REQUIRE(after.context.size() == static_cast<Eigen::Index>(map->components()) + 2);
  const auto raw = builder.RawOf(before.context, before.map_version, before.kept);
  CHECK(builder.Mapped(raw, before.context, *map) == after.context);
}

TEST_CASE("an embedding is kept beside its projection and not twice without one") {
  const ContextBuilder builder(EmbeddingOptions(4));
  std::vector<ContextBuilder::Raw> raws;
  for (int i = 0; i < 20; ++i) {
    const float numbers[] = {1, static_cast<float>(i % 7), static_cast<float>(i % 3), -1};
    const auto plain = builder.FromEmbedding(numbers, {});
    REQUIRE(plain);
    CHECK(plain->kept.empty());
    raws.push_back(builder.RawOf(plain->context, 0, plain->kept));
  }
  const auto map = FitContextMap(raws, {.components = 2, .version = 1});
  REQUIRE(map != nullptr);
  const float numbers[] = {2, 1, 1, 0};
  const auto mapped = builder.FromEmbedding(numbers, {}, map.get());
  REQUIRE(mapped);
  const auto raw = builder.RawOf(mapped->context, mapped->map_version, mapped->kept);
  CHECK(builder.Mapped(raw, mapped->context, *map) == mapped->context);
  CHECK(std::holds_alternative<std::monostate>(builder.RawOf(mapped->context, 1, "damaged")));
}

}  // namespace
}  // namespace sluice::policy
