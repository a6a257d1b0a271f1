// What the learner has learnt about a router's arms, in the immutable form that requests read:
// per arm a quality regression (mean and width) and a cost regression (mean of ln(cost / price)).
// Any thread may call it; an arm whose statistics did not change shares its factors with the
// posterior before.
#pragma once

#include <memory>
#include <vector>

#include "policy/ridge.h"
#include "policy/types.h"

namespace sluice::policy {

struct ArmPosterior {
  std::shared_ptr<const RidgeFactor> quality;
  std::shared_ptr<const RidgeFactor> cost;
  std::uint64_t quality_count = 0;
  std::uint64_t cost_count = 0;
};

class Posterior {
 public:
  explicit Posterior(std::vector<ArmPosterior> arms);

  std::size_t arms() const { return arms_.size(); }
  std::size_t dimension() const;
  const ArmPosterior& arm(ArmId id) const { return arms_[id]; }

  // Mean, width and expected cost of one arm; utility and score are left to the policy. No
  // allocation. The expected cost is the mean of a log-normal, list_price * exp(phi'x + s^2/2),
  // with the exponent at most 4, held inside [cost_usd_min, cost_usd_max] where the terms declare
  // them. All NaN for an arm that never had a factor.
  Estimate Predict(ArmId id, const Context& context, const ArmTerms& terms) const;

  // The cost that this request stays under with probability .99 on this arm: the declared maximum
  // when there is one, else the log-normal's quantile with the width of this context, and at least
  // the expected cost.
  double CostWorstUsd(ArmId id, const Context& context, const ArmTerms& terms) const;

 private:
  std::vector<ArmPosterior> arms_;
};

}  // namespace sluice::policy
