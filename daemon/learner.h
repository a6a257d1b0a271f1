// The single writer of what is learnt: folds the event log in order, derives posteriors, publishes
// snapshots, writes checkpoints. The model is a fold of the log: start-up, replay and simulation
// are this one piece of code.
//
// Recover, Step, Checkpoint: one thread at a time (the learner's own after Start). Reports: any.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "config/config.h"
#include "daemon/ids.h"
#include "daemon/router_fold.h"
#include "daemon/snapshot.h"
#include "store/store.h"

namespace sluice::daemon {

class Metrics;

struct LearnerReport {
  store::Position applied = 0;      // folded, and in the snapshot that was published
  std::vector<FoldReport> routers;  // by router id
};

class Learner {
 public:
  // References outlive the learner, and the memory does that a simulator may hand in.
  Learner(store::Store& store, SnapshotBoard& board, Metrics& metrics,
          const config::LearnerOptions& options, Clock clock,
          const policy::EncodingMemory* memory = nullptr);
  ~Learner();

  // Loads the newest checkpoint that is whole and fits, folds what came after it, publishes. A
  // checkpoint that is not is set aside and counted; the one before it is used.
  store::Result<store::Done> Recover();

  // Folds what is in the log now, publishing when the log's end is reached and every 256
  // contributions. Returns the number of entries folded. Appends what timers say that are due, for
  // the next step.
  store::Result<std::size_t> Step();

  // Steps on a thread of its own until Stop, with checkpoints; Stop folds what is left and writes
  // a last checkpoint.
  void Start();
  void Stop();

  store::Result<store::Done> SaveCheckpoint();

  LearnerReport Report() const;
  // The whole folded state as bytes, position included: equal logs give equal bytes.
  std::string State() const;
  store::DecisionId newest_decision() const { return newest_decision_; }

  // What a decision's feedback teaches, as of now; what was learnt of an arm. Wait for the learner
  // to finish what it is folding. Empty: no such router or arm.
  std::optional<Standing> StandingOf(const store::DecisionStory& story) const;
  std::optional<std::string> ArmStatistics(std::uint32_t router, policy::ArmId arm) const;
  bool FitsStatistics(std::uint32_t router, const std::string& statistics) const;
  // Held by whoever appends a definition that was made of the one in force, until it is folded. The
  // learner never waits for it.
  std::mutex& definitions() { return definitions_; }
  // Positions of the checkpoints that this process wrote or loaded, newest first, at most 3.
  std::vector<store::Position> checkpoints() const;

 private:
  // A decision that was read lately, with what was reported about it.
  struct Recent {
    store::DecisionStory story;
    bool whole = false;  // every outcome so far is in it
  };

  // Folding. A record that cannot be folded leaves the position before it.
  store::Result<store::Done> Fold(store::LogEntry entry);
  store::Result<store::Done> FoldRouter(store::Position position,
                                        const store::RouterRecord& record);
  store::Result<store::Done> FoldDecision(store::Position position, store::DecisionRecord record);
  store::Result<store::Done> FoldOutcome(store::Position position, store::OutcomeRecord record);
  store::Result<store::Done> FoldAdmin(store::Position position, const store::AdminRecord& record);
  store::Result<Recent*> StoryOf(store::Position position, const store::OutcomeRecord& record);
  store::Result<std::size_t> FoldAll(bool publishing);
  store::Result<store::Done> Whole(store::Result<store::Done> folded);
  void FireTimers();
  bool FireVerdict(RouterFold& router, std::uint64_t now_us);
  bool FirePrices(const RouterFold& router, std::uint64_t now_us);

  store::Result<store::Done> Replay();
  void PublishSnapshot();
  void ReportProgress();
  void Run();

  // Checkpoint bytes. [learner_state.cpp]
  bool RestoreState(std::string_view bytes);
  void Reset();

  store::Store& store_;
  SnapshotBoard& board_;
  Metrics& metrics_;
  const config::LearnerOptions options_;
  const Clock clock_;
  const policy::EncodingMemory* const memory_;

  // The learner's thread only, but for readers that hold folding_.
  std::vector<std::unique_ptr<RouterFold>> routers_;  // by router id
  store::Position position_ = 0;
  store::Position checkpointed_ = 0;
  store::DecisionId newest_decision_;
  std::size_t contributions_ = 0;  // since the last snapshot
  bool changed_ = true;            // anything a snapshot shows
  std::uint64_t published_us_ = 0;
  // Decisions read lately, so that joining an outcome rarely reads the store. A ring.
  std::vector<Recent> recent_;
  Recent elsewhere_;     // the last one that was not among them
  bool live_ = false;    // recovered: what is folded from now on is new
  bool broken_ = false;  // a router was left half-folded: to be recovered

  std::mutex definitions_;

  std::thread thread_;
  std::atomic<bool> stopping_{false};

  // Held while entries are folded; for those who look into the fold from another thread.
  mutable std::mutex folding_;

  mutable std::mutex mutex_;
  LearnerReport report_;                      // guarded by mutex_
  std::vector<store::Position> checkpoints_;  // guarded by mutex_
};

}  // namespace sluice::daemon
