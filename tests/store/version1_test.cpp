// What the first release wrote is read, and nothing else is taken for it.

#include <memory>

#include <catch2/catch.hpp>

#include "store/rocks_layout.h"
#include "tests/support/store_bytes.h"
#include "tests/support/store_calls.h"
#include "tests/support/store_raw.h"
#include "tests/support/store_samples.h"
#include "tests/support/store_version1.h"
#include "tests/support/temporary_directory.h"

namespace sluice::store {
namespace {

using namespace tests;

// -- What it is read as --------------------------------------------------------------------------

DecisionRecord AsRead(DecisionRecord record) {
  const DecisionRecord absent;
  record.tick = record.sequence;
  record.narrowed_by &= 0xFF;
  record.notes = absent.notes;
  record.active = absent.active;
  record.audit = absent.audit;
  record.observed_arm = absent.observed_arm;
  record.latency_weight = absent.latency_weight;
  record.reserved_usd = absent.reserved_usd;
  record.map_version = absent.map_version;
  record.features = absent.features;
  record.plan = absent.plan;
  record.session = absent.session;
  for (ArmShare& share : record.shares) share.expected_latency_ms = 0;
  return record;
}

OutcomeRecord AsRead(OutcomeRecord record) {
  record.seq = 0;
  record.revoked = false;
  record.activate = false;
  record.ordinal = kOrdinalUnknown;
  return record;
}

RouterRecord AsRead(RouterRecord record) {
  record.gram_seed = 0;
  record.warm_starts.clear();
  record.context_map.clear();
  return record;
}

struct Old {
  std::string bytes;
  Record read;
};

Old RandomOld(SampleRng& rng) {
  const std::size_t kind = Below(rng, 3);
  if (kind == 0) {
    const DecisionRecord record = RandomDecision(rng);
    return {EncodeVersion1(record), AsRead(record)};
  }
  if (kind == 1) {
    const OutcomeRecord record = RandomOutcome(rng);
    const Stamps stamps{Coin(rng), Coin(rng), Coin(rng), Coin(rng)};
    return {EncodeVersion1(record, stamps), AsRead(record)};
  }
  const RouterRecord record = RandomRouter(rng);
  return {EncodeVersion1(record), AsRead(record)};
}

// What stamps a record has is not read, so its bytes are among these.
bool SaysExactly(const Record& record, const std::string& bytes) {
  if (const auto* decision = std::get_if<DecisionRecord>(&record)) {
    return EncodeVersion1(*decision) == bytes;
  }
  if (const auto* router = std::get_if<RouterRecord>(&record)) {
    return EncodeVersion1(*router) == bytes;
  }
  for (int bits = 0; bits < 16; ++bits) {
    const Stamps stamps{(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0};
    if (EncodeVersion1(std::get<OutcomeRecord>(record), stamps) == bytes) return true;
  }
  return false;
}

// -- Golden records ------------------------------------------------------------------------------

DecisionRecord GoldenDecision() {
  DecisionRecord record;
  for (std::size_t i = 0; i < 16; ++i) record.id.bytes[i] = static_cast<std::uint8_t>(i);
  record.time_us = 0x0102030405060708;
  record.router = 3;
  record.sequence = 4;
  record.tick = 4;
  record.policy_version = 5;
  record.policy_kind = 1;
  record.exploration_mode = 2;
  record.reason = 3;
  record.narrowed_by = 4;
  record.arm = 1;
  record.greedy_arm = 2;
  record.baseline_arm = 3;
  record.eligible = 7;
  record.cost_weight = 0.5;
  record.exploration = 0.25;
  record.list_price_usd = 2;
  record.shares = {{1, 1ull << 32, 1.0f, 2.0f, 0.5f, 0.0f, -1.0f}};
  record.context = {1.0f, -0.5f};
  record.request_id = "r1";
  record.request_digest = 9;
  record.tags = {"a", "bc"};
  return record;
}

DecisionRecord BareDecision() {
  DecisionRecord record;
  record.id.bytes[15] = 1;
  record.sequence = 6;
  record.tick = 6;
  record.learnable = false;
  record.narrowed_by = 0xFF;
  record.arm = 2;
  return record;
}

OutcomeRecord GoldenOutcome() {
  OutcomeRecord record;
  for (std::size_t i = 0; i < 16; ++i) record.decision.bytes[i] = static_cast<std::uint8_t>(i);
  record.event_id = "e1";
  record.source = "user";
  record.served_arm = "economy";
  record.received_us = 1;
  record.occurred_us = 2;
  record.reward = 0.5;
  record.thumb = std::int8_t{-1};
  record.score = 0.25;
  record.task_success = true;
  record.regenerated = false;
  record.cost_usd = 0.125;
  record.latency_ms = 100;
  record.input_tokens = 10;
  record.cached_input_tokens = 11;
  record.output_tokens = 12;
  record.reasoning_tokens = 13;
  record.status = 200;
  record.decision_position = 77;
  record.ordinal = kOrdinalUnknown;
  return record;
}

OutcomeRecord CostOutcome() {
  OutcomeRecord record;
  record.decision.bytes[15] = 1;
  record.event_id = "e2";
  record.source = "gateway";
  record.received_us = 5;
  record.cost_usd = 0.5;
  record.decision_position = 3;
  record.ordinal = kOrdinalUnknown;
  return record;
}

RouterRecord GoldenRouter() {
  RouterRecord record;
  record.router = 1;
  record.name = "default";
  record.time_us = 2;
  record.context_id = "hash/1";
  record.arm_names = {"economy", "premium"};
  record.definition = "name = 1\n";
  return record;
}

RouterRecord InactiveRouter() {
  RouterRecord record;
  record.router = 2;
  record.name = "old";
  record.active = false;
  return record;
}

// Encoded by the release itself.
std::vector<Old> GoldenRecords() {
  const char* const decision =
      "0101000102030405060708090a0b0c0d0e0f08070605040302010300000004000000000000000500"
      "00000000000001020304030100020003000700000000000000000000000000e03f000000000000d0"
      "3f000000000000004001000000010000000000010000000000803f000000400000003f000080bf02"
      "0000000000803f000000bf0200000072310900000000000000020000000100000061020000006263"
      "a5dbcda2";
  const char* const bare_decision =
      "01010000000000000000000000000000000100000000000000000000000006000000000000000000"
      "000000000000000000ff000200000000000000000000000000000000000000000000000000000000"
      "000000000000000000000000000000000000000000000000000000000000000000f52dc289";
  const char* const outcome =
      "0201000102030405060708090a0b0c0d0e0f02000000653104000000757365720700000065636f6e"
      "6f6d790100000000000000ff1f0200000000000000000000000000e03fff000000000000d03f0100"
      "000000000000c03f00000000000059400a0000000b0000000c0000000d000000c80001004d000000"
      "000000000100c64db9a9";
  const char* const cost_outcome =
      "02010000000000000000000000000000000102000000653207000000676174657761790000000005"
      "000000000000004000000000000000e03f00010300000000000000000134364202";
  const char* const router =
      "0301010000000700000064656661756c7402000000000000000106000000686173682f3102000000"
      "0700000065636f6e6f6d79070000007072656d69756d090000006e616d65203d20310af546c446";
  const char* const inactive_router =
      "030102000000030000006f6c64000000000000000000000000000000000000000000194ca61a";
  return {{FromHex(decision), GoldenDecision()}, {FromHex(bare_decision), BareDecision()},
          {FromHex(outcome), GoldenOutcome()},   {FromHex(cost_outcome), CostOutcome()},
          {FromHex(router), GoldenRouter()},     {FromHex(inactive_router), InactiveRouter()}};
}

TEST_CASE("golden records of the first release are read") {
  for (const Old& golden : GoldenRecords()) {
    CAPTURE(Hex(golden.bytes));
    CHECK((Must(DecodeRecord(golden.bytes)) == golden.read));
    CHECK(SaysExactly(golden.read, golden.bytes));  // the tests' encoding is that of the release
  }
}

// -- Any record ----------------------------------------------------------------------------------

TEST_CASE("any record of the first release is read with what it did not have at its default") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  SampleRng rng(seed);
  for (int i = 0; i < 3000; ++i) {
    const Old old = RandomOld(rng);
    REQUIRE((Must(DecodeRecord(old.bytes)) == old.read));
    // Written again it is a record of today.
    const std::string again = EncodeRecord(old.read);
    REQUIRE(again[1] == (std::holds_alternative<RouterRecord>(old.read) ? 3 : 2));
    REQUIRE((Must(DecodeRecord(again)) == old.read));
  }
}

TEST_CASE("a record of the first release that was changed or cut is refused") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  SampleRng rng(seed);
  std::vector<Old> records = GoldenRecords();
  for (int i = 0; i < 30; ++i) records.push_back(RandomOld(rng));
  for (const Old& old : records) {
    for (std::size_t at = 0; at < old.bytes.size(); ++at) {
      std::string damaged = old.bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 + Below(rng, 255)));
      REQUIRE_FALSE(DecodeRecord(damaged).ok());
      REQUIRE_FALSE(DecodeRecord(std::string_view(old.bytes).substr(0, at)).ok());
    }
    const std::string payload = old.bytes.substr(0, old.bytes.size() - 4);
    for (std::size_t size = 2; size < payload.size(); ++size) {
      REQUIRE_FALSE(DecodeRecord(WithChecksum(payload.substr(0, size))).ok());
    }
    REQUIRE_FALSE(DecodeRecord(WithChecksum(payload + '\0')).ok());
  }
}

TEST_CASE("what is taken for a record of the first release says exactly its bytes") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  SampleRng rng(seed);
  const std::vector<Old> golden = GoldenRecords();
  int refused = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string bytes = Coin(rng) ? golden[Below(rng, golden.size())].bytes : RandomOld(rng).bytes;
    bytes.resize(bytes.size() - 4);
    for (std::size_t changes = 1 + Below(rng, 4); changes > 0; --changes) {
      bytes[2 + Below(rng, bytes.size() - 2)] = static_cast<char>(rng());
    }
    const auto decoded = DecodeRecord(WithChecksum(bytes));
    if (decoded.ok()) {
      REQUIRE(SaysExactly(*decoded, WithChecksum(bytes)));
    } else {
      REQUIRE(decoded.error().code == Code::kCorrupt);
      ++refused;
    }
  }
  CHECK(refused > 0);
}

TEST_CASE("flags that the first release did not know are refused in its records") {
  std::string bytes = EncodeVersion1(BareDecision());
  bytes.resize(bytes.size() - 4);
  constexpr std::size_t kFlagsAt = 2 + 16 + 8 + 4 + 8 + 8 + 4;
  for (int bit = 2; bit < 8; ++bit) {
    CAPTURE(bit);
    std::string flagged = bytes;
    flagged[kFlagsAt] = static_cast<char>(flagged[kFlagsAt] | 1 << bit);
    CHECK_FALSE(DecodeRecord(WithChecksum(flagged)).ok());
  }
}

// -- The directory -------------------------------------------------------------------------------

TEST_CASE("an entry of the first release in the decisions index is read and no shorter") {
  const std::string bytes = IndexOfVersion1(7, {8, 1ull << 40});
  const DecisionIndex index = Must(DecodeIndex(bytes));
  CHECK(index.position == 7);
  CHECK(index.outcomes == std::vector<Position>{8, 1ull << 40});
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK_FALSE(DecodeIndex(std::string_view(bytes).substr(0, size)).ok());
  }
  std::string marked = bytes;
  marked[1] = 4;
  CHECK_FALSE(DecodeIndex(marked).ok());
}

DecisionRecord OldDecision(std::uint64_t number) {
  return AsRead(SampleDecision(number));
}

OutcomeRecord OldOutcome() {
  OutcomeRecord record = AsRead(SampleOutcome(1, "a"));
  record.decision_position = 2;
  return record;
}

// A router, two decisions and an outcome of the first of them.
void FillAsFirstRelease(const std::string& data) {
  StoreOptions options;
  options.directory = data;
  Must(OpenStore(options));
  const std::vector<std::string> log = {
      EncodeVersion1(GoldenRouter()), EncodeVersion1(OldDecision(1)),
      EncodeVersion1(OldDecision(2)), EncodeVersion1(OldOutcome(), {true, false, true, false})};
  RawDatabase database(data);
  std::uint64_t log_bytes = 0;
  for (std::size_t i = 0; i < log.size(); ++i) {
    database.Put(Family::kLog, LogKey(i + 1), log[i]);
    log_bytes += log[i].size();
  }
  database.Put(Family::kDecisions, std::string(DecisionKey(SampleId(1))), IndexOfVersion1(2, {4}));
  database.Put(Family::kDecisions, std::string(DecisionKey(SampleId(2))), IndexOfVersion1(3, {}));
  database.Put(Family::kDedupe, EventKey(OldOutcome()), EncodeNumber(4));
  database.Put(Family::kMeta, std::string(kMetaLogBytes), EncodeNumber(log_bytes));
}

TEST_CASE("a directory of the first release opens and its log goes on") {
  const TemporaryDirectory directory;
  StoreOptions options;
  options.directory = directory.File("data");
  FillAsFirstRelease(options.directory);
  auto store = Must(OpenStore(options));
  const auto log = Must(ReadWholeLog(*store));
  REQUIRE(log.size() == 4);
  CHECK((log[0].record == Record(GoldenRouter())));
  CHECK((log[1].record == Record(OldDecision(1))));
  CHECK((log[2].record == Record(OldDecision(2))));
  CHECK((log[3].record == Record(OldOutcome())));

  // What is sent again is still known, and what is new counts on from there.
  CHECK(AppendAndWait(*store, SampleOutcome(1, "a")) == Appended::kDuplicate);
  CHECK(AppendAndWait(*store, SampleOutcome(1, "b")) == Appended::kAccepted);
  CHECK(AppendAndWait(*store, SampleOutcome(2, "c")) == Appended::kAccepted);
  store->AppendDecision(SampleDecision(1));  // known, too
  store.reset();
  store = Must(OpenStore(options));
  CHECK(store->last_position() == 6);
  const auto first = Must(store->FindDecision(SampleId(1)));
  REQUIRE(first.has_value());
  CHECK(first->decision == OldDecision(1));
  REQUIRE(first->outcomes.size() == 2);
  CHECK(first->outcomes[0].position == 4);
  CHECK(first->outcomes[0].record.ordinal == kOrdinalUnknown);
  CHECK(first->outcomes[1].position == 5);
  CHECK(first->outcomes[1].record.ordinal == 1);
  const auto second = Must(store->FindDecision(SampleId(2)));
  REQUIRE(second.has_value());
  REQUIRE(second->outcomes.size() == 1);
  CHECK(second->outcomes[0].record.ordinal == 0);
}

}  // namespace
}  // namespace sluice::store
