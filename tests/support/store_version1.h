// The bytes that the first release wrote, written out once more, because the store only knows how
// to read them. They are held against golden ones of that release in tests/store/version1_test.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "store/bytes.h"
#include "store/records.h"
#include "tests/support/store_bytes.h"

namespace sluice::tests {

// What an outcome said of itself then, and is passed over now.
struct Stamps {
  bool carries_quality = false;
  bool carries_cost = false;
  bool first_quality = false;
  bool first_cost = false;
};

inline std::string EncodeVersion1(const store::DecisionRecord& record) {
  store::ByteWriter out(1000);
  out.Put(static_cast<std::uint16_t>(0x0101));
  out.PutRaw(record.id.bytes.data(), record.id.bytes.size());
  out.Put(record.time_us);
  out.Put(record.router);
  out.Put(record.sequence);
  out.Put(record.policy_version);
  out.Put(record.policy_kind);
  out.Put(record.exploration_mode);
  out.Put(record.reason);
  out.Put(static_cast<std::uint8_t>(record.narrowed_by));
  out.Put(static_cast<std::uint8_t>((record.learnable ? 1 : 0) + (record.baseline_arm ? 2 : 0)));
  out.Put(record.arm);
  out.Put(record.greedy_arm);
  out.Put(record.baseline_arm.value_or(0));
  out.Put(record.eligible);
  out.Put(record.cost_weight);
  out.Put(record.exploration);
  out.Put(record.list_price_usd);
  out.PutCount(record.shares.size());
  for (const store::ArmShare& share : record.shares) {
    out.Put(share.arm);
    out.Put(share.probability_q32);
    out.Put(share.mean);
    out.Put(share.width);
    out.Put(share.expected_cost_usd);
    out.Put(share.score);
  }
  out.PutCount(record.context.size());
  out.PutRaw(record.context.data(), record.context.size() * sizeof(float));
  out.PutString(record.request_id);
  out.Put(record.request_digest);
  out.PutStrings(record.tags);
  return WithChecksum(out.bytes());
}

template <typename T>
void PutPresent(store::ByteWriter& out, const std::optional<T>& field) {
  if (!field) return;
  if constexpr (std::is_same_v<T, bool>) {
    out.PutBool(*field);
  } else {
    out.Put(*field);
  }
}

template <typename... Fields>
void PutOptionals(store::ByteWriter& out, const Fields&... fields) {
  int bit = 0;
  std::uint16_t present = 0;
  ((present |= static_cast<std::uint16_t>((fields ? 1u : 0u) << bit++)), ...);
  out.Put(present);
  (PutPresent(out, fields), ...);
}

inline std::string EncodeVersion1(const store::OutcomeRecord& record, Stamps stamps) {
  store::ByteWriter out(1000);
  out.Put(static_cast<std::uint16_t>(0x0102));
  out.PutRaw(record.decision.bytes.data(), record.decision.bytes.size());
  out.PutString(record.event_id);
  out.PutString(record.source);
  out.PutString(record.served_arm);
  out.Put(record.received_us);
  PutOptionals(out, record.occurred_us, record.reward, record.thumb, record.score,
               record.task_success, record.regenerated, record.cost_usd, record.latency_ms,
               record.input_tokens, record.cached_input_tokens, record.output_tokens,
               record.reasoning_tokens, record.status);
  out.PutBool(stamps.carries_quality);
  out.PutBool(stamps.carries_cost);
  out.Put(record.decision_position);
  out.PutBool(stamps.first_quality);
  out.PutBool(stamps.first_cost);
  return WithChecksum(out.bytes());
}

inline std::string EncodeVersion1(const store::RouterRecord& record) {
  store::ByteWriter out(1000);
  out.Put(static_cast<std::uint16_t>(0x0103));
  out.Put(record.router);
  out.PutString(record.name);
  out.Put(record.time_us);
  out.PutBool(record.active);
  out.PutString(record.context_id);
  out.PutStrings(record.arm_names);
  out.PutString(record.definition);
  return WithChecksum(out.bytes());
}

// Of the decisions index.
inline std::string IndexOfVersion1(store::Position position,
                                   const std::vector<store::Position>& outcomes) {
  store::ByteWriter out(100);
  out.Put<std::uint8_t>(1);
  out.Put<std::uint8_t>(outcomes.empty() ? 0 : 1);
  out.Put(position);
  out.PutCount(outcomes.size());
  for (const store::Position outcome : outcomes) out.Put(outcome);
  return std::move(out).Take();
}

}  // namespace sluice::tests
