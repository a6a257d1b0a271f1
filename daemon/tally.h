// What the fold has counted of one router. Part of the checkpoint; plain values.
#pragma once

#include <cstdint>
#include <vector>

#include "store/bytes.h"

namespace sluice::daemon {

struct RouterTally {
  struct ArmTally {
    std::uint64_t decisions = 0;
    std::uint64_t labels = 0;  // decisions whose quality stands now
    double reward_sum = 0;     // of those
    std::uint64_t costs = 0;
    double cost_usd_sum = 0;
    bool operator==(const ArmTally&) const = default;
  };
  struct Observed {
    std::uint64_t decisions = 0;
    std::uint64_t agreed = 0;
    double ours_cost_usd = 0;
    double baseline_cost_usd = 0;
    double ours_quality = 0;
    double baseline_quality = 0;
    bool operator==(const Observed&) const = default;
  };

  std::uint64_t decisions = 0;
  std::uint64_t explored = 0;  // decisions that took another arm than the greedy one
  double exploration_sum = 0;  // of P(other than greedy)
  std::uint64_t limited = 0;   // decisions whose exploration an allowance held back
  std::uint64_t audits = 0;
  std::uint64_t labels = 0;         // decisions whose quality stands now, on whichever arm
  std::uint64_t sequence_next = 0;  // above every decision's sequence in the log
  std::uint64_t tick_next = 0;      // above every decision's tick
  Observed observed;
  std::vector<ArmTally> arms;
  bool operator==(const RouterTally&) const = default;

  // As before the first label, for counting them anew.
  void ForgetLabels();

  void Serialise(store::ByteWriter& out) const;
  static RouterTally Restore(store::ByteReader& in);  // fails the reader when it cannot be
};

}  // namespace sluice::daemon
