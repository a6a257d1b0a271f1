// A directory that somebody else may hold and write: what its log says at one moment, to read
// alone.

#include <thread>
#include <utility>

#include "store/rocks_db.h"
#include "store/rocks_options.h"

namespace sluice::store {
namespace {

// The holder may move records from the write-ahead log into a table, or merge tables, between two
// of our looks at its files.
constexpr int kAttemptsMax = 6;
constexpr std::chrono::milliseconds kAttemptWait{50};

// RocksDB's own log of what it does would be a file in the directory.
class Silence final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

class ReadOnlyStore final : public Store {
 public:
  explicit ReadOnlyStore(std::unique_ptr<RocksDb> db) : db_(std::move(db)) {}

  bool AppendDecision(DecisionRecord) override { return false; }
  bool AppendOutcomes(std::vector<OutcomeRecord>, OutcomesDone) override { return false; }
  Result<Position> AppendRouter(RouterRecord) override { return Refused(); }
  Result<Position> AppendAdmin(AdminRecord) override { return Refused(); }
  Result<Done> SaveCheckpoint(const Checkpoint&) override { return Refused(); }

  Position last_position() const override { return db_->log_end(); }
  Result<std::vector<LogEntry>> Read(Position after, std::size_t entries_max) const override {
    return db_->ReadLog(after, entries_max);
  }
  // Nothing will come.
  bool WaitPast(Position after, std::chrono::milliseconds) const override {
    return last_position() > after;
  }
  Result<DecisionRecord> DecisionAt(Position position) const override {
    return db_->DecisionAt(position);
  }
  Result<std::optional<DecisionStory>> FindDecision(const DecisionId& id) const override {
    return db_->FindStory(id);
  }
  Result<Checkpoints> LoadCheckpoints() const override { return db_->LoadCheckpoints(); }

  StoreHealth health() const override {
    StoreHealth health;
    health.writable = false;
    health.log_bytes = db_->log_bytes();
    return health;
  }

 private:
  static Error Refused() { return Error{Code::kUnavailable, "the store is open to read alone"}; }

  const std::unique_ptr<RocksDb> db_;
};

}  // namespace

Result<Done> RocksDb::OpenDatabaseReadOnly() {
  options_.create_if_missing = false;
  options_.create_missing_column_families = false;
  options_.info_log = std::make_shared<Silence>();
  // All tables are opened at once and stay readable when the holder removes them.
  options_.max_open_files = -1;
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::OpenForReadOnly(options_, directory_, FamilyDescriptors(), &handles_, &db);
  if (!status.ok()) return ToError("cannot open " + directory_, status);
  db_.reset(db);
  return Done{};
}

Result<std::unique_ptr<RocksDb>> RocksDb::OpenReadOnly(const RocksPlace& place) {
  std::unique_ptr<RocksDb> db(new RocksDb(place));
  // Before the log: it says what the log has reached already.
  auto mark = db->ReadMark();
  if (!mark.ok()) return mark.error();
  if (!mark->has_value()) {
    return Error{Code::kUnavailable, "there is no log in " + place.directory};
  }
  if (auto checked = db->CheckFamilies(); !checked.ok()) return checked.error();
  if (auto opened = db->OpenDatabaseReadOnly(); !opened.ok()) return opened.error();
  const auto format = db->Get(Family::kMeta, kMetaFormat);
  if (!format.ok()) return format.error();
  if (!format->has_value()) {
    // Between the write-ahead log and a table, at this look: the next one finds it.
    return Error{Code::kIo, place.directory + " does not say its format"};
  }
  if (auto checked = db->CheckFormat(); !checked.ok()) return checked.error();
  if (auto found = db->FindLogEnd(); !found.ok()) return found.error();
  if (auto checked = db->CheckReaches((*mark)->synced); !checked.ok()) return checked.error();
  return db;
}

Result<std::unique_ptr<Store>> OpenStoreReadOnly(const std::string& directory) {
  const RocksPlace place{.directory = directory,
                         .file_system = nullptr,
                         .on_background_fault = [](const std::string&) {}};
  auto db = RocksDb::OpenReadOnly(place);
  for (int attempt = 1; !db.ok() && attempt < kAttemptsMax; ++attempt) {
    // These will not pass.
    if (db.error().code == Code::kFormat || db.error().code == Code::kUnavailable) break;
    std::this_thread::sleep_for(attempt * kAttemptWait);
    db = RocksDb::OpenReadOnly(place);
  }
  if (!db.ok()) return db.error();
  return std::unique_ptr<Store>(std::make_unique<ReadOnlyStore>(std::move(*db)));
}

}  // namespace sluice::store
