// What is left when the power goes: of everything acknowledged, all of it.

#include <atomic>
#include <map>
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

// A power that goes again and again, over one directory.
class PowerCuts {
 public:
  explicit PowerCuts(bool sync) { options_.sync = sync; }

  void RunOne(SampleRng& rng) {
    const auto system = std::make_shared<FaultFileSystem>();
    auto store = Open(system);
    std::vector<std::thread> threads;
    std::atomic<bool> stop = false;
    for (int i = 0; i < 3; ++i) threads.emplace_back([&] { Load(*store, stop); });
    threads.emplace_back([&] { SaveCheckpoints(*store, stop); });
    threads.emplace_back([&] { Administer(*store, stop); });
    std::this_thread::sleep_for(std::chrono::microseconds(1000 + Below(rng, 25000)));
    system->PowerOff();
    stop = true;
    for (std::thread& thread : threads) thread.join();
    store.reset();
    system->LoseUnsynced(rng);
  }

  Audit AuditAll() {
    auto store = Open(nullptr);
    const auto checkpoints = Must(store->LoadCheckpoints());
    CHECK(checkpoints.damaged == 0);
    for (const Checkpoint& checkpoint : checkpoints.entries) {
      CHECK(checkpoint.position <= store->last_position());
    }
    Audit audit = AuditStore(*store, acknowledged_);
    audit.lost += AdminsLost(*store);
    return audit;
  }

  std::size_t acknowledged() const { return acknowledged_.size(); }
  std::size_t administered() const { return administered_.size(); }

 private:
  std::unique_ptr<Store> Open(std::shared_ptr<FaultFileSystem> system) {
    options_.directory = directory_.File("data");
    RocksTuning tuning;
    tuning.file_system = std::move(system);
    // So that files change often, and the power now and then goes while they do. Not always:
    // RocksDB takes a second to close after a flush that failed.
    tuning.flush_bytes = opened_++ % 5 == 0 ? 64 << 10 : 1 << 20;
    tuning.checkpoint_chunk_bytes = 4 << 10;
    return Must(OpenRocksStore(options_, tuning));
  }

  void Load(Store& store, const std::atomic<bool>& stop) {
    while (!stop) {
      const std::uint64_t number = ++last_number_;
      store.AppendDecision(SampleDecision(number, 32));
      if (number % 3 == 0) continue;
      const auto outcome = SampleOutcome(number, std::to_string(number));
      if (AppendAndWait(store, outcome) != Appended::kAccepted) continue;
      const std::lock_guard lock(mutex_);
      acknowledged_.insert(number);
    }
  }

  void Administer(Store& store, const std::atomic<bool>& stop) {
    while (!stop) {
      AdminRecord record;
      record.time_us = ++last_number_;
      const auto position = store.AppendAdmin(record);
      if (position.ok()) administered_[*position] = record;
    }
  }

  // Those that do not stand where they were said to.
  std::size_t AdminsLost(const Store& store) const {
    std::size_t lost = 0;
    for (const auto& [position, record] : administered_) {
      const auto entries = Must(store.Read(position - 1, 1));
      if (entries.empty() || entries[0].record != Record(record)) ++lost;
    }
    return lost;
  }

  static void SaveCheckpoints(Store& store, const std::atomic<bool>& stop) {
    while (!stop) {
      (void)store.SaveCheckpoint({store.last_position(), std::string(20 << 10, 'x')});
    }
  }

  TemporaryDirectory directory_;
  StoreOptions options_;
  int opened_ = 0;
  std::atomic<std::uint64_t> last_number_ = 0;
  std::mutex mutex_;
  std::set<std::uint64_t> acknowledged_;  // guarded by mutex_
  std::map<Position, AdminRecord> administered_;
};

TEST_CASE("a power cut loses nothing that was acknowledged") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  SampleRng rng(seed);
  PowerCuts cuts(true);
  const int cuts_planned = Rounds(50);
  for (int cut = 0; cut < cuts_planned; ++cut) {
    CAPTURE(cut);
    cuts.RunOne(rng);
    if (cut % 10 != 9) continue;
    const Audit audit = cuts.AuditAll();
    CAPTURE(audit.lost, audit.twice, audit.foreign, audit.holes, audit.records);
    REQUIRE(audit.clean());
  }
  CHECK(cuts.acknowledged() > 0);
  CHECK(cuts.administered() > 0);
}

// The control: without syncing the same cuts must lose something, or the test above proves nothing.
TEST_CASE("without syncing a power cut does lose what was acknowledged") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  SampleRng rng(seed);
  PowerCuts cuts(false);
  for (int cut = 0; cut < 5; ++cut) cuts.RunOne(rng);
  const Audit audit = cuts.AuditAll();
  CHECK(audit.lost > 0);
  CHECK(audit.twice == 0);
  CHECK(audit.holes == 0);
}

}  // namespace
}  // namespace sluice::store
