// The product's own router as a baseline, so that whatever plays baselines can play ours as well:
// the daemon's parts in this process (process.h), asked and told as by a caller. One thread at a
// time.
#pragma once

#include <memory>

#include "config/config.h"
#include "sim/baselines/baseline.h"

namespace sluice::sim {

// `router` names the arms of the first requests, in their order; prices that change and arms that
// join are brought into force as a reload of its file does. Requests are of all arms or of one.
// Budget, policy and seed are the router's. What is refused is a bug of the caller and thrown as a
// std::runtime_error.
std::unique_ptr<Baseline> MakeOurs(const config::RouterOptions& router);

}  // namespace sluice::sim
