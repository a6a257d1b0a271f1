// What is on disk: the typed records of the event log. The encoding (records.cpp) is part of the
// permanent format: little-endian, [u8 type | u8 version | payload | u32 CRC-32C of all before].
// A new field means a new version that the decoder keeps reading the old one beside.
//
// These are plain values. What an arm, a policy or a signal means is not known here.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "store/status.h"

namespace sluice::store {

// A place in the log: 1, 2, 3, ... without holes, given by the committer. 0 is before the first.
using Position = std::uint64_t;

// UUIDv7 with the node in it (daemon/ids.h makes and prints them).
struct DecisionId {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const DecisionId&) const = default;
};

enum class RecordType : std::uint8_t {
  kDecision = 1,
  kOutcome = 2,
  kRouter = 3,
  // Kept for later storeys: arm = 4, price = 5, timer = 6, admin = 7.
};

// One eligible arm of a decision.
struct ArmShare {
  std::uint16_t arm = 0;
  std::uint64_t probability_q32 = 0;  // fraction of 2^32
  float mean = 0;                     // quality
  float width = 0;
  float expected_cost_usd = 0;
  float score = 0;
  bool operator==(const ArmShare&) const = default;
};

// One choice, with everything needed to learn from it and to evaluate another policy on it.
struct DecisionRecord {
  DecisionId id;
  std::uint64_t time_us = 0;          // since the epoch
  std::uint32_t router = 0;           // RouterRecord::router
  std::uint64_t sequence = 0;         // keys the draw
  std::uint64_t policy_version = 0;   // snapshot that was read
  std::uint8_t policy_kind = 0;       // policy::PolicyKind
  std::uint8_t exploration_mode = 0;  // policy::ExplorationMode
  std::uint8_t reason = 0;            // api::Reason
  std::uint8_t narrowed_by = 0;       // bit i: api::Narrowing i
  bool learnable = true;              // false: overrides
  std::uint16_t arm = 0;
  std::uint16_t greedy_arm = 0;
  std::optional<std::uint16_t> baseline_arm;
  std::uint64_t eligible = 0;        // bit a: arm a
  double cost_weight = 0;            // lambda used, per USD
  double exploration = 0;            // P(arm != greedy_arm)
  double list_price_usd = 0;         // of the chosen arm, blended per 1,000 tokens, at the time
  std::vector<ArmShare> shares;      // of the eligible arms, by id
  std::vector<float> context;        // with the bias
  std::string request_id;            // empty: none
  std::uint64_t request_digest = 0;  // of the request's body, when it has a request_id
  std::vector<std::string> tags;
  bool operator==(const DecisionRecord&) const = default;
};

// Raw facts reported about a decision. Which signals are present is kept; nothing is derived.
struct OutcomeRecord {
  DecisionId decision;
  std::string event_id;  // with `source` the idempotency key
  std::string source;
  std::uint64_t received_us = 0;  // not part of what duplicates are compared by
  std::optional<std::uint64_t> occurred_us;
  std::string served_arm;  // name of the arm that answered; empty: the chosen one
  std::optional<double> reward;
  std::optional<std::int8_t> thumb;
  std::optional<double> score;
  std::optional<bool> task_success;
  std::optional<bool> regenerated;
  std::optional<double> cost_usd;
  std::optional<double> latency_ms;
  std::optional<std::uint32_t> input_tokens;
  std::optional<std::uint32_t> cached_input_tokens;
  std::optional<std::uint32_t> output_tokens;
  std::optional<std::uint32_t> reasoning_tokens;
  std::optional<std::uint16_t> status;
  // What this outcome can teach, said by whoever appends it.
  bool carries_quality = false;
  bool carries_cost = false;

  // Given by the committer, in log order, so that a reader of the log needs no table of its own.
  Position decision_position = 0;
  bool first_quality = false;  // no earlier outcome of the decision carried quality
  bool first_cost = false;
  bool operator==(const OutcomeRecord&) const = default;
};

// A router's definition from here on. `definition` is the router's canonical configuration text
// (config::PrintRouter), opaque here; arm i of the roster is called arm_names[i].
struct RouterRecord {
  std::uint32_t router = 0;
  std::string name;
  std::uint64_t time_us = 0;
  bool active = true;                  // false: no longer configured; what was learnt is kept
  std::string context_id;              // policy::ContextBuilder::id()
  std::vector<std::string> arm_names;  // only ever grows
  std::string definition;
  bool operator==(const RouterRecord&) const = default;
};

using Record = std::variant<DecisionRecord, OutcomeRecord, RouterRecord>;

struct LogEntry {
  Position position = 0;
  Record record;
};

std::string EncodeRecord(const Record& record);
// Error: kCorrupt for a checksum or shape that does not hold, kFormat for an unknown type or
// version.
Result<Record> DecodeRecord(std::string_view bytes);

// When it was decided, received or changed.
std::uint64_t TimeOf(const Record& record);

// True when two outcomes with the same key say the same (received_us and what the committer gives
// are not compared).
bool SameContent(const OutcomeRecord& a, const OutcomeRecord& b);

}  // namespace sluice::store
