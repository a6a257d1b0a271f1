// The door for fault injection: the real store over a given file system, with small limits. For
// tests; the daemon opens stores by store.h alone.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "store/store.h"

namespace rocksdb {
class FileSystem;
}

namespace sluice::store {

struct RocksTuning {
  std::shared_ptr<rocksdb::FileSystem> file_system;  // null: the operating system's

  // Bytes of batches between two flushes of the tables in memory. It stays well below RocksDB's own
  // limit (rocks_options.cpp), so that it is always the committer who starts a flush.
  std::uint64_t flush_bytes = 24u << 20;

  // Waits between attempts to reopen after a fault: doubled from the first to the last.
  std::chrono::milliseconds reopen_wait_min{20};
  std::chrono::milliseconds reopen_wait_max{2000};

  std::size_t checkpoint_chunk_bytes = 1u << 20;
};

Result<std::unique_ptr<Store>> OpenRocksStore(const StoreOptions& options,
                                              const RocksTuning& tuning);

}  // namespace sluice::store
