// What the admin plane tells about routers and decisions, as plain values. Names and meanings are
// those of openapi.yaml.
#pragma once

#include <cstddef>
#include <cstdint>
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
  double price_input_per_million_usd = 0;
  double price_output_per_million_usd = 0;
  std::uint64_t decisions = 0;
  std::uint64_t rewards = 0;  // outcomes that taught quality
  double reward_mean = 0;     // of those; 0 when there is none
  std::uint64_t costs = 0;
  double cost_usd_total = 0;
};

struct RouterReport {
  std::string name;
  std::string policy;
  std::string exploration_mode;
  double cost_weight = 0;
  std::string context_source;
  std::size_t context_dimension = 0;    // with features and bias
  std::size_t embedding_dimension = 0;  // that callers send; 0 with text
  std::string context_id;
  std::uint64_t snapshot_version = 0;
  std::uint64_t applied_position = 0;  // of the log, folded and published
  std::uint64_t log_position = 0;      // last in the log
  double lag_s = 0;
  std::uint64_t decisions = 0;
  double exploration_expected = 0;  // mean P(other than greedy) over the decisions
  double exploration_realised = 0;  // share of decisions that took another arm
  std::size_t quarantined_arms = 0;
  std::vector<ArmReport> arms;
};

struct OutcomeReport {
  std::string event_id;
  std::string source;
  std::uint64_t received_us = 0;
  std::vector<std::pair<std::string, Scalar>> facts;  // what was reported, by its wire name
  bool learnt_quality = false;
  bool learnt_cost = false;
};

struct DecisionReport {
  std::string decision_id;
  std::uint64_t position = 0;
  std::uint64_t time_us = 0;
  std::string router;
  std::string arm;
  std::string greedy_arm;
  Reason reason = Reason::kPolicy;
  std::vector<Narrowing> narrowed_by;
  double propensity = 1;
  double exploration = 0;
  double cost_weight = 0;
  std::uint64_t sequence = 0;
  std::string policy_kind;
  std::uint64_t policy_version = 0;
  std::string request_id;
  std::vector<std::string> tags;
  std::string baseline;
  std::vector<ArmExplanation> arms;  // the eligible ones
  std::vector<float> context;
  std::vector<OutcomeReport> outcomes;
};

}  // namespace sluice::api
