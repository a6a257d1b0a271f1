// A policy that is frozen where the log had come to at some position: the daemon's own learner
// folds the log up to there, under the policy's own settings, and goes no further.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "config/config.h"
#include "daemon/snapshot.h"
#include "policy/policy.h"
#include "sim/logged.h"
#include "sim/progress.h"

namespace sluice::sim {

struct FreezeOptions {
  std::uint32_t router = 0;  // by id
  // What is in force instead of what the log says. Arms, their prices, the context, plans, the
  // names of sources and the secret of the n-grams stay the log's.
  config::RouterOptions policy;
  store::Position until = 0;
};

class FrozenPolicy {
 public:
  FrozenPolicy(daemon::RouterView view, const FreezeOptions& options, std::uint64_t tick);

  // What it would have drawn from for a logged request: the request's context and lambda (or
  // `cost_weight`, where the policy has its own), and those arms that were eligible and are its
  // own. `terms` are the list prices of that time. Empty: no such arm, or the log kept too little
  // of the context.
  std::optional<policy::Decision> Decide(const store::DecisionRecord& record,
                                         std::span<const policy::ArmTerms> terms,
                                         std::optional<double> cost_weight) const;

  policy::ArmSet arms() const { return arms_; }

 private:
  daemon::RouterView view_;
  policy::ArmSet arms_;
  std::uint64_t tick_;
};

// True: what it does depends on what was learnt.
bool Learns(policy::PolicyKind kind);

// The alternative says what went wrong.
std::variant<FrozenPolicy, std::string> Freeze(const store::Store& store,
                                               const LoggedRouter& router,
                                               const FreezeOptions& options, Progress& progress);

}  // namespace sluice::sim
