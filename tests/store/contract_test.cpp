// What every store promises, held against both of them.

#include <memory>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/support/store_calls.h"
#include "tests/support/store_samples.h"
#include "tests/support/temporary_directory.h"

namespace sluice::store {
namespace {

using namespace tests;
using Results = std::vector<Appended>;

class InMemory {
 public:
  Store& operator*() { return *store_; }
  Store* operator->() { return store_.get(); }
  void Reopen() {}  // it lives as long as its process

 private:
  std::unique_ptr<Store> store_ = MakeMemoryStore();
};

class OnDisk {
 public:
  OnDisk() { Reopen(); }
  Store& operator*() { return *store_; }
  Store* operator->() { return store_.get(); }
  void Reopen() {
    store_.reset();
    StoreOptions options;
    options.directory = directory_.File("data");
    store_ = Must(OpenStore(options));
  }

 private:
  TemporaryDirectory directory_;
  std::unique_ptr<Store> store_;
};

#define STORES InMemory, OnDisk

TEMPLATE_TEST_CASE("records stand in the order of the calls at dense positions", "", STORES) {
  TestType store;
  for (std::uint64_t i = 1; i <= 300; ++i) {
    REQUIRE(store->AppendDecision(SampleDecision(i)));
    if (i % 10 == 0) REQUIRE(Must(store->AppendRouter(RouterRecord{})) == i + i / 10);
  }
  store.Reopen();
  REQUIRE(store->last_position() == 330);
  const auto log = Must(ReadWholeLog(*store));
  REQUIRE(log.size() == 330);
  std::uint64_t decisions = 0;
  for (std::size_t i = 0; i < log.size(); ++i) {
    REQUIRE(log[i].position == i + 1);
    if (const auto* decision = std::get_if<DecisionRecord>(&log[i].record)) {
      REQUIRE(*decision == SampleDecision(++decisions));
    }
  }
  CHECK(decisions == 300);
}

TEMPLATE_TEST_CASE("a decision stands before an outcome that was appended after it", "", STORES) {
  TestType store;
  for (std::uint64_t i = 1; i <= 50; ++i) {
    REQUIRE(store->AppendDecision(SampleDecision(i)));
    const std::string event = std::to_string(i);
    REQUIRE(AppendAndWait(*store, SampleOutcome(i, event)) == Appended::kAccepted);
    const auto story = Must(store->FindDecision(SampleId(i)));
    REQUIRE(story.has_value());
    REQUIRE(story->outcomes.size() == 1);
    REQUIRE(story->outcomes[0].record.decision_position == story->position);
  }
}

TEMPLATE_TEST_CASE("a copy of an outcome counts once within a call", "", STORES) {
  TestType store;
  store->AppendDecision(SampleDecision(1));
  OutcomeRecord later = SampleOutcome(1, "a");
  later.received_us += 5;
  CHECK(AppendAndWait(*store, {SampleOutcome(1, "a"), later, SampleOutcome(1, "b")}) ==
        Results{Appended::kAccepted, Appended::kDuplicate, Appended::kAccepted});
  CHECK(store->last_position() == 3);
}

TEMPLATE_TEST_CASE("a copy of an outcome counts once across calls and reopening", "", STORES) {
  TestType store;
  store->AppendDecision(SampleDecision(1));
  CHECK(AppendAndWait(*store, SampleOutcome(1, "a")) == Appended::kAccepted);
  CHECK(AppendAndWait(*store, SampleOutcome(1, "a")) == Appended::kDuplicate);
  store.Reopen();
  CHECK(AppendAndWait(*store, SampleOutcome(1, "a")) == Appended::kDuplicate);
  CHECK(store->last_position() == 2);
}

TEMPLATE_TEST_CASE("an outcome with a known key and other content is a conflict", "", STORES) {
  TestType store;
  store->AppendDecision(SampleDecision(1));
  store->AppendDecision(SampleDecision(2));
  OutcomeRecord other = SampleOutcome(1, "a");
  other.reward = 0.1;
  CHECK(AppendAndWait(*store, {SampleOutcome(1, "a"), other}) ==
        Results{Appended::kAccepted, Appended::kConflict});
  CHECK(AppendAndWait(*store, other) == Appended::kConflict);
  CHECK(AppendAndWait(*store, SampleOutcome(2, "a")) == Appended::kConflict);
  store.Reopen();
  CHECK(AppendAndWait(*store, other) == Appended::kConflict);
  CHECK(AppendAndWait(*store, SampleOutcome(1, "a")) == Appended::kDuplicate);
}

TEMPLATE_TEST_CASE("the same event of two sources is two outcomes", "", STORES) {
  TestType store;
  store->AppendDecision(SampleDecision(1));
  OutcomeRecord one = SampleOutcome(1, "bc");
  OutcomeRecord two = SampleOutcome(1, "c");
  one.source = "a";
  two.source = "ab";  // run together with the event it reads the same
  CHECK(AppendAndWait(*store, {one, two}) == Results{Appended::kAccepted, Appended::kAccepted});
}

TEMPLATE_TEST_CASE("an outcome of a decision that is not known is not taken", "", STORES) {
  TestType store;
  store->AppendDecision(SampleDecision(1));
  CHECK(AppendAndWait(*store, {SampleOutcome(2, "a"), SampleOutcome(1, "b")}) ==
        Results{Appended::kUnknown, Appended::kAccepted});
  // What was not taken leaves no trace: the same key is free.
  store->AppendDecision(SampleDecision(2));
  CHECK(AppendAndWait(*store, SampleOutcome(2, "a")) == Appended::kAccepted);
}

TEMPLATE_TEST_CASE("a decision takes so many outcomes and no more", "", STORES) {
  TestType store;
  store->AppendDecision(SampleDecision(1));
  std::vector<OutcomeRecord> records;
  for (std::size_t i = 0; i < kOutcomesPerDecisionMax + 2; ++i) {
    records.push_back(SampleOutcome(1, std::to_string(i)));
  }
  Results expected(kOutcomesPerDecisionMax, Appended::kAccepted);
  expected.insert(expected.end(), 2, Appended::kTooMany);
  CHECK(AppendAndWait(*store, records) == expected);
  store.Reopen();
  CHECK(AppendAndWait(*store, SampleOutcome(1, "one more")) == Appended::kTooMany);
  CHECK(AppendAndWait(*store, SampleOutcome(1, "0")) == Appended::kDuplicate);
}

TEMPLATE_TEST_CASE("an outcome says how many of its decision stand before it", "", STORES) {
  TestType store;
  store->AppendDecision(SampleDecision(1));
  store->AppendDecision(SampleDecision(2));
  // A sender cannot stamp for himself.
  OutcomeRecord forged = SampleOutcome(1, "a");
  forged.ordinal = 9;
  forged.decision_position = 99;
  // What is not taken is not counted.
  AppendAndWait(*store, {forged, forged, SampleOutcome(2, "b"), SampleOutcome(3, "unknown")});
  AppendAndWait(*store, {SampleOutcome(1, "c")});
  store.Reopen();
  AppendAndWait(*store, {SampleOutcome(1, "d"), SampleOutcome(1, "a"), SampleOutcome(1, "e")});
  std::vector<std::uint8_t> ordinals;
  const auto story = Must(store->FindDecision(SampleId(1)));
  for (const PlacedOutcome& outcome : story->outcomes) {
    ordinals.push_back(outcome.record.ordinal);
    CHECK(outcome.record.decision_position == 1);
  }
  CHECK(ordinals == std::vector<std::uint8_t>{0, 1, 2, 3});
  const auto other = Must(store->FindDecision(SampleId(2)));
  REQUIRE(other->outcomes.size() == 1);
  CHECK(other->outcomes[0].record.ordinal == 0);
  CHECK(other->outcomes[0].record.decision_position == 2);
}

TEMPLATE_TEST_CASE("a router and an admin record stand where they are said to stand", "", STORES) {
  TestType store;
  SampleRng rng(11);
  const RouterRecord router = RandomRouter(rng);
  const AdminRecord admin = RandomAdmin(rng);
  store->AppendDecision(SampleDecision(1));
  CHECK(Must(store->AppendRouter(router)) == 2);
  CHECK(Must(store->AppendAdmin(admin)) == 3);
  // Each time anew: an operator may ask twice.
  CHECK(Must(store->AppendAdmin(admin)) == 4);
  store.Reopen();
  const auto log = Must(ReadWholeLog(*store));
  REQUIRE(log.size() == 4);
  CHECK((log[1].record == Record(router)));
  CHECK((log[2].record == Record(admin)));
  CHECK((log[3].record == Record(admin)));
}

TEMPLATE_TEST_CASE("a decision is found with its outcomes in order", "", STORES) {
  TestType store;
  store->AppendDecision(SampleDecision(1));
  store->AppendDecision(SampleDecision(2));
  AppendAndWait(*store, {SampleOutcome(2, "a"), SampleOutcome(1, "b"), SampleOutcome(2, "c")});
  store.Reopen();
  const auto story = Must(store->FindDecision(SampleId(2)));
  REQUIRE(story.has_value());
  CHECK(story->position == 2);
  CHECK(story->decision == SampleDecision(2));
  REQUIRE(story->outcomes.size() == 2);
  CHECK(story->outcomes[0].record.event_id == "a");
  CHECK(story->outcomes[1].record.event_id == "c");
  CHECK(SameContent(story->outcomes[1].record, SampleOutcome(2, "c")));
  CHECK(story->outcomes[0].position == 3);
  CHECK(story->outcomes[1].position == 5);
  CHECK_FALSE(Must(store->FindDecision(SampleId(3))).has_value());
}

TEMPLATE_TEST_CASE("of two decisions with one id the first stands", "", STORES) {
  TestType store;
  DecisionRecord other = SampleDecision(1);
  other.arm = 42;
  store->AppendDecision(SampleDecision(1));
  store->AppendDecision(other);
  CHECK(AppendAndWait(*store, SampleOutcome(1, "a")) == Appended::kAccepted);
  store->AppendDecision(other);
  Settle(*store);
  CHECK(store->last_position() == 2);
  CHECK(Must(store->FindDecision(SampleId(1)))->decision == SampleDecision(1));
}

TEMPLATE_TEST_CASE("a decision is read at its position and nothing else is", "", STORES) {
  TestType store;
  store->AppendDecision(SampleDecision(1));
  Must(store->AppendRouter(RouterRecord{}));
  CHECK(Must(store->DecisionAt(1)) == SampleDecision(1));
  for (const Position wrong : {Position{0}, Position{2}, Position{3}}) {
    const auto decision = store->DecisionAt(wrong);
    REQUIRE_FALSE(decision.ok());
    CHECK(decision.error().code == Code::kCorrupt);
  }
}

TEMPLATE_TEST_CASE("reading goes page by page", "", STORES) {
  TestType store;
  for (std::uint64_t i = 1; i <= 25; ++i) store->AppendDecision(SampleDecision(i));
  Settle(*store);
  CHECK(Must(store->Read(0, 10)).size() == 10);
  const auto last_page = Must(store->Read(20, 10));
  REQUIRE(last_page.size() == 5);
  CHECK(last_page.front().position == 21);
  CHECK(Must(store->Read(25, 10)).empty());
  CHECK(Must(store->Read(1000, 10)).empty());
  CHECK(Must(store->Read(0, 0)).empty());
}

TEMPLATE_TEST_CASE("an empty call is answered with nothing", "", STORES) {
  TestType store;
  bool answered = false;
  std::promise<void> done;
  REQUIRE(store->AppendOutcomes({}, [&](Results results) {
    answered = results.empty();
    done.set_value();
  }));
  done.get_future().wait();
  CHECK(answered);
  CHECK(store->last_position() == 0);
}

TEMPLATE_TEST_CASE("the newest three checkpoints are kept", "", STORES) {
  TestType store;
  CHECK(Must(store->LoadCheckpoints()).entries.empty());
  store->AppendDecision(SampleDecision(1));
  store->AppendDecision(SampleDecision(2));
  Settle(*store);
  for (char name = 'a'; name <= 'e'; ++name) {
    // The last two are at one position: what counts is the order in which they are saved.
    const Position position = name == 'a' ? 0 : name <= 'c' ? 1 : 2;
    Must(store->SaveCheckpoint({position, std::string(1000, name)}));
  }
  store.Reopen();
  const auto loaded = Must(store->LoadCheckpoints());
  CHECK(loaded.damaged == 0);
  REQUIRE(loaded.entries.size() == 3);
  CHECK(loaded.entries[0].bytes == std::string(1000, 'e'));
  CHECK(loaded.entries[1].bytes == std::string(1000, 'd'));
  CHECK(loaded.entries[2].bytes == std::string(1000, 'c'));
  CHECK(loaded.entries[0].position == 2);
  CHECK(loaded.entries[2].position == 1);
}

TEMPLATE_TEST_CASE("a checkpoint of any size comes back as it was", "", STORES) {
  TestType store;
  SampleRng rng(7);
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{1} << 20, (std::size_t{5} << 20) + 17}) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(rng());
    Must(store->SaveCheckpoint({0, bytes}));
    store.Reopen();
    CHECK((Must(store->LoadCheckpoints()).entries.at(0).bytes == bytes));
  }
}

TEMPLATE_TEST_CASE("a checkpoint beyond the end of the log is refused", "", STORES) {
  TestType store;
  CHECK_FALSE(store->SaveCheckpoint({1, "x"}).ok());
  CHECK(Must(store->LoadCheckpoints()).entries.empty());
}

TEMPLATE_TEST_CASE("waiting ends when the time is over", "", STORES) {
  TestType store;
  CHECK_FALSE(store->WaitPast(0, std::chrono::milliseconds(1)));
  store->AppendDecision(SampleDecision(1));
  CHECK(store->WaitPast(0, std::chrono::milliseconds::max()));
  CHECK_FALSE(store->WaitPast(1, std::chrono::milliseconds(1)));
}

TEMPLATE_TEST_CASE("who follows the log misses no wake-up", "", STORES) {
  TestType store;
  constexpr std::uint64_t kRecords = 3000;
  std::thread writer([&] {
    for (std::uint64_t i = 1; i <= kRecords; ++i) {
      store->AppendDecision(SampleDecision(i));
      if (i % 16 == 0) Settle(*store);
    }
  });
  Position read = 0;
  bool in_time = true;
  while (read < kRecords && in_time) {
    in_time = store->WaitPast(read, std::chrono::minutes(2));
    const auto entries = Must(store->Read(read, 100));
    if (entries.empty()) in_time = false;
    for (const LogEntry& entry : entries) read = entry.position;
  }
  writer.join();
  CHECK(in_time);
  CHECK(read == kRecords);
}

TEMPLATE_TEST_CASE("health counts the bytes of the log", "", STORES) {
  TestType store;
  CHECK(store->health().log_bytes == 0);
  store->AppendDecision(SampleDecision(1));
  AppendAndWait(*store, SampleOutcome(1, "a"));
  OutcomeRecord stamped = SampleOutcome(1, "a");
  stamped.decision_position = 1;
  const std::size_t bytes = EncodeRecord(SampleDecision(1)).size() + EncodeRecord(stamped).size();
  CHECK(store->health().log_bytes == bytes);
  store.Reopen();
  const StoreHealth health = store->health();
  CHECK(health.log_bytes == bytes);
  CHECK(health.writable);
  CHECK(health.queued == 0);
  CHECK(health.faults == 0);
}

TEMPLATE_TEST_CASE("many threads at once lose nothing", "", STORES) {
  TestType store;
  constexpr std::uint64_t kThreads = 4;
  constexpr std::uint64_t kEach = 200;
  std::vector<std::thread> threads;
  std::atomic<std::uint64_t> accepted = 0;
  for (std::uint64_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (std::uint64_t i = 0; i < kEach; ++i) {
        const std::uint64_t number = 1 + t * kEach + i;
        store->AppendDecision(SampleDecision(number));
        if (i % 4 != 0) continue;
        const auto outcome = SampleOutcome(number, std::to_string(number));
        if (AppendAndWait(*store, outcome) == Appended::kAccepted) ++accepted;
        (void)store->FindDecision(SampleId(number));
        (void)store->health();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  Settle(*store);
  CHECK(accepted == kThreads * kEach / 4);
  CHECK(Must(ReadWholeLog(*store)).size() == kThreads * kEach + accepted);
}

}  // namespace
}  // namespace sluice::store
