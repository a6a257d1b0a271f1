// Bytes that change on disk: refused, or without effect; never another log than was written.

#include <filesystem>
#include <fstream>
#include <map>

#include <catch2/catch.hpp>

#include "store/rocks_env.h"
#include "tests/support/rounds.h"
#include "tests/support/store_samples.h"
#include "tests/support/temporary_directory.h"

namespace sluice::store {
namespace {

using namespace tests;
namespace fs = std::filesystem;

constexpr std::uint64_t kDecisions = 150;
constexpr std::size_t kSaved = 3;

Checkpoint SampleCheckpoint(std::size_t i) {
  return {i + 1, std::string(3000, static_cast<char>('a' + i))};
}

Result<std::unique_ptr<Store>> Open(const std::string& directory) {
  StoreOptions options;
  options.directory = directory;
  RocksTuning tuning;
  tuning.flush_bytes = 24 << 10;
  tuning.checkpoint_chunk_bytes = 1000;
  return OpenRocksStore(options, tuning);
}

// Tables, write-ahead log and checkpoints, closed in order.
void Fill(const std::string& directory) {
  auto store = Must(Open(directory));
  for (std::uint64_t i = 1; i <= kDecisions; ++i) {
    store->AppendDecision(SampleDecision(i, 16));
    if (i % 2 == 0) AppendAndWait(*store, SampleOutcome(i, std::to_string(i)));
    if (i % 40 == 0) Must(store->SaveCheckpoint(SampleCheckpoint(i / 40 - 1)));
  }
  Settle(*store);
}

enum class Verdict { kEqual, kRefused, kSilentlyDifferent };

// Everything that a store can be asked for. An error is a refusal.
Verdict Judge(const std::string& directory, const std::vector<LogEntry>& truth) {
  auto store = Open(directory);
  if (!store.ok())
    return store.error().message.empty() ? Verdict::kSilentlyDifferent : Verdict::kRefused;
  const auto log = ReadWholeLog(**store);
  if (!log.ok()) return Verdict::kRefused;
  if (log->size() != truth.size()) return Verdict::kSilentlyDifferent;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    if ((*log)[i].record != truth[i].record) return Verdict::kSilentlyDifferent;
  }
  for (std::uint64_t i = 1; i <= kDecisions; ++i) {
    const auto story = (*store)->FindDecision(SampleId(i));
    if (!story.ok()) return Verdict::kRefused;
    const std::size_t outcomes = i % 2 == 0 ? 1 : 0;
    if (!story->has_value() || (*story)->outcomes.size() != outcomes) {
      return Verdict::kSilentlyDifferent;
    }
    if (outcomes == 0) continue;
    const auto again = AppendAndWait(**store, SampleOutcome(i, std::to_string(i)));
    if (again == Appended::kFailed) return Verdict::kRefused;
    if (again != Appended::kDuplicate) return Verdict::kSilentlyDifferent;
  }
  const auto checkpoints = (*store)->LoadCheckpoints();
  if (!checkpoints.ok()) return Verdict::kRefused;
  if (checkpoints->entries.size() + checkpoints->damaged != kSaved) {
    return Verdict::kSilentlyDifferent;
  }
  for (const Checkpoint& checkpoint : checkpoints->entries) {
    const auto saved = SampleCheckpoint(checkpoint.position - 1);
    if (checkpoint.position > kSaved || checkpoint.bytes != saved.bytes) {
      return Verdict::kSilentlyDifferent;
    }
  }
  return Verdict::kEqual;
}

std::vector<fs::path> FilesIn(const std::string& directory) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file() && entry.file_size() > 0) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

void FlipBit(const fs::path& file, std::uint64_t bit) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(bit / 8));
  const char byte = static_cast<char>(stream.get() ^ (1 << bit % 8));
  stream.seekp(static_cast<std::streamoff>(bit / 8));
  stream.put(byte);
}

TEST_CASE("a bit flipped or an end cut off is refused or without effect") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  SampleRng rng(seed);
  const TemporaryDirectory directory;
  const std::string original = directory.File("original");
  const std::string damaged = directory.File("damaged");
  Fill(original);
  std::vector<LogEntry> truth;
  {
    fs::copy(original, damaged, fs::copy_options::recursive);
    truth = Must(ReadWholeLog(*Must(Open(damaged))));
    REQUIRE(Judge(damaged, truth) == Verdict::kEqual);
  }
  std::map<Verdict, int> verdicts;
  const int rounds = Rounds(80);
  for (int round = 0; round < rounds; ++round) {
    fs::remove_all(damaged);
    fs::copy(original, damaged, fs::copy_options::recursive);
    const auto files = FilesIn(damaged);
    const fs::path file = files[Below(rng, files.size())];
    const std::uint64_t size = fs::file_size(file);
    const std::uint64_t at = Below(rng, 8 * size);
    const bool cut = Below(rng, 4) == 0;
    if (cut) {
      fs::resize_file(file, at / 8);
    } else {
      FlipBit(file, at);
    }
    CAPTURE(round, file.filename().string(), size, at, cut);
    const Verdict verdict = Judge(damaged, truth);
    ++verdicts[verdict];
    REQUIRE(verdict != Verdict::kSilentlyDifferent);
  }
  // Damage that never shows would mean that the test looks at nothing.
  CHECK(verdicts[Verdict::kRefused] > 0);
}

TEST_CASE("a write-ahead log cut to half is refused and the message says what to do") {
  const TemporaryDirectory directory;
  const std::string data = directory.File("data");
  Fill(data);
  for (const fs::path& file : FilesIn(data)) {
    if (file.extension() == ".log") fs::resize_file(file, fs::file_size(file) / 2);
  }
  const auto store = Open(data);
  REQUIRE_FALSE(store.ok());
  CHECK(store.error().code == Code::kCorrupt);
  CHECK_THAT(store.error().message, Catch::Contains("is known to have reached"));
  CHECK_THAT(store.error().message, Catch::Contains("remove"));

  // Who removes the mark says that the loss is known; the checkpoints here lie before it.
  fs::remove(fs::path(data) / "mark");
  CHECK(Open(data).ok());
}

TEST_CASE("a torn end that was never acknowledged does not keep the store from opening") {
  const TemporaryDirectory directory;
  const std::string data = directory.File("data");
  Fill(data);
  for (const fs::path& file : FilesIn(data)) {
    if (file.extension() != ".log") continue;
    // The start of a record that was being written.
    std::ofstream(file, std::ios::app | std::ios::binary) << std::string("\x12\x34\x56\x78\x40", 5);
  }
  auto store = Must(Open(data));
  CHECK(store->last_position() == kDecisions + kDecisions / 2);
}

TEST_CASE("a directory whose CURRENT file is gone is not taken for an empty one") {
  const TemporaryDirectory directory;
  const std::string data = directory.File("data");
  Fill(data);
  fs::remove(fs::path(data) / "rocksdb" / "CURRENT");
  const auto store = Open(data);
  REQUIRE_FALSE(store.ok());
  CHECK(store.error().code == Code::kCorrupt);
}

TEST_CASE("a directory whose database is gone is not taken for an empty one") {
  const TemporaryDirectory directory;
  const std::string data = directory.File("data");
  Fill(data);
  fs::remove_all(fs::path(data) / "rocksdb");
  const auto store = Open(data);
  REQUIRE_FALSE(store.ok());
  CHECK(store.error().code == Code::kCorrupt);
}

}  // namespace
}  // namespace sluice::store
