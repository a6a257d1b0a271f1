// `sluice-sim bench`: public protocols, exactly as they are published, with the product's own
// router or with baselines. From options to what is printed; exit codes as in command.h.
#pragma once

#include <string>

#include "sim/command.h"

namespace sluice::sim {

struct ParetoBenchOptions {
  std::string data_dir = ".";
  std::string experiment;         // "01" .. "04"; empty: all
  std::string policy = "linucb";  // one or several, with commas; "all"
  std::string exploration;        // empty: off with linucb, natural with the others
  double warm_strength = 0;       // observations of the burn-in's outcomes of all arms; 0: cold
  std::size_t seeds = 0;          // the first so many; 0: all
  std::string features;           // file; empty: the product's own text features
  std::string json;               // file; empty: none
  std::string report;             // folder for a page with plots; empty: none
  std::string against;            // file that --json wrote; empty: none
  std::size_t threads = 0;        // 0: one a core
};

int BenchPareto(const ParetoBenchOptions& options, const Streams& streams);

}  // namespace sluice::sim
