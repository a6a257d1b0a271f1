#include "policy/eigenpairs.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "policy/lanes.h"

namespace sluice::policy {
namespace {

constexpr std::size_t kLanes = kDoubleLanes;
constexpr std::size_t kPadding = 2 * kLanes;  // what Dot takes in one step
// Rows whose cosine is smaller are orthogonal. Some rounding of a dot product is above 1e-16.
constexpr double kCosineMin = 1e-14;
constexpr double kValueMin = 1e-12;  // of the largest: what is below is rounding
constexpr int kSweepsMax = 40;       // 6 to 12 are usual; more leave the rows nearly orthogonal

using Lanes = DoubleLanes;

// `size` is a multiple of kPadding.
double Dot(const double* a, const double* b, std::size_t size) {
  Lanes sum_0 = {};
  Lanes sum_1 = {};
  for (std::size_t i = 0; i < size; i += kPadding) {
    MultiplyAdd(sum_0, LoadLanes(a + i), LoadLanes(b + i));
    MultiplyAdd(sum_1, LoadLanes(a + i + kLanes), LoadLanes(b + i + kLanes));
  }
  const Lanes sum = sum_0 + sum_1;
  return SumOf(sum);
}

// The rows that are rotated, and the squares of their lengths.
struct Rows {
  std::size_t stride;
  std::vector<double> entries;
  std::vector<double> squares;

  double* Row(std::size_t i) { return &entries[i * stride]; }
};

Rows RowsOf(std::span<const double> matrix, std::size_t n) {
  Rows rows{.stride = (n + kPadding - 1) / kPadding * kPadding, .entries = {}, .squares = {}};
  rows.entries.assign(n * rows.stride, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    std::copy_n(&matrix[i * n], n, rows.Row(i));
  }
  return rows;
}

void MeasureSquares(Rows& rows, std::size_t n) {
  rows.squares.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    rows.squares[i] = Dot(rows.Row(i), rows.Row(i), rows.stride);
  }
}

// Makes the rows p and q orthogonal. False when they already were.
bool Rotate(Rows& rows, std::size_t p, std::size_t q) {
  double* a = rows.Row(p);
  double* b = rows.Row(q);
  double& a_square = rows.squares[p];
  double& b_square = rows.squares[q];
  const double product = Dot(a, b, rows.stride);
  if (!(std::abs(product) > kCosineMin * std::sqrt(a_square * b_square))) {
    return false;
  }
  // The tangent of the smaller of the two angles that make the product 0.
  const double zeta = (b_square - a_square) / (2 * product);
  const double tangent = std::copysign(1 / (std::abs(zeta) + std::sqrt(zeta * zeta + 1)), zeta);
  const double cosine = 1 / std::sqrt(tangent * tangent + 1);
  const double sine = cosine * tangent;
  for (std::size_t i = 0; i < rows.stride; ++i) {
    const double rotated = std::fma(cosine, a[i], -(sine * b[i]));
    b[i] = std::fma(sine, a[i], cosine * b[i]);
    a[i] = rotated;
  }
  a_square = std::fma(-tangent, product, a_square);
  b_square = std::max(0.0, std::fma(tangent, product, b_square));
  return true;
}

// One rotation of every pair; the longest rows come first. False when there was nothing to do.
bool Sweep(Rows& rows, std::vector<std::size_t>& order) {
  MeasureSquares(rows, order.size());
  std::stable_sort(order.begin(), order.end(), [&rows](std::size_t i, std::size_t j) {
    return rows.squares[i] > rows.squares[j];
  });
  const double square_min = kValueMin * kValueMin * rows.squares[order[0]];
  bool rotated = false;
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (std::size_t j = i + 1; j < order.size(); ++j) {
      if (rows.squares[order[i]] > square_min && rows.squares[order[j]] > square_min) {
        rotated |= Rotate(rows, order[i], order[j]);
      }
    }
  }
  return rotated;
}

}  // namespace

Eigenpairs LeadingEigenpairs(std::span<const double> matrix, std::size_t n, std::size_t count) {
  Eigenpairs pairs;
  if (n == 0 ||
      !std::all_of(matrix.begin(), matrix.end(), [](double v) { return std::isfinite(v); })) {
    return pairs;
  }
  Rows rows = RowsOf(matrix, n);
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (int sweep = 0; sweep < kSweepsMax && Sweep(rows, order); ++sweep) {
  }
  MeasureSquares(rows, n);
  std::stable_sort(order.begin(), order.end(), [&rows](std::size_t i, std::size_t j) {
    return rows.squares[i] > rows.squares[j];
  });
  // A row is now its eigenvalue times its eigenvector.
  const double value_min = kValueMin * std::sqrt(rows.squares[order[0]]);
  for (std::size_t k = 0; k < std::min(n, count); ++k) {
    const double value = std::sqrt(rows.squares[order[k]]);
    if (!(value > value_min)) {
      break;
    }
    pairs.values.push_back(value);
    const double* row = rows.Row(order[k]);
    for (std::size_t i = 0; i < n; ++i) {
      pairs.vectors.push_back(row[i] / value);
    }
  }
  return pairs;
}

}  // namespace sluice::policy
