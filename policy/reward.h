// From the raw signals of a decision's outcomes to what is learnt: a quality in [0, 1] with a trust
// weight, a cost in USD, a latency. A pure function of the set of outcomes that stand, so that the
// order in which they came does not matter.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "policy/types.h"

namespace sluice::policy {

// What was reported about one answer by one event. Absent means not reported.
struct Signals {
  std::optional<double> reward;  // in [0, 1]
  std::optional<int> thumb;      // -1, 0 (withdrawn: says nothing) or 1
  std::optional<double> score;   // in [0, 1]
  std::optional<bool> task_success;
  std::optional<bool> regenerated;  // true: implicit dissatisfaction; false says nothing
  std::optional<double> cost_usd;
  std::optional<double> latency_ms;
  std::optional<std::uint32_t> input_tokens;
  std::optional<std::uint32_t> cached_input_tokens;
  std::optional<std::uint32_t> output_tokens;
  std::optional<std::uint32_t> reasoning_tokens;
  bool operator==(const Signals&) const = default;
};

// One event about a decision.
struct Report {
  std::uint16_t source = 0;  // whoever reports; events of one source replace each other
  double source_weight = 1;  // trust in what it says; 0: recorded, not learnt
  // A default: counts only while nothing else says anything about quality (what a source of weight
  // 0 says ends it as well: there was no silence).
  bool stands_in = false;
  // Withdraws what the source said before, in the order below, and says nothing itself.
  bool revoked = false;
  // A source's events are ordered by seq, then time, then event_id; no two of them agree in all.
  std::uint32_t seq = 0;
  std::uint64_t time_us = 0;  // when it happened
  std::string_view event_id;
  std::optional<ArmId> served;  // who answered, when it was another arm than the chosen one
  Signals signals;
};

struct Quality {
  double value = 0;   // in [0, 1]
  double weight = 1;  // min(1, sum of the signals' weights)
  bool operator==(const Quality&) const = default;
};

struct TokenPrices {
  double input_usd_per_million = 0;
  double output_usd_per_million = 0;
};

// What all events together say.
struct Verdict {
  std::optional<Quality> quality;
  std::optional<ArmId> served;  // of the latest event that says so
  // The surviving signals of cost and latency, whoever reported them, latest first by the order
  // above (ties between sources: the lower source number).
  Signals facts;
};

inline constexpr std::size_t kReportsMax = 65;

// quality = sum(omega s) / sum(omega) over the surviving quality signals of all sources, omega =
// source_weight times 1 for what is said outright and .3 for what is implied. Of one source the
// latest event that says a signal holds, until a later one revokes it. No quality when nothing says
// any, or only what weighs 0. Callers keep at most kReportsMax reports a decision.
Verdict Judge(std::span<const Report> reports);

// The billed cost when reported, else tokens at list price; this takes both directions, because
// half a bill would teach that the arm is cheap. Reasoning tokens are output tokens and cached ones
// input tokens: they are part of these counts, and stand for them where these are missing. Empty
// when neither is known or the result is not finite or negative; a call that cost nothing is a bill
// of 0.
std::optional<double> CostUsdOf(const Signals& signals, const TokenPrices& prices);

}  // namespace sluice::policy
