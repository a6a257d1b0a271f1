// Bytes that change on disk: refused, or without effect; never another log than was written.

#include <filesystem>
#include <fstream>
#include <map>

#include <catch2/catch.hpp>

#include "store/rocks_env.h"
#include "tests/support/child_test.h"
#include "tests/support/rounds.h"
#include "tests/support/store_calls.h"
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

// What Fill leaves in the log.
std::vector<Record> Truth() {
  std::vector<Record> log;
  for (std::uint64_t i = 1; i <= kDecisions; ++i) {
    log.emplace_back(SampleDecision(i, 16));
    if (i % 2 != 0) continue;
    OutcomeRecord outcome = SampleOutcome(i, std::to_string(i));
    outcome.decision_position = log.size();
    log.emplace_back(outcome);
  }
  return log;
}

// Exit codes of the child, too.
enum Verdict : int { kEqual = 20, kRefused = 21, kSilentlyDifferent = 22 };

Verdict JudgeLog(const Store& store) {
  const std::vector<Record> truth = Truth();
  const auto log = ReadWholeLog(store);
  if (!log.ok()) return kRefused;
  if (log->size() != truth.size()) return kSilentlyDifferent;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    if ((*log)[i].record != truth[i]) return kSilentlyDifferent;
  }
  return kEqual;
}

Verdict JudgeIndexes(Store& store) {
  for (std::uint64_t i = 1; i <= kDecisions; ++i) {
    const auto story = store.FindDecision(SampleId(i));
    if (!story.ok()) return kRefused;
    const std::size_t outcomes = i % 2 == 0 ? 1 : 0;
    if (!story->has_value() || (*story)->outcomes.size() != outcomes) return kSilentlyDifferent;
    if (outcomes == 0) continue;
    const auto again = AppendAndWait(store, SampleOutcome(i, std::to_string(i)));
    if (again == Appended::kFailed) return kRefused;
    if (again != Appended::kDuplicate) return kSilentlyDifferent;
  }
  return kEqual;
}

Verdict JudgeCheckpoints(const Store& store) {
  const auto checkpoints = store.LoadCheckpoints();
  if (!checkpoints.ok()) return kRefused;
  if (checkpoints->entries.size() + checkpoints->damaged != kSaved) return kSilentlyDifferent;
  for (const Checkpoint& checkpoint : checkpoints->entries) {
    if (checkpoint.position < 1 || checkpoint.position > kSaved) return kSilentlyDifferent;
    const Checkpoint saved = SampleCheckpoint(checkpoint.position - 1);
    if (checkpoint.bytes != saved.bytes) return kSilentlyDifferent;
  }
  return kEqual;
}

// Asks a store for everything there is. An error is a refusal.
Verdict Judge(const std::string& directory) {
  auto store = Open(directory);
  if (!store.ok()) return kRefused;
  if (const Verdict log = JudgeLog(**store); log != kEqual) return log;
  if (const Verdict indexes = JudgeIndexes(**store); indexes != kEqual) return indexes;
  return JudgeCheckpoints(**store);
}

// Not a test by itself: RocksDB's asserts, which Debian leaves in, make a refusal of an abort when
// the properties of a table are damaged; so that each damage has a process of its own.
constexpr char kJudgeTest[] = "judges a damaged directory";
constexpr char kJudged[] = "SLUICE_JUDGED_DIRECTORY";
TEST_CASE("judges a damaged directory", "[.child]") {
  const char* directory = std::getenv(kJudged);
  REQUIRE(directory != nullptr);
  std::_Exit(Judge(directory));
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

TEST_CASE("what was written is what is read") {
  const TemporaryDirectory directory;
  Fill(directory.File("data"));
  CHECK(Judge(directory.File("data")) == kEqual);
}

TEST_CASE("a bit flipped or an end cut off is refused or without effect") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  SampleRng rng(seed);
  const TemporaryDirectory directory;
  const std::string original = directory.File("original");
  const std::string damaged = directory.File("damaged");
  Fill(original);
  std::map<int, int> verdicts;
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
    const int verdict =
        AwaitChild(SpawnChildTest(kJudgeTest, {std::string(kJudged) + "=" + damaged}));
    ++verdicts[verdict];
    const bool aborted = verdict == -SIGABRT && file.extension() == ".sst";
    REQUIRE((verdict == kEqual || verdict == kRefused || aborted));
  }
  std::printf("of %d damages: %d refused, %d by abort, %d without effect\n", rounds,
              verdicts[kRefused], verdicts[-SIGABRT], verdicts[kEqual]);
  // Damage that never shows would mean that the test looks at nothing.
  CHECK(verdicts[kRefused] > 0);
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
