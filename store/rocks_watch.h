// Listens to what RocksDB does on its own threads. Private to rocks_*.cpp.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>

#include <rocksdb/listener.h>

namespace sluice::store {

class RocksWatch final : public rocksdb::EventListener {
 public:
  explicit RocksWatch(std::function<void(const std::string&)> on_fault);

  // The last flush that has come so far as to create a table; 0: none.
  int flush_begun() const;

  // Waits until another flush than `before` has come so far, work in the background failed, or
  // `idle` says that there is nothing to wait for.
  void AwaitFlushAfter(int before, const std::function<bool()>& idle) const;

  // -- rocksdb::EventListener --------------------------------------------------------------------

  void OnTableFileCreationStarted(const rocksdb::TableFileCreationBriefInfo& table) override;
  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* error) override;

 private:
  const std::function<void(const std::string&)> on_fault_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  // Guarded by mutex_.
  int flush_begun_ = 0;
  bool failed_ = false;
};

}  // namespace sluice::store
