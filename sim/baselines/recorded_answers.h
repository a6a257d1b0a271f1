// The answers to one task out of recorded outcomes. There are no texts, so what a cascade looks at
// is simulated, and better than anything that it could have: confidence is the recorded reward of
// that very answer with noise of sd .1, clipped to [0, 1]; two answers agree when their recorded
// rewards are within .05. Rows of cascades are flattered by it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sim/baselines/baseline.h"

namespace sluice::sim {

class RecordedAnswers final : public Answers {
 public:
  // The outcomes by arm outlive it. The noise is a function of the seed, the tick and the arm.
  RecordedAnswers(std::span<const Outcome> outcomes, policy::ArmSet available, std::uint64_t seed,
                  std::uint64_t tick)
      : outcomes_(outcomes), available_(available), seed_(seed), tick_(tick) {}

  double Call(policy::ArmId arm) override;
  bool Agree(policy::ArmId one, policy::ArmId other) const override;

  const std::vector<policy::ArmId>& called() const { return called_; }
  double paid_usd() const;

 private:
  std::span<const Outcome> outcomes_;
  policy::ArmSet available_;
  std::uint64_t seed_;
  std::uint64_t tick_;
  std::vector<policy::ArmId> called_;
};

}  // namespace sluice::sim
