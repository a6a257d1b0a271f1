// k-means (Lloyd, from k-means++ seeds) over contexts. One thread at a time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "policy/types.h"

namespace sluice::sim {

class Clusters {
 public:
  Clusters(std::size_t count, std::uint64_t seed) : count_(count), seed_(seed) {}

  bool fitted() const { return !centres_.empty(); }
  // `contexts`: at least one. Fewer clusters when there are fewer different contexts.
  void Fit(std::span<const policy::Context> contexts);
  // The nearest centre; 0 before Fit.
  std::size_t Of(const policy::Context& context) const;

 private:
  void Seed(std::span<const policy::Context> contexts);
  void Move(std::span<const policy::Context> contexts);

  std::size_t count_;
  std::uint64_t seed_;
  std::vector<policy::Context> centres_;
};

}  // namespace sluice::sim
