// What the admin plane tells of a router's fold, as a value that any thread may keep.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "daemon/challengers.h"
#include "daemon/ledger.h"
#include "daemon/tally.h"
#include "policy/types.h"
#include "store/records.h"

namespace sluice::daemon {

struct FoldReport {
  RouterTally tally;
  bool frozen = false;
  policy::ArmSet quarantined;  // arms that cannot be factored
  std::uint32_t map_version = 0;
  std::size_t map_components = 0;
  store::Position map_fitted_at = 0;
  std::size_t distinct_seen = 0;
  double input_shift = 0;
  std::vector<std::uint64_t> alarms;  // by arm
  std::vector<double> cost_ratios;    // by arm
  std::vector<double> latencies_s;    // by arm; 0: not known
  std::vector<Ledger> ledgers;        // by scope
  std::vector<ChallengerStanding> challengers;
};

}  // namespace sluice::daemon
