// A file system that can lose power and fail on command, over the operating system's own.
//
// It knows of every file how much of it was synced. After PowerOff nothing is written any more, and
// LoseUnsynced takes from each file what a power cut would: all of its unsynced end or, at random,
// a part of it. Names are taken to be durable at once: creating, renaming and removing are not
// undone.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <utility>

#include <rocksdb/file_system.h>
#include <unistd.h>

namespace sluice::tests {

class FaultFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  enum class Operation { kCreate, kAppend, kSync, kRename };
  // Says what becomes of an operation before it is done. May block, may be called by any thread.
  using Hook = std::function<rocksdb::IOStatus(Operation, const std::string& path)>;

  FaultFileSystem() : FileSystemWrapper(FileSystem::Default()) {}
  const char* Name() const override { return "FaultFileSystem"; }

  void SetHook(Hook hook) {
    const std::lock_guard lock(mutex_);
    hook_ = std::move(hook);
  }

  void PowerOff() {
    const std::lock_guard lock(mutex_);
    off_ = true;
  }

  // When nobody has files open any more. Returns how many bytes were taken.
  template <typename Rng>
  std::uint64_t LoseUnsynced(Rng& rng) {
    const std::lock_guard lock(mutex_);
    std::uint64_t lost = 0;
    for (const auto& [path, synced] : synced_) {
      std::error_code gone;
      const std::uint64_t size = std::filesystem::file_size(path, gone);
      if (gone || size <= synced) continue;
      const std::uint64_t kept = rng() % 4 == 0 ? 0 : rng() % (size - synced);
      std::filesystem::resize_file(path, synced + kept);
      lost += size - synced - kept;
    }
    return lost;
  }

  // -- rocksdb::FileSystem -----------------------------------------------------------------------

  rocksdb::IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override {
    if (auto status = Before(Operation::kCreate, path); !status.ok()) return status;
    std::unique_ptr<rocksdb::FSWritableFile> inner;
    auto status = target()->NewWritableFile(path, options, &inner, debug);
    if (!status.ok()) return status;
    {
      const std::lock_guard lock(mutex_);
      synced_[path] = 0;
    }
    *file = std::make_unique<File>(this, path, std::move(inner));
    return status;
  }

  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override {
    if (auto status = Before(Operation::kRename, from); !status.ok()) return status;
    const auto status = target()->RenameFile(from, to, options, debug);
    const std::lock_guard lock(mutex_);
    if (auto moved = synced_.extract(from); status.ok() && !moved.empty()) {
      synced_[to] = moved.mapped();
    }
    return status;
  }

  rocksdb::IOStatus DeleteFile(const std::string& path, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override {
    const std::lock_guard lock(mutex_);
    if (off_) return rocksdb::IOStatus::IOError("the power is off");
    synced_.erase(path);
    return target()->DeleteFile(path, options, debug);
  }

 private:
  class File final : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    File(FaultFileSystem* system, std::string path, std::unique_ptr<rocksdb::FSWritableFile> inner)
        : FSWritableFileOwnerWrapper(std::move(inner)), system_(system), path_(std::move(path)) {}

    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override {
      if (auto status = system_->Before(Operation::kAppend, path_); !status.ok()) return status;
      size_ += data.size();
      return FSWritableFileOwnerWrapper::Append(data, options, debug);
    }
    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             const rocksdb::DataVerificationInfo& verification,
                             rocksdb::IODebugContext* debug) override {
      if (auto status = system_->Before(Operation::kAppend, path_); !status.ok()) return status;
      size_ += data.size();
      return FSWritableFileOwnerWrapper::Append(data, options, verification, debug);
    }
    rocksdb::IOStatus Sync(const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* debug) override {
      return Synced(FSWritableFileOwnerWrapper::Sync(options, debug));
    }
    rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options,
                            rocksdb::IODebugContext* debug) override {
      return Synced(FSWritableFileOwnerWrapper::Fsync(options, debug));
    }

   private:
    // The hook comes after the system's sync, so that a sync that fails leaves bytes behind that
    // may well be there later.
    rocksdb::IOStatus Synced(rocksdb::IOStatus status) {
      if (!status.ok()) return status;
      if (auto said = system_->Before(Operation::kSync, path_); !said.ok()) return said;
      return system_->NoteSynced(path_, size_);
    }

    FaultFileSystem* const system_;
    const std::string path_;
    std::uint64_t size_ = 0;  // one thread at a time writes a file
  };

  rocksdb::IOStatus Before(Operation operation, const std::string& path) {
    Hook hook;
    {
      const std::lock_guard lock(mutex_);
      if (off_) return rocksdb::IOStatus::IOError("the power is off");
      hook = hook_;
    }
    return hook ? hook(operation, path) : rocksdb::IOStatus::OK();
  }

  // A sync that ends after the power went was none.
  rocksdb::IOStatus NoteSynced(const std::string& path, std::uint64_t size) {
    const std::lock_guard lock(mutex_);
    if (off_) return rocksdb::IOStatus::IOError("the power is off");
    synced_[path] = size;
    return rocksdb::IOStatus::OK();
  }

  std::mutex mutex_;
  // Everything below is guarded by mutex_.
  bool off_ = false;
  Hook hook_;
  std::map<std::string, std::uint64_t> synced_;  // bytes, by path, of files that were written
};

}  // namespace sluice::tests
