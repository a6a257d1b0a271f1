// The fitted context map: raw features (hashed n-grams or the caller's embedding) to a few whitened
// coordinates, learnt without labels from a router's own first inputs.
//
// Grams: a count v becomes sign(v) ln(1 + |v|), each block is scaled to length sqrt(1/2), and the
// axes are the leading right singular vectors of the fit rows, which are not centred (latent
// semantic analysis; Deerwester et al. 1990). Embeddings, which the caller has scaled to length 1:
// the leading principal axes. Coordinates are then standardised by mean and population deviation
// over the fit rows and clipped to +-kMapClip.
//
// Immutable: any thread. The same rows in the same order give the same bits in every build, and the
// same map gives the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/grams.h"

namespace sluice::policy {

struct MapAxes;

inline constexpr std::size_t kMapComponentsMax = 64;
inline constexpr std::size_t kMapRowsMax = 1000;       // to fit on; the time grows with the cube
inline constexpr std::size_t kMapDimensionMax = 1024;  // of an embedding
inline constexpr float kMapClip = 4;

enum class MapInput : std::uint8_t { kGrams = 1, kEmbedding = 2 };

struct ContextMapOptions {
  std::size_t components = 25;  // 1..kMapComponentsMax
  std::uint32_t version = 1;    // the caller's count of maps, from 1: two never mix
};

class ContextMap {
 public:
  // Empty unless there are 2 to kMapRowsMax rows that are not all alike. An axis is dropped when
  // the rows' deviation along it is below a thousandth of the largest: few rows, or rows of few
  // dimensions, give fewer components than asked for. The caller passes distinct inputs.
  static std::shared_ptr<const ContextMap> FitText(std::span<const GramCounts> rows,
                                                   const ContextMapOptions& options);
  // Rows of one dimension, 1..kMapDimensionMax, finite and of length 1.
  static std::shared_ptr<const ContextMap> FitEmbedding(std::span<const std::vector<float>> rows,
                                                        const ContextMapOptions& options);

  MapInput input() const { return input_; }
  std::size_t dimension() const { return dimension_; }  // of the input; kGramDimensions with grams
  std::size_t components() const { return components_; }
  std::uint32_t version() const { return version_; }
  // A hash of the map's bytes: equal for equal maps, whichever version they were told to be.
  std::uint64_t fingerprint() const { return fingerprint_; }

  // Writes components() floats in [-kMapClip, kMapClip], without a bias. No allocation. Zeros
  // when the map is for another input or the embedding is not of dimension() floats.
  void Project(const GramCounts& grams, float* out) const;
  void Project(std::span<const float> embedding, float* out) const;

  // Appends the bytes to `out`: little-endian, versioned. A checksum is the store's.
  void Serialise(std::string& out) const;
  // Takes the bytes off the front of `in`. Empty, with `in` unspecified, when they are not whole or
  // say something that no fit gives.
  static std::shared_ptr<const ContextMap> Restore(std::string_view& in);

 private:
  ContextMap(MapInput input, std::size_t dimension, std::size_t components);
  static std::shared_ptr<const ContextMap> FromAxes(MapInput input, const MapAxes& axes,
                                                    std::uint32_t version);
  bool RowIsZero(std::size_t row) const;
  void AppendNumbers(std::string& out) const;
  bool TakeNumbers(std::string_view& in);
  bool Plausible() const;
  std::uint64_t FingerprintOfNumbers() const;

  MapInput input_;
  std::size_t dimension_;
  std::size_t components_;
  std::uint32_t version_ = 0;
  std::uint64_t fingerprint_ = 0;
  // A raw feature's row holds its weight in every component, padded with zeros to stride_ floats,
  // so that projecting reads whole cache lines and needs no horizontal sum.
  std::size_t stride_;
  std::vector<float> weights_;  // dimension_ rows
  std::vector<float> offsets_;  // stride_ floats, subtracted last
};

// How far recent inputs have moved from those that a map was fitted on: the mean square of the mean
// of their projections. 0 when nothing moved, 1 when on average by one standard deviation. The
// mean of n inputs that did not move is about 1 / n.
double InputShift(std::span<const float> mean_of_recent_projections);

}  // namespace sluice::policy
