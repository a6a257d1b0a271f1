#include "store/records.h"

#include <catch2/catch.hpp>

#include "store/crc32c.h"
#include "tests/support/store_bytes.h"
#include "tests/support/store_samples.h"

namespace sluice::store {
namespace {

using namespace tests;

DecisionRecord GoldenDecision() {
  DecisionRecord record;
  for (std::size_t i = 0; i < 16; ++i) record.id.bytes[i] = static_cast<std::uint8_t>(i);
  record.time_us = 0x0102030405060708;
  record.router = 3;
  record.sequence = 4;
  record.tick = 6;
  record.policy_version = 5;
  record.policy_kind = 1;
  record.exploration_mode = 2;
  record.reason = 3;
  record.narrowed_by = 0x104;
  record.notes = 0x201;
  record.learnable = true;
  record.active = true;
  record.audit = true;
  record.arm = 1;
  record.greedy_arm = 2;
  record.baseline_arm = 3;
  record.observed_arm = 4;
  record.eligible = 7;
  record.cost_weight = 0.5;
  record.latency_weight = 0.75;
  record.exploration = 0.25;
  record.list_price_usd = 2;
  record.reserved_usd = 4;
  record.shares = {{1, 1ull << 32, 1.0f, 2.0f, 0.5f, 250.0f, -1.0f}};
  record.map_version = 5;
  record.context = {1.0f, -0.5f};
  record.features = std::string("f\0g", 3);
  record.plan = "free";
  record.request_id = "r1";
  record.request_digest = 9;
  record.session = 11;
  record.tags = {"a", "bc"};
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
  record.seq = 3;
  record.revoked = true;
  record.activate = true;
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
  record.ordinal = 5;
  return record;
}

RouterRecord GoldenRouter() {
  RouterRecord record;
  record.router = 1;
  record.name = "default";
  record.time_us = 2;
  record.active = true;
  record.context_id = "hash/1";
  record.arm_names = {"economy", "premium"};
  record.definition = "name = 1\n";
  record.gram_seed = 7;
  record.warm_starts = {{1, "stat"}};
  record.context_map = "map";
  return record;
}

AdminRecord GoldenAdmin() {
  AdminRecord record;
  record.router = 1;
  record.time_us = 2;
  record.operation = 3;
  record.target = 4;
  record.arm = "premium";
  return record;
}

TEST_CASE("the checksum is CRC-32C") {
  CHECK(Crc32c("123456789") == 0xE3069283u);
  CHECK(Crc32c("6789", Crc32c("12345")) == 0xE3069283u);
  CHECK(Crc32c("") == 0u);
}

TEST_CASE("every record comes back from its bytes as it was") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  SampleRng rng(seed);
  for (int i = 0; i < 3000; ++i) {
    const Record record = RandomRecord(rng);
    auto decoded = DecodeRecord(EncodeRecord(record));
    REQUIRE(decoded.ok());
    REQUIRE((*decoded == record));
  }
}

TEST_CASE("a record with any one byte changed is refused") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  SampleRng rng(seed);
  for (int i = 0; i < 60; ++i) {
    const std::string bytes = EncodeRecord(RandomRecord(rng));
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 + Below(rng, 255)));
      const auto decoded = DecodeRecord(damaged);
      REQUIRE_FALSE(decoded.ok());
      REQUIRE(decoded.error().code == Code::kCorrupt);
    }
  }
}

TEST_CASE("a record cut short or made longer is refused") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  SampleRng rng(seed);
  for (int i = 0; i < 60; ++i) {
    const std::string bytes = EncodeRecord(RandomRecord(rng));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      REQUIRE_FALSE(DecodeRecord(std::string_view(bytes).substr(0, size)).ok());
    }
    REQUIRE_FALSE(DecodeRecord(bytes + '\0').ok());
  }
}

TEST_CASE("a record whose checksum was made to hold but whose shape does not is refused") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  SampleRng rng(seed);
  int refused = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string bytes = EncodeRecord(RandomRecord(rng));
    bytes.resize(bytes.size() - 4);
    const std::size_t changes = 1 + Below(rng, 4);
    for (std::size_t c = 0; c < changes; ++c) {
      bytes[2 + Below(rng, bytes.size() - 2)] = static_cast<char>(rng());
    }
    if (Coin(rng)) bytes.resize(2 + Below(rng, bytes.size() - 2));
    const auto decoded = DecodeRecord(WithChecksum(bytes));
    // Nothing is believed beyond the bytes; what is accepted says exactly those bytes.
    if (decoded.ok()) {
      REQUIRE(EncodeRecord(*decoded) == WithChecksum(bytes));
    } else {
      REQUIRE(decoded.error().code == Code::kCorrupt);
      ++refused;
    }
  }
  CHECK(refused > 0);
}

TEST_CASE("a count that promises more than there is does not allocate") {
  std::string bytes = EncodeRecord(RouterRecord{});
  bytes.resize(bytes.size() - 4);
  bytes.replace(2 + 4, 4, "\xFF\xFF\xFF\xFF");  // the length of the name
  const auto decoded = DecodeRecord(WithChecksum(bytes));
  REQUIRE_FALSE(decoded.ok());
  CHECK(decoded.error().code == Code::kCorrupt);
}

TEST_CASE("an unknown type or version is said to be a format of another release") {
  std::string bytes = EncodeRecord(RouterRecord{});
  bytes.resize(bytes.size() - 4);
  std::string type = bytes;
  type[0] = 99;
  std::string version = bytes;
  version[1] = 4;
  std::string zero = bytes;
  zero[1] = 0;
  for (const std::string& unknown : {type, version, zero}) {
    const auto decoded = DecodeRecord(WithChecksum(unknown));
    REQUIRE_FALSE(decoded.ok());
    CHECK(decoded.error().code == Code::kFormat);
  }
}

TEST_CASE("what is compared of two outcomes is what their sender said") {
  const OutcomeRecord one = GoldenOutcome();
  OutcomeRecord other = one;
  other.received_us = 99;
  other.decision_position = 0;
  other.ordinal = kOrdinalUnknown;
  CHECK(SameContent(one, other));
  for (int change = 0; change < 4; ++change) {
    CAPTURE(change);
    OutcomeRecord changed = one;
    if (change == 0) changed.reward = 0.6;
    if (change == 1) ++changed.seq;
    if (change == 2) changed.revoked = !changed.revoked;
    if (change == 3) changed.activate = !changed.activate;
    CHECK_FALSE(SameContent(one, changed));
  }
}

TEST_CASE("every kind of record says when it was") {
  CHECK(TimeOf(GoldenDecision()) == 0x0102030405060708);
  CHECK(TimeOf(GoldenOutcome()) == 1);
  CHECK(TimeOf(GoldenRouter()) == 2);
  CHECK(TimeOf(GoldenAdmin()) == 2);
}

// The format is frozen: releases to come read these very bytes. Those of version 1 stand in
// version1_test.cpp.
TEST_CASE("the bytes of each kind of record are those of their version") {
  CHECK(Hex(EncodeRecord(GoldenDecision())) ==
        "0102000102030405060708090a0b0c0d0e0f0807060504030201030000000400000000000000"
        "050000000000000001020304011f0100020003000700000000000000000000000000e03f0000"
        "00000000d03f000000000000004001000000010000000000010000000000803f000000400000"
        "003f00007a43000080bf020000000000803f000000bf02000000723109000000000000000200"
        "00000100000061020000006263060000000000000001020400000000000000e83f0000000000"
        "001040050000000300000066006704000000667265650b000000000000005303821d");
  CHECK(Hex(EncodeRecord(GoldenOutcome())) ==
        "0202000102030405060708090a0b0c0d0e0f0200000065310400000075736572070000006563"
        "6f6e6f6d790100000000000000ff1f0200000000000000000000000000e03fff000000000000"
        "d03f0100000000000000c03f00000000000059400a0000000b0000000c0000000d000000c800"
        "0300000001014d0000000000000005396f8d13");
  CHECK(Hex(EncodeRecord(GoldenRouter())) ==
        "0303010000000700000064656661756c7402000000000000000106000000686173682f310200"
        "00000700000065636f6e6f6d79070000007072656d69756d090000006e616d65203d20310a07"
        "0000000100000001000400000073746174030000006d6170ef5f0f00");
  CHECK(Hex(EncodeRecord(GoldenAdmin())) ==
        "0701010000000200000000000000030400000000000000070000007072656d69756dd446b5ca");
}

TEST_CASE("a router of the second version is read as one that began without a map") {
  RouterRecord router = GoldenRouter();
  router.context_map.clear();
  std::string bytes = EncodeRecord(router);
  bytes[1] = 2;
  bytes.resize(bytes.size() - 8);  // the length of the map, the checksum
  const auto read = DecodeRecord(WithChecksum(bytes));
  REQUIRE(read.ok());
  CHECK((*read == Record(router)));
}

}  // namespace
}  // namespace sluice::store
