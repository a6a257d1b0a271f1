// The daemon's own parts put together without threads, disk or sockets, with time and ids handed
// in: what `run` and `bench` play tasks through. Every request sees everything that was learnt
// before it, so the same calls give the same choices; n-grams are keyed by a fixed seed where the
// router names none. One thread at a time; two processes share nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "config/config.h"
#include "daemon/ids.h"
#include "daemon/learner.h"
#include "daemon/metrics.h"
#include "daemon/router.h"
#include "daemon/snapshot.h"
#include "sim/environment.h"
#include "sim/feedback_queue.h"
#include "store/store.h"

namespace sluice::sim {

class Process {
 public:
  explicit Process(const config::RouterOptions& router);

  // What went wrong, if anything; so in all that follows.
  std::optional<std::string> Start();

  // Sends the task's text or embedding, whichever the router reads. Of all arms, or of `only_arm`.
  std::variant<api::RouteAnswer, std::string> Route(const Task& task,
                                                    const std::string& only_arm = {});
  std::optional<std::string> Report(const Outstanding& due, const Outcome& outcome);
  // Folds what the log holds.
  std::optional<std::string> Learn();
  // Brings other options of the same router into force, as a reload of its file does.
  std::optional<std::string> Change(const config::RouterOptions& router);

  const daemon::Learner& learner() const { return learner_; }
  const daemon::SnapshotBoard& board() const { return board_; }

 private:
  std::uint64_t now_us_;
  config::RouterOptions options_;
  std::unique_ptr<store::Store> store_;
  daemon::Metrics metrics_;
  daemon::SnapshotBoard board_;
  daemon::IdSource ids_;
  daemon::Learner learner_;
  daemon::Changes changes_;
  daemon::Router router_;
};

}  // namespace sluice::sim
