// Checkpoints in their column family: chunks, and the head that makes them one.

#include <utility>

#include <rocksdb/snapshot.h>
#include <rocksdb/write_batch.h>

#include "store/crc32c.h"
#include "store/rocks_db.h"

namespace sluice::store {
namespace {

// A checkpoint is read once, at the start; it must not push everything else out of the cache.
rocksdb::ReadOptions ReadOnce(const rocksdb::Snapshot* snapshot = nullptr) {
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  options.snapshot = snapshot;
  return options;
}

}  // namespace

Result<Done> RocksDb::WriteChunk(std::uint64_t serial, std::uint32_t chunk,
                                 std::string_view bytes) {
  rocksdb::WriteBatch batch(bytes.size() + 64, 0, kBatchProtectionBytes, 0);
  (void)batch.Put(handle(Family::kCheckpoints), ChunkKey(serial, chunk), rocksdb::Slice(bytes));
  return Write(batch, false);
}

Result<Done> RocksDb::WriteHead(std::uint64_t serial, const CheckpointHead& head, bool sync) {
  auto heads = ReadHeads(nullptr);
  if (!heads.ok()) return heads.error();
  rocksdb::WriteBatch batch(0, 0, kBatchProtectionBytes, 0);
  (void)batch.Put(handle(Family::kCheckpoints), HeadKey(serial), EncodeHead(head));
  for (std::size_t i = kCheckpointsKept - 1; i < heads->size(); ++i) {
    const KnownHead& old = (*heads)[i];
    (void)batch.Delete(handle(Family::kCheckpoints), HeadKey(old.serial));
    if (!old.head) {
      DeleteChunksFound(batch, old.serial);
      continue;
    }
    // By their numbers: looking for them would read every byte of them.
    for (std::uint32_t chunk = 0; chunk < old.head->chunks; ++chunk) {
      (void)batch.Delete(handle(Family::kCheckpoints), ChunkKey(old.serial, chunk));
    }
  }
  return Write(batch, sync);
}

void RocksDb::DeleteChunksFound(rocksdb::WriteBatch& batch, std::uint64_t serial) const {
  std::unique_ptr<rocksdb::Iterator> chunks(
      db_->NewIterator(ReadOnce(), handle(Family::kCheckpoints)));
  for (chunks->Seek(ChunkKey(serial, 0)); chunks->Valid(); chunks->Next()) {
    if (ParseChunkKey(chunks->key().ToStringView()) != serial) break;
    (void)batch.Delete(handle(Family::kCheckpoints), chunks->key());
  }
}

Result<std::vector<RocksDb::KnownHead>> RocksDb::ReadHeads(
    const rocksdb::Snapshot* snapshot) const {
  rocksdb::ReadOptions options = ReadOnce(snapshot);
  const std::string lowest = HeadKey(0);
  const rocksdb::Slice bound(lowest);
  options.iterate_lower_bound = &bound;
  std::vector<KnownHead> heads;
  std::unique_ptr<rocksdb::Iterator> all(db_->NewIterator(options, handle(Family::kCheckpoints)));
  for (all->SeekToLast(); all->Valid(); all->Prev()) {
    const std::optional<std::uint64_t> serial = ParseHeadKey(all->key().ToStringView());
    if (!serial) continue;
    heads.push_back({*serial, DecodeHead(all->value().ToStringView())});
  }
  if (!all->status().ok()) return ToError("cannot read " + directory_, all->status());
  return heads;
}

Result<Checkpoint> RocksDb::ReadCheckpoint(const KnownHead& known,
                                           const rocksdb::Snapshot* snapshot) const {
  if (!known.head) return Error{Code::kCorrupt, "a checkpoint's head is damaged"};
  const CheckpointHead& head = *known.head;
  Checkpoint checkpoint;
  checkpoint.position = head.position;
  rocksdb::PinnableSlice chunk;
  for (std::uint32_t i = 0; i < head.chunks; ++i) {
    chunk.Reset();
    const rocksdb::Status status = db_->Get(ReadOnce(snapshot), handle(Family::kCheckpoints),
                                            ChunkKey(known.serial, i), &chunk);
    if (status.IsNotFound()) return Error{Code::kCorrupt, "a chunk of a checkpoint is missing"};
    if (!status.ok()) return ToError("cannot read " + directory_, status);
    checkpoint.bytes.append(chunk.data(), chunk.size());
  }
  if (checkpoint.bytes.size() != head.bytes || Crc32c(checkpoint.bytes) != head.checksum) {
    return Error{Code::kCorrupt, "a checkpoint's checksum does not hold"};
  }
  return checkpoint;
}

Result<Store::Checkpoints> RocksDb::LoadCheckpoints() const {
  // One view of all of it: saving another one meanwhile lets the oldest go.
  rocksdb::ManagedSnapshot snapshot(db_.get());
  auto heads = ReadHeads(snapshot.snapshot());
  if (!heads.ok()) return heads.error();
  Store::Checkpoints loaded;
  for (const KnownHead& known : *heads) {
    auto checkpoint = ReadCheckpoint(known, snapshot.snapshot());
    if (checkpoint.ok()) {
      loaded.entries.push_back(std::move(*checkpoint));
    } else if (checkpoint.error().code == Code::kCorrupt) {
      ++loaded.damaged;
    } else {
      return checkpoint.error();
    }
  }
  return loaded;
}

}  // namespace sluice::store
