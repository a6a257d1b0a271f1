// Reading and writing an open database.

#include "store/rocks_db.h"

#include <algorithm>
#include <utility>

#include <rocksdb/write_batch.h>

namespace sluice::store {
namespace {

Result<Record> DecodeAt(Position position, std::string_view bytes) {
  auto record = DecodeRecord(bytes);
  if (record.ok()) return record;
  return Error{record.error().code,
               "position " + std::to_string(position) + ": " + record.error().message};
}

// The record of the kind that must stand at a position.
template <typename Kind>
Result<Kind> RecordOf(Result<Record> record, Position position) {
  if (!record.ok()) return record.error();
  Kind* kind = std::get_if<Kind>(&*record);
  if (kind != nullptr) return std::move(*kind);
  return Error{Code::kCorrupt,
               "position " + std::to_string(position) + " holds a record of another kind"};
}

}  // namespace

Error ToError(const std::string& what, const rocksdb::Status& status) {
  const std::string message = what + ": " + status.ToString();
  if (status.IsCorruption()) return Error{Code::kCorrupt, message + ". " + kRestoreAdvice};
  if (status.IsNotSupported()) return Error{Code::kFormat, message};
  return Error{Code::kIo, message};
}

Result<std::optional<std::string>> RocksDb::Get(Family family, std::string_view key) const {
  std::string value;
  const rocksdb::Status status =
      db_->Get(rocksdb::ReadOptions(), handle(family), rocksdb::Slice(key), &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) return ToError("cannot read " + directory_, status);
  return std::optional<std::string>(std::move(value));
}

Result<std::vector<LogEntry>> RocksDb::ReadLog(Position after, std::size_t entries_max) const {
  std::vector<LogEntry> entries;
  std::unique_ptr<rocksdb::Iterator> log(
      db_->NewIterator(rocksdb::ReadOptions(), handle(Family::kLog)));
  for (log->Seek(LogKey(after + 1)); log->Valid() && entries.size() < entries_max; log->Next()) {
    const Position position = after + 1 + entries.size();
    if (ParseLogKey(log->key().ToStringView()) != position) {
      return Error{Code::kCorrupt, "the log has no record at position " + std::to_string(position) +
                                       ", but later ones. " + kRestoreAdvice};
    }
    auto record = DecodeAt(position, log->value().ToStringView());
    if (!record.ok()) return record.error();
    entries.push_back({position, std::move(*record)});
  }
  if (!log->status().ok()) return ToError("cannot read " + directory_, log->status());
  return entries;
}

Result<Record> RocksDb::RecordAt(Position position) const {
  auto bytes = Get(Family::kLog, LogKey(position));
  if (!bytes.ok()) return bytes.error();
  if (!bytes->has_value()) {
    return Error{Code::kCorrupt, "no record stands at position " + std::to_string(position)};
  }
  return DecodeAt(position, **bytes);
}

Result<DecisionRecord> RocksDb::DecisionAt(Position position) const {
  return RecordOf<DecisionRecord>(RecordAt(position), position);
}

Result<OutcomeRecord> RocksDb::OutcomeAt(Position position) const {
  return RecordOf<OutcomeRecord>(RecordAt(position), position);
}

Result<std::optional<DecisionIndex>> RocksDb::FindIndex(const DecisionId& id) const {
  auto bytes = Get(Family::kDecisions, DecisionKey(id));
  if (!bytes.ok()) return bytes.error();
  if (!bytes->has_value()) return std::optional<DecisionIndex>();
  auto index = DecodeIndex(**bytes);
  if (!index.ok()) return index.error();
  return std::optional<DecisionIndex>(std::move(*index));
}

Result<std::optional<Position>> RocksDb::FindEvent(std::string_view event_key) const {
  auto bytes = Get(Family::kDedupe, event_key);
  if (!bytes.ok()) return bytes.error();
  if (!bytes->has_value()) return std::optional<Position>();
  const std::optional<Position> position = DecodeNumber(**bytes);
  if (!position) {
    return Error{Code::kCorrupt, "an entry of the dedupe index does not have its shape"};
  }
  return std::optional<Position>(*position);
}

Result<std::optional<DecisionStory>> RocksDb::FindStory(const DecisionId& id) const {
  auto index = FindIndex(id);
  if (!index.ok()) return index.error();
  if (!index->has_value()) return std::optional<DecisionStory>();
  DecisionStory story;
  story.position = (*index)->position;
  auto decision = DecisionAt(story.position);
  if (!decision.ok()) return decision.error();
  story.decision = std::move(*decision);
  for (const Position position : (*index)->outcomes) {
    auto outcome = OutcomeAt(position);
    if (!outcome.ok()) return outcome.error();
    story.outcomes.push_back({position, std::move(*outcome)});
  }
  return std::optional<DecisionStory>(std::move(story));
}

Result<Done> RocksDb::Write(rocksdb::WriteBatch& batch, bool sync) {
  rocksdb::WriteOptions options;
  options.sync = sync;
  const rocksdb::Status status = db_->Write(options, &batch);
  if (!status.ok()) return ToError("cannot write to " + directory_, status);
  return Done{};
}

Result<Done> RocksDb::SyncWal() {
  const rocksdb::Status status = db_->SyncWAL();
  if (!status.ok()) return ToError("cannot sync " + directory_, status);
  return Done{};
}

// A flush begins with syncing the write-ahead logs it closed, on a thread of RocksDB's. If that
// fails, and a synced write or SyncWAL then comes before RocksDB has noted the failure, they meet a
// file that has seen an error, which RocksDB 7.8 answers with abort(). So nothing is written until
// the flush is past that point, which its first table shows.
Result<Done> RocksDb::StartFlush() {
  const int before = watch_->flush_begun();
  rocksdb::FlushOptions options;
  options.wait = false;
  const rocksdb::Status status = db_->Flush(options, handles_);
  if (!status.ok()) return ToError("cannot flush " + directory_, status);
  watch_->AwaitFlushAfter(before, [&] { return !FlushUnderWay(); });
  return Done{};
}

bool RocksDb::FlushUnderWay() const {
  std::uint64_t running = 0;
  std::uint64_t pending = 0;
  db_->GetAggregatedIntProperty(rocksdb::DB::Properties::kMemTableFlushPending, &pending);
  db_->GetIntProperty(rocksdb::DB::Properties::kNumRunningFlushes, &running);
  return running > 0 || pending > 0;
}

}  // namespace sluice::store
