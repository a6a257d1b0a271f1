// The reference policy that the data's README states in its section 5.1 ("prototype U", cold),
// written from that text alone: a yardstick that the product is held against seed by seed, and what
// shows that the protocol is the README's. It shares nothing with policy/.
#pragma once

#include "sim/pareto_run.h"

namespace sluice::tests {

// The arm of every request, the burn-in's first. The run's rows have embeddings; its policy is not
// read.
sim::Choices PlayPrototypeU(const sim::ParetoRun& run);

}  // namespace sluice::tests
