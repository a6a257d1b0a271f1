// Baselines that choose before anything is called, all paced alike: costs, budget and exploration
// are shared (costs.h, budget.h, explorer.h). What differs is how an arm is scored and which one a
// thrift gives. One thread at a time.
#pragma once

#include <deque>
#include <vector>

#include "sim/baselines/baseline.h"
#include "sim/baselines/budget.h"
#include "sim/baselines/costs.h"
#include "sim/baselines/explorer.h"
#include "sim/baselines/ladder.h"

namespace sluice::sim {

// The mean of the others where nothing is known (NaN).
void FillUnknown(std::span<double> values);

// The largest of them, the first on ties.
policy::ArmId LargestOf(std::span<const double> values);

class Paced : public Baseline {
 public:
  void Answer(const BaselineRequest& request, Answers& answers) final;
  void Learn(const BaselineLesson& lesson) final;

 protected:
  // `thrift`: without a budget.
  Paced(const BaselineOptions& options, double thrift);

  // One request with what is known of it, by arm.
  struct Rated {
    policy::Context context;
    std::vector<double> scores;
    std::vector<double> costs_usd;
  };
  // What there is to choose from. Of the rungs, each has a larger mean score over the last requests
  // than the one below it, or fewer than 20 labels.
  struct Arms {
    policy::ArmSet available;
    Ladder ladder;
  };

  // NaN where nothing is known.
  virtual void Score(const policy::Context& context, std::span<double> scores) = 0;
  // What requests are compared with from now on, by those that compare them.
  virtual void Compare(const std::deque<Rated>&, const Arms&) {}
  // Never dearer with more thrift.
  virtual policy::ArmId ArmAt(const Rated& rated, const Arms& arms, double thrift) const = 0;
  // For the request itself: as ArmAt says, unless a baseline draws.
  virtual policy::ArmId Choose(const BaselineRequest& request, const Rated& rated, const Arms& arms,
                               double thrift);
  virtual void Taught(const BaselineLesson& lesson) = 0;
  // True: the Explorer leaves the choices alone.
  virtual bool explores() const { return false; }
  // True: scores of earlier requests are not made anew each time that the budget is solved for.
  virtual bool slow() const { return false; }

 private:
  Rated RatedNow(const policy::Context& context, std::span<const ArmFacts> arms);
  bool Notice(const BaselineRequest& request);
  void Pace(const BaselineRequest& request, const Rated& now);
  Ladder LadderNow(const BaselineRequest& request) const;
  double SpendAt(double thrift) const;

  std::uint64_t seed_;
  Costs costs_;
  Budget budget_;
  Explorer explorer_;
  std::deque<Rated> recent_;
  std::vector<double> prices_;  // that recent_ was rated at
  Arms arms_;
};

}  // namespace sluice::sim
