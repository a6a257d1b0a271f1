// From statistics to a posterior in double, and what it predicts.

#include <algorithm>
#include <array>
#include <cmath>

#include "policy/check.h"
#include "policy/cholesky.h"
#include "policy/ridge.h"

namespace sluice::policy {
namespace {

constexpr double kJitterMin = 1e-10;  // of the mean diagonal of A
constexpr double kJitterMax = 1e-4;
constexpr double kNoiseScaleMin = 1e-12;

// The upper triangle of A = Lambda0 + decay S, row-major; below it, whatever was there.
void FillPrecision(std::span<const double> s, const RidgePrior& prior, double decay,
                   std::span<double> a) {
  const std::size_t d = prior.precision.size();
  const double* packed = s.data();
  for (std::size_t i = 0; i < d; ++i) {
    double* row = &a[i * d];
    for (std::size_t j = i; j < d; ++j) {
      row[j] = decay * packed[j - i];
    }
    row[i] += prior.precision[i];
    packed += d - i;
  }
}

double MeanDiagonal(std::span<const double> a, std::size_t d) {
  double trace = 0;
  for (std::size_t i = 0; i < d; ++i) {
    trace += a[i * d + i];
  }
  return trace / static_cast<double>(d);
}

// U with A = U'U. Lambda0 > 0 keeps A positive definite, so jitter is for damaged statistics only.
std::optional<std::vector<double>> FactorWithJitter(std::span<const double> s,
                                                    const RidgePrior& prior, double decay) {
  const std::size_t d = prior.precision.size();
  std::vector<double> u(d * d, 0.0);
  FillPrecision(s, prior, decay, u);
  if (FactorCholesky(u, d)) {
    return u;
  }
  // The bound is loosened by a hair because ten times a decimal fraction is not exact.
  for (double jitter = kJitterMin; jitter < kJitterMax * 1.5; jitter *= 10) {
    FillPrecision(s, prior, decay, u);
    const double added = jitter * MeanDiagonal(u, d);
    for (std::size_t i = 0; i < d; ++i) {
      u[i * d + i] += added;
    }
    if (FactorCholesky(u, d)) {
      return u;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<RidgeSolution> SolveRidge(const RidgeStatistics& statistics, const RidgePrior& prior,
                                        double decay) {
  const std::size_t d = statistics.dimension();
  Check(prior.precision.size() == d && prior.mean.size() == d,
        "a prior has its regression's dimension");
  std::optional<std::vector<double>> u = FactorWithJitter(statistics.s_, prior, decay);
  if (!u) {
    return std::nullopt;
  }
  RidgeSolution solution;
  std::vector<double> z(d);  // Lambda0 m0 + decay b, then U'^-1 of it
  double prior_square = 0;   // m0' Lambda0 m0
  for (std::size_t i = 0; i < d; ++i) {
    const double prior_part = prior.precision[i] * prior.mean[i];
    z[i] = prior_part + decay * statistics.b_[i];
    prior_square += prior_part * prior.mean[i];
    solution.log_determinant += 2 * std::log((*u)[i * d + i]);
  }
  SolveTransposed(*u, z);
  double explained = 0;  // z'z = theta'(Lambda0 m0 + decay b), without a subtraction
  for (double entry : z) {
    explained += entry * entry;
  }
  SolveUpper(*u, z);
  solution.theta = std::move(z);
  solution.u = std::move(*u);
  solution.a_n = prior.a0 + decay * statistics.n_ / 2;
  solution.b_n =
      std::max(kNoiseScaleMin, prior.b0 + (decay * statistics.y2_ + prior_square - explained) / 2);
  return solution;
}

double MeanExactly(const RidgeSolution& solution, const Context& x) {
  double mean = 0;
  for (std::size_t i = 0; i < solution.theta.size(); ++i) {
    mean = std::fma(solution.theta[i], static_cast<double>(x[static_cast<Eigen::Index>(i)]), mean);
  }
  return mean;
}

Prediction PredictExactly(const RidgeSolution& solution, const Context& x) {
  const std::size_t d = solution.theta.size();
  Check(static_cast<std::size_t>(x.size()) == d && d <= kContextMax,
        "a context has the regression's dimension");
  std::array<double, kContextMax> z;
  std::copy_n(x.data(), d, z.begin());
  SolveTransposed(solution.u, std::span(z.data(), d));
  Prediction prediction{.mean = MeanExactly(solution, x)};
  for (std::size_t i = 0; i < d; ++i) {
    prediction.variance = std::fma(z[i], z[i], prediction.variance);
  }
  return prediction;
}

Prediction PredictPrior(const RidgePrior& prior, const Context& x) {
  Prediction prediction;
  for (std::size_t i = 0; i < prior.mean.size(); ++i) {
    const auto entry = static_cast<double>(x[static_cast<Eigen::Index>(i)]);
    prediction.mean += prior.mean[i] * entry;
    prediction.variance += entry * entry / prior.precision[i];
  }
  return prediction;
}

Prediction Decayed(const Prediction& now, const Prediction& prior, double g) {
  // v = 1 / (g / v + (1 - g) / v0) without a division by either.
  const double denominator = g * prior.variance + (1 - g) * now.variance;
  if (!(denominator > 0)) {
    return now;
  }
  const double share = g * prior.variance / denominator;  // g v(g) / v
  return {.mean = prior.mean + share * (now.mean - prior.mean),
          .variance = now.variance * (prior.variance / denominator)};
}

}  // namespace sluice::policy
