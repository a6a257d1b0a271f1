// Two-sided CUSUM on standardised residuals (Page 1954): notices that an arm is no longer what the
// statistics say; and the same on likelihood ratios: notices that it is again what it was before.
// Plain values; part of the model, folded with it.
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
  // An alarm divides the arm's reward sums by 2^reset_bits; <= 60. What was learnt is kept aside
  // for when the arm is so again (Recurrence), so that little of it need bias what is learnt next:
  // in the public silent-degradation experiment 8, 10 and 16 bits came within .0003 of each other.
  int reset_bits = 10;
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

  // Adds one residual, as 3 deviations at most: rewards have heavy tails, and one label is no
  // change. True when either sum passes the threshold (both are then 0 again). A residual that is
  // not finite is no evidence.
  bool Add(double z, const DriftOptions& options);
};

// Evidence that an arm is again what it was before a reset: labels that the model of then expected
// better than the one of now.
struct Recurrence {
  double sum = 0;
  bool operator==(const Recurrence&) const = default;

  // Adds the logarithm of one label's likelihood then over now, as 3 at most; true when the sum
  // passes 8 (it is then 0 again). While the model of now is right that takes e^8 labels on
  // average at least (Lorden 1971), as far as the bounds leave it a likelihood ratio.
  bool Add(double log_ratio);
};

// What has become of the labels in an arm's sums: the resets since, so that what was learnt before
// one is taken back at the scale that it is left at, and the stretches whose labels the sums never
// had, because others were in force then. Bounded: a reset is dropped once later ones come to
// 2^-64, because what is older is then nothing, however exactly scaled; stretches are not dropped.
class ResetHistory {
 public:
  static constexpr int kMissedBits = 1 << 14;  // no double is left of anything

  // `at` is an order number and never falls; bits > 0.
  void Add(std::uint64_t at, int bits);
  // What was learnt at `from` or later and before `until` is not in the sums; `until` is not below
  // `from` and never falls. False, and nothing happened, when there are 64 such stretches already.
  bool Miss(std::uint64_t from, std::uint64_t until);
  // Bits that a contribution first learnt at `since` has been divided by since then; at least
  // kMissedBits where the sums do not have it. What was learnt at the reset itself was learnt after
  // it.
  int BitsSince(std::uint64_t since) const;
  std::size_t size() const { return resets_.size(); }

  void Serialise(std::string& out) const;
  // False when the bytes at the front of `in` are not those of a history that ends before `end`.
  bool Restore(std::string_view& in, std::uint64_t end);

  bool operator==(const ResetHistory&) const = default;

 private:
  struct Reset {
    std::uint64_t from = 0;  // of what was learnt in [from, at)
    std::uint64_t at = 0;
    std::int32_t bits = 0;
    bool operator==(const Reset&) const = default;
  };

  std::size_t Stretches() const;

  std::vector<Reset> resets_;  // by increasing `at`
};

}  // namespace sluice::policy
