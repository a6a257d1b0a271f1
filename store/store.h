// The event log, its indexes and the checkpoints of one daemon.
//
// One committer gives positions. What is appended goes through one queue in the order of the calls,
// so a decision always stands in the log before an outcome that was appended after it, and a record
// that can be read has been written (and, for all but decisions, synced).
//
// Every call may come from any thread, at any time between OpenStore and the destructor. Records
// are passed by value and owned by the store from then on.
//
// After a failed write the store is not writable: what is appended is refused, reads may answer
// kUnavailable, and it closes and reopens by itself, with back-off, until it is. Nothing that was
// reported as accepted is lost by that.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/records.h"
#include "store/status.h"

namespace sluice::store {

inline constexpr std::size_t kOutcomesPerDecisionMax = 64;
// Beside them there is room for what timers say (source kTimerSource), so that nobody who reports
// too much keeps them from it.
inline constexpr std::size_t kTimerOutcomesMax = 2;

// Outcomes that a decision may have when the last of them is from `source`.
inline std::size_t OutcomesMax(std::string_view source) {
  return kOutcomesPerDecisionMax + (source == kTimerSource ? kTimerOutcomesMax : 0);
}

enum class Appended {
  kAccepted,   // on disk and synced
  kDuplicate,  // the same key and content already stands in the log
  kConflict,   // the key stands with other content
  kUnknown,    // no such decision
  kTooMany,    // the decision has as many outcomes as OutcomesMax
  kFailed,     // could not be written; whether it stands is not known, so send it again
};

struct PlacedOutcome {
  Position position = 0;
  OutcomeRecord record;
};

// A decision with everything that was reported about it.
struct DecisionStory {
  Position position = 0;
  DecisionRecord decision;
  std::vector<PlacedOutcome> outcomes;  // in log order
};

struct Checkpoint {
  Position position = 0;  // everything up to here is folded into `bytes`
  std::string bytes;
};

struct StoreHealth {
  bool writable = true;
  std::size_t queued = 0;       // records handed over and not yet written
  std::uint64_t log_bytes = 0;  // of encoded records appended, since the directory was made
  std::uint64_t faults = 0;     // failed writes since opening
  std::string last_fault;       // for the operator
};

class Store {
 public:
  virtual ~Store() = default;

  // -- Appending ---------------------------------------------------------------------------------

  // Hands a decision to the committer; never blocks on the disk. False: the queue is full or the
  // store is not writable; nothing was taken.
  virtual bool AppendDecision(DecisionRecord record) = 0;

  // Hands outcomes over; `done` gets one result an outcome, in their order, after the batch that
  // holds them is synced (or failed). It is called once, on the committer's thread, and must not
  // block. False: queue full or not writable; nothing was taken and `done` is not called.
  using OutcomesDone = std::function<void(std::vector<Appended>)>;
  virtual bool AppendOutcomes(std::vector<OutcomeRecord> records, OutcomesDone done) = 0;

  // Block until the record is synced.
  virtual Result<Position> AppendRouter(RouterRecord record) = 0;
  virtual Result<Position> AppendAdmin(AdminRecord record) = 0;

  // -- Reading -----------------------------------------------------------------------------------

  virtual Position last_position() const = 0;

  // Entries after `after`, in order, at most `entries_max`. Empty: nothing there yet.
  virtual Result<std::vector<LogEntry>> Read(Position after, std::size_t entries_max) const = 0;

  // Waits until something stands after `after`, or the time is over. True when there is.
  virtual bool WaitPast(Position after, std::chrono::milliseconds timeout) const = 0;

  // The decision record at a position that an outcome names.
  virtual Result<DecisionRecord> DecisionAt(Position position) const = 0;

  virtual Result<std::optional<DecisionStory>> FindDecision(const DecisionId& id) const = 0;

  // -- Checkpoints -------------------------------------------------------------------------------

  // All or nothing, synced: it stands once its head does, position and checksum in it. The newest
  // three are kept.
  virtual Result<Done> SaveCheckpoint(const Checkpoint& checkpoint) = 0;
  // Newest first. An entry whose checksum does not hold is left out and counted in `damaged`.
  struct Checkpoints {
    std::vector<Checkpoint> entries;
    std::size_t damaged = 0;
  };
  virtual Result<Checkpoints> LoadCheckpoints() const = 0;

  virtual StoreHealth health() const = 0;
};

struct StoreOptions {
  std::string directory = "sluice-data";
  std::size_t queue_max = 65536;  // records handed over and not yet written
  std::size_t batch_max = 1024;   // records a batch
  bool sync = true;               // false only as the control of the power-cut test
};

// Opens or makes the directory. Errors: kHeld names the holder; kCorrupt and kFormat say what was
// found and what to do; nothing is repaired or overwritten silently.
Result<std::unique_ptr<Store>> OpenStore(const StoreOptions& options);

// The directory's log as it stands at the call, to read alone, also while another process holds and
// writes it. Nothing in the directory is changed; what is appended is refused.
Result<std::unique_ptr<Store>> OpenStoreReadOnly(const std::string& directory);

// The in-memory twin, without threads: appending completes before the call returns. For the
// simulator, and the oracle of the real one in tests.
std::unique_ptr<Store> MakeMemoryStore();

}  // namespace sluice::store
