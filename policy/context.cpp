#include "policy/context.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

#include "policy/check.h"

namespace sluice::policy {
namespace {

constexpr std::string_view kEmbeddingId = "embedding-l2/1";
constexpr std::string_view kAsGivenId = "embedding-as-given/1";
// A caller's own features are of unit variance; further out is a mistake or an attack.
constexpr float kAsGivenClip = 8;
constexpr char kKeptEmbedding = 'e';  // first byte of a kept embedding; floats follow
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
                 const ContextOptions& options) {
  std::string id(source);
  id.append(";d=").append(std::to_string(raw_dimension));
  if (!options.embedding_model.empty()) {
    id.append(";model=").append(std::to_string(options.embedding_model.size()));
    id.append(":").append(options.embedding_model);
  }
  for (const FeatureOptions& feature : options.features) {
    id.append(";").append(std::to_string(feature.name.size())).append(":").append(feature.name);
    for (double number : {feature.mean, feature.sd, feature.absent}) {
      id.append(",").append(Exact(number));
    }
  }
  return id;
}

std::string_view EmbeddingId(Projection projection) {
  return projection == Projection::kAsGiven ? kAsGivenId : kEmbeddingId;
}

std::string KeepEmbedding(std::span<const float> values) {
  std::string kept(1, kKeptEmbedding);
  kept.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  return kept;
}

std::optional<std::vector<float>> KeptEmbedding(std::string_view kept, std::size_t dimension) {
  if (kept.size() != 1 + dimension * sizeof(float) || kept.front() != kKeptEmbedding) {
    return std::nullopt;
  }
  std::vector<float> values(dimension);
  std::memcpy(values.data(), kept.data() + 1, dimension * sizeof(float));
  return values;
}

}  // namespace

ContextBuilder::ContextBuilder(const ContextOptions& options, std::uint32_t gram_seed,
                               const EncodingMemory* memory)
    : options_(options),
      gram_seed_(gram_seed),
      memory_(memory),
      encoder_(options.source == ContextSource::kText ? MakeScalarEncoder() : nullptr),
      raw_dimension_(encoder_ ? encoder_->dimension() : options.dimension),
      dimension_(raw_dimension_ + options.features.size() + 1),
      id_(IdOf(encoder_ ? encoder_->id() : EmbeddingId(options.projection), raw_dimension_,
               options)) {
  Check(raw_dimension_ > 0 && dimension_ <= kContextMax,
        "embedding, features and bias fit kContextMax");
  for (const FeatureOptions& feature : options_.features) {
    Check(feature.sd > 0, "a feature's sd is positive");
  }
}

EncodedContext ContextBuilder::FromText(std::string_view text, std::span<const double> features,
                                        const ContextMap* map) const {
  const TextEncoding* known = memory_ == nullptr ? nullptr : memory_->Find(text, gram_seed_);
  TextEncoding made;
  if (known == nullptr) {
    const Part unmapped = fits_maps() ? Part::kBoth : Part::kScalars;
    made = Encode(text, map == nullptr ? unmapped : Part::kGrams);
  }
  const TextEncoding& text_encoding = known == nullptr ? made : *known;
  EncodedContext encoded;
  if (map != nullptr) {
    encoded.map_version = static_cast<std::uint32_t>(map->version());
    encoded.context.resize(static_cast<Eigen::Index>(mapped_dimension(map->components())));
    map->Project(text_encoding.grams, encoded.context.data());
  } else {
    encoded.context.resize(static_cast<Eigen::Index>(dimension_));
    std::ranges::copy(text_encoding.scalars, encoded.context.data());
  }
  if (fits_maps()) {
    encoded.kept = known == nullptr ? std::move(made.kept) : known->kept;
  }
  AppendFeatures(features, encoded.context);
  return encoded;
}

TextEncoding ContextBuilder::Encode(std::string_view text, Part part) const {
  TextEncoding encoding;
  if (part != Part::kGrams) {
    encoding.scalars.resize(encoder_->dimension());
    encoder_->Encode(text, encoding.scalars.data());
  }
  if (part != Part::kScalars) {
    encoding.grams = CountGrams(text, gram_seed_);
    encoding.kept = EncodeGrams(encoding.grams);
  }
  return encoding;
}

std::optional<EncodedContext> ContextBuilder::FromEmbedding(std::span<const float> embedding,
                                                            std::span<const double> features,
                                                            const ContextMap* map) const {
  Check(encoder_ == nullptr && embedding.size() == raw_dimension_,
        "this router's source is an embedding of its dimension");
  const auto direction = Direction(embedding);
  if (!direction) {
    return std::nullopt;
  }
  EncodedContext encoded;
  if (map != nullptr) {
    encoded.map_version = static_cast<std::uint32_t>(map->version());
    encoded.kept = KeepEmbedding(*direction);
    encoded.context.resize(static_cast<Eigen::Index>(mapped_dimension(map->components())));
    map->Project(*direction, encoded.context.data());
  } else {
    encoded.context.resize(static_cast<Eigen::Index>(dimension_));
    std::copy(direction->begin(), direction->end(), encoded.context.data());
  }
  AppendFeatures(features, encoded.context);
  return encoded;
}

// The embedding as it is used: of length 1, or clipped when it is taken as given.
std::optional<std::vector<float>> ContextBuilder::Direction(
    std::span<const float> embedding) const {
  std::vector<float> direction(embedding.begin(), embedding.end());
  if (options_.projection == Projection::kAsGiven) {
    for (float& value : direction) {
      value = std::clamp(Flushed(value), -kAsGivenClip, kAsGivenClip);
    }
    return direction;
  }
  double square = 0;
  for (float value : embedding) {
    const double flushed = Flushed(value);
    square += flushed * flushed;
  }
  if (!(square > 0) || !std::isfinite(square)) {
    return std::nullopt;
  }
  const double norm = std::sqrt(square);
  for (float& value : direction) {
    value = Flushed(static_cast<float>(Flushed(value) / norm));
  }
  return direction;
}

ContextBuilder::Raw ContextBuilder::RawOf(const Context& context, std::uint32_t map_version,
                                          std::string_view kept) const {
  if (!fits_maps()) {
    return std::monostate();
  }
  if (encoder_ != nullptr) {
    auto grams = kept.empty() ? std::nullopt : DecodeGrams(kept);
    return grams ? Raw(RawText{*std::move(grams)}) : Raw(std::monostate());
  }
  if (map_version == 0 && static_cast<std::size_t>(context.size()) == dimension_) {
    return RawEmbedding{{context.data(), context.data() + raw_dimension_}};
  }
  auto values = KeptEmbedding(kept, raw_dimension_);
  return values ? Raw(RawEmbedding{*std::move(values)}) : Raw(std::monostate());
}

Context ContextBuilder::Mapped(const Raw& raw, const Context& old, const ContextMap& map) const {
  Context context(static_cast<Eigen::Index>(mapped_dimension(map.components())));
  if (const auto* text = std::get_if<RawText>(&raw)) {
    map.Project(text->grams, context.data());
  } else if (const auto* embedding = std::get_if<RawEmbedding>(&raw)) {
    map.Project(embedding->values, context.data());
  } else {
    context.setZero();
  }
  const auto tail = static_cast<Eigen::Index>(options_.features.size() + 1);
  context.tail(tail) = old.tail(tail);
  return context;
}

void ContextBuilder::AppendFeatures(std::span<const double> features, Context& context) const {
  const Eigen::Index first =
      context.size() - 1 - static_cast<Eigen::Index>(options_.features.size());
  for (std::size_t i = 0; i < options_.features.size(); ++i) {
    const FeatureOptions& feature = options_.features[i];
    const bool sent = i < features.size() && !std::isnan(features[i]);
    const double z = ((sent ? features[i] : feature.absent) - feature.mean) / feature.sd;
    const double scaled = std::clamp(z, -kFeatureClip, kFeatureClip) * kFeatureScale;
    context[first + static_cast<Eigen::Index>(i)] = Flushed(static_cast<float>(scaled));
  }
  context[context.size() - 1] = 1;
}

std::shared_ptr<const ContextMap> ContextBuilder::FitMap(std::span<const Raw> raws,
                                                         const ContextMapOptions& options) const {
  return memory_ == nullptr ? FitContextMap(raws, options) : memory_->FitMap(raws, options);
}

bool ContextBuilder::Reads(const ContextMap& map) const {
  if (options_.source == ContextSource::kText) return map.input() == MapInput::kGrams;
  return map.input() == MapInput::kEmbedding && map.dimension() == raw_dimension_;
}

std::shared_ptr<const ContextMap> FitContextMap(std::span<const ContextBuilder::Raw> raws,
                                                const ContextMapOptions& options) {
  std::vector<GramCounts> texts;
  std::vector<std::vector<float>> embeddings;
  for (const ContextBuilder::Raw& raw : raws) {
    if (const auto* text = std::get_if<ContextBuilder::RawText>(&raw)) {
      texts.push_back(text->grams);
    } else if (const auto* embedding = std::get_if<ContextBuilder::RawEmbedding>(&raw)) {
      embeddings.push_back(embedding->values);
    }
  }
  return texts.empty() ? ContextMap::FitEmbedding(embeddings, options)
                       : ContextMap::FitText(texts, options);
}

}  // namespace sluice::policy
