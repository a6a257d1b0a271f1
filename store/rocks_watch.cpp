#include "store/rocks_watch.h"

#include <utility>

namespace sluice::store {

RocksWatch::RocksWatch(std::function<void(const std::string&)> on_fault)
    : on_fault_(std::move(on_fault)) {}

int RocksWatch::flush_begun() const {
  const std::lock_guard lock(mutex_);
  return flush_begun_;
}

void RocksWatch::AwaitFlushAfter(int before, const std::function<bool()>& idle) const {
  // Only for a flush that ends without creating a table; it would be waited for in vain.
  constexpr auto kLookAroundEvery = std::chrono::milliseconds(50);
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, kLookAroundEvery,
                            [&] { return failed_ || flush_begun_ != before; })) {
    lock.unlock();
    if (idle()) return;
    lock.lock();
  }
}

void RocksWatch::OnTableFileCreationStarted(const rocksdb::TableFileCreationBriefInfo& table) {
  if (table.reason != rocksdb::TableFileCreationReason::kFlush) return;
  {
    const std::lock_guard lock(mutex_);
    flush_begun_ = table.job_id;
  }
  changed_.notify_all();
}

void RocksWatch::OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* error) {
  {
    const std::lock_guard lock(mutex_);
    failed_ = true;
  }
  changed_.notify_all();
  if (on_fault_) on_fault_("work in the background failed: " + error->ToString());
}

}  // namespace sluice::store
