// Cascades: call the cheapest arm, look at its answer, go on to the next one if it does not do. The
// last answer is served, every call is paid. What differs is when a cascade goes on. Costs and
// budget are those of all baselines (costs.h, budget.h). One thread at a time.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "sim/baselines/baseline.h"
#include "sim/baselines/budget.h"
#include "sim/baselines/costs.h"
#include "sim/baselines/ladder.h"

namespace sluice::sim {

class Cascade : public Baseline {
 public:
  void Answer(const BaselineRequest& request, Answers& answers) final;
  void Learn(const BaselineLesson& lesson) final;

 protected:
  // `thrift`: without a budget.
  Cascade(const BaselineOptions& options, double thrift);

  // Where a request stands: it may go on to the next arm, which costs so much.
  struct Step {
    std::size_t calls = 0;
    policy::ArmId last = 0;
    policy::ArmId next = 0;
    double next_usd = 0;
  };
  struct LastAnswer {
    policy::ArmId arm = 0;
    double confidence = 0;
    bool agrees = false;  // with one before it
  };

  // Never more willing with more thrift.
  virtual bool GoesOn(const Step& step, const LastAnswer& answer, double thrift) const = 0;
  // The share of requests that go on, of those that come here.
  virtual double ShareGoingOn(const Step& step, double thrift) const = 0;
  virtual void Saw(std::size_t calls, const LastAnswer& answer) = 0;
  virtual void Taught(const BaselineLesson& lesson) { static_cast<void>(lesson); }

 private:
  void Pace(const BaselineRequest& request, const std::vector<double>& costs_usd);
  Ladder LadderNow(const BaselineRequest& request) const;
  double MeanCostUsd(policy::ArmId arm) const;
  double SpendAt(double thrift) const;

  // What going on from one arm to another was worth, on the same prompts.
  struct Gain {
    double sum = 0;
    double count = 0;
  };

  std::uint64_t seed_;
  Costs costs_;
  Budget budget_;
  Ladder ladder_;
  std::vector<double> prices_;  // that ladder_ is of
  policy::ArmSet available_;
  std::deque<std::vector<double>> recent_costs_;  // by arm
  std::map<std::pair<policy::ArmId, policy::ArmId>, Gain> gains_;
  struct Labelled {
    std::uint64_t tick = 0;
    policy::ArmId arm = 0;
    double reward = 0;
  };
  std::optional<Labelled> last_;
};

}  // namespace sluice::sim
