#include "sim/baselines/ladder.h"

#include <algorithm>

namespace sluice::sim {

Ladder LadderOf(const BaselineRequest& request,
                const std::function<bool(policy::ArmId below, policy::ArmId arm)>& worth_it) {
  Ladder all;
  for (const policy::ArmId arm : request.available) all.push_back(arm);
  std::ranges::stable_sort(all, {},
                           [&request](policy::ArmId arm) { return request.arms[arm].price(); });
  Ladder ladder;
  for (const policy::ArmId arm : all) {
    if (ladder.empty() || worth_it(ladder.back(), arm)) ladder.push_back(arm);
  }
  return ladder;
}

}  // namespace sluice::sim
