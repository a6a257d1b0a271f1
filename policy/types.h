// The vocabulary of policy/: arms, contexts, distributions, decisions, examples. Plain values:
// copy them, compare them, put them in a test. No type here allocates, except Context.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include <Eigen/Core>

namespace sluice::policy {

// An arm's index in its router's roster. Ids are given once and never reused.
using ArmId = std::uint16_t;

inline constexpr std::size_t kArmsMax = 64;
// 1,024 raw dimensions and the bias.
inline constexpr std::size_t kContextMax = 1025;

// A set of arms of one router. Iterates in increasing id.
class ArmSet {
 public:
  constexpr ArmSet() = default;
  static constexpr ArmSet FromBits(std::uint64_t bits) { return ArmSet(bits); }
  static constexpr ArmSet FirstN(std::size_t n) {
    return ArmSet(n >= kArmsMax ? ~std::uint64_t{0} : (std::uint64_t{1} << n) - 1);
  }

  constexpr void Add(ArmId arm) { bits_ |= Bit(arm); }
  constexpr void Remove(ArmId arm) { bits_ &= ~Bit(arm); }
  constexpr bool Has(ArmId arm) const { return arm < kArmsMax && (bits_ & Bit(arm)) != 0; }
  constexpr bool Empty() const { return bits_ == 0; }
  constexpr std::size_t Size() const { return static_cast<std::size_t>(std::popcount(bits_)); }
  // The lowest id. Only for a set that is not empty.
  constexpr ArmId First() const { return static_cast<ArmId>(std::countr_zero(bits_)); }
  constexpr std::uint64_t bits() const { return bits_; }
  constexpr ArmSet operator&(ArmSet other) const { return ArmSet(bits_ & other.bits_); }
  constexpr bool operator==(const ArmSet&) const = default;

  class Iterator {
   public:
    constexpr explicit Iterator(std::uint64_t bits) : bits_(bits) {}
    constexpr ArmId operator*() const { return static_cast<ArmId>(std::countr_zero(bits_)); }
    constexpr Iterator& operator++() {
      bits_ &= bits_ - 1;
      return *this;
    }
    constexpr bool operator!=(const Iterator& other) const { return bits_ != other.bits_; }

   private:
    std::uint64_t bits_;
  };
  constexpr Iterator begin() const { return Iterator(bits_); }
  constexpr Iterator end() const { return Iterator(0); }

 private:
  constexpr explicit ArmSet(std::uint64_t bits) : bits_(bits) {}
  static constexpr std::uint64_t Bit(ArmId arm) { return std::uint64_t{1} << arm; }

  std::uint64_t bits_ = 0;
};

// The vector known before choosing; its last entry is the bias, 1. Rounded to float once, so that
// scoring, learning and the log use the same numbers.
using Context = Eigen::VectorXf;

// Probabilities are fixed-point fractions of 2^32 that sum to exactly 2^32 over the eligible arms
// (and are 0 elsewhere): what is computed is what is sampled is what is logged.
inline constexpr std::uint64_t kProbabilityOne = std::uint64_t{1} << 32;

struct Distribution {
  std::array<std::uint64_t, kArmsMax> q32{};

  double Probability(ArmId arm) const {
    return static_cast<double>(q32[arm]) / static_cast<double>(kProbabilityOne);
  }
  bool operator==(const Distribution&) const = default;
};

// What one arm costs for this request, known before choosing.
struct ArmTerms {
  double list_price_usd = 0;  // blended, per 1,000 tokens: (input + output) / 2 / 1000
  double cost_usd_min = 0;    // declared input tokens at list price; 0 when not declared
  double cost_usd_max = 0;    // with declared output_tokens_max; 0 when not declared
  bool operator==(const ArmTerms&) const = default;
};

// What the posterior says about one arm in one context.
struct Estimate {
  double mean = 0;                // expected quality, reward units
  double width = 0;               // one posterior standard deviation of the mean, reward units
  double expected_cost_usd = 0;   // of this request on this arm
  double expected_latency_s = 0;  // of any request on this arm; 0 when nothing is known
  double utility = 0;  // mean - cost_weight * expected_cost_usd - latency_weight * latency_s
  double score = 0;    // what the policy ranks by (LinUCB: utility + alpha * width)
};
using Estimates = std::array<Estimate, kArmsMax>;

// One choice, with everything that the log must say about how it was made.
struct Decision {
  ArmId arm = 0;
  // What the policy ranks first: the largest score among the eligible arms, lowest id on ties; or
  // the arm that the confidence gate or the baseline guard put there; without the new arms where
  // their share holds them back.
  ArmId greedy_arm = 0;
  ArmSet eligible;
  Distribution distribution;
  // P(arm != greedy_arm) under `distribution`; where new arms are held back, each part's own.
  double exploration = 0;
  bool gated = false;       // the confidence gate chose greedy_arm
  bool sought = false;      // arms that a quality floor has to know were explored before others
  bool limited = false;     // allowance, scale or guard held e below what the mode asks for
  double slack_change = 0;  // what this decision adds to the baseline guard's slack
  Estimates estimates;      // entries of eligible arms only; the others stay 0
};

}  // namespace sluice::policy
