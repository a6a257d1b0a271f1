// The bounded queue between those who append and the committer. Private to store/.
//
// Anyone may push from any thread. Pushing takes a short lock and never waits for the disk; it
// wakes the committer only when that sleeps, so that no append pays for a system call while it is
// busy.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <future>
#include <mutex>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "store/store.h"

namespace sluice::store {

struct OutcomesJob {
  std::vector<OutcomeRecord> records;
  Store::OutcomesDone done;
  std::vector<Appended> results;  // of the first records; the committer works its way through
};

// A record whose sender blocks until it is synced: a router, or what an operator asked for.
struct AwaitedJob {
  Record record;
  std::promise<Result<Position>> done;
};

// The checkpoint belongs to the caller, who waits for `done`.
struct CheckpointJob {
  const Checkpoint* checkpoint = nullptr;
  std::promise<Result<Done>> done;
};

using CommitJob = std::variant<DecisionRecord, OutcomesJob, AwaitedJob>;

class CommitQueue {
 public:
  struct Work {
    // A deque, because a vector would move everything under the lock when it grows.
    std::deque<CommitJob> jobs;
    std::deque<CheckpointJob> checkpoints;
    bool empty() const { return jobs.empty() && checkpoints.empty(); }
  };

  explicit CommitQueue(std::size_t records_max) : records_max_(records_max) {}

  // -- Those who append --------------------------------------------------------------------------

  // False: full, or nothing is accepted; the job was not touched.
  template <typename Job>
  bool Push(Job&& job, std::size_t records) {
    bool wake = false;
    {
      const std::lock_guard lock(mutex_);
      if (!accepting_ || records > records_max_ - unwritten_) return false;
      unwritten_ += records;
      work_.jobs.emplace_back(std::forward<Job>(job));
      constexpr bool kAwaited = !std::is_same_v<std::decay_t<Job>, DecisionRecord>;
      wake = state_ == State::kAsleep || (kAwaited && state_ == State::kDozing);
      if (wake) state_ = State::kAwake;
    }
    if (wake) wake_.notify_one();
    return true;
  }

  bool PushCheckpoint(CheckpointJob&& job) {
    {
      const std::lock_guard lock(mutex_);
      if (!accepting_) return false;
      work_.checkpoints.push_back(std::move(job));
    }
    wake_.notify_one();
    return true;
  }

  bool accepting() const {
    const std::lock_guard lock(mutex_);
    return accepting_;
  }
  std::size_t unwritten() const {
    const std::lock_guard lock(mutex_);
    return unwritten_;
  }

  // The committer need not look for work any more once the queue is empty.
  void Stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
  }

  // Makes the next or current Await return.
  void Wake() {
    {
      const std::lock_guard lock(mutex_);
      woken_ = true;
    }
    wake_.notify_one();
  }

  // -- The committer -----------------------------------------------------------------------------

  // Waits for work, Stop or Wake. False: stopping, and nothing is left.
  bool Await() {
    std::unique_lock lock(mutex_);
    for (int dozes = 0; work_.empty() && !stopping_ && !woken_; ++dozes) {
      if (dozes < kDozesMax) {
        state_ = State::kDozing;
        wake_.wait_for(lock, kDoze);
      } else {
        state_ = State::kAsleep;
        wake_.wait(lock);
      }
    }
    state_ = State::kAwake;
    return !work_.empty() || std::exchange(woken_, false) || !stopping_;
  }

  Work Take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(work_, Work());
  }

  // Of `records` the fate is known.
  void Release(std::size_t records) {
    const std::lock_guard lock(mutex_);
    unwritten_ -= records;
  }

  void Accept(bool accepting) {
    const std::lock_guard lock(mutex_);
    accepting_ = accepting;
  }

  // True when it is time to stop, instead of waiting any longer.
  bool StoppingWithin(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    return wake_.wait_for(lock, timeout, [&] { return stopping_; });
  }

 private:
  enum class State { kAwake, kDozing, kAsleep };  // of the committer
  static constexpr std::chrono::milliseconds kDoze{1};
  static constexpr int kDozesMax = 100;

  const std::size_t records_max_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  // Everything below is guarded by mutex_.
  Work work_;
  std::size_t unwritten_ = 0;
  bool accepting_ = true;
  State state_ = State::kAwake;
  bool woken_ = false;
  bool stopping_ = false;
};

}  // namespace sluice::store
