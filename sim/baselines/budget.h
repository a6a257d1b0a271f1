// How every baseline keeps its budget, so that rewards are compared at the same spend.
//
// A baseline has one knob, its thrift in [0, 1]: spend never rises with it. As the product's pacer
// does (policy/pacer.h), a bank is credited the budget and charged the expected cost of each call,
// and corrected when the bill comes; each 10 requests the knob is solved for so that the expected
// spend over the last 300 requests is clip(B + bank / 100, .1 B, 4 B). Where spend jumps, because a
// baseline knows only a few different answers, the two sides of the jump are mixed so that the mix
// spends the target. One thread at a time.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>

#include "policy/types.h"

namespace sluice::sim {

inline constexpr std::size_t kRecentMax = 300;

// The last requests, or outcomes, oldest first.
template <typename T>
void PushRecent(T value, std::deque<T>& recent) {
  recent.push_back(std::move(value));
  if (recent.size() > kRecentMax) recent.pop_front();
}

// A weight of cost per USD as thrift and back: 0 is 0, 1 the largest weight, between them the
// thrift is linear in the weight's logarithm.
double WeightOf(double thrift);
double ThriftOf(double weight);

class Budget {
 public:
  // USD a request; 0: nothing is kept, and the thrift is always `otherwise`.
  explicit Budget(double usd, double otherwise = 0) : usd_(usd), tight_(otherwise) {}

  bool keeps() const { return usd_ > 0; }
  double usd() const { return usd_; }
  double bank_usd() const { return bank_usd_; }
  double target_usd() const;

  void Asked();  // once a request
  void Called(std::uint64_t tick, policy::ArmId arm, double expected_usd);
  // Of a call that Called was told of; else nothing happens.
  void Settled(std::uint64_t tick, policy::ArmId arm, double actual_usd);

  // Prices or arms changed: Due now.
  void Invalidate() { invalid_ = true; }
  // Each 10 requests, whether a budget is kept or not.
  bool Due() const;
  // `spend`: what a request would have cost on average at this thrift.
  void Solve(const std::function<double(double thrift)>& spend);
  // For one request; `draw` is uniform in [0, 1).
  double Thrift(double draw) const { return draw < loose_share_ ? loose_ : tight_; }

 private:
  void Credit(double usd);

  double usd_;
  double bank_usd_ = 0;
  double tight_;
  double loose_ = 0;
  double loose_share_ = 0;
  bool invalid_ = true;
  std::size_t asked_since_solve_ = 0;
  std::map<std::uint64_t, double> open_;  // expected cost of calls without a bill
};

}  // namespace sluice::sim
