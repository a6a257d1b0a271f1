// Everything that changes what is in force: a configuration that is read (again), arms that
// operators make, what they ask of a router. One change at a time; each stands in the log, synced
// and folded, before the call returns. Any thread but the learner's and the serving ones.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "api/service.h"
#include "config/config.h"
#include "daemon/ids.h"
#include "daemon/learner.h"
#include "daemon/snapshot.h"
#include "store/store.h"

namespace sluice::daemon {

class Changes {
 public:
  // References outlive the object.
  struct Parts {
    store::Store& store;
    SnapshotBoard& board;
    Learner& learner;
    Clock clock;
    // Returns when the learner has folded what the log holds at the call.
    std::function<store::Result<store::Done>()> wait_folded;
    // Reads the configuration file again; empty: there is none.
    std::function<config::Checked<config::Options>()> read_again = {};
    std::uint32_t gram_seed = 0;  // of routers that are new
  };
  explicit Changes(Parts parts) : parts_(std::move(parts)) {}

  // Brings the routers into force; arms that operators made are kept. A change that does not fit
  // what is in force changes nothing. Another Error says what stands in the log already; that goes
  // into force, and the same again completes it. Returns what changed.
  store::Result<std::vector<config::Difference>> Apply(
      const std::vector<config::RouterOptions>& routers);

  std::variant<api::AdminAnswer, api::Problem> Operate(const api::AdminRequest& request);
  std::variant<api::AdminAnswer, api::Problem> PutArm(const api::ArmPut& put);
  std::variant<api::AdminAnswer, api::Problem> DeleteArm(const std::string& router,
                                                         const std::string& arm);
  std::variant<std::vector<api::ConfigChange>, api::Problem> ReloadConfig();

  // What the process was started with, to tell what waits for a restart.
  void StartedWith(const config::Options& options) { started_with_ = options; }
  // The same as ReloadConfig, with options that were read already.
  store::Result<std::vector<api::ConfigChange>> Reload(const config::Options& options);

 private:
  struct Planned {
    std::vector<store::RouterRecord> records;
    std::vector<config::Difference> differences;
  };
  store::Result<Planned> Plan(const std::vector<config::RouterOptions>& routers) const;
  store::Result<store::Position> Append(std::vector<store::RouterRecord> records);
  // Another definition of a router that is in force.
  std::variant<api::AdminAnswer, api::Problem> Redefine(const RouterDefinition& definition,
                                                        const config::RouterOptions& options,
                                                        std::string statistics);
  store::Result<std::vector<config::Difference>> ApplyLocked(
      const std::vector<config::RouterOptions>& routers);

  Parts parts_;
  config::Options started_with_;
};

}  // namespace sluice::daemon
