// Who may open a directory, and what it takes to be one.

#include <filesystem>
#include <fstream>
#include <memory>

#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "store/rocks_layout.h"
#include "tests/support/store_calls.h"
#include "tests/support/store_raw.h"
#include "tests/support/store_samples.h"
#include "tests/support/temporary_directory.h"

namespace sluice::store {
namespace {

using namespace tests;
namespace fs = std::filesystem;

StoreOptions At(const std::string& directory) {
  StoreOptions options;
  options.directory = directory;
  return options;
}

TEST_CASE("a directory is made with its parents for the owner alone") {
  const TemporaryDirectory directory;
  const std::string data = directory.File("a/b/data");
  auto store = Must(OpenStore(At(data)));
  struct stat facts {};
  REQUIRE(::stat(data.c_str(), &facts) == 0);
  CHECK((facts.st_mode & 0777) == 0700);
}

TEST_CASE("a path that cannot be made is an error and not a crash") {
  const TemporaryDirectory directory;
  std::ofstream(directory.File("file")) << "x";
  for (const std::string& wrong : {directory.File("file"), directory.File("file/data")}) {
    const auto store = OpenStore(At(wrong));
    REQUIRE_FALSE(store.ok());
    CHECK(store.error().code == Code::kIo);
  }
}

TEST_CASE("a directory that is held is refused and its holder named") {
  const TemporaryDirectory directory;
  const std::string data = directory.File("data");
  auto store = Must(OpenStore(At(data)));
  const auto second = OpenStore(At(data));
  REQUIRE_FALSE(second.ok());
  CHECK(second.error().code == Code::kHeld);
  CHECK_THAT(second.error().message,
             Catch::Contains("process " + std::to_string(::getpid()) + ", started 20"));
  // The first one has not noticed.
  store->AppendDecision(SampleDecision(1));
  CHECK(AppendAndWait(*store, SampleOutcome(1, "a")) == Appended::kAccepted);
  store.reset();
  CHECK(OpenStore(At(data)).ok());
}

TEST_CASE("a directory of a later format is refused by its mark before it is touched") {
  const TemporaryDirectory directory;
  const std::string data = directory.File("data");
  Must(OpenStore(At(data)));
  std::ofstream(data + "/mark") << PrintMark(Mark{kFormatVersion + 1, 0});
  const auto store = OpenStore(At(data));
  REQUIRE_FALSE(store.ok());
  CHECK(store.error().code == Code::kFormat);
}

// A later release may add column families, or raise the number in the database alone.
TEST_CASE("a database of a later format is refused") {
  const TemporaryDirectory directory;
  const std::string data = directory.File("data");
  Must(OpenStore(At(data)));
  SECTION("by its number") {
    RawDatabase(data).Put(Family::kMeta, "format", EncodeNumber(kFormatVersion + 1));
  }
  SECTION("by a column family") {
    RawDatabase(data).AddFamily("sessions");
  }
  const auto store = OpenStore(At(data));
  REQUIRE_FALSE(store.ok());
  CHECK(store.error().code == Code::kFormat);
}

TEST_CASE("a log with a hole is refused") {
  const TemporaryDirectory directory;
  const std::string data = directory.File("data");
  {
    auto store = Must(OpenStore(At(data)));
    for (std::uint64_t i = 1; i <= 5; ++i) store->AppendDecision(SampleDecision(i));
  }
  const bool compacted = GENERATE(false, true);
  {
    RawDatabase database(data);
    database.Delete(Family::kLog, LogKey(3));
    if (compacted) database.Compact(Family::kLog);
  }
  const auto store = OpenStore(At(data));
  REQUIRE_FALSE(store.ok());
  CHECK(store.error().code == Code::kCorrupt);
}

TEST_CASE("a checkpoint that is damaged is left out and counted") {
  const TemporaryDirectory directory;
  const std::string data = directory.File("data");
  {
    auto store = Must(OpenStore(At(data)));
    for (const char name : {'a', 'b', 'c'}) Must(store->SaveCheckpoint({0, std::string(9, name)}));
  }
  RawDatabase(data).Put(Family::kCheckpoints, ChunkKey(3, 0), "ccccccccd");
  auto store = Must(OpenStore(At(data)));
  const auto loaded = Must(store->LoadCheckpoints());
  CHECK(loaded.damaged == 1);
  REQUIRE(loaded.entries.size() == 2);
  CHECK(loaded.entries[0].bytes == "bbbbbbbbb");
}

TEST_CASE("a checkpoint that was never finished leaves nothing behind") {
  const TemporaryDirectory directory;
  const std::string data = directory.File("data");
  {
    auto store = Must(OpenStore(At(data)));
    Must(store->SaveCheckpoint({0, "whole"}));
  }
  RawDatabase(data).Put(Family::kCheckpoints, ChunkKey(2, 0), "only a chunk");
  {
    auto store = Must(OpenStore(At(data)));
    const auto loaded = Must(store->LoadCheckpoints());
    CHECK(loaded.damaged == 0);
    CHECK(loaded.entries.size() == 1);
  }
  CHECK_FALSE(RawDatabase(data).Has(Family::kCheckpoints, ChunkKey(2, 0)));
  CHECK(RawDatabase(data).Has(Family::kCheckpoints, ChunkKey(1, 0)));
}

TEST_CASE("a mark is read back as printed and as nothing else") {
  const std::string text = PrintMark(Mark{kFormatVersion, 12345});
  CHECK(Must(ParseMark(text)).synced == 12345);
  CHECK(text == "sluice-store format=1 synced=12345 crc32c=a0fabe45\n");
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = text;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
      CAPTURE(damaged);
      CHECK_FALSE(ParseMark(damaged).ok());
    }
    CHECK_FALSE(ParseMark(std::string_view(text).substr(0, at)).ok());
  }
}

TEST_CASE("an entry of the decisions index comes back as it was and no shorter") {
  const DecisionIndex index{7, {8, 9, 1ull << 40}};
  const std::string bytes = EncodeIndex(index);
  const auto decoded = Must(DecodeIndex(bytes));
  CHECK(decoded.position == 7);
  CHECK(decoded.outcomes == index.outcomes);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK_FALSE(DecodeIndex(std::string_view(bytes).substr(0, size)).ok());
  }
}

}  // namespace
}  // namespace sluice::store
