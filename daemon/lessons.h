// The feedback of one decision as a state machine: open, contributed, revised, voided, closed. What
// stands after each outcome is a pure function of the outcomes before it in the log, so that
// nothing has to be remembered of a decision: the learner compares what stood before an outcome
// with what stands after it and teaches the model the difference. Pure; any thread.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "daemon/roster.h"
#include "policy/reward.h"
#include "store/records.h"
#include "store/store.h"

namespace sluice::daemon {

// The end of what still goes on.
inline constexpr store::Position kNoEnd = std::numeric_limits<store::Position>::max();

// Outcomes whose positions lie in (after, up_to] teach nothing: learning was frozen, or what was
// learnt was rolled back or reset.
struct Excluded {
  store::Position after = 0;
  store::Position up_to = 0;
  std::optional<policy::ArmId> arm;  // of one arm only
};

// List prices of an arm from a position of the log on.
struct ArmPrices {
  store::Position from = 0;
  policy::TokenPrices prices;
};

// What the walk reads beside the story itself.
struct LessonRules {
  const RouterDefinition& definition;
  std::span<const Excluded> excluded;
  const std::vector<std::vector<ArmPrices>>& prices;  // by arm, positions rise; not empty
};

// What a decision's feedback teaches about quality.
struct QualityStanding {
  policy::ArmId arm = 0;
  double value = 0;
  double weight = 1;
  store::Position since = 0;  // the outcome it began with
  bool operator==(const QualityStanding&) const = default;
};

// What it teaches about cost.
struct CostStanding {
  policy::ArmId arm = 0;
  double log_ratio = 0;  // ln(usd / list price)
  bool operator==(const CostStanding&) const = default;
};

struct Standing {
  std::optional<QualityStanding> quality;
  std::optional<CostStanding> cost;
  // What was billed, and what the model is calibrated by; excluded or not.
  std::optional<double> billed_usd;
  std::optional<double> latency_s;
  policy::ArmId served = 0;      // who answered, as far as is known
  bool settled = false;          // the cost is known, or was given up
  bool active = false;           // a default reward may stand in
  bool spoken = false;           // something was said about quality, excluded or not
  bool had_quality = false;      // quality stood at some time
  bool quality_changed = false;  // ... and was revised since
  bool served_unknown = false;   // an outcome named an arm that the router does not have
};

// After the outcomes of the story up to and including the position `end`.
Standing StandingAt(const LessonRules& rules, const store::DecisionStory& story,
                    store::Position end);

// "open", "contributed", "revised", "voided", or "closed" once the window is over.
std::string_view LessonState(const Standing& standing, bool closed);
// How long after a decision feedback is learnt.
std::uint64_t RevisionWindowUs(const RouterDefinition& definition);
bool Closed(const RouterDefinition& definition, const store::DecisionRecord& decision,
            std::uint64_t now_us);

// What the event ids of records begin with that timers write.
inline constexpr std::string_view kDefaultEvent = "default:";
inline constexpr std::string_view kSettleEvent = "settle:";

// The raw signals of an outcome.
policy::Signals SignalsOf(const store::OutcomeRecord& outcome);

}  // namespace sluice::daemon
