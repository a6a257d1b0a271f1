// Raw inputs (text or an embedding, declared features) to the fixed-length context vector.
// Layout: [encoded text or L2-normalised embedding | declared features, standardised | 1].
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "policy/encoder.h"
#include "policy/types.h"

namespace sluice::policy {

enum class ContextSource : std::uint8_t { kText, kEmbedding };

// A number that the caller sends with each request, standardised as clip((x - mean) / sd, -3, 3)
// and then scaled by .8 as the text scalars are; the value `absent` stands in when it is not sent.
struct FeatureOptions {
  std::string name;
  double mean = 0;
  double sd = 1;
  double absent = 0;  // raw units
  bool operator==(const FeatureOptions&) const = default;
};

struct ContextOptions {
  ContextSource source = ContextSource::kText;
  std::size_t dimension = 0;  // of the embedding, 1..1024; with text it follows from the encoder
  std::vector<FeatureOptions> features;
  bool operator==(const ContextOptions&) const = default;
};

class ContextBuilder {
 public:
  explicit ContextBuilder(const ContextOptions& options);

  std::size_t dimension() const { return dimension_; }  // with features and bias
  // Names the encoder, its version, the raw dimension and the features with their exact numbers:
  // contexts with different ids never meet in one model.
  const std::string& id() const { return id_; }

  // `features` are raw values by index of ContextOptions::features; one that is NaN or beyond the
  // end of the span was not sent. Numbers below 1e-30 in magnitude are flushed to 0.
  Context FromText(std::string_view text, std::span<const double> features) const;
  // Empty when the embedding has no direction (all zero after denormals are flushed to 0).
  // The caller has checked its dimension and that every number is finite.
  std::optional<Context> FromEmbedding(std::span<const float> embedding,
                                       std::span<const double> features) const;

 private:
  void AppendFeatures(std::span<const double> features, Context& context) const;

  ContextOptions options_;
  std::shared_ptr<const Encoder> encoder_;  // null with source embedding
  std::size_t raw_dimension_;
  std::size_t dimension_;
  std::string id_;
};

}  // namespace sluice::policy
