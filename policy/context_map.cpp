#include "policy/context_map.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <functional>

#include "policy/check.h"
#include "policy/lanes.h"
#include "policy/log_one_plus.h"
#include "policy/map_axes.h"

namespace sluice::policy {
namespace {

constexpr std::size_t kLanes = kFloatLanes;
constexpr std::size_t kPanel = 4 * kLanes;  // components that one pass over the rows computes
using Lanes = FloatLanes;

// Components of one input before they are clipped.
using Panel = std::array<float, kPanel>;

inline void AddScaled(const Lanes& lanes, float scale, float* to) {
  Lanes sum = LoadLanes(to);
  MultiplyAdd(sum, lanes, scale);
  std::memcpy(to, &sum, sizeof(sum));
}

// Adds to `panel` the sum of value x row over `count` entries, scaled as `scale_of` says from the
// sum of value^2. `entry` gives the i-th row's part of the panel and its value. The lanes have
// names because the compiler takes an array or a struct of them apart into single floats.
template <typename EntryAt, typename ScaleOf>
inline void AddEntries(Panel& panel, std::size_t count, EntryAt entry, ScaleOf scale_of) {
  Lanes sum_0 = {};
  Lanes sum_1 = {};
  Lanes sum_2 = {};
  Lanes sum_3 = {};
  float square = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto [row, value] = entry(i);
    MultiplyAdd(sum_0, LoadLanes(row), value);
    MultiplyAdd(sum_1, LoadLanes(row + kLanes), value);
    MultiplyAdd(sum_2, LoadLanes(row + 2 * kLanes), value);
    MultiplyAdd(sum_3, LoadLanes(row + 3 * kLanes), value);
    square = std::fma(value, value, square);
  }
  const float scale = scale_of(square);
  AddScaled(sum_0, scale, &panel[0]);
  AddScaled(sum_1, scale, &panel[kLanes]);
  AddScaled(sum_2, scale, &panel[2 * kLanes]);
  AddScaled(sum_3, scale, &panel[3 * kLanes]);
}

struct Entry {
  const float* row;
  float value;
};

float SignedLog(std::int16_t count) {
  constexpr std::size_t kSmall = 64;
  static const auto kTable = [] {
    std::array<float, kSmall> table;
    for (std::size_t i = 0; i < kSmall; ++i) {
      table[i] = static_cast<float>(LogOnePlus(i));
    }
    return table;
  }();
  const auto magnitude = static_cast<std::size_t>(std::abs(int{count}));
  const float log =
      magnitude < kSmall ? kTable[magnitude] : static_cast<float>(LogOnePlus(magnitude));
  return count < 0 ? -log : log;
}

// One panel's part of the weights.
struct RowsOfPanel {
  const float* first;
  std::size_t stride;

  const float* Row(std::size_t i) const { return first + i * stride; }
};

// Adds some buckets of one block to `panel`, scaled to the length sqrt(1/2).
void AddBlock(Panel& panel, std::span<const std::uint16_t> buckets,
              std::span<const std::int16_t> counts, const RowsOfPanel& rows) {
  AddEntries(
      panel, buckets.size(),
      [&](std::size_t i) {
        return Entry{rows.Row(buckets[i]), SignedLog(counts[i])};
      },
      [](float square) { return square > 0 ? std::sqrt(0.5f / square) : 0.0f; });
}

Panel NegatedPanel(const float* offsets) {
  Panel panel;
  std::transform(offsets, offsets + kPanel, panel.begin(), std::negate<>());
  return panel;
}

// What is left of a panel that holds -offsets plus the weighed input.
void ClipTo(float* out, const Panel& panel, std::size_t components) {
  for (std::size_t k = 0; k < components; ++k) {
    out[k] = std::clamp(panel[k], -kMapClip, kMapClip);
  }
}

bool InBounds(const GramCounts& grams) {
  return grams.counts.size() == grams.buckets.size() &&
         std::all_of(grams.buckets.begin(), grams.buckets.end(),
                     [](std::uint16_t bucket) { return bucket < kGramDimensions; });
}

void CheckOptions(const ContextMapOptions& options) {
  Check(options.components >= 1 && options.components <= kMapComponentsMax,
        "a map has 1 to kMapComponentsMax components");
  Check(options.version >= 1, "the versions of maps begin with 1");
}

SparseRow RowOf(const GramCounts& grams) {
  Check(InBounds(grams), "the buckets of grams are below kGramDimensions");
  std::vector<GramSum> sums;
  for (std::size_t i = 0; i < grams.buckets.size(); ++i) {
    sums.push_back({grams.buckets[i], grams.counts[i]});
  }
  return WeighedGrams(sums, kGramBuckets);
}

std::vector<double> MeanOf(std::span<const std::vector<float>> rows) {
  std::vector<double> mean(rows[0].size(), 0.0);
  for (const std::vector<float>& row : rows) {
    for (std::size_t i = 0; i < mean.size(); ++i) {
      mean[i] += static_cast<double>(row[i]);
    }
  }
  for (double& entry : mean) {
    entry /= static_cast<double>(rows.size());
  }
  return mean;
}

SparseRow Centred(std::span<const float> embedding, std::span<const double> mean) {
  SparseRow row;
  for (std::size_t i = 0; i < mean.size(); ++i) {
    row.indices.push_back(static_cast<std::uint32_t>(i));
    row.values.push_back(static_cast<double>(embedding[i]) - mean[i]);
  }
  return row;
}

// The axes were fitted on h - centre; from here on they are given h.
void MoveOffsets(MapAxes& axes, std::span<const double> centre) {
  for (std::size_t i = 0; i < axes.dimension; ++i) {
    for (std::size_t k = 0; k < axes.components; ++k) {
      axes.offsets[k] = std::fma(axes.weights[i * axes.components + k], centre[i], axes.offsets[k]);
    }
  }
}

}  // namespace

ContextMap::ContextMap(MapInput input, std::size_t dimension, std::size_t components)
    : input_(input),
      dimension_(dimension),
      components_(components),
      stride_((components + kPanel - 1) / kPanel * kPanel),
      weights_(dimension * stride_, 0.0f),
      offsets_(stride_, 0.0f) {}

std::shared_ptr<const ContextMap> ContextMap::FitText(std::span<const GramCounts> rows,
                                                      const ContextMapOptions& options) {
  CheckOptions(options);
  if (rows.size() < 2 || rows.size() > kMapRowsMax) {
    return nullptr;
  }
  std::vector<SparseRow> sparse;
  sparse.reserve(rows.size());
  for (const GramCounts& grams : rows) {
    sparse.push_back(RowOf(grams));
  }
  return FromAxes(MapInput::kGrams, FitAxes(sparse, kGramDimensions, options.components),
                  options.version);
}

std::shared_ptr<const ContextMap> ContextMap::FitEmbedding(std::span<const std::vector<float>> rows,
                                                           const ContextMapOptions& options) {
  CheckOptions(options);
  if (rows.size() < 2 || rows.size() > kMapRowsMax) {
    return nullptr;
  }
  const std::size_t dimension = rows[0].size();
  Check(dimension >= 1 && dimension <= kMapDimensionMax,
        "an embedding has 1 to kMapDimensionMax dimensions");
  for (const std::vector<float>& row : rows) {
    Check(row.size() == dimension, "the embeddings of a map have one dimension");
  }
  const std::vector<double> mean = MeanOf(rows);
  std::vector<SparseRow> centred;
  centred.reserve(rows.size());
  for (const std::vector<float>& row : rows) {
    centred.push_back(Centred(row, mean));
  }
  MapAxes axes = FitAxes(centred, dimension, options.components);
  MoveOffsets(axes, mean);
  return FromAxes(MapInput::kEmbedding, axes, options.version);
}

std::shared_ptr<const ContextMap> ContextMap::FromAxes(MapInput input, const MapAxes& axes,
                                                       std::uint32_t version) {
  if (axes.components == 0) {
    return nullptr;
  }
  std::shared_ptr<ContextMap> map(new ContextMap(input, axes.dimension, axes.components));
  map->version_ = version;
  for (std::size_t i = 0; i < axes.dimension; ++i) {
    for (std::size_t k = 0; k < axes.components; ++k) {
      map->weights_[i * map->stride_ + k] =
          static_cast<float>(axes.weights[i * axes.components + k]);
    }
  }
  for (std::size_t k = 0; k < axes.components; ++k) {
    map->offsets_[k] = static_cast<float>(axes.offsets[k]);
  }
  if (!map->Plausible()) {
    return nullptr;
  }
  map->fingerprint_ = map->FingerprintOfNumbers();
  return map;
}

void ContextMap::Project(const GramCounts& grams, float* out) const {
  if (input_ != MapInput::kGrams || !InBounds(grams)) {
    std::fill_n(out, components_, 0.0f);
    return;
  }
  const auto characters =
      std::lower_bound(grams.buckets.begin(), grams.buckets.end(), kGramBuckets);
  const auto words = static_cast<std::size_t>(characters - grams.buckets.begin());
  const std::span buckets(grams.buckets);
  const std::span counts(grams.counts);
  for (std::size_t first = 0; first < components_; first += kPanel) {
    Panel panel = NegatedPanel(&offsets_[first]);
    const RowsOfPanel rows{&weights_[first], stride_};
    AddBlock(panel, buckets.first(words), counts.first(words), rows);
    AddBlock(panel, buckets.subspan(words), counts.subspan(words), rows);
    ClipTo(out + first, panel, std::min(kPanel, components_ - first));
  }
}

void ContextMap::Project(std::span<const float> embedding, float* out) const {
  if (input_ != MapInput::kEmbedding || embedding.size() != dimension_) {
    std::fill_n(out, components_, 0.0f);
    return;
  }
  for (std::size_t first = 0; first < components_; first += kPanel) {
    Panel panel = NegatedPanel(&offsets_[first]);
    const RowsOfPanel rows{&weights_[first], stride_};
    AddEntries(
        panel, dimension_,
        [&](std::size_t i) {
          return Entry{rows.Row(i), embedding[i]};
        },
        [](float) { return 1.0f; });
    ClipTo(out + first, panel, std::min(kPanel, components_ - first));
  }
}

double InputShift(std::span<const float> mean_of_recent_projections) {
  double square = 0;
  for (float mean : mean_of_recent_projections) {
    square += static_cast<double>(mean) * static_cast<double>(mean);
  }
  return mean_of_recent_projections.empty()
             ? 0
             : square / static_cast<double>(mean_of_recent_projections.size());
}

}  // namespace sluice::policy
