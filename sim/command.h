// The two commands of sluice-sim, from their options to what they print. Results go to `out`,
// everything about time and trouble to `err`. Return the process's exit code: 0; 1 when requests or
// feedback failed; 2 when the command could not do its work, with the reason in `err`.
#pragma once

#include <cstdint>
#include <cstdio>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "sim/dataset.h"
#include "sim/drive.h"
#include "sim/pairing.h"

namespace sluice::sim {

// What is sent, the same for both commands.
struct SourceOptions {
  std::string data;   // file; empty: a world
  std::string world;  // a name or a path; empty: the one that suits the router
  std::uint64_t seed = 1;
  std::optional<std::size_t> limit;  // none: the whole data set, or what the world says
  bool shuffle_contexts = false;
  std::vector<Wish> arms;
  std::vector<ListPrice> prices;  // of models of a data set that tells no costs
};

struct RunOptions {
  SourceOptions source;
  std::string config;  // file; empty: the world's routers, or the embedded defaults
  std::string router;  // empty: of a world all, of a configuration "default"
  std::optional<double> cost_weight;
  std::string policy;  // empty: as configured
  std::size_t feedback_delay = 0;
  std::size_t orders = 1;   // seeds seed .. seed + orders - 1
  std::size_t threads = 0;  // orders at once; 0: one a core
  std::string json;         // file; empty: none
  std::string report;       // folder for a page with plots; empty: none
};

struct DriveCommandOptions {
  SourceOptions source;
  DriveOptions drive;
  bool failures_ok = false;
  std::string json;
};

// Where results, trouble and the progress bar go.
struct Streams {
  std::ostream& out;
  std::ostream& err;
  std::FILE* progress = nullptr;  // null: none
};

int Run(const RunOptions& options, const Streams& streams);
int Drive(const DriveCommandOptions& options, const Streams& streams);

}  // namespace sluice::sim
