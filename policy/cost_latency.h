// What is known of an arm's bills and answer times beside the regressions: the calibration of the
// predicted cost, and the latency head. Plain values; part of the model, folded with it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::policy {

// Billed over predicted cost, as a ratio of sums: an expectation of a log-normal is off by a
// factor that a regression on logarithms cannot see, and prices move unannounced.
class CostCalibration {
 public:
  // Starts from this ratio, worth 20 events of the size of the first one.
  CostCalibration() = default;
  explicit CostCalibration(double ratio) : start_(ratio) {}

  // Both in the same unit; predicted > 0, both finite.
  void Add(double billed, double predicted);
  // In [.05, 20].
  double Ratio() const;

  void Serialise(std::string& out) const;
  // False when the bytes at the front of `in` are not those of a calibration.
  bool Restore(std::string_view& in);

  bool operator==(const CostCalibration&) const = default;

 private:
  // Exponentially weighted: an event counts `rate` times as much once the next one is there.
  struct Sums {
    double billed = 0;
    double predicted = 0;
    bool operator==(const Sums&) const = default;
    void Add(const Sums& event, double rate);
  };

  double start_ = 1;
  Sums slow_;  // remembers 500 events
  Sums fast_;  // remembers 5
};

// Exponentially weighted mean and variance of ln(latency).
class LatencyHead {
 public:
  void Add(double latency_s);

  // 0 until five answers are known.
  double Expected() const;    // seconds
  double Quantile99() const;  // seconds, log-normal

  void Serialise(std::string& out) const;
  // False when the bytes at the front of `in` are not those of a latency head.
  bool Restore(std::string_view& in);

  bool operator==(const LatencyHead&) const = default;

 private:
  double Variance() const;

  std::uint64_t count_ = 0;
  double weight_ = 0;
  double mean_ = 0;
  double squares_ = 0;  // about the mean
};

}  // namespace sluice::policy
