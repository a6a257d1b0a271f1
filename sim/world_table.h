// `sluice-sim worlds`: the worlds that there are, each in its sentence; on request what the routers
// that come with them get there.
#pragma once

#include <string>

#include "sim/command.h"

namespace sluice::sim {

struct WorldsOptions {
  bool play = false;
  std::uint64_t seeds = 3;  // with play: means over the seeds 1 ..
  std::string policy;       // with play: instead of the configured one
  std::size_t threads = 0;  // 0: one a core
};

// Returns the process's exit code.
int ListWorlds(const WorldsOptions& options, const Streams& streams);

}  // namespace sluice::sim
