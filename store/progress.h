// How far the log reaches, for those who follow it. Private to store/.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "store/records.h"

namespace sluice::store {

class Progress {
 public:
  Position last() const { return last_.load(std::memory_order_acquire); }

  // The committer alone; everything up to `position` can be read by now.
  void Publish(Position position) {
    {
      // The lock makes sure that who found nothing is waiting before we notify.
      const std::lock_guard lock(mutex_);
      last_.store(position, std::memory_order_release);
    }
    grown_.notify_all();
  }

  bool WaitPast(Position after, std::chrono::milliseconds timeout) const {
    if (last() > after) return true;
    // Longer waits would overflow the clock.
    constexpr std::chrono::milliseconds kWaitMax = std::chrono::hours(24);
    std::unique_lock lock(mutex_);
    return grown_.wait_for(lock, std::min(timeout, kWaitMax), [&] { return last() > after; });
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable grown_;
  std::atomic<Position> last_ = 0;
};

}  // namespace sluice::store
