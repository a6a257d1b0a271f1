// What the learner has learnt about a router's arms, in the immutable form that requests read:
// per arm a quality regression (mean and width), a cost regression (mean of ln(cost / price)) with
// its calibration, and what is known of latency. Any thread may call it; an arm whose statistics
// did not change shares its factors with the posterior before.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "policy/ridge.h"
#include "policy/types.h"

namespace sluice::policy {

// A cost regression that has seen little may be far off in a far context: the expected cost is held
// below e^4 times the list price of a thousand tokens.
inline constexpr double kExpectedLogRatioMax = 4;

struct ArmPosterior {
  std::shared_ptr<const RidgeFactor> quality;
  std::shared_ptr<const RidgeFactor> cost;
  std::shared_ptr<const RidgePrior> quality_prior;  // what a stale prediction goes back to
  std::uint64_t quality_count = 0;
  std::uint64_t cost_count = 0;
  double cost_ratio = 1;     // billed over predicted
  double latency_s = 0;      // expected; 0: nothing known
  double latency_p99_s = 0;  // 0: nothing known
};

class Posterior {
 public:
  // `tick` and `half_life` as the model had them when it was derived.
  explicit Posterior(std::vector<ArmPosterior> arms, std::uint64_t tick = 0,
                     std::uint64_t half_life = 0);

  std::size_t arms() const { return arms_.size(); }
  std::size_t dimension() const;
  const ArmPosterior& arm(ArmId id) const { return arms_[id]; }

  // Mean, width, expected cost and latency of one arm; utility and score are left to the policy. No
  // allocation. The expected cost is cost_ratio * list_price * exp(phi'x), the exponent at most
  // kExpectedLogRatioMax, held inside [cost_usd_min, cost_usd_max] where the terms declare them. A
  // decision more than 4 % of a half-life after the posterior's tick is predicted as Decayed says.
  // All NaN for an arm that never had a factor.
  Estimate Predict(ArmId id, const Context& context, const ArmTerms& terms,
                   std::uint64_t tick = 0) const;

  // The cost that this request stays under with probability .99 on this arm: the declared maximum
  // when there is one, else the log-normal's quantile with the width of this context, times what
  // the calibration says beyond a log-normal, and at least the expected cost.
  double CostWorstUsd(ArmId id, const Context& context, const ArmTerms& terms) const;

 private:
  bool IsStale(std::uint64_t tick) const;
  // The quality of an arm as the learner would say it at `tick`, had it heard nothing more.
  Prediction Aged(const ArmPosterior& arm, const Context& context, std::uint64_t tick) const;

  std::vector<ArmPosterior> arms_;
  std::uint64_t tick_ = 0;
  std::uint64_t half_life_ = 0;
};

}  // namespace sluice::policy
