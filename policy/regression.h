// One regression of one arm as the learner keeps it: statistics, prior, and the solution and factor
// last made of them. The statistics alone are the truth; what is cached is the same whenever it is
// made. One thread at a time.
#pragma once

#include <memory>
#include <optional>

#include "policy/forgetting.h"
#include "policy/ridge.h"

namespace sluice::policy {

class Regression {
 public:
  explicit Regression(std::shared_ptr<const RidgePrior> prior)
      : Regression(std::move(prior), std::nullopt) {}
  Regression(std::shared_ptr<const RidgePrior> prior, std::optional<RidgeStatistics> sums);

  const RidgeStatistics& sums() const { return sums_; }
  const std::shared_ptr<const RidgePrior>& prior() const { return prior_; }

  // As RidgeStatistics; weights are factors of the clock.
  void Add(const Context& x, double target, double weight);
  void Retract(const Context& x, double target, double weight);
  void Revise(const Context& x, double from, double to, double weight);
  void Reset(int bits);
  void Borrow(const RidgeStatistics& source, double strength, double weight);
  // The clock's landmark moved: the sums and their decay change, the posterior does not.
  void Rebase(int exponent) { sums_.Scale(exponent); }

  // Contexts that wait for a label narrow the factor, at most; they are in no solution.
  void AddPending(const Context& x);
  void RemovePending(const Context& x);
  void ClearPending();
  // Another regression stands for this one from here on: they wait for it.
  void MovePendingTo(Regression& other);

  // At the clock's tick, solved once until something changes. Null when it cannot be factored.
  const RidgeSolution* Solution(const Forgetting& clock);

  // Makes the factor anew when the sums changed, or decayed by more than 3 %, or the contexts that
  // wait did. False when it cannot be made: the last one stays.
  bool Refresh(const Forgetting& clock, double pending_weight);
  // Null: never made.
  const std::shared_ptr<const RidgeFactor>& factor() const { return factor_; }

 private:
  bool IsFresh(const Forgetting& clock, double pending_weight) const;
  std::optional<RidgeFactor> Factorise(const Forgetting& clock, double pending_weight);
  void Changed();

  std::shared_ptr<const RidgePrior> prior_;
  RidgeStatistics sums_;
  std::optional<RidgeStatistics> pending_;  // none until the first

  bool solved_ = false;  // solution_ is of these sums, at solved_tick_
  std::uint64_t solved_tick_ = 0;
  std::optional<RidgeSolution> solution_;

  bool factored_ = false;  // factor_ is of these sums, at factored_tick_, with pending_weight_
  std::uint64_t factored_tick_ = 0;
  double pending_weight_ = 0;
  std::shared_ptr<const RidgeFactor> factor_;
};

}  // namespace sluice::policy
