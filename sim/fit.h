// `sluice-sim fit`: from a data set or a daemon's log, what a router can start from or be told.
// From options to what is written; exit codes as in command.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/command.h"

namespace sluice::sim {

struct FitOptions {
  std::string data;    // file; empty: the log
  std::string log;     // a daemon's store.directory, live or copied; empty: the data
  std::string config;  // of the router, with data; empty: the embedded defaults. Where it says
                       // no gram_seed, one is drawn: the file has it
  std::string router = "default";
  std::vector<Wish> arms;  // with data
  std::string kind = "statistics";
  std::size_t clusters = 16;
  std::uint64_t seed = 1;          // of the clusters
  std::optional<double> strength;  // of statistics: observations that an arm's count as at most
  std::string out;                 // file; empty: the terminal, which statistics are not for
};

int Fit(const FitOptions& options, const Streams& streams);

}  // namespace sluice::sim
