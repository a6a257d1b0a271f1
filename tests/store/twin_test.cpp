// The store on disk against its twin in memory: the same random calls, the same answers.

#include <memory>

#include <catch2/catch.hpp>

#include "store/rocks_env.h"
#include "tests/support/rounds.h"
#include "tests/support/store_calls.h"
#include "tests/support/store_samples.h"
#include "tests/support/temporary_directory.h"

namespace sluice::store {
namespace {

using namespace tests;

class Twins {
 public:
  explicit Twins(SampleRng& rng) : rng_(rng) { Reopen(); }

  void Step() {
    const std::size_t kind = Below(rng_, 100);
    if (kind < 40) return AppendDecisions();
    if (kind < 80) return AppendOutcomes();
    if (kind < 83) return AppendAwaited();
    if (kind < 88) return CompareStory();
    if (kind < 96) return ComparePage();
    if (kind < 99) return SaveCheckpoint();
    CompareCheckpoints();
  }

  void Reopen() {
    real_.reset();
    StoreOptions options;
    options.directory = directory_.File("data");
    options.batch_max = 1 + Below(rng_, 8);  // so that calls are split over batches
    RocksTuning tuning;
    tuning.flush_bytes = 20 << 10;
    tuning.checkpoint_chunk_bytes = 100;
    real_ = Must(OpenRocksStore(options, tuning));
  }

  void CompareAll() {
    Settle(*real_);
    REQUIRE(real_->last_position() == twin_->last_position());
    REQUIRE(real_->health().log_bytes == twin_->health().log_bytes);
    const auto real = Must(ReadWholeLog(*real_));
    const auto twin = Must(ReadWholeLog(*twin_));
    REQUIRE(real.size() == twin.size());
    for (std::size_t i = 0; i < real.size(); ++i) {
      CAPTURE(i);
      REQUIRE(real[i].position == twin[i].position);
      REQUIRE((real[i].record == twin[i].record));
    }
    CompareCheckpoints();
  }

 private:
  // A small world, so that ids and keys meet again.
  std::uint64_t SomeDecision() { return 1 + Below(rng_, 120); }

  void AppendDecisions() {
    for (std::size_t left = 1 + Below(rng_, 3); left > 0; --left) {
      DecisionRecord record = RandomDecision(rng_);
      record.context.resize(std::min<std::size_t>(record.context.size(), 20));
      record.id = SampleId(SomeDecision());
      REQUIRE(twin_->AppendDecision(record));
      REQUIRE(real_->AppendDecision(record));
    }
  }

  void AppendOutcomes() {
    std::vector<OutcomeRecord> records;
    for (std::size_t left = Below(rng_, 12); left > 0; --left) {
      OutcomeRecord record = SampleOutcome(SomeDecision(), std::to_string(Below(rng_, 400)));
      if (Below(rng_, 8) == 0) record.source = "judge";
      if (Below(rng_, 8) == 0) record.reward = Unit(rng_);
      // A favourite decision, so that one of them fills up.
      if (Below(rng_, 3) == 0) record.decision = SampleId(7);
      record.seq = Coin(rng_) ? 0 : 1;
      record.revoked = Below(rng_, 8) == 0;
      records.push_back(record);
      if (Below(rng_, 6) == 0) records.push_back(record);
    }
    const auto twin = AppendAndWait(*twin_, records);
    REQUIRE(AppendAndWait(*real_, records) == twin);
  }

  void AppendAwaited() {
    if (Coin(rng_)) {
      const RouterRecord record = RandomRouter(rng_);
      REQUIRE(Must(real_->AppendRouter(record)) == Must(twin_->AppendRouter(record)));
    } else {
      const AdminRecord record = RandomAdmin(rng_);
      REQUIRE(Must(real_->AppendAdmin(record)) == Must(twin_->AppendAdmin(record)));
    }
  }

  void CompareStory() {
    Settle(*real_);
    const DecisionId id = SampleId(SomeDecision());
    const auto real = Must(real_->FindDecision(id));
    const auto twin = Must(twin_->FindDecision(id));
    REQUIRE(real.has_value() == twin.has_value());
    if (!real) return;
    REQUIRE(real->position == twin->position);
    REQUIRE(real->decision == twin->decision);
    REQUIRE(real->outcomes.size() == twin->outcomes.size());
    for (std::size_t i = 0; i < real->outcomes.size(); ++i) {
      REQUIRE(real->outcomes[i].position == twin->outcomes[i].position);
      REQUIRE(real->outcomes[i].record == twin->outcomes[i].record);
    }
    REQUIRE(Must(real_->DecisionAt(real->position)) == twin->decision);
  }

  void ComparePage() {
    Settle(*real_);
    const Position after = Below(rng_, twin_->last_position() + 2);
    const std::size_t page = Below(rng_, 20);
    const auto real = Must(real_->Read(after, page));
    const auto twin = Must(twin_->Read(after, page));
    REQUIRE(real.size() == twin.size());
    for (std::size_t i = 0; i < real.size(); ++i) REQUIRE((real[i].record == twin[i].record));
  }

  void SaveCheckpoint() {
    Settle(*real_);
    const Checkpoint checkpoint{Below(rng_, twin_->last_position() + 1), RandomText(rng_, 1000)};
    Must(twin_->SaveCheckpoint(checkpoint));
    Must(real_->SaveCheckpoint(checkpoint));
  }

  void CompareCheckpoints() {
    const auto real = Must(real_->LoadCheckpoints());
    const auto twin = Must(twin_->LoadCheckpoints());
    REQUIRE(real.damaged == 0);
    REQUIRE(real.entries.size() == twin.entries.size());
    for (std::size_t i = 0; i < real.entries.size(); ++i) {
      REQUIRE(real.entries[i].position == twin.entries[i].position);
      REQUIRE((real.entries[i].bytes == twin.entries[i].bytes));
    }
  }

  SampleRng& rng_;
  TemporaryDirectory directory_;
  std::unique_ptr<Store> real_;
  const std::unique_ptr<Store> twin_ = MakeMemoryStore();
};

TEST_CASE("the store on disk answers every call as its twin in memory does") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  SampleRng rng(seed);
  Twins twins(rng);
  const int steps = Rounds(3000);
  for (int step = 1; step <= steps; ++step) {
    CAPTURE(step);
    twins.Step();
    if (step % 250 != 0) continue;
    twins.CompareAll();
    twins.Reopen();
    twins.CompareAll();
  }
}

}  // namespace
}  // namespace sluice::store
