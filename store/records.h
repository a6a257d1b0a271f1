// What is on disk: the typed records of the event log. The encoding (records*.cpp) is part of the
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
  kAdmin = 7,
  // Kept for later storeys: 4, 5, 6.
};

// One eligible arm of a decision.
struct ArmShare {
  std::uint16_t arm = 0;
  std::uint64_t probability_q32 = 0;  // fraction of 2^32
  float mean = 0;                     // quality
  float width = 0;
  float expected_cost_usd = 0;
  float expected_latency_ms = 0;  // 0: not known
  float score = 0;
  bool operator==(const ArmShare&) const = default;
};

// One choice, with everything needed to learn from it and to evaluate another policy on it.
struct DecisionRecord {
  DecisionId id;
  std::uint64_t time_us = 0;          // since the epoch
  std::uint32_t router = 0;           // RouterRecord::router
  std::uint64_t sequence = 0;         // keys the draw
  std::uint64_t tick = 0;             // the router's count of decisions, what forgetting counts in
  std::uint64_t policy_version = 0;   // snapshot that was read
  std::uint8_t policy_kind = 0;       // policy::PolicyKind
  std::uint8_t exploration_mode = 0;  // policy::ExplorationMode
  std::uint8_t reason = 0;            // api::Reason
  std::uint16_t narrowed_by = 0;      // bit i: api::Narrowing i
  std::uint16_t notes = 0;            // bit i: daemon's Note i
  bool learnable = true;              // false: overrides
  bool active = true;                 // false: no default reward until an outcome activates it
  bool audit = false;                 // a judgement was asked for
  std::uint16_t arm = 0;
  std::uint16_t greedy_arm = 0;
  std::optional<std::uint16_t> baseline_arm;
  std::optional<std::uint16_t> observed_arm;  // what the policy drew while `arm` is the caller's
  std::uint64_t eligible = 0;                 // bit a: arm a
  double cost_weight = 0;                     // lambda used, per USD
  double latency_weight = 0;                  // mu used, per second
  double exploration = 0;                     // P(arm != greedy_arm)
  double list_price_usd = 0;         // of the chosen arm, blended per 1,000 tokens, at the time
  double reserved_usd = 0;           // worst case held back until the cost is known; 0: none
  std::vector<ArmShare> shares;      // of the eligible arms, by id
  std::uint32_t map_version = 0;     // of the context map that made `context`; 0: none
  std::vector<float> context;        // with the bias
  std::string features;              // what a later map needs to make another; opaque here
  std::string plan;                  // what the user pays for; empty: not said
  std::string request_id;            // empty: none
  std::uint64_t request_digest = 0;  // of the request's body, when it has a request_id
  std::uint64_t session = 0;         // a keyed digest of the session that it is of; 0: not said
  std::vector<std::string> tags;
  bool operator==(const DecisionRecord&) const = default;
};

inline constexpr std::uint8_t kOrdinalUnknown = 255;
// The source of records that timers write.
inline constexpr std::string_view kTimerSource = "sluice";

// Raw facts reported about a decision, by whoever may report; timers that fire report as well
// (source "sluice"), so that they stand in the log and count once. Which signals are present is
// kept; nothing is derived.
struct OutcomeRecord {
  DecisionId decision;
  std::string event_id;  // with `source` the idempotency key
  std::string source;
  std::uint64_t received_us = 0;  // not part of what duplicates are compared by
  std::optional<std::uint64_t> occurred_us;
  std::uint32_t seq = 0;   // a higher one of the same source revises
  bool revoked = false;    // withdraws what the source said up to `seq`
  bool activate = false;   // of a decision that was made with active = false
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

  // Given by the committer, in log order, so that a reader of the log needs no table of its own.
  Position decision_position = 0;
  // How many outcomes of the decision stand before this one; kOrdinalUnknown in records of the
  // first version.
  std::uint8_t ordinal = 0;
  bool operator==(const OutcomeRecord&) const = default;
};

// A router's definition from here on. `definition` is the router's canonical configuration text
// (config::PrintRouter), opaque here; arm i of the roster is called arm_names[i].
struct RouterRecord {
  // Sufficient statistics that an arm starts from (policy::Model's bytes), opaque here.
  struct WarmStart {
    std::uint16_t arm = 0;
    std::string statistics;
    bool operator==(const WarmStart&) const = default;
  };

  std::uint32_t router = 0;
  std::string name;
  std::uint64_t time_us = 0;
  bool active = true;                  // false: no longer configured; what was learnt is kept
  std::string context_id;              // policy::ContextBuilder::id()
  std::vector<std::string> arm_names;  // only ever grows
  std::string definition;
  std::uint32_t gram_seed = 0;         // keys the hash of n-grams; a secret of the directory
  std::vector<WarmStart> warm_starts;  // of arms that are new in this record
  std::string context_map;             // that a new router begins with, opaque; empty: none
  bool operator==(const RouterRecord&) const = default;
};

// What an operator asked of a router. `operation` is an api::AdminOperation, opaque here.
struct AdminRecord {
  std::uint32_t router = 0;
  std::uint64_t time_us = 0;
  std::uint8_t operation = 0;
  // Rollback: what lies after it and before this record is not learnt. About a challenger: the test
  // that led to it, 0 by hand.
  Position target = 0;
  std::string arm;  // reset: of one arm; empty: of all. About a challenger: its name
  bool operator==(const AdminRecord&) const = default;
};

using Record = std::variant<DecisionRecord, OutcomeRecord, RouterRecord, AdminRecord>;

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
