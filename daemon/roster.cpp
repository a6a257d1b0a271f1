#include "daemon/roster.h"

#include <algorithm>
#include <optional>
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

// Prior precision of a coordinate of unit variance.
constexpr double kMapFeaturePrecision = 50;

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
    if (arm.state == config::ArmState::kActive) definition.choosable.Add(found->second);
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

// The arm of the highest tier among those that can be chosen, the dearest on ties.
std::optional<policy::ArmId> PremiumArm(const RouterDefinition& definition) {
  std::optional<policy::ArmId> premium;
  const auto rank = [&](policy::ArmId arm) {
    return std::pair(definition.arms[arm].tier, definition.list_terms[arm].list_price_usd);
  };
  for (const policy::ArmId arm : definition.choosable) {
    if (!premium || rank(arm) > rank(*premium)) premium = arm;
  }
  return premium;
}

void PlaceScopes(RouterDefinition& definition) {
  const config::RouterOptions& options = definition.options;
  definition.scopes.push_back({{}, options.objective, options.ceiling, options.exploration_budget});
  for (const config::PlanOptions& plan : options.plans) {
    definition.scopes.push_back({plan.name, plan.objective, plan.ceiling, plan.exploration_budget});
  }
}

void PlaceSources(RouterDefinition& definition) {
  const config::FeedbackOptions& feedback = definition.options.feedback;
  const auto place = [&](const std::string& name, double weight) {
    const auto id = static_cast<std::uint16_t>(definition.sources.size());
    definition.sources.emplace(name, Source{id, weight});
  };
  place("user", feedback.user_weight);
  place("judge", feedback.judge_weight);
  place("gateway", feedback.gateway_weight);
  place(std::string(store::kTimerSource), feedback.default_weight);
  for (const config::SourceOptions& source : definition.options.sources) {
    place(source.name, source.weight);
  }
}

static_assert(config::kRulesMax <= policy::kRulesMax);

policy::RuleBook RulesOf(const RouterDefinition& definition) {
  std::vector<policy::Rule> rules;
  for (const config::RuleOptions& rule : definition.options.rules) {
    rules.push_back({.length_min = rule.length_min,
                     .length_max = rule.length_max,
                     .keywords = rule.keywords,
                     .arm = definition.arm_ids.at(rule.arm)});
  }
  return policy::RuleBook(std::move(rules));
}

policy::FittedOptions FittedOf(const RouterDefinition& definition) {
  policy::FittedOptions fitted;
  for (const config::ClusterOptions& cluster : definition.options.clusters) {
    fitted.centroids.push_back(cluster.centroid);
  }
  fitted.weights.resize(definition.arm_names.size());
  fitted.qualities.resize(definition.arm_names.size());
  for (const config::FittedArmOptions& arm : definition.options.fitted_arms) {
    const policy::ArmId id = definition.arm_ids.at(arm.name);
    fitted.weights[id] = arm.weights;
    fitted.qualities[id] = arm.qualities;
  }
  return fitted;
}

// Everything that is named in the options, resolved.
void PlaceNames(RouterDefinition& definition) {
  const auto id_of = [&](const std::string& name) -> std::optional<policy::ArmId> {
    const auto found = definition.arm_ids.find(name);
    return found == definition.arm_ids.end() ? std::nullopt : std::optional(found->second);
  };
  definition.fallback = FallbackArm(definition);
  definition.policy = definition.options.policy;
  definition.policy.fixed_arm = id_of(definition.options.fixed_arm).value_or(definition.fallback);
  definition.policy.fitted = FittedOf(definition);
  definition.rules = RulesOf(definition);
  definition.champion = definition.policy;
  for (const config::ChallengerOptions& options : definition.options.challengers) {
    policy::PolicyOptions policy = options.policy;
    policy.fixed_arm = id_of(options.fixed_arm).value_or(definition.fallback);
    policy.gate = definition.champion.gate;
    policy.exploration = definition.champion.exploration;
    definition.challengers.push_back({options, policy});
  }
  definition.guard = id_of(definition.options.guard_arm);
  if (definition.policy.gate.enabled) definition.premium = PremiumArm(definition);
  PlaceScopes(definition);
  PlaceSources(definition);
}

Error NeedsNewRouter(const std::string& name, const std::string& what) {
  return {Code::kFormat, "router '" + name + "': " + what +
                             ". What it has learnt would not fit: give the router a new name, or "
                             "start with a new store.directory"};
}

}  // namespace

store::Result<std::shared_ptr<const RouterDefinition>> MakeDefinition(
    const store::RouterRecord& record, const policy::EncodingMemory* memory) {
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
  definition->gram_seed = record.gram_seed;
  definition->context =
      policy::ContextBuilder(definition->options.context, definition->gram_seed, memory);
  if (definition->context.id() != record.context_id) {
    return CannotRead(record, "its contexts were made by '" + record.context_id +
                                  "', this version makes '" + definition->context.id() + "'");
  }
  definition->arm_names = record.arm_names;
  PlaceArms(record, *definition);
  if (definition->configured.Size() != definition->options.arms.size()) {
    return CannotRead(record, "an arm has no place in the roster");
  }
  PlaceNames(*definition);
  definition->model = ModelOptionsOf(*definition, 0);
  return std::shared_ptr<const RouterDefinition>(std::move(definition));
}

std::shared_ptr<const RouterDefinition> WithPolicyOf(const RouterDefinition& definition,
                                                     std::string_view challenger) {
  auto changed = std::make_shared<RouterDefinition>(definition);
  changed->policy = definition.champion;
  changed->promoted.clear();
  for (const Challenger& known : definition.challengers) {
    if (known.options.name != challenger) continue;
    changed->policy = known.policy;
    changed->promoted = known.options.name;
  }
  return changed;
}

std::size_t RouterDefinition::ScopeOf(std::string_view plan) const {
  for (std::size_t i = 1; i < scopes.size(); ++i) {
    if (scopes[i].plan == plan) return i;
  }
  return 0;
}

policy::ModelOptions ModelOptionsOf(const RouterDefinition& definition, std::size_t components) {
  policy::ModelOptions options = definition.options.prior;
  options.dimension = definition.context.dimension();
  if (components > 0) {
    options.dimension = definition.context.mapped_dimension(components);
    options.feature_precision = kMapFeaturePrecision;
  }
  return options;
}

config::RouterOptions WithDuePrices(config::RouterOptions options, std::uint64_t now_us) {
  for (config::ArmOptions& arm : options.arms) {
    std::erase_if(arm.price_changes, [&](const config::PriceChange& change) {
      if (change.from_us > now_us) return false;
      arm.price_input_per_million_usd = change.input_per_million_usd;
      arm.price_output_per_million_usd = change.output_per_million_usd;
      return true;
    });
  }
  return options;
}

store::Result<store::RouterRecord> MakeRecord(const config::RouterOptions& options,
                                              std::uint32_t id, const RouterDefinition* previous,
                                              std::uint32_t gram_seed) {
  store::RouterRecord record;
  record.router = id;
  record.name = options.name;
  record.definition = config::PrintRouter(options);
  record.context_id = policy::ContextBuilder(options.context).id();
  const std::uint32_t wanted = options.context.gram_seed;
  record.gram_seed = wanted != 0 ? wanted : gram_seed;
  if (previous != nullptr) record.gram_seed = previous->gram_seed;
  if (previous != nullptr) {
    if (previous->context.id() != record.context_id) {
      return NeedsNewRouter(options.name, "its context changes from '" + previous->context.id() +
                                              "' to '" + record.context_id + "'");
    }
    if (previous->options.context.projection != options.context.projection) {
      return NeedsNewRouter(options.name, "its projection changes");
    }
    if (wanted != 0 && wanted != previous->gram_seed) {
      return NeedsNewRouter(options.name, "its gram_seed changes");
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
