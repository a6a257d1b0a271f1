// What baselines try that would not explore by themselves, for all of them alike: one of which
// nothing is known learns nothing of it either. Each available arm is tried with probability
// clip(3 / (labels + 1), .005, .1), as far as a tenth of the budget, saved up, pays what the arm
// costs beyond the choice that it replaces, and the bank is left with a debt of 20 budgets at most.
// One thread at a time.
#pragma once

#include <span>
#include <vector>

#include "sim/baselines/baseline.h"

namespace sluice::sim {

class Explorer {
 public:
  explicit Explorer(const BaselineOptions& options)
      : seed_(options.seed), budget_usd_(options.budget_usd) {}

  // An arm to try, else `choice`. Once a request; costs are by arm.
  policy::ArmId Try(const BaselineRequest& request, policy::ArmId choice,
                    std::span<const double> costs_usd, double bank_usd);
  void Learnt(policy::ArmId arm);
  std::uint64_t labels(policy::ArmId arm) const { return arm < labels_.size() ? labels_[arm] : 0; }

 private:
  double RateOf(policy::ArmId arm) const;
  bool Pays(double extra_usd, double bank_usd);

  std::uint64_t seed_;
  double budget_usd_;  // 0: none, and every try is paid
  double purse_usd_ = 0;
  std::vector<std::uint64_t> labels_;  // by arm
};

}  // namespace sluice::sim
