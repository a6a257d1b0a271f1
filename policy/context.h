// Raw inputs (text or an embedding, declared features) to the fixed-length context vector.
// Layout: [raw features or their projection | declared features, standardised | 1], where the raw
// features are the text scalars or the embedding, and a projection is made by a fitted map.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "policy/context_map.h"
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

// How raw inputs become the context.
enum class Projection : std::uint8_t {
  kFitted,   // a map that is learnt from the router's own first queries; until then as kNone
  kNone,     // the text scalars, or the L2-normalised embedding
  kAsGiven,  // source embedding: numbers that the caller has already standardised, clipped to +-8
};

struct ContextOptions {
  ContextSource source = ContextSource::kText;
  Projection projection = Projection::kFitted;
  std::size_t components = 25;  // of the fitted map
  std::size_t fit_after = 300;  // distinct queries
  std::uint32_t gram_seed = 0;  // keys the hash of n-grams; 0: whoever makes the router draws one
  bool refit_on_shift = true;   // when the inputs have moved half a standard deviation on average
  std::string
      embedding_model;        // declared: a request that declares another is refused; may be empty
  std::size_t dimension = 0;  // of the embedding, 1..1024; with text it follows from the encoder
  std::vector<FeatureOptions> features;
  bool operator==(const ContextOptions&) const = default;
};

// What a text is before any map.
struct TextEncoding {
  std::vector<float> scalars;  // of the encoder; empty: not asked for
  GramCounts grams;            // none: not asked for
  std::string kept;            // the grams as the log keeps them
};

class EncodingMemory;

// A context with what a later map needs to make another of it.
struct EncodedContext {
  Context context;
  std::uint32_t map_version = 0;  // of the map that made it; 0: none
  std::string kept;               // raw features for the log; empty when `context` holds them
};

class ContextBuilder {
 public:
  // `gram_seed` keys the hash of n-grams. `memory` outlives the builder; null: there is none.
  explicit ContextBuilder(const ContextOptions& options, std::uint32_t gram_seed = 0,
                          const EncodingMemory* memory = nullptr);

  // Without a map, and with one of so many components; with features and bias.
  std::size_t dimension() const { return dimension_; }
  std::size_t mapped_dimension(std::size_t components) const {
    return components + options_.features.size() + 1;
  }
  // Names the encoder, its version, the raw dimension and the features with their exact numbers:
  // contexts with different ids never meet in one router.
  const std::string& id() const { return id_; }
  bool fits_maps() const { return options_.projection == Projection::kFitted; }

  // What FromText makes a context of: scalars where there is no map, grams where maps are fitted.
  enum class Part : std::uint8_t { kScalars, kGrams, kBoth };
  TextEncoding Encode(std::string_view text, Part part) const;

  // `features` are raw values by index of ContextOptions::features; one that is NaN or beyond the
  // end of the span was not sent. Numbers below 1e-30 in magnitude are flushed to 0. `map` is null
  // while there is none.
  EncodedContext FromText(std::string_view text, std::span<const double> features,
                          const ContextMap* map = nullptr) const;
  // Empty when the embedding has no direction (all zero after denormals are flushed to 0).
  // The caller has checked its dimension and that every number is finite.
  std::optional<EncodedContext> FromEmbedding(std::span<const float> embedding,
                                              std::span<const double> features,
                                              const ContextMap* map = nullptr) const;

  // What `map` is fitted on and projects, of a context as the log keeps it.
  struct RawText {
    GramCounts grams;
  };
  struct RawEmbedding {
    std::vector<float> values;  // of length 1
  };
  using Raw = std::variant<std::monostate, RawText, RawEmbedding>;
  // Nothing when the log did not keep enough.
  Raw RawOf(const Context& context, std::uint32_t map_version, std::string_view kept) const;
  // The context that `map` makes of the raw features, with the declared features of `old`.
  Context Mapped(const Raw& raw, const Context& old, const ContextMap& map) const;
  // As FitContextMap.
  std::shared_ptr<const ContextMap> FitMap(std::span<const Raw> raws,
                                           const ContextMapOptions& options) const;
  // Whether the map projects what this builder makes contexts of.
  bool Reads(const ContextMap& map) const;

 private:
  void AppendFeatures(std::span<const double> features, Context& context) const;
  std::optional<std::vector<float>> Direction(std::span<const float> embedding) const;

  ContextOptions options_;
  std::uint32_t gram_seed_ = 0;
  const EncodingMemory* memory_ = nullptr;
  std::shared_ptr<const Encoder> encoder_;  // null with source embedding
  std::size_t raw_dimension_;
  std::size_t dimension_;
  std::string id_;
};

// A map fitted on the raw features that are of its kind; null when they do not make one.
std::shared_ptr<const ContextMap> FitContextMap(std::span<const ContextBuilder::Raw> raws,
                                                const ContextMapOptions& options);

// What was made before of a text and of a map's rows, for whoever plays the same texts many times:
// it never says anything but what a builder without it would make. Any thread.
class EncodingMemory {
 public:
  virtual ~EncodingMemory() = default;
  // With both parts; lives as long as the memory. Null: not known.
  virtual const TextEncoding* Find(std::string_view text, std::uint32_t gram_seed) const = 0;
  // As FitContextMap.
  virtual std::shared_ptr<const ContextMap> FitMap(std::span<const ContextBuilder::Raw> raws,
                                                   const ContextMapOptions& options) const = 0;
};

}  // namespace sluice::policy
