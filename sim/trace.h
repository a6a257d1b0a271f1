// What is seen of a course request by request: what the router said of its choice, and what the
// choice was worth. Plain values.
#pragma once

#include <cstdint>
#include <vector>

namespace sluice::sim {

struct TraceStep {
  std::int32_t arm = 0;    // by place in the environment
  double predicted = 0;    // quality that was expected of it
  double reward = 0;       // what it was told
  double cost_usd = 0;     // likewise, of a log that was told nothing the expected cost
  double exploration = 0;  // P(another arm than the greedy one) that was asked for
  bool explored = false;   // another arm than the greedy one was drawn
  double cost_weight = 0;  // lambda in force, per USD
  double regret = 0;       // in reward, expected where the environment knows it
  bool labelled = true;    // reward is known: of a log not every one is
};
using Trace = std::vector<TraceStep>;

}  // namespace sluice::sim
