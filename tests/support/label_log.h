// A log of labels of arms that are as good as a test says, to be taught and taken back.
#pragma once

#include <memory>
#include <vector>

#include "tests/support/policy_fixtures.h"

namespace sluice::test {

class LabelLog {
 public:
  LabelLog(std::uint64_t seed, std::size_t dimension) : rng_(seed), dimension_(dimension) {}

  // A label about `mean`, as the next position of the log.
  const policy::QualityLesson& Write(policy::ArmId arm, double mean) {
    contexts_.push_back(std::make_unique<policy::Context>(RandomContext(rng_, dimension_)));
    const std::uint64_t position = lessons_.size() + 1;
    lessons_.push_back({.arm = arm,
                        .context = contexts_.back().get(),
                        .tick = position,
                        .value = mean + .05 * rng_.Normal(),
                        .weight = rng_.Below(3) == 0 ? .5 : 1,
                        .since = position});
    return lessons_.back();
  }

  void WriteMany(policy::ArmId arm, double mean, int count) {
    for (int i = 0; i < count; ++i) {
      Write(arm, mean);
    }
  }

  const policy::QualityLesson& At(std::size_t index) const { return lessons_[index]; }
  std::size_t size() const { return lessons_.size(); }

 private:
  policy::Rng rng_;
  std::size_t dimension_;
  std::vector<std::unique_ptr<policy::Context>> contexts_;
  std::vector<policy::QualityLesson> lessons_;
};

}  // namespace sluice::test
