// Two-sided CUSUM on standardised residuals (Page 1954): notices that an arm is no longer what the
// statistics say. Plain values; part of the model, folded with it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::policy {

struct DriftOptions {
  bool detect = true;
  double slack = 0.5;     // k, standard deviations that are not held against an arm
  double threshold = 12;  // h
  int reset_bits = 4;     // an alarm divides the arm's reward sums by 2^reset_bits; <= 60
  // Labels of the arm without a second alarm. 0: an arm that has changed is reset again until what
  // is left of its past no longer matters. Waiting 500 labels cost .008 of the mean reward in the
  // public silent-degradation experiment.
  std::uint32_t cool_down = 0;
  // More than this share of the arms that had labels (and at least two) alarming within
  // freeze_labels labels of the router means that the judge changed and not the arms: learning
  // freezes.
  double freeze_share = 0.5;
  std::uint32_t freeze_labels = 1000;
  bool operator==(const DriftOptions&) const = default;
};

struct Cusum {
  double up = 0;
  double down = 0;
  bool operator==(const Cusum&) const = default;

  // Adds one residual; true when either sum passes the threshold (both are then 0 again). A
  // residual that is not finite is no evidence.
  bool Add(double z, const DriftOptions& options);
};

// The resets that an arm has had, so that what was learnt before one is taken back at the scale
// that it is left at. Bounded: a reset is dropped once later ones come to 2^-64, because what is
// older is then nothing, however exactly scaled.
class ResetHistory {
 public:
  // `at` is an order number and never falls; bits > 0.
  void Add(std::uint64_t at, int bits);
  // Bits that a contribution first learnt at `since` has been divided by since then. What was
  // learnt at the reset itself was learnt after it.
  int BitsSince(std::uint64_t since) const;
  std::size_t size() const { return resets_.size(); }

  void Serialise(std::string& out) const;
  // False when the bytes at the front of `in` are not those of a history that ends before `end`.
  bool Restore(std::string_view& in, std::uint64_t end);

  bool operator==(const ResetHistory&) const = default;

 private:
  struct Reset {
    std::uint64_t at = 0;
    std::int32_t bits = 0;
    bool operator==(const Reset&) const = default;
  };

  std::vector<Reset> resets_;  // oldest first
};

}  // namespace sluice::policy
