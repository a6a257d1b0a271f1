// The current immutable policy of every router, posted to each serving thread. A reader never takes
// a lock and never waits: it looks into its own mailbox once a request. Publishing is one pointer
// exchange a reader. At most two snapshots a reader, and the publisher's, are alive.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "daemon/ledger.h"
#include "daemon/roster.h"
#include "policy/posterior.h"
#include "store/records.h"

namespace sluice::daemon {

struct RouterCounters;  // daemon/metrics.h

// One scope of a router, by index of RouterDefinition::scopes.
struct ScopeView {
  double cost_weight = 0;        // lambda in force
  policy::ArmSet sought;         // by exploration, for a quality floor
  double exploration_scale = 1;  // below 1 where the budget cannot pay for more
  bool in_credit = true;         // the confidence gate may spend
  double bank_usd = 0;
  double target_usd = 0;
  std::shared_ptr<ScopeLive> live;
};

// What a request needs to know about one router.
struct RouterView {
  std::shared_ptr<const RouterDefinition> definition;
  std::shared_ptr<const policy::Posterior> posterior;
  std::shared_ptr<const policy::ContextMap> map;  // null: none yet
  std::vector<ScopeView> scopes;
  policy::ArmSet new_arms;                   // bounded by new_arm_share_max
  double exploration_cap = 0;                // of mode cap, warm-up included
  std::uint64_t alarm_until_tick = 0;        // decisions before it explore up to the alarm's cap
  bool frozen = false;                       // learns nothing
  std::uint64_t alarms = 0;                  // of the drift detector, all arms
  std::shared_ptr<RouterCounters> counters;  // shared by all snapshots; atomics
};

struct Snapshot {
  // The position of the log up to which it is folded. This is the policy version that answers and
  // records carry: fold the log that far and you have the policy that decided.
  store::Position position = 0;
  std::uint64_t published_us = 0;
  std::vector<RouterView> routers;  // by router id
  std::unordered_map<std::string, std::uint32_t> router_ids;

  const RouterView* Find(const std::string& name) const;
};

class SnapshotBoard {
 public:
  explicit SnapshotBoard(std::size_t readers);
  ~SnapshotBoard();
  SnapshotBoard(const SnapshotBoard&) = delete;
  SnapshotBoard& operator=(const SnapshotBoard&) = delete;

  // One thread at a time (the learner's).
  void Publish(std::shared_ptr<const Snapshot> snapshot);

  // The newest snapshot posted to this reader; null before the first. Only `reader`'s own thread;
  // the pointer lives until its next call.
  const Snapshot* Current(std::size_t reader);

  // For threads that are not readers. Takes a lock.
  std::shared_ptr<const Snapshot> Latest() const;

 private:
  struct alignas(64) Mailbox {
    std::atomic<std::shared_ptr<const Snapshot>*> posted{nullptr};  // owned by who exchanges it out
    std::shared_ptr<const Snapshot> held;                           // the reader's own
  };

  std::vector<Mailbox> mailboxes_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Snapshot> latest_;  // guarded by mutex_
};

}  // namespace sluice::daemon
