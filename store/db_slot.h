// Where the open database stands, and stands no more while it is reopened. Private to store/.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <type_traits>
#include <utility>

#include "store/rocks_db.h"

namespace sluice::store {

class DbSlot {
 public:
  explicit DbSlot(std::unique_ptr<RocksDb> db) : db_(std::move(db)) {}

  // Anyone: reads with the database held open; kUnavailable when there is none.
  template <typename Read>
  std::invoke_result_t<Read, const RocksDb&> Use(Read read) const {
    if (!closing_.load(std::memory_order_acquire)) {
      const std::shared_lock lock(mutex_);
      if (db_) return read(*db_);
    }
    return Error{Code::kUnavailable, "the store is closed after a fault and is being reopened"};
  }

  // The committer alone, which is also the only one to open and close.
  RocksDb* get() { return db_.get(); }

  // Waits for those who are reading.
  void Close() {
    // Said first, because a lock that prefers readers would let new ones in for ever.
    closing_.store(true, std::memory_order_release);
    const std::lock_guard lock(mutex_);
    db_.reset();
  }

  void Open(std::unique_ptr<RocksDb> db) {
    const std::lock_guard lock(mutex_);
    db_ = std::move(db);
    closing_.store(false, std::memory_order_release);
  }

 private:
  mutable std::shared_mutex mutex_;
  std::atomic<bool> closing_ = false;
  std::unique_ptr<RocksDb> db_;  // changed under mutex_, by the committer
};

}  // namespace sluice::store
