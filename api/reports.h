// What the admin plane tells about routers and decisions, as plain values. Names and meanings are
// those of openapi.yaml.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/messages.h"

namespace sluice::api {

struct Readiness {
  bool route = false;     // a snapshot is present
  bool feedback = false;  // the log is writable as well
  std::string detail;     // why not, for the operator
};

struct ArmReport {
  std::string name;
  std::string model;
  int tier = 0;
  std::string state;  // active, new, paused, draining, quarantined
  std::string owner;  // file, admin
  double price_input_per_million_usd = 0;
  double price_output_per_million_usd = 0;
  std::uint64_t decisions = 0;
  std::uint64_t labels = 0;  // decisions whose quality is known now
  double label_rate = 0;     // of the decisions
  double reward_mean = 0;    // of those; 0 when there is none
  std::uint64_t costs = 0;
  double cost_usd_total = 0;
  double cost_ratio = 1;             // billed over predicted
  std::optional<double> latency_ms;  // expected, once known
  std::uint64_t alarms = 0;          // of the drift detector
};

// What is spent, of the router's own traffic or of one plan's.
struct ScopeReport {
  std::string plan;  // empty: the router's own
  std::string objective;
  double cost_weight = 0;  // lambda in force
  double budget_usd = 0;   // a request; 0: none
  double target_usd = 0;   // a request, of the last solve
  double bank_usd = 0;
  double spent_day_usd = 0;
  double spent_month_usd = 0;
  double reserved_usd = 0;  // for decisions whose cost is not known yet
  double ceiling_day_usd = 0;
  double ceiling_month_usd = 0;
  std::optional<double> exploration_tokens;  // left; none: no budget of exploration
  std::vector<std::string> sought_arms;      // explored first: a quality floor has to know them
};

// What an untrusted policy would have done (observe mode).
struct ObserveReport {
  std::uint64_t decisions = 0;
  double agreement = 0;          // share in which it took the caller's arm
  double ours_cost_usd = 0;      // a request, as predicted
  double baseline_cost_usd = 0;  // a request, as predicted by the same model
  double ours_quality = 0;       // expected mean
  double baseline_quality = 0;
};

struct MapReport {
  std::uint32_t version = 0;  // 0: none yet
  std::size_t components = 0;
  std::uint64_t fitted_at = 0;    // log position
  std::size_t distinct_seen = 0;  // until the first is fitted
  double input_shift = 0;         // mean square, in standard deviations
};

// A policy that is tried on the log without acting.
struct ChallengerReport {
  std::string name;
  std::string policy;
  std::string promotion;   // recommend, promote
  std::string state;       // testing, recommended, promoted, worse, returned, stopped
  std::uint64_t test = 0;  // of the router, from 1; its level is spent
  double level = 0;
  std::uint64_t decisions = 0;
  std::uint64_t labels = 0;
  std::uint64_t waiting = 0;  // decisions without a label yet
  std::uint64_t missing = 0;  // labels that were asked for and did not come
  double effective_labels = 0;
  double weight_mean = 0;  // over labels; 1 but for chance
  double unsupported = 0;  // share of its choices on arms that cannot be drawn; they count nothing
  double gain = 0;         // quality a label
  double cost_ratio = 1;   // of what it would be expected to spend to what is
  double log_e_needed = 0;
  double log_e_quality = 0;
  double log_e_cost = 0;
  double log_e_worse = 0;
  double log_e_propensities = 0;       // that arms are drawn otherwise; beyond 6.9 none passes
  std::optional<double> log_e_return;  // once promoted: that the former policy would do better
  // What the test was expected to take, told before it began, or as soon as it could be.
  double gain_assumed = 0;
  std::optional<double> labels_expected;
  std::optional<double> days_expected;
};

struct RouterReport {
  std::string name;
  std::string policy;  // in force
  std::string exploration_mode;
  std::string context_source;
  std::size_t context_dimension = 0;    // with features and bias
  std::size_t embedding_dimension = 0;  // that callers send; 0 with text
  std::string context_id;
  MapReport map;
  bool observe = false;
  bool frozen = false;  // learns nothing until unfrozen
  std::uint64_t snapshot_version = 0;
  std::uint64_t applied_position = 0;  // of the log, folded and published
  std::uint64_t log_position = 0;      // last in the log
  double lag_s = 0;
  std::uint64_t decisions = 0;
  std::uint64_t audits = 0;
  double exploration_expected = 0;  // mean P(other than greedy) over the decisions
  double exploration_realised = 0;  // share of decisions that took another arm
  std::uint64_t exploration_limited = 0;
  std::size_t quarantined_arms = 0;
  std::optional<ObserveReport> observed;  // once anything was
  std::vector<ScopeReport> scopes;
  std::vector<ChallengerReport> challengers;
  std::vector<ArmReport> arms;
};

struct OutcomeReport {
  std::string event_id;
  std::string source;
  std::uint64_t received_us = 0;
  std::vector<std::pair<std::string, Scalar>> facts;  // what was reported, by its wire name
  std::uint32_t seq = 0;
  bool revoked = false;
};

// What all feedback of a decision together says, and whether it stands in the model.
struct LessonReport {
  std::string state;  // open, contributed, revised, voided, closed
  std::optional<double> quality;
  std::optional<double> weight;
  std::optional<double> cost_usd;
  std::string arm;  // whom it teaches about
};

struct DecisionReport {
  std::string decision_id;
  std::uint64_t position = 0;
  std::uint64_t time_us = 0;
  std::string router;
  std::string plan;
  std::string arm;
  Reason reason = Reason::kPolicy;
  std::vector<Narrowing> narrowed_by;
  double propensity = 1;
  std::uint64_t sequence = 0;
  std::uint64_t tick = 0;
  std::string policy_kind;
  std::uint64_t policy_version = 0;
  std::string request_id;
  std::string session;  // what is kept of the session's id: a digest; empty: none was said
  std::vector<std::string> tags;
  std::string baseline;
  bool active = true;
  bool audit = false;
  Explanation explanation;
  std::vector<float> context;
  LessonReport lesson;
  std::vector<OutcomeReport> outcomes;
};

}  // namespace sluice::api
