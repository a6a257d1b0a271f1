// What the simulator prints: the table for people and the same as JSON. Pure functions; equal
// arguments give equal bytes, and nothing in them comes from a wall clock but Traffic.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/drive.h"
#include "sim/environment.h"
#include "sim/summary.h"

namespace sluice::sim {

// What was run.
struct Heading {
  std::string command;           // "run" or "drive"
  std::string source;            // "data set pareto_dev", "world tasks"
  std::string description = {};  // of a world, a sentence
  std::string layout = {};       // Environment::layout
  RouterFacts router;
  std::vector<std::string> paired_with;  // by arm of the router; empty for a world
  std::vector<std::string> paired_by;    // likewise
  std::uint64_t seed = 0;
  std::size_t requests = 0;
  std::size_t feedback_delay = 0;
  bool contexts_shuffled = false;
  bool expectations_known = false;
};

// Which model stands for which arm; printed before anything is sent.
std::string RenderPairing(const Heading& heading);
std::string RenderTable(const Heading& heading, const Summary& summary);
std::string RenderTraffic(const Traffic& traffic);

// With `traffic` null: of a run.
std::string RenderJson(const Heading& heading, const Summary& summary, const Choices& choices,
                       const Traffic* traffic);

// One course in one order of the data.
struct Order {
  std::uint64_t seed = 0;
  Summary summary;
};
std::string RenderOrders(const std::vector<Order>& orders);

}  // namespace sluice::sim
