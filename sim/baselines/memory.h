// The latest labelled prompts of one arm, to be searched for those that are near another one. A
// value; one thread at a time.
#pragma once

#include <cstddef>
#include <vector>

#include "policy/types.h"

namespace sluice::sim {

class Memory {
 public:
  static constexpr std::size_t kSizeMax = 5000;  // then the oldest is replaced

  void Add(const policy::Context& context, double reward) {
    if (rewards_.size() < kSizeMax) {
      rewards_.push_back(reward);
      contexts_.push_back(context);
      return;
    }
    rewards_[next_] = reward;
    contexts_[next_] = context;
    next_ = (next_ + 1) % kSizeMax;
  }

  std::size_t size() const { return rewards_.size(); }
  double reward(std::size_t i) const { return rewards_[i]; }

  float SquaredDistance(std::size_t i, const policy::Context& context) const {
    return (contexts_[i] - context).squaredNorm();
  }

 private:
  std::vector<policy::Context> contexts_;
  std::vector<double> rewards_;
  std::size_t next_ = 0;
};

}  // namespace sluice::sim
