// `sluice-sim bench routellm` and `bench routerbench`: what routing on a prompt is worth when every
// arm's outcome of half of the rows is known (offline.h). From options to what is printed; exit
// codes as in command.h.
#pragma once

#include <string>
#include <vector>

#include "sim/command.h"
#include "sim/dataset.h"

namespace sluice::sim {

struct OfflineBenchOptions {
  std::string data;  // file; empty: those of the folder, or what the bench says
  std::string data_dir = ".";
  std::string policies;     // names with commas, or "all"; empty: the product's own
  std::size_t seeds = 0;    // 42, 43, ...; 0: as many as were published, 3 or 10
  std::string json;         // file; empty: none
  std::size_t threads = 0;  // 0: one a core
  std::vector<ListPrice> prices;
};

int BenchRouteLlm(const OfflineBenchOptions& options, const Streams& streams);
int BenchRouterBench(const OfflineBenchOptions& options, const Streams& streams);

}  // namespace sluice::sim
