// A disk that says no: nothing acknowledged is lost, nothing aborts, and it goes on when healed.

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <thread>

#include <catch2/catch.hpp>

#include "store/rocks_env.h"
#include "tests/support/fault_file_system.h"
#include "tests/support/rounds.h"
#include "tests/support/store_audit.h"
#include "tests/support/store_calls.h"
#include "tests/support/store_samples.h"
#include "tests/support/temporary_directory.h"

namespace sluice::store {
namespace {

using namespace tests;
using Operation = FaultFileSystem::Operation;

struct Fault {
  std::string name;
  Operation operation = Operation::kAppend;
  std::string file;  // part of the path
  int k_max = 1;
};

const std::vector<Fault> kFaults = {
    {"log append", Operation::kAppend, ".log", 3},
    {"log sync", Operation::kSync, ".log", 3},
    {"log create", Operation::kCreate, ".log", 1},
    {"table create", Operation::kCreate, ".sst", 1},
    {"table append", Operation::kAppend, ".sst", 1},
    {"table sync", Operation::kSync, ".sst", 1},
    {"manifest append", Operation::kAppend, "MANIFEST", 1},
    {"manifest sync", Operation::kSync, "MANIFEST", 1},
};

// A store whose disk fails on command, and the list of what it acknowledged.
class FailingDisk {
 public:
  FailingDisk() { store_ = Open(system_); }

  // The k-th such operation from now on fails, once or from then on.
  void Arm(const Fault& fault, int k, bool sticky) {
    auto counter = std::make_shared<std::atomic<int>>(0);
    hits_ = std::make_shared<std::atomic<int>>(0);
    system_->SetHook([=, hits = hits_](Operation operation, const std::string& path) {
      if (operation != fault.operation || path.find(fault.file) == path.npos) {
        return rocksdb::IOStatus::OK();
      }
      const int count = ++*counter;
      if (count < k || (count > k && !sticky)) return rocksdb::IOStatus::OK();
      ++*hits;
      return k % 2 == 0 ? rocksdb::IOStatus::NoSpace("injected")
                        : rocksdb::IOStatus::IOError("injected");
    });
  }
  void Heal() { system_->SetHook(nullptr); }
  int hits() const { return *hits_; }

  // One decision and one outcome; true when it was acknowledged.
  bool Append() {
    const std::uint64_t number = ++last_number_;
    store_->AppendDecision(SampleDecision(number, 64));
    const auto outcome = SampleOutcome(number, std::to_string(number));
    if (AppendAndWait(*store_, outcome) != Appended::kAccepted) return false;
    acknowledged_.insert(number);
    return true;
  }

  // It has no time of its own to come back in; a minute only ends a test that has failed.
  bool AcceptsAgain() {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (std::chrono::steady_clock::now() < end) {
      if (Append()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  }

  Audit AuditAfterReopening() {
    store_.reset();
    store_ = Open(nullptr);
    return AuditStore(*store_, acknowledged_);
  }

  Store& store() { return *store_; }

 private:
  std::unique_ptr<Store> Open(std::shared_ptr<FaultFileSystem> system) {
    StoreOptions options;
    options.directory = directory_.File("data");
    RocksTuning tuning;
    tuning.file_system = std::move(system);
    tuning.flush_bytes = 4 << 10;
    tuning.reopen_wait_min = tuning.reopen_wait_max = std::chrono::milliseconds(1);
    return Must(OpenRocksStore(options, tuning));
  }

  TemporaryDirectory directory_;
  const std::shared_ptr<FaultFileSystem> system_ = std::make_shared<FaultFileSystem>();
  std::shared_ptr<std::atomic<int>> hits_;
  std::unique_ptr<Store> store_;
  std::uint64_t last_number_ = 0;
  std::set<std::uint64_t> acknowledged_;
};

void RunFault(FailingDisk& disk, const Fault& fault, int k, bool sticky) {
  CAPTURE(fault.name, k, sticky);
  disk.Arm(fault, k, sticky);
  for (int appends = 0; disk.hits() == 0 && appends < 2000; ++appends) {
    // It may still be reopening after the fault before this one.
    if (!disk.Append()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  REQUIRE(disk.hits() > 0);
  disk.Heal();
  REQUIRE(disk.AcceptsAgain());
}

TEST_CASE("any operation may fail once without losing what was acknowledged") {
  FailingDisk disk;
  for (const Fault& fault : kFaults) {
    for (int k = 1; k <= Rounds(fault.k_max); ++k) RunFault(disk, fault, k, false);
  }
  CHECK(disk.store().health().faults > 0);
  CHECK_FALSE(disk.store().health().last_fault.empty());
  const Audit audit = disk.AuditAfterReopening();
  CAPTURE(audit.lost, audit.twice, audit.foreign, audit.holes, audit.records);
  CHECK(audit.clean());
}

TEST_CASE("any operation may keep failing without losing what was acknowledged") {
  FailingDisk disk;
  for (const Fault& fault : kFaults) {
    for (int k = 1; k <= Rounds(fault.k_max); ++k) RunFault(disk, fault, k, true);
  }
  const Audit audit = disk.AuditAfterReopening();
  CAPTURE(audit.lost, audit.twice, audit.foreign, audit.holes, audit.records);
  CHECK(audit.clean());
}

TEST_CASE("nothing is acknowledged while the disk refuses and reads never crash") {
  FailingDisk disk;
  REQUIRE(disk.Append());
  std::atomic<bool> stop = false;
  std::atomic<int> wrong_errors = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      while (!stop) {
        const auto story = disk.store().FindDecision(SampleId(1));
        if (!story.ok() && story.error().code != Code::kUnavailable) ++wrong_errors;
        if (story.ok() && !story->has_value()) ++wrong_errors;
        (void)disk.store().health();
        (void)disk.store().LoadCheckpoints();
      }
    });
  }
  for (const Fault& fault : {kFaults[0], kFaults[1]}) {
    disk.Arm(fault, 1, true);
    for (int i = 0; i < 30; ++i) {
      CHECK_FALSE(disk.Append());
      CHECK_FALSE(disk.store().SaveCheckpoint({1, "x"}).ok());
      CHECK_FALSE(disk.store().AppendRouter(RouterRecord{}).ok());
      CHECK_FALSE(disk.store().AppendAdmin(AdminRecord{}).ok());
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    disk.Heal();
    CHECK(disk.AcceptsAgain());
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(wrong_errors == 0);
}

TEST_CASE("an outcome whose fate was not known is a duplicate or new when it is sent again") {
  FailingDisk disk;
  REQUIRE(disk.Append());
  disk.Arm(kFaults[1], 1, false);  // the sync fails, the bytes are there
  const auto outcome = SampleOutcome(1, "again");
  REQUIRE(AppendAndWait(disk.store(), outcome) == Appended::kFailed);
  REQUIRE(disk.AcceptsAgain());
  const Appended second = AppendAndWait(disk.store(), outcome);
  CHECK((second == Appended::kDuplicate || second == Appended::kAccepted));
  CHECK(AppendAndWait(disk.store(), outcome) == Appended::kDuplicate);
  const auto story = Must(disk.store().FindDecision(SampleId(1)));
  CHECK(story->outcomes.size() == 2);
}

// After a failed sync the system may drop what it had not written. Decisions may be read before
// they are synced; if their positions went to other records, who read them would never know.
TEST_CASE("a log that comes back shorter than it was read stays closed until a restart") {
  TemporaryDirectory directory;
  const auto system = std::make_shared<FaultFileSystem>();
  StoreOptions options;
  options.directory = directory.File("data");
  RocksTuning tuning;
  tuning.file_system = system;
  tuning.reopen_wait_min = tuning.reopen_wait_max = std::chrono::milliseconds(1);
  auto store = Must(OpenRocksStore(options, tuning));
  store->AppendDecision(SampleDecision(1));
  std::uintmax_t synced = 0;
  system->SetHook([&](Operation operation, const std::string& path) {
    if (operation == Operation::kSync && path.ends_with(".log")) {
      synced = std::filesystem::file_size(path);
    }
    return rocksdb::IOStatus::OK();
  });
  REQUIRE(AppendAndWait(*store, SampleOutcome(1, "1")) == Appended::kAccepted);
  store->AppendDecision(SampleDecision(2));
  REQUIRE(store->WaitPast(2, std::chrono::minutes(1)));

  system->SetHook([&](Operation operation, const std::string& path) {
    if (operation != Operation::kSync || !path.ends_with(".log")) return rocksdb::IOStatus::OK();
    if (std::filesystem::file_size(path) > synced) std::filesystem::resize_file(path, synced);
    return rocksdb::IOStatus::IOError("injected");
  });
  REQUIRE(AppendAndWait(*store, SampleOutcome(2, "2")) == Appended::kFailed);
  system->SetHook(nullptr);
  for (int i = 0; i < 60'000; ++i) {
    if (store->health().last_fault.find("Restart") != std::string::npos) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  CHECK_THAT(store->health().last_fault, Catch::Contains("Restart"));
  CHECK_FALSE(store->health().writable);
  CHECK_FALSE(store->AppendDecision(SampleDecision(3)));

  store.reset();
  store = Must(OpenStore(options));
  CHECK(store->last_position() == 2);
  CHECK(AppendAndWait(*store, SampleOutcome(1, "1")) == Appended::kDuplicate);
}

// A gate in the disk's way: who syncs a log waits until it is opened.
class Gate {
 public:
  void Pass() {
    std::unique_lock lock(mutex_);
    waiting_ = true;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
  }
  void AwaitSomeone() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_; });
  }
  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool waiting_ = false;
  bool open_ = false;
};

TEST_CASE("a disk that stalls fills the queue and then refuses but blocks nobody") {
  TemporaryDirectory directory;
  const auto system = std::make_shared<FaultFileSystem>();
  StoreOptions options;
  options.directory = directory.File("data");
  options.queue_max = 100;
  RocksTuning tuning;
  tuning.file_system = system;
  auto store = Must(OpenRocksStore(options, tuning));
  store->AppendDecision(SampleDecision(1));
  Settle(*store);

  Gate gate;
  system->SetHook([&](Operation operation, const std::string& path) {
    if (operation == Operation::kSync && path.find(".log") != path.npos) gate.Pass();
    return rocksdb::IOStatus::OK();
  });
  std::promise<std::vector<Appended>> answered;
  REQUIRE(store->AppendOutcomes({SampleOutcome(1, "1")}, [&](std::vector<Appended> results) {
    answered.set_value(std::move(results));
  }));
  gate.AwaitSomeone();
  // The one that is being written counts.
  for (std::uint64_t i = 2; i <= 100; ++i) CHECK(store->AppendDecision(SampleDecision(i)));
  CHECK_FALSE(store->AppendDecision(SampleDecision(101)));
  CHECK_FALSE(store->AppendOutcomes({SampleOutcome(1, "2")}, [](std::vector<Appended>) {}));
  CHECK(store->health().queued == 100);
  CHECK(store->health().writable);
  CHECK(store->last_position() == 1);

  gate.Open();
  CHECK(answered.get_future().get() == std::vector<Appended>{Appended::kAccepted});
  Settle(*store);
  CHECK(store->last_position() == 101);
  CHECK(store->health().queued == 0);
}

}  // namespace
}  // namespace sluice::store
