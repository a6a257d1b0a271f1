// One course of a router over an environment inside this process: the daemon's own router and
// learner over the in-memory store, one thread, time and ids handed in. Every request sees
// everything that was reported before it, so the same options give the same choices.
#pragma once

#include <string>
#include <variant>

#include "config/config.h"
#include "sim/environment.h"
#include "sim/progress.h"
#include "sim/summary.h"

namespace sluice::sim {

struct ExperimentOptions {
  config::RouterOptions router;
  std::size_t feedback_delay = 0;  // in requests
};

RouterFacts FactsOf(const config::RouterOptions& router);

// The arms of the environment are the router's, in its order. The alternative is a sentence that
// says why a request or an outcome was refused.
std::variant<Choices, std::string> RunExperiment(const Environment& environment,
                                                 const ExperimentOptions& options,
                                                 Progress& progress);

}  // namespace sluice::sim
