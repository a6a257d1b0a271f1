// Off-policy evaluation of a frozen policy on a log: what it would have been worth at the logged
// requests, lambda, eligible arms and sessions. The policy is frozen where the first part of the
// log ends and judged on what comes after; only a world can say what it would do to a budget or to
// sessions in the long run.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config.h"
#include "policy/ope.h"
#include "sim/logged.h"
#include "sim/trace.h"
#include "store/store.h"

namespace sluice::sim {

struct EvaluateOptions {
  std::string router;  // empty: the log's only one, or "default"
  config::RouterOptions policy;
  std::optional<double> cost_weight;           // that the policy chooses by; none: the logged one
  std::optional<double> train_fraction;        // of the decisions; none: .5 where the policy learns
  std::optional<store::Position> train_until;  // instead
  bool labels_independent = false;  // the operator says that who is labelled depends on no arm
  std::uint64_t seed = 1;           // of the bootstrap
  std::size_t threads = 0;          // 0: one a core
};

// Decisions that are not evaluated, because nobody drew their arm, or another one answered.
enum class Excluded : std::uint8_t {
  kForced,    // one arm was eligible
  kOverride,  // the caller decided
  kObserved,  // the caller's baseline was answered
  kFallback,
  kFailover,  // another arm than the chosen one answered
  kNoArm,     // none of the policy's own arms was eligible
  kNoContext,
};
inline constexpr std::array<std::string_view, 7> kExcludedNames = {
    "forced", "override", "observed", "fallback", "failover", "no_arm", "no_context"};

struct LabelCounts {
  std::string arm;
  std::size_t decisions = 0;
  std::size_t labelled = 0;
  std::size_t audited = 0;
  std::size_t judged = 0;  // of these
  std::size_t billed = 0;
};

// Quality, cost in USD, or utility: quality minus the logged lambda times cost.
struct MeasureResult {
  policy::OpeEstimates estimates;
  std::array<policy::OpeInterval, policy::kOpeFigureNames.size()> intervals{};
  double share_above_zero = 0;  // of the bootstrap's draws of the gain
  // Of IPS, and of what was logged; none where values have no bound.
  std::optional<policy::OpeInterval> anytime;
  std::optional<policy::OpeInterval> anytime_logged;
  policy::OpeDiagnostics diagnostics;
  std::vector<policy::OpeRefusal> refusals;
};

struct Evaluation {
  std::string router;
  std::string logged_policy;  // of the newest definition
  std::string policy;
  std::vector<std::string> arms;  // that the policy may take
  std::size_t arms_logged = 0;
  std::optional<double> cost_weight;  // the policy's own
  double cost_weight_mean = 0;        // logged
  store::Position frozen_at = 0;
  std::size_t trained = 0;    // decisions before it
  std::size_t decisions = 0;  // after it
  std::array<std::size_t, kExcludedNames.size()> excluded{};
  std::size_t sessions = 0;
  bool labels_independent = false;
  std::vector<LabelCounts> labels;
  double agreement = 0;  // mean probability that the policy takes the arm that was taken
  // The most that a cost counts as in its anytime interval: twice the largest bill before
  // frozen_at, so that it is fixed in advance.
  double cost_bound_usd = 0;
  MeasureResult quality;
  MeasureResult cost;
  MeasureResult utility;
  // Of the decisions evaluated, in order; arms by their number in the log.
  Trace logged_trace;
  std::vector<std::vector<float>> evaluated_shares;  // what P puts on each, by arm
  double budget_usd = 0;                             // a request, of the newest definition; 0: none

  std::size_t evaluated() const { return quality.diagnostics.decisions; }
  bool costs_known() const { return cost.diagnostics.labels > 0; }
  // By what the policy is called better: utility, or quality where no cost was ever told.
  const MeasureResult& deciding() const { return costs_known() ? utility : quality; }
};

// The alternative says what is wrong. `progress`: null for none.
std::variant<Evaluation, std::string> EvaluateLog(const store::Store& store,
                                                  const EvaluateOptions& options,
                                                  std::FILE* progress);

}  // namespace sluice::sim
