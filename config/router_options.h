// The options of one router, as values. What a field means to a user, its unit and its bounds stand
// in the table of fields; what it does, with the component that it configures.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "policy/context.h"
#include "policy/model.h"
#include "policy/pacer.h"
#include "policy/policy.h"
#include "policy/promotion.h"

namespace sluice::config {

// Same type as api::Params: an arm's own parameters, echoed to the caller. Sorted by key.
using Scalar = std::variant<bool, std::int64_t, double, std::string>;
using Params = std::vector<std::pair<std::string, Scalar>>;

// Of the part of a text that a router reads (api::kQueryBytesRead), in characters.
inline constexpr std::size_t kTextLengthMax = 16384;

// Who may change an arm: the file it stands in, or the admin plane that made it. A file cannot say
// "admin"; the event log's canonical text can.
enum class ArmOwner : std::uint8_t { kFile, kAdmin };
// Paused and draining arms are not chosen; what is known of them is kept, and feedback still
// counts.
enum class ArmState : std::uint8_t { kActive, kPaused, kDraining };

// List prices from a moment on.
struct PriceChange {
  std::uint64_t from_us = 0;  // since the epoch; TOML: from = 2026-12-01T00:00:00Z
  double input_per_million_usd = 0;
  double output_per_million_usd = 0;
  bool operator==(const PriceChange&) const = default;
};

struct ArmOptions {
  std::string name;
  std::string model;
  int tier = 1;  // rank from cheap to premium, 1..16
  double price_input_per_million_usd = 0;
  double price_output_per_million_usd = 0;
  std::vector<PriceChange> price_changes = {};  // [[router.arm.price]], times rise
  std::vector<std::string> capabilities = {};
  Params params = {};
  ArmState state = ArmState::kActive;
  ArmOwner owner = ArmOwner::kFile;
  // Where an arm starts when its name is new to the router: "others" (the mean of the other arms'
  // estimates), "prior", or the name of an arm that it is believed to be like.
  std::string start = "others";
  double start_strength = 25;   // observations that borrowed statistics count as
  std::string warm_start = {};  // file (daemon/warm_start.h); empty: the router's
  std::optional<double> warm_start_strength = {};  // none: the router's
  bool operator==(const ArmOptions&) const = default;
};

// What is done near and at a hard ceiling.
enum class CeilingAction : std::uint8_t { kGoOn, kCheapest, kRefuse };

// Dollars by UTC day and month, never exceeded with kRefuse; worst cases are reserved at the
// decision and settled at feedback. 0: no ceiling.
struct CeilingOptions {
  double day_usd = 0;
  double month_usd = 0;
  CeilingAction nearly = CeilingAction::kCheapest;  // from 95 % on: kGoOn or kCheapest
  CeilingAction reached =
      CeilingAction::kCheapest;  // kCheapest (the cheapest arm alone) or kRefuse
  bool operator==(const CeilingOptions&) const = default;
};

// Exploration above the floor that may be spent: rate a decision, burst 100 times that. 0: no
// limit.
struct ExplorationBudget {
  double rate = 0;
  bool operator==(const ExplorationBudget&) const = default;
};

// What users of one plan get instead of the router's own; [[router.plan]].
struct PlanOptions {
  std::string name;
  policy::ObjectiveOptions objective;
  CeilingOptions ceiling;
  ExplorationBudget exploration_budget;
  bool operator==(const PlanOptions&) const = default;
};

inline constexpr std::size_t kRulesMax = 64;

// One rule of policy "rules"; [[router.rule]]. The first that matches decides.
struct RuleOptions {
  std::string name;
  std::size_t length_min = 0;  // characters of the text
  std::size_t length_max = kTextLengthMax;
  std::vector<std::string> keywords = {};  // lower case; empty: any text of that length
  std::string arm;
  bool operator==(const RuleOptions&) const = default;
};

// What was fitted offline of one arm, by name, for the policies "logistic" and "clusters";
// [[router.fitted_arm]].
struct FittedArmOptions {
  std::string name;
  std::vector<double> weights = {};    // by number of the context, the bias last
  std::vector<double> qualities = {};  // by cluster
  bool operator==(const FittedArmOptions&) const = default;
};

// [[router.cluster]], in the order of FittedArmOptions::qualities.
struct ClusterOptions {
  std::string name;
  std::vector<double> centroid = {};  // by number of the context, without the bias
  bool operator==(const ClusterOptions&) const = default;
};

// A configured sender of feedback beside user, judge and gateway; [[router.source]].
struct SourceOptions {
  std::string name;
  double weight = 1;  // trust, 0..1; 0: recorded, not learnt
  bool operator==(const SourceOptions&) const = default;
};

// A policy that is tried on the log without acting; [[router.challenger]]. Exploration, gate and
// all else of `policy` that it does not choose by are the router's.
struct ChallengerOptions {
  std::string name;
  policy::PolicyOptions policy;
  std::string fixed_arm;  // policy "fixed" only
  policy::PromotionOptions promotion;
  bool operator==(const ChallengerOptions&) const = default;
};

// [router.feedback]
struct FeedbackOptions {
  double user_weight = 1;
  double judge_weight = 0.7;
  double gateway_weight = 1;
  double override_weight = 0;  // factor on what is said about decisions that the caller overrode
  double audit_rate = 0.02;    // share of answers that ask for a judgement
  // After default_after_s without a word about a decision's quality, this is learnt until a late
  // signal replaces it.
  std::optional<double> default_reward = {};
  std::uint32_t default_after_s = 3600;
  double default_weight = 0.3;
  std::uint32_t revision_days = 7;  // later feedback is recorded, not learnt
  bool operator==(const FeedbackOptions&) const = default;
};

// [router.drift], beside policy::DriftOptions: how explored is while an alarm is young.
struct AlarmOptions {
  double exploration_cap = 0;  // mode cap, instead of the cap, for `decisions`; 0: the cap stays
  std::uint32_t decisions = 300;
  bool operator==(const AlarmOptions&) const = default;
};

struct RouterOptions {
  std::string name = "default";
  std::uint64_t seed = 1;
  policy::PolicyOptions policy;  // fixed_arm is by name below; its id comes with the roster
  policy::ObjectiveOptions objective;
  std::string fixed_arm;     // policy "fixed"; policy "rules" where no rule matches
  std::string fallback_arm;  // empty: the arm of lowest tier
  std::string warm_start;    // file (daemon/warm_start.h) that new arms start from; empty: none
  double warm_start_strength = 200;  // observations that it counts as at most
  bool observe = false;   // the caller's baseline is answered, what ours would do is logged
  double warmup_cap = 0;  // [router.exploration]: cap while labels are few, 200 / labels; 0: cap
  double new_arm_share_max = 1;       // [router.exploration]: of a new arm, greedy choices included
  std::uint32_t new_arm_labels = 30;  // [router.exploration]: until an arm is no longer new
  ExplorationBudget exploration_budget;  // [router.exploration] budget_rate
  std::string guard_arm;                 // [router.baseline_guard] arm; empty: no guard
  double guard_tolerance = 0.02;         // [router.baseline_guard] tolerance
  CeilingOptions ceiling;                // [router.ceiling]
  FeedbackOptions feedback;
  AlarmOptions alarm;
  policy::ContextOptions context;
  policy::ModelOptions prior;  // dimension is filled in with the roster, 0 here
  std::vector<RuleOptions> rules;
  std::vector<ClusterOptions> clusters;
  std::vector<FittedArmOptions> fitted_arms;
  std::vector<PlanOptions> plans;
  std::vector<SourceOptions> sources;
  std::vector<ChallengerOptions> challengers;
  std::vector<ArmOptions> arms;
  bool operator==(const RouterOptions&) const = default;
};

}  // namespace sluice::config
