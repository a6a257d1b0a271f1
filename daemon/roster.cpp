#include "daemon/roster.h"

#include <algorithm>
#include <utility>

namespace sluice::daemon {

namespace {

using store::Code;
using store::Error;

Error CannotRead(const store::RouterRecord& record, const std::string& why) {
  return {Code::kFormat, "the log's definition of router '" + record.name +
                             "' cannot be read by this version: " + why};
}

// Blended list price per 1,000 tokens, with nothing declared by the request.
policy::ArmTerms ListTerms(const config::ArmOptions& arm) {
  const double sum = arm.price_input_per_million_usd + arm.price_output_per_million_usd;
  return {.list_price_usd = sum / 2 / 1000, .cost_usd_min = 0, .cost_usd_max = 0};
}

policy::ModelOptions WithDimension(policy::ModelOptions options, std::size_t dimension) {
  options.dimension = dimension;
  return options;
}

void PlaceArms(const store::RouterRecord& record, RouterDefinition& definition) {
  for (std::size_t i = 0; i < record.arm_names.size(); ++i) {
    const auto id = static_cast<policy::ArmId>(i);
    definition.arm_ids.emplace(record.arm_names[i], id);
    config::ArmOptions unconfigured;
    unconfigured.name = record.arm_names[i];
    definition.arms.push_back(std::move(unconfigured));
  }
  for (const config::ArmOptions& arm : definition.options.arms) {
    const auto found = definition.arm_ids.find(arm.name);
    if (found == definition.arm_ids.end()) continue;
    definition.arms[found->second] = arm;
    definition.configured.Add(found->second);
  }
  for (const config::ArmOptions& arm : definition.arms) {
    definition.list_terms.push_back(ListTerms(arm));
  }
}

policy::ArmId FallbackArm(const RouterDefinition& definition) {
  const auto named = definition.arm_ids.find(definition.options.fallback_arm);
  if (named != definition.arm_ids.end()) return named->second;
  policy::ArmId lowest = definition.configured.First();
  for (const policy::ArmId arm : definition.configured) {
    if (definition.arms[arm].tier < definition.arms[lowest].tier) lowest = arm;
  }
  return lowest;
}

Error NeedsNewRouter(const std::string& name, const std::string& what) {
  return {Code::kFormat, "router '" + name + "': " + what +
                             ". What it has learnt would not fit: give the router a new name, or "
                             "start with a new store.directory"};
}

}  // namespace

store::Result<std::shared_ptr<const RouterDefinition>> MakeDefinition(
    const store::RouterRecord& record) {
  auto parsed = config::ParseRouter(record.definition);
  if (const auto* problems = std::get_if<std::vector<config::Problem>>(&parsed)) {
    return CannotRead(record,
                      problems->empty() ? "no reason given" : config::ToString(problems->front()));
  }
  if (record.arm_names.size() > policy::kArmsMax) return CannotRead(record, "too many arms");

  auto definition = std::make_shared<RouterDefinition>();
  definition->id = record.router;
  definition->active = record.active;
  definition->options = std::get<config::RouterOptions>(std::move(parsed));
  definition->context = policy::ContextBuilder(definition->options.context);
  if (definition->context.id() != record.context_id) {
    return CannotRead(record, "its contexts were made by '" + record.context_id +
                                  "', this version makes '" + definition->context.id() + "'");
  }
  definition->arm_names = record.arm_names;
  PlaceArms(record, *definition);
  if (definition->configured.Size() != definition->options.arms.size()) {
    return CannotRead(record, "an arm has no place in the roster");
  }
  definition->fallback = FallbackArm(*definition);
  definition->model = WithDimension(definition->options.prior, definition->context.dimension());
  definition->policy = definition->options.policy;
  const auto fixed = definition->arm_ids.find(definition->options.fixed_arm);
  definition->policy.fixed_arm =
      fixed == definition->arm_ids.end() ? definition->fallback : fixed->second;
  return std::shared_ptr<const RouterDefinition>(std::move(definition));
}

store::Result<store::RouterRecord> MakeRecord(const config::RouterOptions& options,
                                              std::uint32_t id, const RouterDefinition* previous) {
  store::RouterRecord record;
  record.router = id;
  record.name = options.name;
  record.definition = config::PrintRouter(options);
  record.context_id = policy::ContextBuilder(options.context).id();
  if (previous != nullptr) {
    if (previous->context.id() != record.context_id) {
      return NeedsNewRouter(options.name, "its context changes from '" + previous->context.id() +
                                              "' to '" + record.context_id + "'");
    }
    if (!(previous->options.prior == options.prior)) {
      return NeedsNewRouter(options.name, "its prior changes");
    }
    record.arm_names = previous->arm_names;
  }
  for (const config::ArmOptions& arm : options.arms) {
    if (std::find(record.arm_names.begin(), record.arm_names.end(), arm.name) ==
        record.arm_names.end()) {
      record.arm_names.push_back(arm.name);
    }
  }
  if (record.arm_names.size() > policy::kArmsMax) {
    return NeedsNewRouter(options.name, "over its life it would have more than 64 arms");
  }
  return record;
}

}  // namespace sluice::daemon
