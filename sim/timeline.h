// What happens in a world, along a run of a given length: the events of its file, stretched to that
// length, and what they come to at one request. Immutable; any thread.
#pragma once

#include <cstddef>
#include <vector>

#include "config/config.h"
#include "sim/world.h"

namespace sluice::sim {

// What is true of an arm at one request, whatever the router was told.
struct ArmTruth {
  bool offered = true;
  double lost = 0;          // of its quality
  double price_factor = 1;  // on what it costs
};

class Timeline {
 public:
  Timeline() = default;  // nothing happens
  // A run of `requests`; the world says of how many its events are.
  Timeline(const World& world, std::size_t requests);

  const std::vector<WorldEvent>& events() const { return events_; }

  ArmTruth TruthOf(std::size_t arm, std::size_t request) const;
  // How far a drift has come for an arm: from 0 to 1.
  double Turned(const WorldEvent& drift, std::size_t arm, std::size_t request) const;

  // `router`, whose arms are those of the world, as it is configured at a request: arms that have
  // joined, prices that were announced.
  config::RouterOptions RouterAt(config::RouterOptions router, std::size_t request) const;
  // Whether that differs from the request before.
  bool RouterChanges(std::size_t request) const;

  bool Happens(EventKind kind, std::size_t request) const;
  // Not before this request was answered is anything said of `request`.
  std::size_t SaidAfter(std::size_t request) const;

 private:
  std::vector<WorldEvent> events_;
};

}  // namespace sluice::sim
