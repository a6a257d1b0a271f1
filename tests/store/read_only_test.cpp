// A log that is read while somebody else holds and writes it.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <catch2/catch.hpp>

#include "store/rocks_env.h"
#include "tests/support/store_calls.h"
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

// Every file with its bytes and when it was last written.
std::map<std::string, std::pair<std::string, fs::file_time_type>> FilesIn(
    const std::string& directory) {
  std::map<std::string, std::pair<std::string, fs::file_time_type>> files;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    std::string bytes;
    if (entry.is_regular_file()) {
      std::ifstream file(entry.path(), std::ios::binary);
      bytes.assign(std::istreambuf_iterator<char>(file), {});
    }
    files[entry.path()] = {std::move(bytes), entry.last_write_time()};
  }
  return files;
}

void Fill(Store& store, std::uint64_t from, std::uint64_t to) {
  for (std::uint64_t i = from; i < to; ++i) {
    REQUIRE(store.AppendDecision(SampleDecision(i)));
    if (i % 3 == 0) AppendAndWait(store, SampleOutcome(i, std::to_string(i)));
  }
  Settle(store);
}

TEST_CASE("a held directory is read as it stands and nothing in it changes") {
  const TemporaryDirectory directory;
  const std::string data = directory.File("data");
  auto holder = Must(OpenStore(At(data)));
  Fill(*holder, 0, 200);
  Must(holder->SaveCheckpoint({100, "learnt"}));
  Fill(*holder, 200, 300);  // behind the checkpoint's mark

  const auto before = FilesIn(data);
  {
    const auto reader = Must(OpenStoreReadOnly(data));
    CHECK(reader->last_position() == holder->last_position());
    CHECK(Must(ReadWholeLog(*reader)).size() == 400);
    CHECK(Must(reader->FindDecision(SampleId(3)))->outcomes.size() == 1);
    CHECK(Must(reader->LoadCheckpoints()).entries.front().bytes == "learnt");
    CHECK_FALSE(reader->health().writable);

    for (const auto& [name, file] : FilesIn(data)) {
      INFO(name);
      CHECK((before.contains(name) && before.at(name) == file));
    }

    // What is written from now on is not of its moment.
    Fill(*holder, 300, 303);
    CHECK(reader->last_position() == 400);
    CHECK_FALSE(reader->AppendDecision(SampleDecision(9999)));
    CHECK_FALSE(reader->AppendRouter({}).ok());
    CHECK_FALSE(reader->SaveCheckpoint({1, "x"}).ok());
  }
  CHECK(FilesIn(data).size() == before.size());
  CHECK(Must(OpenStoreReadOnly(data))->last_position() == 404);
}

TEST_CASE("a copy of a directory is read without a trace") {
  const TemporaryDirectory directory;
  const std::string data = directory.File("data");
  auto holder = Must(OpenStore(At(data)));
  Fill(*holder, 0, 300);
  const std::string copy = directory.File("copy");
  fs::copy(data, copy, fs::copy_options::recursive);
  const auto before = FilesIn(copy);
  const auto reader = Must(OpenStoreReadOnly(copy));
  CHECK(reader->last_position() == 400);
  CHECK(FilesIn(copy) == before);
}

TEST_CASE("a place without a log is refused and stays empty") {
  const TemporaryDirectory directory;
  CHECK_FALSE(OpenStoreReadOnly(directory.File("none")).ok());
  CHECK_FALSE(fs::exists(directory.File("none")));
  CHECK_FALSE(OpenStoreReadOnly(directory.path()).ok());
  CHECK(fs::is_empty(directory.path()));
}

TEST_CASE("readers of a log that is being written and flushed see a whole beginning of it") {
  const TemporaryDirectory directory;
  const std::string data = directory.File("data");
  RocksTuning tuning;
  tuning.flush_bytes = 40'000;  // a flush each couple of hundred records
  auto holder = Must(OpenRocksStore(At(data), tuning));
  Fill(*holder, 0, 10);
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    // Not without end: each reader reads all of it.
    for (std::uint64_t i = 10; !stop && i < 6000; ++i) {
      holder->AppendDecision(SampleDecision(i));
      if (i % 50 == 0) Settle(*holder);
    }
  });
  Position seen = 0;
  int failed = 0;
  std::string problem;
  for (int i = 0; i < 40 || (seen < 3000 && i < 1000); ++i) {
    const auto reader = OpenStoreReadOnly(data);
    if (!reader.ok()) {
      ++failed;
      problem = reader.error().message;
      continue;
    }
    const auto log = ReadWholeLog(**reader);
    if (!log.ok() || log->size() != (*reader)->last_position()) {
      ++failed;
      problem = log.ok() ? "not whole" : log.error().message;
    } else if (log->size() < seen) {
      ++failed;
      problem = "shorter than before";
    } else {
      seen = log->size();
    }
  }
  stop = true;
  writer.join();
  INFO(problem << ", " << seen << " records seen");
  CHECK(failed == 0);
  CHECK(seen >= 3000);
}

}  // namespace
}  // namespace sluice::store
