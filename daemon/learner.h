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
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "config/config.h"
#include "daemon/ids.h"
#include "daemon/snapshot.h"
#include "policy/model.h"
#include "store/store.h"

namespace sluice::daemon {

class Metrics;

// What the fold has counted of one router. Part of the checkpoint.
struct RouterTally {
  struct ArmTally {
    std::uint64_t decisions = 0;
    std::uint64_t rewards = 0;
    double reward_sum = 0;
    std::uint64_t costs = 0;
    double cost_usd_sum = 0;
    bool operator==(const ArmTally&) const = default;
  };
  std::uint64_t decisions = 0;
  std::uint64_t explored = 0;       // decisions that took another arm than the greedy one
  double exploration_sum = 0;       // of P(other than greedy)
  std::uint64_t sequence_next = 0;  // above every decision's sequence in the log
  std::vector<ArmTally> arms;
  bool operator==(const RouterTally&) const = default;
};

struct LearnerReport {
  store::Position applied = 0;       // folded, and in the snapshot that was published
  std::vector<RouterTally> tallies;  // by router id
  std::vector<std::size_t> quarantined;
};

class Learner {
 public:
  // References outlive the learner.
  Learner(store::Store& store, SnapshotBoard& board, Metrics& metrics,
          const config::LearnerOptions& options, Clock clock);
  ~Learner();

  // Loads the newest checkpoint that is whole and fits, folds what came after it, publishes. A
  // checkpoint that is not is set aside and counted; the one before it is used.
  store::Result<store::Done> Recover();

  // Folds what is in the log now, publishing when the log's end is reached and every 256
  // contributions. Returns the number of entries folded.
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

 private:
  struct RouterState {
    std::shared_ptr<const RouterDefinition> definition;
    std::string record;  // encoded RouterRecord in force
    std::unique_ptr<policy::Model> model;
    std::shared_ptr<RouterCounters> counters;
    RouterTally tally;
  };

  // Folding. A record that cannot be folded leaves the position before it.
  store::Result<store::Done> Fold(const store::LogEntry& entry);
  store::Result<store::Done> FoldRouter(const store::RouterRecord& record);
  void FoldDecision(const store::DecisionRecord& record);
  store::Result<store::Done> FoldOutcome(const store::OutcomeRecord& record);
  store::Result<store::Done> Contribute(const store::DecisionRecord& decision,
                                        const store::OutcomeRecord& outcome);
  void Learn(RouterState& router, policy::ArmId arm, const store::DecisionRecord& decision,
             const store::OutcomeRecord& outcome);
  void Keep(store::Position position, const store::DecisionRecord& record);

  store::Result<store::Done> Replay();
  void PublishSnapshot();
  void ReportProgress();
  void Run();

  // Checkpoint bytes. [learner_state.cpp]
  bool RestoreState(std::string_view bytes);
  bool RestoreRouter(std::string_view record, std::string_view model, RouterTally tally);
  void Reset();

  store::Store& store_;
  SnapshotBoard& board_;
  Metrics& metrics_;
  const config::LearnerOptions options_;
  const Clock clock_;

  // The learner's thread only.
  std::vector<RouterState> routers_;  // by router id
  store::Position position_ = 0;
  store::Position checkpointed_ = 0;
  store::DecisionId newest_decision_;
  std::size_t contributions_ = 0;  // since the last snapshot
  bool changed_ = true;            // anything a snapshot shows
  std::uint64_t published_us_ = 0;
  // Decisions read lately, so that joining an outcome rarely reads the store. A ring.
  std::vector<std::pair<store::Position, store::DecisionRecord>> recent_;

  std::thread thread_;
  std::atomic<bool> stopping_{false};

  mutable std::mutex mutex_;
  LearnerReport report_;  // guarded by mutex_
};

}  // namespace sluice::daemon
