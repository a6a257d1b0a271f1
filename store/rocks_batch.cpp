#include "store/rocks_batch.h"

#include <cstring>
#include <utility>

namespace sluice::store {

std::size_t CommitBatch::IdHash::operator()(const DecisionId& id) const {
  // The low half of an id is random.
  std::size_t hash = 0;
  std::memcpy(&hash, id.bytes.data() + id.bytes.size() - sizeof(hash), sizeof(hash));
  return hash;
}

CommitBatch::CommitBatch(const RocksDb& db, Position log_end, std::uint64_t log_bytes)
    : db_(db),
      batch_(0, 0, kBatchProtectionBytes, 0),
      log_end_before_(log_end),
      log_end_(log_end),
      log_bytes_(log_bytes) {}

void CommitBatch::AddDecision(DecisionRecord record) {
  auto standing = Find(record.id);
  if (!standing.ok()) {
    ReadFailed(standing.error());
    return;
  }
  if (*standing != nullptr) return;
  const DecisionId id = record.id;
  Touched touched;
  touched.index.position = Append(std::move(record));
  touched.changed = true;
  touched_.emplace(id, std::move(touched));
}

Appended CommitBatch::AddOutcome(OutcomeRecord record) {
  std::string key = EventKey(record);
  if (const auto same_key = accepted_.find(key); same_key != accepted_.end()) {
    return SameContent(same_key->second, record) ? Appended::kDuplicate : Appended::kConflict;
  }
  auto standing = db_.FindEvent(key);
  if (!standing.ok()) return ReadFailed(standing.error());
  if (standing->has_value()) return CompareWithLog(**standing, record);

  auto found = Find(record.decision);
  if (!found.ok()) return ReadFailed(found.error());
  if (*found == nullptr) return Appended::kUnknown;
  DecisionIndex& decision = (*found)->index;
  if (decision.outcomes.size() >= OutcomesMax(record.source)) return Appended::kTooMany;

  record.decision_position = decision.position;
  record.ordinal = static_cast<std::uint8_t>(decision.outcomes.size());
  Record stamped(std::move(record));
  const Position position = Append(stamped);
  decision.outcomes.push_back(position);
  (*found)->changed = true;
  (void)batch_.Put(db_.handle(Family::kDedupe), key, EncodeNumber(position));
  accepted_.emplace(std::move(key), std::get<OutcomeRecord>(std::move(stamped)));
  promised_ = true;
  return Appended::kAccepted;
}

Position CommitBatch::AddAwaited(const Record& record) {
  promised_ = true;
  return Append(record);
}

Result<CommitBatch::Touched*> CommitBatch::Find(const DecisionId& id) {
  if (const auto known = touched_.find(id); known != touched_.end()) return &known->second;
  auto index = db_.FindIndex(id);
  if (!index.ok()) return index.error();
  if (!index->has_value()) return nullptr;
  return &touched_.emplace(id, Touched{std::move(**index), false}).first->second;
}

Appended CommitBatch::CompareWithLog(Position position, const OutcomeRecord& record) {
  auto standing = db_.OutcomeAt(position);
  if (!standing.ok()) return ReadFailed(standing.error());
  return SameContent(*standing, record) ? Appended::kDuplicate : Appended::kConflict;
}

Appended CommitBatch::ReadFailed(const Error& error) {
  read_fault_ = error.message;
  return Appended::kFailed;
}

Position CommitBatch::Append(const Record& record) {
  const std::string bytes = EncodeRecord(record);
  (void)batch_.Put(db_.handle(Family::kLog), LogKey(++log_end_), bytes);
  log_bytes_ += bytes.size();
  return log_end_;
}

void CommitBatch::PutIndexes() {
  for (const auto& [id, touched] : touched_) {
    if (!touched.changed) continue;
    (void)batch_.Put(db_.handle(Family::kDecisions), rocksdb::Slice(DecisionKey(id)),
                     EncodeIndex(touched.index));
  }
  (void)batch_.Put(db_.handle(Family::kMeta), rocksdb::Slice(kMetaLogBytes),
                   EncodeNumber(log_bytes_));
}

Result<Done> CommitBatch::Write(RocksDb& db, bool sync_allowed) {
  if (log_end_ == log_end_before_) return Done{};
  PutIndexes();
  return db.Write(batch_, promised_ && sync_allowed);
}

}  // namespace sluice::store
