// `sluice-sim evaluate` and `sluice-sim export`: what a daemon's log tells afterwards. The daemon
// may be running; its directory is only read. From options to what is printed; exit codes as in
// command.h (an evaluation that is refused with its reasons is done all the same: 0).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sim/command.h"

namespace sluice::sim {

struct EvaluateCommandOptions {
  std::string log;     // directory
  std::string policy;  // file: what the daemon's configuration would say of the router
  std::string router;  // empty: the log's only one, or "default"
  // "0.5": of the decisions; "1200": a position. Empty: half where the policy learns, else nothing.
  std::string train_until;
  std::optional<double> cost_weight;  // that the policy chooses by, instead of the logged one
  bool labels_independent = false;
  std::uint64_t seed = 1;
  std::size_t threads = 0;  // 0: one a core
  std::string json;         // file; empty: none
  std::string report;       // directory; empty: none
};

struct ExportOptions {
  std::string log;
  std::string from;    // RFC 3339, inclusive; empty: from the first
  std::string to;      // exclusive; empty: to the last
  std::string router;  // empty: all
  std::string out;     // file; empty: the terminal
};

int Evaluate(const EvaluateCommandOptions& options, const Streams& streams);
int Export(const ExportOptions& options, const Streams& streams);

}  // namespace sluice::sim
