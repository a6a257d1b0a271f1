// Scoring: the one piece of code that touches megabytes for each request.

#include <cmath>
#include <cstring>

#include "policy/cholesky.h"
#include "policy/lanes.h"
#include "policy/ridge.h"

namespace sluice::policy {
namespace {

constexpr std::size_t kLanes = kFloatLanes;
using Lanes = FloatLanes;

double SumOfLanes(const Lanes& lanes) {
  double sum = 0;
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    sum += static_cast<double>(lanes[lane]);
  }
  return sum;
}

// Rows of the first panel that are rows of W; the others are zero.
std::size_t FirstPanelRows(std::size_t d) {
  return d % kLanes == 0 ? kLanes : d % kLanes;
}

// Eight rows of W times x. Four sums hide the latency of one; they have names because the compiler
// takes an array of them apart into single floats.
inline Lanes PanelProduct(const float* panel, const float* x, std::size_t columns) {
  Lanes sum_0 = {};
  Lanes sum_1 = {};
  Lanes sum_2 = {};
  Lanes sum_3 = {};
  std::size_t j = 0;
  for (; j + 4 <= columns; j += 4, panel += 4 * kLanes) {
    MultiplyAdd(sum_0, LoadLanes(panel), x[j]);
    MultiplyAdd(sum_1, LoadLanes(panel + kLanes), x[j + 1]);
    MultiplyAdd(sum_2, LoadLanes(panel + 2 * kLanes), x[j + 2]);
    MultiplyAdd(sum_3, LoadLanes(panel + 3 * kLanes), x[j + 3]);
  }
  for (; j < columns; ++j, panel += kLanes) {
    MultiplyAdd(sum_0, LoadLanes(panel), x[j]);
  }
  return (sum_0 + sum_1) + (sum_2 + sum_3);
}

Eigen::VectorXf PanelsOf(const std::vector<double>& w, std::size_t d) {
  std::size_t size = 0;
  for (std::size_t end = FirstPanelRows(d); end <= d; end += kLanes) {
    size += end * kLanes;
  }
  Eigen::VectorXf panels = Eigen::VectorXf::Zero(static_cast<Eigen::Index>(size));
  float* panel = panels.data();
  for (std::size_t end = FirstPanelRows(d); end <= d; end += kLanes) {
    for (std::size_t row = end > kLanes ? end - kLanes : 0; row < end; ++row) {
      const std::size_t lane = row + kLanes - end;
      for (std::size_t j = 0; j <= row; ++j) {
        panel[j * kLanes + lane] = static_cast<float>(w[row * d + j]);
      }
    }
    panel += end * kLanes;
  }
  return panels;
}

}  // namespace

std::optional<RidgeFactor> RidgeFactor::Derive(const RidgeSolution& solution) {
  return Derive(solution, solution);
}

std::optional<RidgeFactor> RidgeFactor::Derive(const RidgeSolution& solution,
                                               const RidgeSolution& with_pending) {
  const std::size_t d = solution.theta.size();
  RidgeFactor factor;
  factor.theta_.resize(static_cast<Eigen::Index>(d));
  for (std::size_t i = 0; i < d; ++i) {
    factor.theta_[static_cast<Eigen::Index>(i)] = static_cast<float>(solution.theta[i]);
  }
  factor.w_ = PanelsOf(InvertCholesky(with_pending.u, d), d);
  factor.a_n_ = solution.a_n;
  factor.b_n_ = solution.b_n;
  factor.sigma_ = std::sqrt(solution.b_n / solution.a_n);
  factor.log_determinant_ = with_pending.log_determinant;
  if (!factor.theta_.allFinite() || !factor.w_.allFinite() || !std::isfinite(factor.sigma_)) {
    return std::nullopt;
  }
  return factor;
}

double RidgeFactor::Mean(const float* x) const {
  const std::size_t d = dimension();
  const float* theta = theta_.data();
  Lanes sum = {};
  std::size_t i = 0;
  for (; i + kLanes <= d; i += kLanes) {
    const Lanes a = LoadLanes(theta + i);
    const Lanes b = LoadLanes(x + i);
    MultiplyAdd(sum, a, b);
  }
  double mean = SumOfLanes(sum);
  for (; i < d; ++i) {
    mean += static_cast<double>(theta[i]) * static_cast<double>(x[i]);
  }
  return mean;
}

Prediction RidgeFactor::Predict(const float* x) const {
  const std::size_t d = dimension();
  const float* panel = w_.data();
  Lanes squares = {};
  for (std::size_t end = FirstPanelRows(d); end <= d; end += kLanes) {
    const Lanes product = PanelProduct(panel, x, end);
    squares += product * product;
    panel += end * kLanes;
  }
  return {.mean = Mean(x), .variance = SumOfLanes(squares)};
}

}  // namespace sluice::policy
