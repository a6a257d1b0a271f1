// Runs of the public experiments: the product's own router and learner in lockstep (route, feedback
// with reward and cost, learn), one process a run, as many runs at once as there are threads. The
// results do not depend on how many.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "config/config.h"
#include "sim/dataset_pareto.h"
#include "sim/pareto_protocol.h"
#include "sim/pareto_summary.h"
#include "sim/progress.h"

namespace sluice::sim {

struct ParetoOffline;  // pareto_offline.h

struct ParetoPolicy {
  policy::PolicyKind kind = policy::PolicyKind::kLinUcb;
  policy::ExplorationMode exploration = policy::ExplorationMode::kOff;
  bool features = false;                         // the rows' embeddings instead of their text
  std::shared_ptr<const ParetoOffline> offline;  // null: none
  std::string baseline;  // a name of baselines/baseline.h; empty: the product's router
};

// What a run needs; everything outlives it.
struct ParetoRun {
  const ParetoData& data;
  const ParetoCase& parameters;
  const ParetoStream& stream;
  ParetoPolicy policy;
  const policy::EncodingMemory* memory = nullptr;  // null: every run encodes its texts itself

  std::size_t requests() const;
};

// The router before its first request. Everything that is not said here is at its default.
config::RouterOptions ParetoRouter(const ParetoRun& run);

// Every request, the burn-in's first; or a sentence that says what was refused.
std::variant<ParetoPlayed, std::string> Play(const ParetoRun& run, Progress& progress);
// The same by the baseline that the run names.
ParetoPlayed PlayBaseline(const ParetoRun& run, Progress& progress);

// All of them, in their order; or why the first that could not be finished was not.
std::variant<std::vector<ParetoPlayed>, std::string> PlayAll(const std::vector<ParetoRun>& runs,
                                                             std::size_t threads,
                                                             Progress& progress);

}  // namespace sluice::sim
