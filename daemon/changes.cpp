#include "daemon/changes.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <spdlog/spdlog.h>

#include "daemon/refusal.h"
#include "daemon/warm_start.h"

namespace sluice::daemon {

namespace {

using api::AdminAnswer;
using api::Problem;
using config::ArmOptions;
using config::ArmOwner;
using config::RouterOptions;
using store::Code;
using store::Done;
using store::Error;
using store::Position;
using store::Result;

Problem UnknownRouter() {
  return Refusal(404, "Unknown router", "no router of this name is configured");
}

Problem Unavailable(const Error& error) {
  return Refusal(503, "Log unavailable", error.message);
}

Problem NotFitting(const std::string& detail) {
  return Refusal(422, "Does not fit", detail);
}

std::vector<ArmOptions>::iterator FindArm(RouterOptions& options, const std::string& name) {
  return std::find_if(options.arms.begin(), options.arms.end(),
                      [&](const ArmOptions& arm) { return arm.name == name; });
}

// An arm that operators made has started already: the arm that it started from may go.
void ForgetStarts(RouterOptions& options) {
  for (ArmOptions& arm : options.arms) {
    const bool named = arm.start != "others" && arm.start != "prior";
    if (arm.owner != ArmOwner::kAdmin || !named) continue;
    if (FindArm(options, arm.start) == options.arms.end()) arm.start = "others";
  }
}

// The file's router with the arms that operators made, where the file has none of that name.
RouterOptions WithAdminArms(RouterOptions wanted, const RouterDefinition& previous) {
  for (const ArmOptions& arm : previous.options.arms) {
    if (arm.owner != ArmOwner::kAdmin || FindArm(wanted, arm.name) != wanted.arms.end()) continue;
    wanted.arms.push_back(arm);
  }
  ForgetStarts(wanted);
  return wanted;
}

std::optional<config::ArmState> StateOf(const std::string& name) {
  if (name == "active") return config::ArmState::kActive;
  if (name == "paused") return config::ArmState::kPaused;
  if (name == "draining") return config::ArmState::kDraining;
  return std::nullopt;
}

ArmOptions ArmOf(const api::ArmPut& put) {
  ArmOptions arm;
  arm.name = put.arm;
  arm.model = put.model;
  arm.tier = put.tier;
  arm.price_input_per_million_usd = put.price_input_per_million_usd;
  arm.price_output_per_million_usd = put.price_output_per_million_usd;
  for (const api::ArmPut::Price& price : put.price_changes) {
    arm.price_changes.push_back(
        {price.from_us, price.input_per_million_usd, price.output_per_million_usd});
  }
  arm.capabilities = put.capabilities;
  arm.params = put.params;
  arm.state = StateOf(put.state).value_or(config::ArmState::kActive);
  arm.owner = ArmOwner::kAdmin;
  arm.start = put.start;
  arm.start_strength = put.start_strength;
  return arm;
}

// What is asked of a challenger that there is not, or that is not there to be asked.
std::optional<Problem> WrongChallenger(const RouterDefinition& definition,
                                       const api::AdminRequest& request) {
  const api::AdminOperation operation = request.operation;
  if (operation == api::AdminOperation::kDemote && definition.promoted.empty()) {
    return Refusal(409, "Nothing promoted", "the configured policy is in force already");
  }
  if (operation != api::AdminOperation::kPromote && operation != api::AdminOperation::kStop) {
    return std::nullopt;
  }
  const bool known = std::any_of(
      definition.challengers.begin(), definition.challengers.end(),
      [&](const Challenger& known) { return known.options.name == request.challenger; });
  if (!known) {
    return Refusal(404, "Unknown challenger", "the router has no challenger of this name",
                   "/challenger");
  }
  if (definition.promoted != request.challenger) return std::nullopt;
  return Refusal(409, "In force", "this challenger's policy is in force: demote it, or go on");
}

const char* EffectName(config::Reach reach) {
  return reach == config::Reach::kLive ? "live" : "rebuild";
}

}  // namespace

// -- A configuration ------------------------------------------------------------------------------

Result<Changes::Planned> Changes::Plan(const std::vector<RouterOptions>& routers) const {
  const auto snapshot = parts_.board.Latest();
  const std::uint64_t now_us = parts_.clock();
  Planned planned;
  auto next_id = static_cast<std::uint32_t>(snapshot->routers.size());
  for (const RouterOptions& given : routers) {
    const RouterView* known = snapshot->Find(given.name);
    const RouterDefinition* previous = known == nullptr ? nullptr : known->definition.get();
    RouterOptions wanted = previous == nullptr ? given : WithAdminArms(given, *previous);
    wanted = WithDuePrices(std::move(wanted), now_us);
    auto record = MakeRecord(wanted, previous == nullptr ? next_id++ : previous->id, previous,
                             parts_.gram_seed);
    if (!record.ok()) return record.error();
    // What cannot be read back would stop the learner for good.
    const auto made = MakeDefinition(*record);
    if (!made.ok()) return made.error();
    record->time_us = now_us;
    const bool same = previous != nullptr && previous->active &&
                      config::PrintRouter(previous->options) == record->definition;
    if (same) continue;
    if (auto warm = AddWarmStarts(**made, known, *record); !warm.ok()) return warm.error();
    planned.records.push_back(*std::move(record));
    if (previous == nullptr) {
      planned.differences.push_back({"router[" + given.name + "]", "", "new", {}});
      continue;
    }
    for (config::Difference& difference : config::RouterDifferences(previous->options, wanted)) {
      difference.field = "router[" + given.name + "]." + difference.field;
      planned.differences.push_back(std::move(difference));
    }
  }
  if (next_id > config::kRoutersMax) {
    return Error{Code::kFormat, "the log would hold more than " +
                                    std::to_string(config::kRoutersMax) +
                                    " routers over its life; start with a new store.directory"};
  }
  for (const RouterView& known : snapshot->routers) {
    const RouterDefinition& definition = *known.definition;
    const bool wanted = std::any_of(routers.begin(), routers.end(), [&](const auto& router) {
      return router.name == definition.name();
    });
    if (wanted || !definition.active) continue;
    auto record = MakeRecord(definition.options, definition.id, &definition);
    if (!record.ok()) return record.error();
    record->time_us = now_us;
    record->active = false;
    planned.records.push_back(*std::move(record));
    planned.differences.push_back({"router[" + definition.name() + "]", "configured", "", {}});
  }
  return planned;
}

// One after another, each synced; an Error says how many stand in the log. The last one's position.
Result<Position> Changes::Append(std::vector<store::RouterRecord> records) {
  Position last = parts_.store.last_position();
  for (std::size_t i = 0; i < records.size(); ++i) {
    spdlog::info("router '{}': {}", records[i].name,
                 records[i].active ? "definition goes into force" : "no longer configured");
    auto appended = parts_.store.AppendRouter(std::move(records[i]));
    if (!appended.ok()) {
      return Error{appended.error().code,
                   std::to_string(i) + " of " + std::to_string(records.size()) +
                       " changed routers are in the log: " + appended.error().message};
    }
    last = *appended;
  }
  return last;
}

Result<std::vector<config::Difference>> Changes::Apply(const std::vector<RouterOptions>& routers) {
  const std::lock_guard lock(parts_.learner.definitions());
  return ApplyLocked(routers);
}

Result<std::vector<config::Difference>> Changes::ApplyLocked(
    const std::vector<RouterOptions>& routers) {
  // What differs is told from what is in force, so a change that is still on its way comes first,
  // one whose writer was told of a fault and that stands all the same included.
  if (auto folded = parts_.wait_folded(); !folded.ok()) return folded.error();
  auto planned = Plan(routers);
  if (!planned.ok()) return planned.error();
  if (auto appended = Append(std::move(planned->records)); !appended.ok()) return appended.error();
  if (auto folded = parts_.wait_folded(); !folded.ok()) return folded.error();
  return std::move(planned->differences);
}

Result<std::vector<api::ConfigChange>> Changes::Reload(const config::Options& options) {
  auto differences = Apply(options.routers);
  if (!differences.ok()) return differences.error();
  std::vector<api::ConfigChange> changes;
  for (const config::Difference& difference : *differences) {
    changes.push_back(
        {difference.field, difference.from, difference.to, EffectName(difference.reach)});
  }
  for (const std::string& field : config::RestartDifferences(started_with_, options)) {
    changes.push_back({field, "", "", "restart"});
  }
  return changes;
}

std::variant<std::vector<api::ConfigChange>, Problem> Changes::ReloadConfig() {
  if (!parts_.read_again) return Refusal(409, "No configuration", "there is none to be read");
  auto read = parts_.read_again();
  if (const auto* problems = std::get_if<std::vector<config::Problem>>(&read)) {
    std::string detail = "nothing was changed:";
    for (const config::Problem& problem : *problems) {
      detail +=
          " line " + std::to_string(problem.line) + ": " + problem.field + " " + problem.text + ";";
    }
    return Refusal(422, "Wrong configuration", detail);
  }
  auto changes = Reload(std::get<config::Options>(read));
  if (!changes.ok()) return NotFitting(changes.error().message);
  return *std::move(changes);
}

// -- Operators ------------------------------------------------------------------------------------

std::variant<AdminAnswer, Problem> Changes::Operate(const api::AdminRequest& request) {
  const std::lock_guard lock(parts_.learner.definitions());
  if (auto folded = parts_.wait_folded(); !folded.ok()) return Unavailable(folded.error());
  const auto snapshot = parts_.board.Latest();
  const RouterView* router = snapshot->Find(request.router);
  if (router == nullptr || !router->definition->active) return UnknownRouter();
  if (!request.arm.empty() && !router->definition->arm_ids.contains(request.arm)) {
    return Refusal(404, "Unknown arm", "the router has no arm of this name", "/arm");
  }
  if (auto wrong = WrongChallenger(*router->definition, request)) return *std::move(wrong);
  store::AdminRecord record;
  record.router = router->definition->id;
  record.time_us = parts_.clock();
  record.operation = static_cast<std::uint8_t>(request.operation);
  record.arm = request.arm.empty() ? request.challenger : request.arm;
  if (request.operation == api::AdminOperation::kRollback) {
    const auto checkpoints = parts_.learner.checkpoints();
    if (!request.position && checkpoints.size() < 2) {
      return Refusal(422, "No earlier checkpoint",
                     "there is no checkpoint before the newest one; say which log position to go "
                     "back to",
                     "/position");
    }
    record.target = request.position ? *request.position : checkpoints[1];
    if (record.target > parts_.store.last_position()) {
      return Refusal(422, "Wrong position", "the log does not reach that far", "/position");
    }
  }
  auto appended = parts_.store.AppendAdmin(std::move(record));
  if (!appended.ok()) return Unavailable(appended.error());
  if (auto folded = parts_.wait_folded(); !folded.ok()) return Unavailable(folded.error());
  return AdminAnswer{*appended, "in force"};
}

std::variant<AdminAnswer, Problem> Changes::Redefine(const RouterDefinition& definition,
                                                     const RouterOptions& options,
                                                     std::string statistics) {
  // Everything that a file would be told, an operator is told as well.
  auto parsed = config::ParseRouter(config::PrintRouter(options));
  if (const auto* problems = std::get_if<std::vector<config::Problem>>(&parsed)) {
    return NotFitting(problems->front().field + ": " + problems->front().text);
  }
  auto record = MakeRecord(std::get<RouterOptions>(parsed), definition.id, &definition);
  if (!record.ok()) return NotFitting(record.error().message);
  record->time_us = parts_.clock();
  if (!statistics.empty()) {
    if (record->arm_names.size() == definition.arm_names.size()) {
      return Refusal(409, "Arm is known",
                     "statistics are for an arm whose name is new to the router; this one has "
                     "learnt already: reset it, or take another name",
                     "/statistics");
    }
    const auto arm = static_cast<std::uint16_t>(record->arm_names.size() - 1);
    record->warm_starts.push_back({arm, std::move(statistics)});
  }
  std::vector<store::RouterRecord> records;
  records.push_back(*std::move(record));
  auto appended = Append(std::move(records));
  if (!appended.ok()) return Unavailable(appended.error());
  if (auto folded = parts_.wait_folded(); !folded.ok()) return Unavailable(folded.error());
  return AdminAnswer{*appended, "in force"};
}

std::variant<AdminAnswer, Problem> Changes::PutArm(const api::ArmPut& put) {
  const std::lock_guard lock(parts_.learner.definitions());
  if (auto folded = parts_.wait_folded(); !folded.ok()) return Unavailable(folded.error());
  const auto snapshot = parts_.board.Latest();
  const RouterView* router = snapshot->Find(put.router);
  if (router == nullptr || !router->definition->active) return UnknownRouter();
  const RouterDefinition& definition = *router->definition;
  RouterOptions options = definition.options;
  const auto known = FindArm(options, put.arm);
  if (known != options.arms.end() && known->owner == ArmOwner::kFile) {
    return Refusal(409, "Arm of the file",
                   "this arm stands in the configuration file; change it there and reload");
  }
  if (put.start != "others" && put.start != "prior" &&
      FindArm(options, put.start) == options.arms.end()) {
    return Refusal(422, "Unknown arm", "start is others, prior, or the name of another arm",
                   "/start");
  }
  if (!put.statistics.empty() && !parts_.learner.FitsStatistics(definition.id, put.statistics)) {
    return Refusal(422, "Wrong statistics",
                   "they are not of this router's dimension and context map, or are damaged",
                   "/statistics");
  }
  if (known != options.arms.end()) {
    *known = ArmOf(put);
  } else {
    options.arms.push_back(ArmOf(put));
  }
  return Redefine(definition, WithDuePrices(std::move(options), parts_.clock()), put.statistics);
}

std::variant<AdminAnswer, Problem> Changes::DeleteArm(const std::string& name,
                                                      const std::string& arm) {
  const std::lock_guard lock(parts_.learner.definitions());
  if (auto folded = parts_.wait_folded(); !folded.ok()) return Unavailable(folded.error());
  const auto snapshot = parts_.board.Latest();
  const RouterView* router = snapshot->Find(name);
  if (router == nullptr || !router->definition->active) return UnknownRouter();
  RouterOptions options = router->definition->options;
  const auto known = FindArm(options, arm);
  if (known == options.arms.end()) {
    return Refusal(404, "Unknown arm", "the router has no arm of this name");
  }
  if (known->owner == ArmOwner::kFile) {
    return Refusal(409, "Arm of the file",
                   "this arm stands in the configuration file; take it out there and reload");
  }
  options.arms.erase(known);
  ForgetStarts(options);
  return Redefine(*router->definition, options, "");
}

}  // namespace sluice::daemon
