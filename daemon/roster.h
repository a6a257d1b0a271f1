// A router's definition as requests read it: options, arm ids, scopes, context builder. Made from a
// router record of the log, so that what is in force is a consequence of the log. Immutable; any
// thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/config.h"
#include "policy/context.h"
#include "policy/model.h"
#include "policy/policy.h"
#include "policy/rules.h"
#include "store/records.h"
#include "store/status.h"

namespace sluice::daemon {

// Whose traffic an objective, a ceiling and a budget of exploration are about: the router's own, or
// that of one plan.
struct Scope {
  std::string plan;  // empty: the router's own
  policy::ObjectiveOptions objective;
  config::CeilingOptions ceiling;
  config::ExplorationBudget exploration_budget;
};

// Somebody who may report.
struct Source {
  std::uint16_t id = 0;
  double weight = 1;
};

// A policy that is tried on the log, with its names resolved.
struct Challenger {
  config::ChallengerOptions options;
  policy::PolicyOptions policy;  // what the router would choose by if it were promoted
};

struct RouterDefinition {
  std::uint32_t id = 0;
  bool active = true;  // false: no longer configured, answers 404
  config::RouterOptions options;
  // What requests are chosen by, with fixed_arm and what was fitted resolved: the configured
  // policy, or that of the challenger that was promoted.
  policy::PolicyOptions policy;
  policy::PolicyOptions champion;  // the configured one
  std::string promoted;            // challenger in force; empty: none
  std::vector<Challenger> challengers;
  policy::RuleBook rules;
  policy::ModelOptions model;  // without a context map, with the dimension
  policy::ContextBuilder context{policy::ContextOptions{}};
  std::uint32_t gram_seed = 0;
  std::vector<std::string> arm_names;    // by ArmId; arms that are no longer configured included
  std::vector<config::ArmOptions> arms;  // by ArmId; an unconfigured arm has only its name
  std::vector<policy::ArmTerms> list_terms;  // by ArmId: list price, nothing declared
  policy::ArmSet configured;
  policy::ArmSet choosable;  // configured, and neither paused nor draining
  policy::ArmId fallback = 0;
  std::optional<policy::ArmId> guard;    // the baseline that is never gone below
  std::optional<policy::ArmId> premium;  // with the confidence gate: the arm of the highest tier
  std::vector<Scope> scopes;             // [0]: the router's own
  std::unordered_map<std::string, policy::ArmId> arm_ids;
  std::unordered_map<std::string, Source> sources;

  const std::string& name() const { return options.name; }
  // Index into `scopes`; a plan that is not configured is the router's own traffic.
  std::size_t ScopeOf(std::string_view plan) const;
};

// The definition with this challenger's policy in force; empty: with the configured one.
std::shared_ptr<const RouterDefinition> WithPolicyOf(const RouterDefinition& definition,
                                                     std::string_view challenger);

// What the model is under a map of so many components (none: 0). The coordinates of a map are of
// unit variance, whatever the raw features are.
policy::ModelOptions ModelOptionsOf(const RouterDefinition& definition, std::size_t components);

// Error kFormat or kCorrupt when the record's text is not one that this version can read.
// `memory` outlives the definition.
store::Result<std::shared_ptr<const RouterDefinition>> MakeDefinition(
    const store::RouterRecord& record, const policy::EncodingMemory* memory = nullptr);

// The record that brings `options` into force after `previous` (null: a new router with this id).
// Names keep their ids; new arms get the next ones. Error kFormat, with what to do, when the change
// needs a new router: other context, more than 64 arms over its life.
store::Result<store::RouterRecord> MakeRecord(const config::RouterOptions& options,
                                              std::uint32_t id, const RouterDefinition* previous,
                                              std::uint32_t gram_seed = 0);

// `options` with every price change that is due at `now_us` made.
config::RouterOptions WithDuePrices(config::RouterOptions options, std::uint64_t now_us);

}  // namespace sluice::daemon
