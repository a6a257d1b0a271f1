// For context_map only: the axes of a map, fitted on sparse rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "policy/grams.h"

namespace sluice::policy {

// A row's entries that are not 0, indices increasing.
struct SparseRow {
  std::vector<std::uint32_t> indices;
  std::vector<double> values;
};

// Sign(v) ln(1 + |v|) of each sum, each block scaled to length sqrt(1/2).
SparseRow WeighedGrams(std::span<const GramSum> sums, std::size_t buckets_per_block);

// Standardised coordinates of a row h: weights h - offsets.
struct MapAxes {
  std::size_t dimension = 0;
  std::size_t components = 0;   // 0 when the rows give none
  std::vector<double> weights;  // dimension x components
  std::vector<double> offsets;  // components
};

// Right singular vectors of the rows, which have `dimension` entries each, in the order of their
// singular values; of each the weight that is largest in magnitude, the first of several, is
// positive.
MapAxes FitAxes(std::span<const SparseRow> rows, std::size_t dimension, std::size_t count);

}  // namespace sluice::policy
