// Who takes part in `bench pareto`: names on the command line to policies.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "sim/pareto_run.h"

namespace sluice::sim {

// A policy with what the tables call it.
struct ParetoEntrant {
  std::string name;
  ParetoPolicy policy;
};

struct ParetoEntry {
  std::string policies;     // names with commas; "all": of the product and all baselines
  std::string exploration;  // of the product's; empty: off with linucb, natural with the others
  bool features = false;    // the rows' embeddings instead of their text
  bool warm = false;        // the product's start from outcomes of the burn-in
};

// At least one; or a sentence for the user.
std::variant<std::vector<ParetoEntrant>, std::string> ParetoEntrants(const ParetoEntry& entry);

}  // namespace sluice::sim
