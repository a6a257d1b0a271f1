// A router's definition as requests read it: options, arm ids, context builder. Made from a router
// record of the log, so that what is in force is a consequence of the log. Immutable; any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/config.h"
#include "policy/context.h"
#include "policy/model.h"
#include "policy/policy.h"
#include "store/records.h"
#include "store/status.h"

namespace sluice::daemon {

struct RouterDefinition {
  std::uint32_t id = 0;
  bool active = true;  // false: no longer configured, answers 404
  config::RouterOptions options;
  policy::PolicyOptions policy;  // with fixed_arm resolved
  policy::ModelOptions model;    // with the dimension
  policy::ContextBuilder context{policy::ContextOptions{}};
  std::vector<std::string> arm_names;    // by ArmId; arms that are no longer configured included
  std::vector<config::ArmOptions> arms;  // by ArmId; an unconfigured arm has only its name
  std::vector<policy::ArmTerms> list_terms;  // by ArmId: list price, nothing declared
  policy::ArmSet configured;
  policy::ArmId fallback = 0;
  std::unordered_map<std::string, policy::ArmId> arm_ids;

  const std::string& name() const { return options.name; }
};

// Error kFormat or kCorrupt when the record's text is not one that this version can read.
store::Result<std::shared_ptr<const RouterDefinition>> MakeDefinition(
    const store::RouterRecord& record);

// The record that brings `options` into force after `previous` (null: a new router with this id).
// Names keep their ids; new arms get the next ones. Error kFormat, with what to do, when the change
// needs a new router: other context, other prior, more than 64 arms over its life.
store::Result<store::RouterRecord> MakeRecord(const config::RouterOptions& options,
                                              std::uint32_t id, const RouterDefinition* previous);

}  // namespace sluice::daemon
