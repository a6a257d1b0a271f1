// A process that is killed while it appends, again and again over one directory.

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <thread>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "store/rocks_env.h"
#include "tests/support/child_test.h"
#include "tests/support/rounds.h"
#include "tests/support/store_audit.h"
#include "tests/support/store_calls.h"
#include "tests/support/store_samples.h"
#include "tests/support/temporary_directory.h"

namespace sluice::store {
namespace {

using namespace tests;

constexpr char kDirectory[] = "SLUICE_KILL_DIRECTORY";
constexpr char kFirst[] = "SLUICE_KILL_FIRST";
constexpr char kChildTest[] = "appends until it is killed";

RocksTuning SmallFlushes() {
  RocksTuning tuning;
  tuning.flush_bytes = 64 << 10;
  return tuning;
}

// The part of the child: keeps a few outcomes in flight, each sent twice now and then, and writes
// the number of every acknowledged one to the pipe. It ends only by being killed.
void AppendUntilKilled(Store& store, std::uint64_t number) {
  std::atomic<int> in_flight = 0;
  for (;; ++number) {
    while (in_flight >= 32) std::this_thread::yield();
    store.AppendDecision(SampleDecision(number, 32));
    std::vector<OutcomeRecord> outcomes(1 + (number % 10 == 0),
                                        SampleOutcome(number, std::to_string(number)));
    const auto done = [&in_flight, number](std::vector<Appended> results) {
      if (results.front() == Appended::kAccepted &&
          ::write(kChildPipe, &number, sizeof(number)) != sizeof(number)) {
        std::_Exit(1);
      }
      --in_flight;
    };
    ++in_flight;
    if (!store.AppendOutcomes(std::move(outcomes), done)) --in_flight;
  }
}

// Not a test by itself: the program starts itself again with this alone.
TEST_CASE("appends until it is killed", "[.child]") {
  const char* directory = std::getenv(kDirectory);
  const char* first = std::getenv(kFirst);
  REQUIRE((directory != nullptr && first != nullptr));
  StoreOptions options;
  options.directory = directory;
  auto store = Must(OpenRocksStore(options, SmallFlushes()));
  AppendUntilKilled(*store, std::stoull(first));
}

class Child {
 public:
  Child(const std::string& directory, std::uint64_t first) {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    output_ = ends[0];
    pid_ = SpawnChildTest(kChildTest,
                          {std::string(kDirectory) + "=" + directory,
                           std::string(kFirst) + "=" + std::to_string(first)},
                          ends[1]);
    ::close(ends[1]);
  }
  ~Child() {
    Kill();
    ::close(output_);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Reads acknowledgements for so long, or until the pipe ends. True: there was one.
  bool ReadFor(std::chrono::milliseconds time, std::set<std::uint64_t>& acknowledged) {
    const auto end = std::chrono::steady_clock::now() + time;
    bool any = false;
    for (auto now = end - time; now < end; now = std::chrono::steady_clock::now()) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - now);
      pollfd ready{output_, POLLIN, 0};
      if (::poll(&ready, 1, static_cast<int>(left.count())) <= 0) continue;
      std::uint64_t number = 0;
      if (::read(output_, &number, sizeof(number)) != sizeof(number)) break;
      acknowledged.insert(number);
      any = true;
    }
    return any;
  }

  void Kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    AwaitChild(pid_);
    pid_ = -1;
  }

 private:
  pid_t pid_ = -1;
  int output_ = -1;
};

TEST_CASE("a kill loses nothing that was acknowledged and repeats nothing") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  SampleRng rng(seed);
  const TemporaryDirectory directory;
  StoreOptions options;
  options.directory = directory.File("data");
  std::set<std::uint64_t> acknowledged;
  const int kills = Rounds(12);
  for (int kill = 0; kill < kills; ++kill) {
    CAPTURE(kill);
    Child child(options.directory, 1 + 10'000'000ull * kill);
    // It starts appending in its own time; a minute only ends a test that has failed.
    bool started = false;
    for (int i = 0; i < 60'000 && !started; ++i) {
      started = child.ReadFor(std::chrono::milliseconds(1), acknowledged);
    }
    REQUIRE(started);
    child.ReadFor(std::chrono::milliseconds(Below(rng, 60)), acknowledged);
    child.Kill();
    child.ReadFor(std::chrono::minutes(1), acknowledged);  // what it said before it died

    auto store = Must(OpenRocksStore(options, SmallFlushes()));
    const Audit audit = AuditStore(*store, acknowledged);
    CAPTURE(audit.lost, audit.twice, audit.foreign, audit.holes, audit.records);
    REQUIRE(audit.clean());
    // What was acknowledged before the kill is known after it.
    const std::uint64_t number = *acknowledged.rbegin();
    CHECK(AppendAndWait(*store, SampleOutcome(number, std::to_string(number))) ==
          Appended::kDuplicate);
  }
}

}  // namespace
}  // namespace sluice::store
