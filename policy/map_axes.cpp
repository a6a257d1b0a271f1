#include "policy/map_axes.h"

#include <algorithm>
#include <cmath>

#include "policy/eigenpairs.h"
#include "policy/log_one_plus.h"

namespace sluice::policy {
namespace {

// An axis along which the rows, whose length is at most 1, hardly differ is rounding, not
// direction; one that is far weaker than the strongest would be blown up to look as strong.
constexpr double kDeviationMin = 1e-6;
constexpr double kDeviationShareMin = 1e-3;

// H H', row-major.
std::vector<double> GramMatrix(std::span<const SparseRow> rows, std::size_t dimension) {
  const std::size_t n = rows.size();
  std::vector<double> matrix(n * n, 0.0);
  std::vector<double> dense(dimension, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t e = 0; e < rows[i].indices.size(); ++e) {
      dense[rows[i].indices[e]] = rows[i].values[e];
    }
    for (std::size_t j = 0; j <= i; ++j) {
      double product = 0;
      for (std::size_t e = 0; e < rows[j].indices.size(); ++e) {
        product = std::fma(rows[j].values[e], dense[rows[j].indices[e]], product);
      }
      matrix[i * n + j] = product;
      matrix[j * n + i] = product;
    }
    for (std::uint32_t index : rows[i].indices) {
      dense[index] = 0;
    }
  }
  return matrix;
}

struct Coordinate {
  std::size_t pair = 0;  // of the Gram matrix
  double singular_value = 0;
  double mean = 0;  // over the fit rows
  double deviation = 0;
};

// H v = S u: the fit rows' coordinates follow from the eigenpair alone.
Coordinate CoordinateOf(const Eigenpairs& pairs, std::size_t pair, std::size_t n) {
  const std::span u = std::span(pairs.vectors).subspan(pair * n, n);
  const double singular_value = std::sqrt(pairs.values[pair]);
  const auto count = static_cast<double>(n);
  double sum = 0;
  for (double entry : u) {
    sum += entry;
  }
  const double mean = sum / count;
  double square = 0;
  for (double entry : u) {
    square = std::fma(entry - mean, entry - mean, square);
  }
  return {.pair = pair,
          .singular_value = singular_value,
          .mean = singular_value * mean,
          .deviation = singular_value * std::sqrt(square / count)};
}

std::vector<Coordinate> CoordinatesWorthKeeping(const Eigenpairs& pairs, std::size_t n) {
  std::vector<Coordinate> coordinates;
  double largest = 0;
  for (std::size_t pair = 0; pair < pairs.values.size(); ++pair) {
    coordinates.push_back(CoordinateOf(pairs, pair, n));
    largest = std::max(largest, coordinates.back().deviation);
  }
  const double least = std::max(kDeviationMin, kDeviationShareMin * largest);
  std::erase_if(coordinates, [least](const Coordinate& c) { return !(c.deviation >= least); });
  return coordinates;
}

// v = H'u / S.
std::vector<double> RightVector(std::span<const SparseRow> rows, std::size_t dimension,
                                std::span<const double> u, double singular_value) {
  std::vector<double> v(dimension, 0.0);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double scale = u[i] / singular_value;
    for (std::size_t e = 0; e < rows[i].indices.size(); ++e) {
      double& entry = v[rows[i].indices[e]];
      entry = std::fma(scale, rows[i].values[e], entry);
    }
  }
  return v;
}

bool LargestIsNegative(std::span<const double> v) {
  return *std::max_element(v.begin(), v.end(),
                           [](double a, double b) { return std::abs(a) < std::abs(b); }) < 0;
}

void ScaleBlock(std::span<double> block) {
  double square = 0;
  for (double value : block) {
    square = std::fma(value, value, square);
  }
  const double scale = square > 0 ? std::sqrt(0.5 / square) : 0;
  for (double& value : block) {
    value *= scale;
  }
}

}  // namespace

SparseRow WeighedGrams(std::span<const GramSum> sums, std::size_t buckets_per_block) {
  SparseRow row;
  std::size_t words = 0;
  for (const GramSum& gram : sums) {
    const double weight = LogOnePlus(static_cast<std::size_t>(std::abs(std::int64_t{gram.sum})));
    row.indices.push_back(gram.bucket);
    row.values.push_back(gram.sum < 0 ? -weight : weight);
    words += gram.bucket < buckets_per_block ? 1 : 0;
  }
  ScaleBlock(std::span(row.values).first(words));
  ScaleBlock(std::span(row.values).subspan(words));
  return row;
}

MapAxes FitAxes(std::span<const SparseRow> rows, std::size_t dimension, std::size_t count) {
  const std::size_t n = rows.size();
  const Eigenpairs pairs = LeadingEigenpairs(GramMatrix(rows, dimension), n, count);
  const std::vector<Coordinate> kept = CoordinatesWorthKeeping(pairs, n);
  MapAxes axes{.dimension = dimension, .components = kept.size(), .weights = {}, .offsets = {}};
  axes.weights.resize(dimension * kept.size());
  for (std::size_t k = 0; k < kept.size(); ++k) {
    const std::span u = std::span(pairs.vectors).subspan(kept[k].pair * n, n);
    const std::vector<double> v = RightVector(rows, dimension, u, kept[k].singular_value);
    const double scale = (LargestIsNegative(v) ? -1 : 1) / kept[k].deviation;
    for (std::size_t i = 0; i < dimension; ++i) {
      axes.weights[i * kept.size() + k] = v[i] * scale;
    }
    axes.offsets.push_back(kept[k].mean * scale);
  }
  return axes;
}

}  // namespace sluice::policy
