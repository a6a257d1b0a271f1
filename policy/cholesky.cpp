#include "policy/cholesky.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace sluice::policy {
namespace {

// Rows that are subtracted in one pass over the target: as many as the registers hold.
constexpr std::size_t kRows = 8;

// target[j] -= factor * row[j], for j in [from, to).
void SubtractRow(double* target, const double* row, double factor, std::size_t from,
                 std::size_t to) {
  for (std::size_t j = from; j < to; ++j) {
    target[j] = std::fma(-factor, row[j], target[j]);
  }
}

// The same for kRows rows in order, with the target loaded and stored once.
struct RowBlock {
  std::array<const double*, kRows> row;
  std::array<double, kRows> factor;

  void SubtractFrom(double* target, std::size_t from, std::size_t to) const {
    for (std::size_t j = from; j < to; ++j) {
      double value = target[j];
      for (std::size_t k = 0; k < kRows; ++k) {
        value = std::fma(-factor[k], row[k][j], value);
      }
      target[j] = value;
    }
  }
};

// Factors rows [begin, end), which all rows before `begin` have been subtracted from already.
bool FactorPanel(std::span<double> a, std::size_t d, std::size_t begin, std::size_t end) {
  for (std::size_t k = begin; k < end; ++k) {
    double* row = &a[k * d];
    for (std::size_t p = begin; p < k; ++p) {
      SubtractRow(row, &a[p * d], a[p * d + k], k, d);
    }
    if (!(row[k] > 0) || !std::isfinite(row[k])) {
      return false;
    }
    row[k] = std::sqrt(row[k]);
    const double inverse = 1 / row[k];
    for (std::size_t j = k + 1; j < d; ++j) {
      row[j] *= inverse;
    }
  }
  return true;
}

// Four sums hide the latency of one.
double Dot(const double* a, const double* b, std::size_t n) {
  double sum_0 = 0;
  double sum_1 = 0;
  double sum_2 = 0;
  double sum_3 = 0;
  std::size_t j = 0;
  for (; j + 4 <= n; j += 4) {
    sum_0 = std::fma(a[j], b[j], sum_0);
    sum_1 = std::fma(a[j + 1], b[j + 1], sum_1);
    sum_2 = std::fma(a[j + 2], b[j + 2], sum_2);
    sum_3 = std::fma(a[j + 3], b[j + 3], sum_3);
  }
  for (; j < n; ++j) {
    sum_0 = std::fma(a[j], b[j], sum_0);
  }
  return (sum_0 + sum_1) + (sum_2 + sum_3);
}

}  // namespace

bool FactorCholesky(std::span<double> a, std::size_t d) {
  for (std::size_t begin = 0; begin < d; begin += kRows) {
    const std::size_t end = std::min(begin + kRows, d);
    if (!FactorPanel(a, d, begin, end)) {
      return false;
    }
    // Only a full panel has rows below it.
    for (std::size_t i = end; i < d; ++i) {
      RowBlock block;
      for (std::size_t k = 0; k < kRows; ++k) {
        block.row[k] = &a[(begin + k) * d];
        block.factor[k] = block.row[k][i];
      }
      block.SubtractFrom(&a[i * d], i, d);
    }
  }
  return true;
}

std::vector<double> InvertCholesky(std::span<const double> u, std::size_t d) {
  std::vector<double> w(d * d, 0.0);
  for (std::size_t i = 0; i < d; ++i) {
    double* target = &w[i * d];
    std::size_t begin = 0;
    for (; begin + kRows <= i; begin += kRows) {
      RowBlock block;
      for (std::size_t k = 0; k < kRows; ++k) {
        block.row[k] = &w[(begin + k) * d];
        block.factor[k] = u[(begin + k) * d + i];
      }
      // Above the diagonal the rows are zero: the few products there add nothing.
      block.SubtractFrom(target, 0, begin + kRows);
    }
    for (; begin < i; ++begin) {
      SubtractRow(target, &w[begin * d], u[begin * d + i], 0, begin + 1);
    }
    const double inverse = 1 / u[i * d + i];
    for (std::size_t j = 0; j < i; ++j) {
      target[j] *= inverse;
    }
    target[i] = inverse;
  }
  return w;
}

void SolveTransposed(std::span<const double> u, std::span<double> c) {
  const std::size_t d = c.size();
  for (std::size_t k = 0; k < d; ++k) {
    c[k] /= u[k * d + k];
    SubtractRow(c.data(), &u[k * d], c[k], k + 1, d);
  }
}

void SolveUpper(std::span<const double> u, std::span<double> z) {
  const std::size_t d = z.size();
  for (std::size_t i = d; i-- > 0;) {
    const double known = Dot(&u[i * d + i + 1], &z[i] + 1, d - i - 1);
    z[i] = (z[i] - known) / u[i * d + i];
  }
}

}  // namespace sluice::policy
