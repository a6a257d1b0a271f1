// Courses of routers over environments inside this process: the daemon's own router and learner
// over the in-memory store, one thread, time and ids handed in. Every request sees everything that
// was reported before it, so the same options give the same choices.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "config/config.h"
#include "sim/environment.h"
#include "sim/feedback_model.h"
#include "sim/progress.h"
#include "sim/summary.h"
#include "sim/timeline.h"
#include "sim/trace.h"

namespace sluice::sim {

struct ExperimentOptions {
  config::RouterOptions router;  // with the arms that join later
  FeedbackModel feedback = {};
  Timeline timeline = {};
  std::uint64_t seed = 1;  // of what the feedback model draws
  bool traced = false;     // of the first player: all are
  // Of the first player: everybody's. Outlives the course; null: every course encodes its texts.
  const policy::EncodingMemory* memory = nullptr;
};

// One router among those of the process. The arms of the environment are the router's, in its
// order.
struct Player {
  const Environment& environment;
  ExperimentOptions options;
};

// What a player did, and what it was told.
struct Course {
  Choices choices;
  Told told;
  Trace trace;  // when it was asked for
};

RouterFacts FactsOf(const config::RouterOptions& router);

// All players in one process, a request of each in turn; restarts and checkpoints are those of the
// first one. The alternative is a sentence that says why a request or an outcome was refused.
std::variant<std::vector<Course>, std::string> RunTogether(const std::vector<Player>& players,
                                                           Progress& progress);

// One alone.
std::variant<Choices, std::string> RunExperiment(const Environment& environment,
                                                 const ExperimentOptions& options,
                                                 Progress& progress);

}  // namespace sluice::sim
