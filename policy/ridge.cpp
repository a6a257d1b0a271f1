#include "policy/ridge.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "policy/bytes.h"
#include "policy/check.h"

namespace sluice::policy {
namespace {

constexpr std::uint32_t kStatisticsVersion = 2;
// At any decay such sums are lost in the rounding of any prior.
constexpr double kWeightMin = 0x1p-300;

bool AllFinite(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

bool AllZero(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return v == 0; });
}

std::size_t PackedSize(std::size_t d) {
  return d * (d + 1) / 2;
}

// A context in double, without an allocation.
class Wide {
 public:
  explicit Wide(const Context& x) : size_(static_cast<std::size_t>(x.size())) {
    Check(size_ <= values_.size(), "a context has at most kContextMax dimensions");
    std::copy_n(x.data(), size_, values_.begin());
  }
  operator std::span<const double>() const { return {values_.data(), size_}; }

 private:
  std::size_t size_;
  std::array<double, kContextMax> values_;
};

// to[i] += factor * from[i].
void AddScaled(std::span<double> to, std::span<const double> from, double factor) {
  for (std::size_t i = 0; i < to.size(); ++i) {
    to[i] = std::fma(factor, from[i], to[i]);
  }
}

void Multiply(std::span<double> values, double factor) {
  for (double& value : values) {
    value *= factor;
  }
}

}  // namespace

RidgeStatistics::RidgeStatistics(std::size_t dimension)
    : s_(PackedSize(dimension), 0.0), b_(dimension, 0.0) {
  Check(dimension > 0 && dimension <= kContextMax, "a regression has 1 to kContextMax dimensions");
}

void RidgeStatistics::Accumulate(std::span<const double> x, double target, double weight) {
  const std::size_t d = dimension();
  Check(x.size() == d, "a context has the regression's dimension");
  Check(weight != 0 && std::isfinite(weight) && std::isfinite(target) && AllFinite(x),
        "a contribution is finite and its weight positive");
  double* row = s_.data();
  for (std::size_t i = 0; i < d; ++i) {
    const double scaled = weight * x[i];
    for (std::size_t j = i; j < d; ++j) {
      row[j - i] = std::fma(scaled, x[j], row[j - i]);
    }
    row += d - i;
    b_[i] = std::fma(scaled, target, b_[i]);
  }
  y2_ = std::fma(weight * target, target, y2_);
  n_ += weight;
}

void RidgeStatistics::Add(const Context& x, double target, double weight) {
  Add(Wide(x), target, weight);
}

void RidgeStatistics::Add(std::span<const double> x, double target, double weight) {
  Check(weight > 0, "a contribution is finite and its weight positive");
  Accumulate(x, target, weight);
  n2_ += weight * weight;
  ++count_;
}

void RidgeStatistics::Retract(const Context& x, double target, double weight) {
  Check(count_ > 0 && weight > 0, "only what was added is taken back");
  Accumulate(Wide(x), target, -weight);
  n2_ -= weight * weight;
  --count_;
  Settle();
}

void RidgeStatistics::Revise(const Context& x, double from, double to, double weight) {
  const auto d = static_cast<std::size_t>(x.size());
  Check(d == dimension(), "a context has the regression's dimension");
  Check(count_ > 0 && weight > 0, "only what was added is revised");
  Check(std::isfinite(from) && std::isfinite(to), "a contribution is finite");
  // Two exact products and not one of a rounded difference.
  for (std::size_t i = 0; i < d; ++i) {
    const double scaled = weight * static_cast<double>(x[static_cast<Eigen::Index>(i)]);
    b_[i] = std::fma(scaled, to, std::fma(-scaled, from, b_[i]));
  }
  y2_ = std::fma(weight * to, to, std::fma(-weight * from, from, y2_));
  Settle();
}

// What is left after something was taken away may be off by the rounding of what was there, which
// may be more than what is left: squares and counts stay possible, whatever rounding says.
void RidgeStatistics::Settle() {
  if (count_ == 0 && borrowed_ == 0) {
    Clear();
    return;
  }
  double* diagonal = s_.data();
  for (std::size_t i = 0; i < dimension(); ++i) {
    *diagonal = std::max(*diagonal, 0.0);
    diagonal += dimension() - i;
  }
  y2_ = std::max(y2_, 0.0);
  n_ = std::max(n_, 0.0);
  n2_ = std::max(n2_, n_ * n_ / (static_cast<double>(count_) + borrowed_));
}

void RidgeStatistics::Clear() {
  std::fill(s_.begin(), s_.end(), 0.0);
  std::fill(b_.begin(), b_.end(), 0.0);
  y2_ = 0;
  n_ = 0;
  n2_ = 0;
}

void RidgeStatistics::Scale(int exponent) {
  const double factor = std::ldexp(1, exponent);
  if (n_ * factor < kWeightMin) {
    Clear();
    return;
  }
  Multiply(s_, factor);
  Multiply(b_, factor);
  y2_ *= factor;
  n_ *= factor;
  n2_ = std::ldexp(n2_, 2 * exponent);
}

void RidgeStatistics::Borrow(const RidgeStatistics& source, double strength, double weight) {
  Check(source.dimension() == dimension(), "sums are borrowed from a regression of one dimension");
  Check(weight > 0 && std::isfinite(weight), "what is borrowed has a weight");
  const double observations = std::min(strength, source.n_);
  if (!(observations > 0)) {
    return;
  }
  const double factor = observations * weight / source.n_;
  AddScaled(s_, source.s_, factor);
  AddScaled(b_, source.b_, factor);
  y2_ = std::fma(factor, source.y2_, y2_);
  n_ += observations * weight;
  n2_ += observations * weight * weight;
  borrowed_ += observations;
}

RidgeStatistics RidgeStatistics::WithTargets(std::span<const double> theta, double residual) const {
  const std::size_t d = dimension();
  Check(theta.size() == d, "targets are predicted by a theta of the regression's dimension");
  RidgeStatistics other = *this;
  std::fill(other.b_.begin(), other.b_.end(), 0.0);
  const double* row = s_.data();
  for (std::size_t i = 0; i < d; ++i) {
    other.b_[i] = std::fma(row[0], theta[i], other.b_[i]);
    for (std::size_t j = i + 1; j < d; ++j) {
      other.b_[i] = std::fma(row[j - i], theta[j], other.b_[i]);
      other.b_[j] = std::fma(row[j - i], theta[i], other.b_[j]);
    }
    row += d - i;
  }
  other.y2_ = residual;
  for (std::size_t i = 0; i < d; ++i) {
    other.y2_ = std::fma(theta[i], other.b_[i], other.y2_);
  }
  other.Settle();
  return other;
}

void RidgeStatistics::Serialise(std::string& out) const {
  AppendValue(out, kStatisticsVersion);
  AppendValue(out, static_cast<std::uint32_t>(dimension()));
  AppendValue(out, count_);
  AppendValue(out, borrowed_);
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
  if (!TakeValue(in, statistics.count_) || !TakeValue(in, statistics.borrowed_) ||
      !TakeValue(in, statistics.n_) || !TakeValue(in, statistics.n2_) ||
      !TakeValue(in, statistics.y2_) || !TakeDoubles(in, statistics.b_) ||
      !TakeDoubles(in, statistics.s_) || !statistics.Plausible()) {
    return std::nullopt;
  }
  return statistics;
}

bool RidgeStatistics::Plausible() const {
  const double sums[] = {n_, n2_, y2_, borrowed_};
  if (!AllFinite(sums) || !AllFinite(b_) || !AllFinite(s_) || *std::ranges::min_element(sums) < 0) {
    return false;
  }
  const double* diagonal = s_.data();
  for (std::size_t i = 0; i < dimension(); ++i) {
    if (*diagonal < 0) {
      return false;
    }
    diagonal += dimension() - i;
  }
  const double contributions = static_cast<double>(count_) + borrowed_;
  if (contributions == 0 && !(AllZero(sums) && AllZero(b_) && AllZero(s_))) {
    return false;
  }
  // Cauchy-Schwarz: n_effective never exceeds the count. Decay, resets and retraction keep it so.
  return n_ * n_ <= contributions * n2_ * (1 + 1e-9);
}

}  // namespace sluice::policy
