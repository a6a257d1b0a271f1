#include "policy/ridge.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "policy/bytes.h"
#include "policy/check.h"
#include "policy/cholesky.h"

namespace sluice::policy {
namespace {

constexpr std::uint32_t kStatisticsVersion = 1;
constexpr double kJitterMin = 1e-10;  // of the mean diagonal of A
constexpr double kJitterMax = 1e-4;
constexpr double kNoiseScaleMin = 1e-12;

bool AllFinite(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

std::size_t PackedSize(std::size_t d) {
  return d * (d + 1) / 2;
}

// The upper triangle of A = Lambda0 + S, row-major.
std::vector<double> PosteriorPrecision(std::span<const double> s, const RidgePrior& prior) {
  const std::size_t d = prior.precision.size();
  std::vector<double> a(d * d, 0.0);
  std::size_t packed = 0;
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      a[j * d + i] = s[packed++];
    }
    a[i * d + i] += prior.precision[i];
  }
  return a;
}

// U with A = U'U. Lambda0 > 0 keeps A positive definite, so jitter is for damaged statistics only.
std::optional<std::vector<double>> FactorWithJitter(const std::vector<double>& a, std::size_t d) {
  std::vector<double> u = a;
  if (FactorCholesky(u, d)) {
    return u;
  }
  double trace = 0;
  for (std::size_t i = 0; i < d; ++i) {
    trace += a[i * d + i];
  }
  const double mean_diagonal = trace / static_cast<double>(d);
  // The bound is loosened by a hair because ten times a decimal fraction is not exact.
  for (double jitter = kJitterMin; jitter < kJitterMax * 1.5; jitter *= 10) {
    u = a;
    for (std::size_t i = 0; i < d; ++i) {
      u[i * d + i] += jitter * mean_diagonal;
    }
    if (FactorCholesky(u, d)) {
      return u;
    }
  }
  return std::nullopt;
}

// z with U'z = c.
std::vector<double> ForwardSolve(std::span<const double> u, std::vector<double> c) {
  const std::size_t d = c.size();
  for (std::size_t k = 0; k < d; ++k) {
    c[k] /= u[k * d + k];
    for (std::size_t j = k + 1; j < d; ++j) {
      c[j] = std::fma(-c[k], u[k * d + j], c[j]);
    }
  }
  return c;
}

// W'z.
std::vector<double> MultiplyTransposed(std::span<const double> w, std::span<const double> z) {
  const std::size_t d = z.size();
  std::vector<double> product(d, 0.0);
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      product[j] = std::fma(w[i * d + j], z[i], product[j]);
    }
  }
  return product;
}

}  // namespace

RidgeStatistics::RidgeStatistics(std::size_t dimension)
    : s_(PackedSize(dimension), 0.0), b_(dimension, 0.0) {
  Check(dimension > 0 && dimension <= kContextMax, "a regression has 1 to kContextMax dimensions");
}

void RidgeStatistics::Add(const Context& x, double target, double weight) {
  std::array<double, kContextMax> wide;
  const auto d = static_cast<std::size_t>(x.size());
  Check(d <= wide.size(), "a context has at most kContextMax dimensions");
  std::copy_n(x.data(), d, wide.begin());
  Add(std::span(wide.data(), d), target, weight);
}

void RidgeStatistics::Add(std::span<const double> x, double target, double weight) {
  const std::size_t d = dimension();
  Check(x.size() == d, "a context has the regression's dimension");
  Check(weight > 0 && std::isfinite(weight) && std::isfinite(target) && AllFinite(x),
        "a contribution is finite and its weight positive");
  double* row = s_.data();
  for (std::size_t i = 0; i < d; ++i) {
    const double scaled = weight * x[i];
    for (std::size_t j = 0; j <= i; ++j) {
      row[j] += scaled * x[j];
    }
    row += i + 1;
    b_[i] += scaled * target;
  }
  y2_ += weight * target * target;
  n_ += weight;
  n2_ += weight * weight;
  ++count_;
}

void RidgeStatistics::Serialise(std::string& out) const {
  AppendValue(out, kStatisticsVersion);
  AppendValue(out, static_cast<std::uint32_t>(dimension()));
  AppendValue(out, count_);
  AppendValue(out, n_);
  AppendValue(out, n2_);
  AppendValue(out, y2_);
  AppendDoubles(out, b_);
  AppendDoubles(out, s_);
}

std::optional<RidgeStatistics> RidgeStatistics::Restore(std::string_view& in,
                                                        std::size_t dimension) {
  std::uint32_t version = 0;
  std::uint32_t written_dimension = 0;
  if (!TakeValue(in, version) || version != kStatisticsVersion ||
      !TakeValue(in, written_dimension) || written_dimension != dimension) {
    return std::nullopt;
  }
  RidgeStatistics statistics(dimension);
  if (!TakeValue(in, statistics.count_) || !TakeValue(in, statistics.n_) ||
      !TakeValue(in, statistics.n2_) || !TakeValue(in, statistics.y2_) ||
      !TakeDoubles(in, statistics.b_) || !TakeDoubles(in, statistics.s_) ||
      !statistics.Plausible()) {
    return std::nullopt;
  }
  return statistics;
}

bool RidgeStatistics::Plausible() const {
  const double sums[] = {n_, n2_, y2_};
  if (!AllFinite(sums) || !AllFinite(b_) || !AllFinite(s_)) {
    return false;
  }
  for (std::size_t i = 0; i < dimension(); ++i) {
    if (s_[PackedSize(i + 1) - 1] < 0) {
      return false;
    }
  }
  if (count_ == 0) {
    return n_ == 0 && n2_ == 0 && y2_ == 0;
  }
  // Cauchy-Schwarz: n_effective never exceeds the count.
  return n_ > 0 && n2_ > 0 && y2_ >= 0 && n_ * n_ <= static_cast<double>(count_) * n2_ * (1 + 1e-9);
}

std::optional<RidgeSolution> SolveRidge(const RidgeStatistics& statistics,
                                        const RidgePrior& prior) {
  const std::size_t d = statistics.dimension();
  Check(prior.precision.size() == d && prior.mean.size() == d,
        "a prior has its regression's dimension");
  const auto u = FactorWithJitter(PosteriorPrecision(statistics.s_, prior), d);
  if (!u) {
    return std::nullopt;
  }
  RidgeSolution solution;
  std::vector<double> c(d);  // Lambda0 m0 + b
  double prior_square = 0;   // m0' Lambda0 m0
  for (std::size_t i = 0; i < d; ++i) {
    const double prior_part = prior.precision[i] * prior.mean[i];
    c[i] = prior_part + statistics.b_[i];
    prior_square += prior_part * prior.mean[i];
    solution.log_determinant += 2 * std::log((*u)[i * d + i]);
  }
  const std::vector<double> z = ForwardSolve(*u, std::move(c));
  double explained = 0;  // z'z = theta'(Lambda0 m0 + b), without a subtraction
  for (double entry : z) {
    explained += entry * entry;
  }
  solution.w = InvertCholesky(*u, d);
  solution.theta = MultiplyTransposed(solution.w, z);
  solution.a_n = prior.a0 + statistics.n_ / 2;
  solution.b_n =
      std::max(kNoiseScaleMin, prior.b0 + (statistics.y2_ + prior_square - explained) / 2);
  return solution;
}

}  // namespace sluice::policy
