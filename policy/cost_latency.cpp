#include "policy/cost_latency.h"

#include <algorithm>
#include <cmath>

#include "policy/bytes.h"
#include "policy/check.h"
#include "policy/normal.h"

namespace sluice::policy {
namespace {

constexpr double kSlowRate = .998;
constexpr double kFastRate = .8;
constexpr double kStartEvents = 20;
constexpr double kFastEvents = 1 / (1 - kFastRate);
constexpr double kJump = 3;
constexpr double kRatioMin = .05;
constexpr double kRatioMax = 20;

constexpr std::uint64_t kAnswersMin = 5;
constexpr double kLatencyHalfLife = 500;  // answers
// Clocks that say less than this say nothing; more than the other is not an answer.
constexpr double kLatencyMinS = 1e-4;
constexpr double kLatencyMaxS = 1e6;

bool IsSum(double value) {
  return std::isfinite(value) && value >= 0;
}

}  // namespace

void CostCalibration::Sums::Add(const Sums& event, double rate) {
  billed = rate * billed + event.billed;
  predicted = rate * predicted + event.predicted;
}

void CostCalibration::Add(double billed, double predicted) {
  Check(IsSum(billed) && std::isfinite(predicted) && predicted > 0,
        "a calibration compares finite amounts");
  if (slow_.predicted == 0) {
    slow_ = {.billed = kStartEvents * predicted * start_, .predicted = kStartEvents * predicted};
    fast_ = slow_;
  }
  slow_.Add({billed, predicted}, kSlowRate);
  fast_.Add({billed, predicted}, kFastRate);
  const double slow = slow_.billed / slow_.predicted;
  const double fast = fast_.billed / fast_.predicted;
  if (fast > kJump * slow || fast * kJump < slow) {
    // A price moved: the slow pair starts again from the fast one, as firmly as from nothing.
    const double scale = kStartEvents / kFastEvents;
    slow_ = {.billed = scale * fast_.billed, .predicted = scale * fast_.predicted};
  }
}

double CostCalibration::Ratio() const {
  const double ratio = slow_.predicted > 0 ? slow_.billed / slow_.predicted : start_;
  return std::clamp(ratio, kRatioMin, kRatioMax);
}

void CostCalibration::Serialise(std::string& out) const {
  for (double value : {start_, slow_.billed, slow_.predicted, fast_.billed, fast_.predicted}) {
    AppendValue(out, value);
  }
}

bool CostCalibration::Restore(std::string_view& in) {
  for (double* value :
       {&start_, &slow_.billed, &slow_.predicted, &fast_.billed, &fast_.predicted}) {
    if (!TakeValue(in, *value) || !IsSum(*value)) {
      return false;
    }
  }
  return (slow_.predicted > 0) == (fast_.predicted > 0);
}

void LatencyHead::Add(double latency_s) {
  Check(std::isfinite(latency_s), "a latency is finite");
  static const double kRate = std::exp2(-1 / kLatencyHalfLife);
  const double value = std::log(std::clamp(latency_s, kLatencyMinS, kLatencyMaxS));
  weight_ = kRate * weight_ + 1;
  const double difference = value - mean_;
  mean_ += difference / weight_;
  squares_ = kRate * squares_ + difference * (value - mean_);
  ++count_;
}

double LatencyHead::Variance() const {
  return squares_ / weight_;
}

double LatencyHead::Expected() const {
  return count_ < kAnswersMin ? 0 : std::exp(mean_ + Variance() / 2);
}

double LatencyHead::Quantile99() const {
  return count_ < kAnswersMin ? 0 : std::exp(mean_ + kNormalQuantile99 * std::sqrt(Variance()));
}

void LatencyHead::Serialise(std::string& out) const {
  AppendValue(out, count_);
  AppendValue(out, weight_);
  AppendValue(out, mean_);
  AppendValue(out, squares_);
}

bool LatencyHead::Restore(std::string_view& in) {
  if (!TakeValue(in, count_) || !TakeValue(in, weight_) || !TakeValue(in, mean_) ||
      !TakeValue(in, squares_) || !IsSum(squares_)) {
    return false;
  }
  if (count_ == 0) {
    return weight_ == 0 && mean_ == 0 && squares_ == 0;
  }
  // What Add can come to: a value is within its bounds, and so is its distance from the mean.
  const double low = std::log(kLatencyMinS);
  const double high = std::log(kLatencyMaxS);
  return weight_ >= 1 && weight_ <= kLatencyHalfLife * 2 && mean_ >= low && mean_ <= high &&
         squares_ <= weight_ * (high - low) * (high - low);
}

}  // namespace sluice::policy
