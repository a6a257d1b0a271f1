// One arm's Bayesian linear regression: sufficient statistics in double are the truth, the factor
// that requests read is a cache derived from them.
//
// Symbols as in algorithms of this kind (Li et al. 2010; Agrawal and Goyal 2013; normal-inverse-
// gamma noise as in Murphy, "Machine Learning", 7.6): S = sum w x x', b = sum w y x, y2 = sum w
// y^2, n = sum w, n2 = sum w^2, A = Lambda0 + S, theta = A^-1 (Lambda0 m0 + b), A = U'U, W =
// (U')^-1, a_n = a0 + n/2, b_n = b0 + (y2 + m0' Lambda0 m0 - theta'(Lambda0 m0 + b)) / 2, sigma^2 =
// b_n / a_n.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/types.h"

namespace sluice::policy {

// Prior of one regression, in the target's own units. The prior never decays.
struct RidgePrior {
  std::vector<double> precision;  // Lambda0's diagonal, d entries, all > 0
  std::vector<double> mean;       // m0, d entries
  double a0 = 5;                  // noise: sigma0^2 = b0 / a0
  double b0 = 0.16;
  bool operator==(const RidgePrior&) const = default;
};

struct RidgeSolution;

// Sufficient statistics. A value; owned by the learner, one thread at a time.
class RidgeStatistics {
 public:
  explicit RidgeStatistics(std::size_t dimension);

  // Adds one contribution. `x` has `dimension()` entries; weight > 0; all finite.
  void Add(const Context& x, double target, double weight);
  // The same for numbers that were never rounded to float.
  void Add(std::span<const double> x, double target, double weight);
  // Takes back what Add added with the same arguments. The last contribution that goes leaves
  // exact zeros, unless something was borrowed; before, what rounding leaves is below 1e-14 of the
  // sums and is never a negative square.
  void Retract(const Context& x, double target, double weight);
  // Turns what Add(x, from, weight) added into what Add(x, to, weight) would have: S stays.
  void Revise(const Context& x, double from, double to, double weight);

  // All sums times 2^exponent (n2 times 4^exponent): exact, so that rebasing never changes a bit.
  // Sums of a weight below 2^-300 say nothing to any prior and become zeros.
  void Scale(int exponent);
  // Adds another regression's sums as if they were `strength` observations of `weight` each, at
  // most as many as its n says there were; they count as no contribution of ours.
  void Borrow(const RidgeStatistics& source, double strength, double weight = 1);
  // The same contexts and weights with other targets: those that `theta` predicts for them, and
  // `residual` as the sum of squares that it leaves.
  RidgeStatistics WithTargets(std::span<const double> theta, double residual) const;

  std::size_t dimension() const { return b_.size(); }
  std::uint64_t count() const { return count_; }
  double n() const { return n_; }
  double n_effective() const { return n2_ > 0 ? n_ * n_ / n2_ : 0; }

  // Appends the bytes to `out`: little-endian doubles and counters, in a fixed order, versioned.
  void Serialise(std::string& out) const;
  // Takes the bytes off the front of `in`. Empty, with `in` unspecified, when they are not whole,
  // not finite, of another dimension, or say something impossible: a negative square, sums without
  // a contribution, more effective observations than contributions.
  static std::optional<RidgeStatistics> Restore(std::string_view& in, std::size_t dimension);

  bool operator==(const RidgeStatistics&) const = default;

 private:
  friend std::optional<RidgeSolution> SolveRidge(const RidgeStatistics& statistics,
                                                 const RidgePrior& prior, double decay);

  // `weight` is negative for what is taken back; n2 and the counter are left to the caller.
  void Accumulate(std::span<const double> x, double target, double weight);
  void Settle();
  void Clear();
  bool Plausible() const;

  std::vector<double> s_;  // upper triangle of S, packed by rows: d(d+1)/2 entries
  std::vector<double> b_;
  double y2_ = 0;
  double n_ = 0;
  double n2_ = 0;
  double borrowed_ = 0;  // observations
  std::uint64_t count_ = 0;
};

// The posterior in double, before it is rounded for scoring.
struct RidgeSolution {
  std::vector<double> theta;
  std::vector<double> u;  // U with A = U'U: upper triangular, row-major, d x d
  double a_n = 0;
  double b_n = 0;              // at least 1e-12
  double log_determinant = 0;  // of A
};

// With A = Lambda0 + decay S, b and y2 and n decayed alike: the prior never decays. Empty when A
// cannot be factored even with jitter up to 1e-4 tr(A)/d. The same bits in every build
// (cholesky.h).
std::optional<RidgeSolution> SolveRidge(const RidgeStatistics& statistics, const RidgePrior& prior,
                                        double decay = 1);

struct Prediction {
  double mean = 0;      // theta'x
  double variance = 0;  // x' A^-1 x, without sigma^2; never negative
};

// In double, from the solution itself: what the learner compares labels with.
Prediction PredictExactly(const RidgeSolution& solution, const Context& x);
// theta'x alone, in d steps.
double MeanExactly(const RidgeSolution& solution, const Context& x);
// What the prior alone predicts. No allocation.
Prediction PredictPrior(const RidgePrior& prior, const Context& x);

// What a prediction becomes when all evidence decays by a further factor g in (0, 1], given what
// the prior alone predicts: v = 1 / (g / v + (1 - g) / v0), an upper bound of the exact width and
// within 2 % of it for two half-lives; the mean goes back to the prior's along with it.
Prediction Decayed(const Prediction& now, const Prediction& prior, double g);

// The posterior of one regression in the form that scoring wants: theta and W in float (W is half
// the bytes of A^-1, and scoring is bound by memory). Immutable: any thread.
class RidgeFactor {
 public:
  // Empty when SolveRidge is, or when the result does not fit a float: the caller keeps the last
  // factor and quarantines the arm.
  static std::optional<RidgeFactor> Derive(const RidgeSolution& solution);
  // Mean and noise of one solution, width of another: that of the statistics with the contexts
  // that wait for their labels (policy "linucb" under delay).
  static std::optional<RidgeFactor> Derive(const RidgeSolution& solution,
                                           const RidgeSolution& with_pending);

  // x: d floats. No allocation.
  Prediction Predict(const float* x) const;
  double Mean(const float* x) const;

  std::size_t dimension() const { return static_cast<std::size_t>(theta_.size()); }
  double sigma() const { return sigma_; }
  double log_determinant() const { return log_determinant_; }  // of A

 private:
  RidgeFactor() = default;

  Eigen::VectorXf theta_;
  // The lower triangle of W in panels of 8 rows, column by column within a panel, so that scoring
  // needs no horizontal sum. The first panel is the one that is padded with rows of zeros.
  Eigen::VectorXf w_;
  double sigma_ = 0;
  double a_n_ = 0;
  double b_n_ = 0;
  double log_determinant_ = 0;
};

}  // namespace sluice::policy
