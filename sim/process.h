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
#include <vector>

#include "config/config.h"
#include "daemon/learner.h"
#include "daemon/router.h"
#include "daemon/snapshot.h"
#include "daemon/warm_start.h"
#include "sim/environment.h"
#include "sim/feedback_queue.h"
#include "store/store.h"

namespace sluice::sim {

// What keys the n-grams of a router that names no seed.
std::uint32_t GramSeedOf(const config::RouterOptions& router);

class Process {
 public:
  // `memory` outlives the process; null: it encodes every text itself.
  explicit Process(const config::RouterOptions& router,
                   const policy::EncodingMemory* memory = nullptr);
  explicit Process(std::vector<config::RouterOptions> routers,
                   const policy::EncodingMemory* memory = nullptr);
  ~Process();

  // From now on answers say how they were made.
  void Explain() { explain_ = true; }

  // What went wrong, if anything; so in all that follows. Arms start from `warm`, or without one
  // from the files that the router names.
  std::optional<std::string> Start(const daemon::WarmStartFile* warm = nullptr);

  // Sends the task's text or embedding, whichever the router reads. Of all arms, or of `only_arm`.
  // `router` is the place in what the process was made with.
  std::variant<api::RouteAnswer, std::string> Route(const Task& task,
                                                    const std::string& only_arm = {},
                                                    std::size_t router = 0);
  std::optional<std::string> Report(const Outstanding& due, const Outcome& outcome);
  std::optional<std::string> Report(api::FeedbackEvent event);
  // Folds what the log holds.
  std::optional<std::string> Learn();
  // Brings other options of one of its routers into force, as a reload of its file does.
  std::optional<std::string> Change(const config::RouterOptions& router);
  // Keeps what was learnt so far in the store.
  std::optional<std::string> Checkpoint();
  // As after a crash: everything but the store is gone, and is made again from it.
  std::optional<std::string> Restart();

  const daemon::Learner& learner() const;
  const daemon::SnapshotBoard& board() const;
  const store::Store& store() const { return *store_; }

 private:
  struct Running;  // what does not survive a restart
  std::optional<std::string> Recover();

  std::uint64_t now_us_;
  std::vector<config::RouterOptions> options_;
  const policy::EncodingMemory* memory_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Running> running_;
  bool explain_ = false;
};

}  // namespace sluice::sim
