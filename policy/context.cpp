#include "policy/context.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "policy/check.h"

namespace sluice::policy {
namespace {

constexpr std::string_view kEmbeddingId = "embedding-l2/1";
constexpr double kFeatureClip = 3;
constexpr double kFeatureScale = 0.8;
// Below this a number is noise at best and a denormal that slows the processor at worst.
constexpr float kFlush = 1e-30f;

float Flushed(float value) {
  return std::abs(value) < kFlush ? 0 : value;
}

// The shortest decimal that reads back as the same double.
std::string Exact(double value) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), value).ptr;
  return std::string(buffer, end);
}

// Names are written with their length, so that no name can imitate a separator.
std::string IdOf(std::string_view source, std::size_t raw_dimension,
                 const std::vector<FeatureOptions>& features) {
  std::string id(source);
  id.append(";d=").append(std::to_string(raw_dimension));
  for (const FeatureOptions& feature : features) {
    id.append(";").append(std::to_string(feature.name.size())).append(":").append(feature.name);
    for (double number : {feature.mean, feature.sd, feature.absent}) {
      id.append(",").append(Exact(number));
    }
  }
  return id;
}

}  // namespace

ContextBuilder::ContextBuilder(const ContextOptions& options)
    : options_(options),
      encoder_(options.source == ContextSource::kText ? MakeScalarEncoder() : nullptr),
      raw_dimension_(encoder_ ? encoder_->dimension() : options.dimension),
      dimension_(raw_dimension_ + options.features.size() + 1),
      id_(IdOf(encoder_ ? encoder_->id() : kEmbeddingId, raw_dimension_, options.features)) {
  Check(raw_dimension_ > 0 && dimension_ <= kContextMax,
        "embedding, features and bias fit kContextMax");
  for (const FeatureOptions& feature : options_.features) {
    Check(feature.sd > 0, "a feature's sd is positive");
  }
}

Context ContextBuilder::FromText(std::string_view text, std::span<const double> features) const {
  Check(encoder_ != nullptr, "this router's source is text");
  Context context(static_cast<Eigen::Index>(dimension_));
  encoder_->Encode(text, context.data());
  AppendFeatures(features, context);
  return context;
}

std::optional<Context> ContextBuilder::FromEmbedding(std::span<const float> embedding,
                                                     std::span<const double> features) const {
  Check(encoder_ == nullptr && embedding.size() == raw_dimension_,
        "this router's source is an embedding of its dimension");
  double square = 0;
  for (float value : embedding) {
    const double flushed = Flushed(value);
    square += flushed * flushed;
  }
  if (!(square > 0) || !std::isfinite(square)) {
    return std::nullopt;
  }
  const double norm = std::sqrt(square);
  Context context(static_cast<Eigen::Index>(dimension_));
  for (std::size_t i = 0; i < raw_dimension_; ++i) {
    const double direction = Flushed(embedding[i]) / norm;
    context[static_cast<Eigen::Index>(i)] = Flushed(static_cast<float>(direction));
  }
  AppendFeatures(features, context);
  return context;
}

void ContextBuilder::AppendFeatures(std::span<const double> features, Context& context) const {
  for (std::size_t i = 0; i < options_.features.size(); ++i) {
    const FeatureOptions& feature = options_.features[i];
    const bool sent = i < features.size() && !std::isnan(features[i]);
    const double z = ((sent ? features[i] : feature.absent) - feature.mean) / feature.sd;
    const double scaled = std::clamp(z, -kFeatureClip, kFeatureClip) * kFeatureScale;
    context[static_cast<Eigen::Index>(raw_dimension_ + i)] = Flushed(static_cast<float>(scaled));
  }
  context[context.size() - 1] = 1;
}

}  // namespace sluice::policy
