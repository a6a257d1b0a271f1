// Opening: what has to hold before anything is believed.

#include <algorithm>
#include <chrono>
#include <utility>

#include <rocksdb/file_system.h>
#include <rocksdb/table_properties.h>
#include <rocksdb/write_batch.h>

#include "store/directory.h"
#include "store/rocks_db.h"
#include "store/rocks_options.h"

namespace sluice::store {
namespace {

constexpr char kRocksDirectory[] = "rocksdb";
constexpr char kMarkFile[] = "mark";

std::uint64_t NowUs() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(since_epoch).count());
}

// Files that hold records, as opposed to what an interrupted first open leaves behind.
bool HoldsData(const std::string& name) {
  return name.ends_with(".sst") || name.ends_with(".log");
}

}  // namespace

RocksDb::RocksDb(const RocksPlace& place)
    : directory_(place.directory + "/" + kRocksDirectory),
      mark_path_(place.directory + "/" + kMarkFile),
      file_system_(place.file_system ? place.file_system : rocksdb::FileSystem::Default()),
      own_env_(place.file_system ? rocksdb::NewCompositeEnv(place.file_system) : nullptr),
      watch_(std::make_shared<RocksWatch>(place.on_background_fault)) {
  rocksdb::Env* env = own_env_ ? own_env_.get() : rocksdb::Env::Default();
  options_ = DatabaseOptions(env, watch_);
}

RocksDb::~RocksDb() {
  if (!db_) return;
  for (rocksdb::ColumnFamilyHandle* handle : handles_) {
    (void)db_->DestroyColumnFamilyHandle(handle);
  }
  // What it may complain about was either synced before or never promised.
  (void)db_->Close();
}

Result<std::unique_ptr<RocksDb>> RocksDb::Open(const RocksPlace& place, Position log_end_read) {
  std::unique_ptr<RocksDb> db(new RocksDb(place));
  if (auto made = MakeDirectories(db->directory_); !made.ok()) return made.error();
  auto mark = db->ReadMark();
  if (!mark.ok()) return mark.error();
  if (auto checked = db->CheckFamilies(); !checked.ok()) return checked.error();
  if (auto opened = db->OpenDatabase(); !opened.ok()) return opened.error();
  if (auto checked = db->CheckFormat(); !checked.ok()) return checked.error();
  if (auto found = db->FindLogEnd(); !found.ok()) return found.error();
  const Position marked = mark->has_value() ? (*mark)->synced : 0;
  if (auto checked = db->CheckReaches(marked); !checked.ok()) return checked.error();
  if (db->log_end_ < log_end_read) {
    Error error = db->Shorter(log_end_read);
    error.message += " Decisions that were read, but not synced, are gone. Restart to go on.";
    return error;
  }
  if (auto dropped = db->DropUnfinishedCheckpoints(); !dropped.ok()) return dropped.error();
  if (auto written = db->WriteMark(db->log_end_); !written.ok()) return written.error();
  return db;
}

Result<std::optional<Mark>> RocksDb::ReadMark() const {
  const rocksdb::IOStatus exists =
      file_system_->FileExists(mark_path_, rocksdb::IOOptions(), nullptr);
  if (exists.IsNotFound()) return std::optional<Mark>();
  std::string text;
  const rocksdb::IOStatus read = rocksdb::ReadFileToString(file_system_.get(), mark_path_, &text);
  if (!read.ok()) return ToError("cannot read " + mark_path_, read);
  auto mark = ParseMark(text);
  if (!mark.ok()) {
    return Error{mark.error().code, mark_path_ + " cannot be used: " + mark.error().message};
  }
  return std::optional<Mark>(*mark);
}

Result<Done> RocksDb::WriteMark(Position synced) {
  const std::string fresh = mark_path_ + ".new";
  const std::string text = PrintMark(Mark{kFormatVersion, synced});
  rocksdb::IOStatus status = rocksdb::WriteStringToFile(file_system_.get(), text, fresh, true);
  if (status.ok()) {
    status = file_system_->RenameFile(fresh, mark_path_, rocksdb::IOOptions(), nullptr);
  }
  if (!status.ok()) return ToError("cannot write " + mark_path_, status);
  return Done{};
}

Result<Done> RocksDb::CheckFamilies() const {
  std::vector<std::string> files;
  const rocksdb::IOStatus listed =
      file_system_->GetChildren(directory_, rocksdb::IOOptions(), &files, nullptr);
  if (!listed.ok()) return ToError("cannot list " + directory_, listed);
  if (std::find(files.begin(), files.end(), "CURRENT") == files.end()) {
    // RocksDB would take this for a new directory and remove what is in it.
    if (std::none_of(files.begin(), files.end(), HoldsData)) return Done{};
    return Error{Code::kCorrupt,
                 directory_ + " holds records but no CURRENT file. " + kRestoreAdvice};
  }
  std::vector<std::string> names;
  const rocksdb::Status status = rocksdb::DB::ListColumnFamilies(options_, directory_, &names);
  if (!status.ok()) return ToError("cannot open " + directory_, status);
  for (const std::string& name : names) {
    if (std::find(kFamilyNames.begin(), kFamilyNames.end(), name) == kFamilyNames.end()) {
      return Error{Code::kFormat, directory_ + " has a column family \"" + name +
                                      "\" that this release does not know"};
    }
  }
  return Done{};
}

Result<Done> RocksDb::OpenDatabase() {
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::Open(options_, directory_, FamilyDescriptors(), &handles_, &db);
  if (!status.ok()) return ToError("cannot open " + directory_, status);
  db_.reset(db);
  return Done{};
}

Result<Done> RocksDb::CheckFormat() {
  auto bytes = Get(Family::kMeta, kMetaFormat);
  if (!bytes.ok()) return bytes.error();
  if (!bytes->has_value()) {
    rocksdb::WriteBatch batch;
    (void)batch.Put(handle(Family::kMeta), std::string(kMetaFormat), EncodeNumber(kFormatVersion));
    (void)batch.Put(handle(Family::kMeta), std::string(kMetaCreatedUs), EncodeNumber(NowUs()));
    return Write(batch, true);
  }
  const std::optional<std::uint64_t> format = DecodeNumber(**bytes);
  if (!format)
    return Error{Code::kCorrupt, directory_ + " does not say its format. " + kRestoreAdvice};
  if (*format <= kFormatVersion) return Done{};
  return Error{Code::kFormat, directory_ + " has format " + std::to_string(*format) +
                                  ", this release knows up to " + std::to_string(kFormatVersion)};
}

Result<Done> RocksDb::FindLogEnd() {
  std::unique_ptr<rocksdb::Iterator> log(
      db_->NewIterator(rocksdb::ReadOptions(), handle(Family::kLog)));
  log->SeekToFirst();
  const std::string first(log->Valid() ? log->key().ToStringView() : "");
  log->SeekToLast();
  const std::string last(log->Valid() ? log->key().ToStringView() : "");
  if (!log->status().ok()) return ToError("cannot read " + directory_, log->status());

  auto bytes = Get(Family::kMeta, kMetaLogBytes);
  if (!bytes.ok()) return bytes.error();
  log_bytes_ = bytes->has_value() ? DecodeNumber(**bytes).value_or(0) : 0;
  if (last.empty()) return Done{};
  const std::optional<Position> first_position = ParseLogKey(first);
  const std::optional<Position> last_position = ParseLogKey(last);
  if (!first_position || !last_position) {
    return Error{Code::kCorrupt, directory_ + " has a key in its log that is no position"};
  }
  log_end_ = *last_position;
  return CheckNoHoles(*first_position);
}

// Each position is written once, so the counts of the tables (in files, where opening moved
// everything from the write-ahead log, or in memory when nothing may be written) tell whether any
// record between the first and the last is gone.
Result<Done> RocksDb::CheckNoHoles(Position first) const {
  rocksdb::TablePropertiesCollection tables;
  const rocksdb::Status status = db_->GetPropertiesOfAllTables(handle(Family::kLog), &tables);
  if (!status.ok()) return ToError("cannot read " + directory_, status);
  std::uint64_t records = 0;
  for (const auto& [name, properties] : tables) records += properties->num_entries;
  for (const auto& in_memory : {rocksdb::DB::Properties::kNumEntriesActiveMemTable,
                                rocksdb::DB::Properties::kNumEntriesImmMemTables}) {
    std::uint64_t entries = 0;
    db_->GetIntProperty(handle(Family::kLog), in_memory, &entries);
    records += entries;
  }
  const std::uint64_t expected = log_end_ - first + 1;
  if (records == expected) return Done{};
  return Error{Code::kCorrupt, "the log in " + directory_ + " holds " + std::to_string(records) +
                                   " records where positions " + std::to_string(first) + " to " +
                                   std::to_string(log_end_) + " should be. " + kRestoreAdvice};
}

Result<Done> RocksDb::CheckReaches(Position marked) const {
  auto heads = ReadHeads(nullptr);
  if (!heads.ok()) return heads.error();
  Position saved = 0;
  for (const KnownHead& known : *heads) {
    if (known.head) saved = std::max(saved, known.head->log_end);
  }
  const Position synced = std::max(saved, marked);
  if (log_end_ >= synced) return Done{};
  Error error = Shorter(synced);
  error.message += std::string(" ") + kRestoreAdvice;
  if (log_end_ >= saved) {
    error.message += " To go on without those records, remove " + mark_path_ + ".";
  }
  return error;
}

Error RocksDb::Shorter(Position known_end) const {
  return Error{Code::kCorrupt, "the log in " + directory_ + " ends at position " +
                                   std::to_string(log_end_) + ", but is known to have reached " +
                                   std::to_string(known_end) + "."};
}

// Chunks without a head are left by a process that ended while it was saving.
Result<Done> RocksDb::DropUnfinishedCheckpoints() {
  auto heads = ReadHeads(nullptr);
  if (!heads.ok()) return heads.error();
  rocksdb::WriteBatch batch;
  std::unique_ptr<rocksdb::Iterator> chunks(
      db_->NewIterator(rocksdb::ReadOptions(), handle(Family::kCheckpoints)));
  chunks->SeekToFirst();
  while (chunks->Valid()) {
    const std::optional<std::uint64_t> serial = ParseChunkKey(chunks->key().ToStringView());
    if (!serial) break;  // the heads begin
    last_checkpoint_serial_ = std::max(last_checkpoint_serial_, *serial);
    const bool finished = std::any_of(heads->begin(), heads->end(), [&](const KnownHead& known) {
      return known.serial == *serial;
    });
    if (!finished) DeleteChunksFound(batch, *serial);
    chunks->Seek(ChunkKey(*serial + 1, 0));
  }
  for (const KnownHead& known : *heads) {
    last_checkpoint_serial_ = std::max(last_checkpoint_serial_, known.serial);
  }
  if (batch.Count() == 0) return Done{};
  return Write(batch, false);
}

}  // namespace sluice::store
