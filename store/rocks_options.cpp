#include "store/rocks_options.h"

#include <string>

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include "store/rocks_layout.h"

namespace sluice::store {
namespace {

constexpr std::size_t kBlockCacheBytes = 64u << 20;
constexpr std::size_t kBlockBytes = 16u << 10;
constexpr int kFilterBitsPerKey = 10;
constexpr int kOpenFilesMax = 512;
constexpr std::uint64_t kWalBytesMax = 256u << 20;

// More than twice RocksTuning::flush_bytes and the largest batch together, so that the committer's
// own flush always comes first (Committer::FlushWhenDue says why that matters).
constexpr std::size_t kMemtableBytes = 80u << 20;

rocksdb::BlockBasedTableOptions TableOptions(const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.block_size = kBlockBytes;
  table.format_version = 5;
  table.checksum = rocksdb::kXXH3;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kFilterBitsPerKey));
  return table;
}

rocksdb::ColumnFamilyOptions FamilyOptions(Family family,
                                           const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = kMemtableBytes;
  options.memtable_protection_bytes_per_key = 8;
  // The parameters of a model are noise to a compressor.
  options.compression =
      family == Family::kCheckpoints ? rocksdb::kNoCompression : rocksdb::kLZ4Compression;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(TableOptions(cache)));
  return options;
}

}  // namespace

rocksdb::DBOptions DatabaseOptions(rocksdb::Env* env,
                                   std::shared_ptr<rocksdb::EventListener> listener) {
  rocksdb::DBOptions options;
  options.env = env;
  options.listeners.push_back(std::move(listener));
  options.create_if_missing = true;
  options.create_missing_column_families = true;

  // A bit that flipped in the middle of the log must refuse to open; a record torn by a power cut
  // was never acknowledged and may go. The default would drop everything after the flipped bit.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.track_and_verify_wals_in_manifest = true;
  options.paranoid_checks = true;
  // One batch is one fact over several families; they are flushed together.
  options.atomic_flush = true;
  options.avoid_flush_during_shutdown = true;
  // Recovering inside RocksDB 7.8 can report success and abort on the next write. The committer
  // closes and reopens instead.
  options.max_bgerror_resume_count = 0;
  options.max_total_wal_size = kWalBytesMax;
  options.recycle_log_file_num = 0;
  options.manual_wal_flush = false;
  options.enable_pipelined_write = false;

  options.max_open_files = kOpenFilesMax;
  options.max_background_jobs = 2;
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  options.keep_log_file_num = 10;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  return options;
}

std::vector<rocksdb::ColumnFamilyDescriptor> FamilyDescriptors() {
  const std::shared_ptr<rocksdb::Cache> cache = rocksdb::NewLRUCache(kBlockCacheBytes);
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (std::size_t i = 0; i < kFamilyNames.size(); ++i) {
    families.emplace_back(std::string(kFamilyNames[i]),
                          FamilyOptions(static_cast<Family>(i), cache));
  }
  return families;
}

}  // namespace sluice::store
