// Records to fill a store with.
#pragma once

#include <cstring>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "store/store.h"

namespace sluice::tests {

using SampleRng = std::mt19937_64;

inline std::size_t Below(SampleRng& rng, std::size_t bound) {
  return rng() % bound;
}
inline bool Coin(SampleRng& rng) {
  return (rng() & 1) != 0;
}
inline double Unit(SampleRng& rng) {
  return static_cast<double>(rng() >> 11) * 0x1p-53;
}

inline std::string RandomText(SampleRng& rng, std::size_t size_max) {
  std::string text(Below(rng, size_max + 1), ' ');
  for (char& letter : text) letter = static_cast<char>(rng());  // any byte, zero too
  return text;
}

// Ids ascend with the number, as the real ones do with time.
inline store::DecisionId SampleId(std::uint64_t number) {
  store::DecisionId id;
  for (std::size_t i = 0; i < 8; ++i) {
    id.bytes[i] = static_cast<std::uint8_t>(number >> (56 - 8 * i));
    id.bytes[15 - i] = static_cast<std::uint8_t>((number * 0x9E3779B97F4A7C15u) >> (8 * i));
  }
  return id;
}

inline store::DecisionRecord SampleDecision(std::uint64_t number, std::size_t dimension = 4) {
  store::DecisionRecord record;
  record.id = SampleId(number);
  record.time_us = 1'700'000'000'000'000 + number;
  record.sequence = number;
  record.arm = static_cast<std::uint16_t>(number % 3);
  record.eligible = 7;
  record.tick = number;
  record.shares = {{0, 1u << 31, 0.5f, 0.1f, 0.001f, 300, 0.6f},
                   {1, 1u << 31, 0.4f, 0.1f, 0.01f, 800, 0.5f}};
  record.context.assign(dimension, static_cast<float>(number % 100) / 100);
  record.tags = {"sample"};
  return record;
}

inline store::OutcomeRecord SampleOutcome(std::uint64_t decision, const std::string& event_id) {
  store::OutcomeRecord record;
  record.decision = SampleId(decision);
  record.event_id = event_id;
  record.source = "user";
  record.received_us = 1'700'000'000'000'001;
  record.reward = 0.75;
  return record;
}

// -- Records with every field drawn --------------------------------------------------------------

inline store::DecisionRecord RandomDecision(SampleRng& rng) {
  store::DecisionRecord record;
  for (auto& byte : record.id.bytes) byte = static_cast<std::uint8_t>(rng());
  record.time_us = rng();
  record.router = static_cast<std::uint32_t>(rng());
  record.sequence = rng();
  record.tick = rng();
  record.policy_version = rng();
  record.policy_kind = static_cast<std::uint8_t>(rng());
  record.exploration_mode = static_cast<std::uint8_t>(rng());
  record.reason = static_cast<std::uint8_t>(rng());
  record.narrowed_by = static_cast<std::uint16_t>(rng());
  record.notes = static_cast<std::uint16_t>(rng());
  record.learnable = Coin(rng);
  record.active = Coin(rng);
  record.audit = Coin(rng);
  record.arm = static_cast<std::uint16_t>(rng());
  record.greedy_arm = static_cast<std::uint16_t>(rng());
  if (Coin(rng)) record.baseline_arm = static_cast<std::uint16_t>(rng());
  if (Coin(rng)) record.observed_arm = static_cast<std::uint16_t>(rng());
  record.eligible = rng();
  record.cost_weight = Unit(rng) * 1e6;
  record.latency_weight = Unit(rng);
  record.exploration = Unit(rng);
  record.list_price_usd = Unit(rng);
  record.reserved_usd = Unit(rng);
  record.shares.resize(Below(rng, 9));
  for (store::ArmShare& share : record.shares) {
    share.arm = static_cast<std::uint16_t>(rng());
    share.probability_q32 = rng() >> 31;
    share.mean = static_cast<float>(Unit(rng));
    share.width = static_cast<float>(Unit(rng));
    share.expected_cost_usd = static_cast<float>(Unit(rng));
    share.expected_latency_ms = static_cast<float>(Unit(rng) * 1e4);
    share.score = static_cast<float>(Unit(rng));
  }
  record.context.resize(Coin(rng) ? Below(rng, 40) : Below(rng, 1026));
  for (float& value : record.context) value = static_cast<float>(Unit(rng) - 0.5);
  record.map_version = static_cast<std::uint32_t>(rng());
  record.features = RandomText(rng, Coin(rng) ? 40 : 1200);
  record.plan = RandomText(rng, 12);
  record.request_id = RandomText(rng, 40);
  record.request_digest = rng();
  record.session = rng();
  record.tags.resize(Below(rng, 9));
  for (std::string& tag : record.tags) tag = RandomText(rng, 20);
  return record;
}

inline store::OutcomeRecord RandomOutcome(SampleRng& rng) {
  store::OutcomeRecord record;
  for (auto& byte : record.decision.bytes) byte = static_cast<std::uint8_t>(rng());
  record.event_id = RandomText(rng, 40);
  record.source = RandomText(rng, 12);
  record.received_us = rng();
  record.seq = static_cast<std::uint32_t>(rng());
  record.revoked = Coin(rng);
  record.activate = Coin(rng);
  record.served_arm = RandomText(rng, 12);
  if (Coin(rng)) record.occurred_us = rng();
  if (Coin(rng)) record.reward = Unit(rng);
  if (Coin(rng)) record.thumb = static_cast<std::int8_t>(Below(rng, 3)) - 1;
  if (Coin(rng)) record.score = Unit(rng);
  if (Coin(rng)) record.task_success = Coin(rng);
  if (Coin(rng)) record.regenerated = Coin(rng);
  if (Coin(rng)) record.cost_usd = Unit(rng);
  if (Coin(rng)) record.latency_ms = Unit(rng) * 1e4;
  if (Coin(rng)) record.input_tokens = static_cast<std::uint32_t>(rng());
  if (Coin(rng)) record.cached_input_tokens = static_cast<std::uint32_t>(rng());
  if (Coin(rng)) record.output_tokens = static_cast<std::uint32_t>(rng());
  if (Coin(rng)) record.reasoning_tokens = static_cast<std::uint32_t>(rng());
  if (Coin(rng)) record.status = static_cast<std::uint16_t>(rng());
  record.decision_position = rng();
  record.ordinal = static_cast<std::uint8_t>(rng());
  return record;
}

inline store::RouterRecord RandomRouter(SampleRng& rng) {
  store::RouterRecord record;
  record.router = static_cast<std::uint32_t>(rng());
  record.name = RandomText(rng, 20);
  record.time_us = rng();
  record.active = Coin(rng);
  record.context_id = RandomText(rng, 40);
  record.arm_names.resize(Below(rng, 9));
  for (std::string& name : record.arm_names) name = RandomText(rng, 20);
  record.definition = RandomText(rng, 2000);
  record.gram_seed = static_cast<std::uint32_t>(rng());
  record.warm_starts.resize(Below(rng, 4));
  for (auto& warm : record.warm_starts) {
    warm.arm = static_cast<std::uint16_t>(rng());
    warm.statistics = RandomText(rng, 500);
  }
  record.context_map = RandomText(rng, 500);
  return record;
}

inline store::AdminRecord RandomAdmin(SampleRng& rng) {
  store::AdminRecord record;
  record.router = static_cast<std::uint32_t>(rng());
  record.time_us = rng();
  record.operation = static_cast<std::uint8_t>(rng());
  record.target = rng();
  record.arm = RandomText(rng, 20);
  return record;
}

inline store::Record RandomRecord(SampleRng& rng) {
  switch (Below(rng, 4)) {
    case 0:
      return RandomDecision(rng);
    case 1:
      return RandomOutcome(rng);
    case 2:
      return RandomRouter(rng);
    default:
      return RandomAdmin(rng);
  }
}

}  // namespace sluice::tests
