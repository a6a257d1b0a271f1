// Holds what a store has against what was acknowledged.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "store/store.h"
#include "tests/support/store_calls.h"
#include "tests/support/store_samples.h"

namespace sluice::tests {

struct Audit {
  std::size_t lost = 0;     // acknowledged events that do not stand in the log
  std::size_t twice = 0;    // events that stand more than once
  std::size_t foreign = 0;  // outcomes that are not what SampleOutcome(n, "n") says
  std::size_t holes = 0;    // positions or ordinals out of order, outcomes of a wrong decision
  std::size_t records = 0;
  bool clean() const { return lost == 0 && twice == 0 && foreign == 0 && holes == 0; }
};

// The acknowledged events are those of SampleOutcome(n, "n"), by n.
inline Audit AuditStore(const store::Store& store, const std::set<std::uint64_t>& acknowledged) {
  const std::vector<store::LogEntry> log = Must(ReadWholeLog(store));
  Audit audit;
  audit.records = log.size();
  std::set<std::string> events;
  std::map<store::Position, std::uint8_t> before;  // outcomes of the decision there
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (log[i].position != i + 1) ++audit.holes;
    const auto* outcome = std::get_if<store::OutcomeRecord>(&log[i].record);
    if (outcome == nullptr) continue;
    if (!events.insert(outcome->event_id).second) ++audit.twice;
    const std::uint64_t number = std::stoull(outcome->event_id);
    if (!SameContent(*outcome, SampleOutcome(number, outcome->event_id))) ++audit.foreign;
    const store::Position at = outcome->decision_position;
    const auto* decision =
        at >= 1 && at <= i ? std::get_if<store::DecisionRecord>(&log[at - 1].record) : nullptr;
    if (decision == nullptr || decision->id != outcome->decision) ++audit.holes;
    if (outcome->ordinal != before[at]++) ++audit.holes;
  }
  for (const std::uint64_t number : acknowledged) {
    if (!events.contains(std::to_string(number))) ++audit.lost;
  }
  return audit;
}

}  // namespace sluice::tests
