// The arms of a request from cheap to dear, for baselines that climb from one to the next. Pure.
#pragma once

#include <functional>
#include <vector>

#include "sim/baselines/baseline.h"

namespace sluice::sim {

using Ladder = std::vector<policy::ArmId>;

// Available arms by list price, lower id first on ties. An arm for which the step from the rung
// below is not worth it is left out; never the first.
Ladder LadderOf(const BaselineRequest& request,
                const std::function<bool(policy::ArmId below, policy::ArmId arm)>& worth_it);

}  // namespace sluice::sim
