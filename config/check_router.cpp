// Rules between fields of one router.
#include <algorithm>

#include "config/check.h"
#include "config/field.h"

namespace sluice::config {

namespace {

using policy::ContextSource;
using policy::ExplorationMode;
using policy::Objective;
using policy::PolicyKind;
using policy::Projection;

std::string Quoted(std::span<const std::string_view> names, auto value) {
  return Quote(names[static_cast<std::size_t>(value)]);
}

// -- Context --------------------------------------------------------------------------------------

// The dimension goes with source embedding, and so does whatever else is about embeddings.
void CheckSource(const policy::ContextOptions& context, const std::string& path,
                 Findings& findings) {
  const std::string dimension = path + ".dimension";
  if (context.source == ContextSource::kEmbedding) {
    if (findings.Given(dimension)) return;
    return findings.Add(dimension, "is missing: source \"embedding\" needs a dimension, 1..1024");
  }
  if (!findings.Sound(path + ".source")) return;
  if (findings.Given(dimension)) {
    findings.Add(dimension,
                 "does not go with source \"text\", whose dimension follows from the encoder: "
                 "leave it out, or set source = \"embedding\"");
  }
  if (!context.embedding_model.empty()) {
    findings.Add(path + ".embedding_model",
                 "does not go with source \"text\": leave it out, or set source = \"embedding\"");
  }
  if (context.projection == Projection::kAsGiven) {
    findings.Add(path + ".projection",
                 "must be \"fitted\" or \"none\" with source \"text\": with \"as_given\" it is the "
                 "caller who gives the numbers");
  }
}

void CheckMap(const policy::ContextOptions& context, const std::string& path, Findings& findings) {
  const bool reduces = context.source == ContextSource::kEmbedding &&
                       context.projection == Projection::kFitted && context.dimension != 0;
  if (!reduces || context.components < context.dimension) return;
  const std::string dimension = std::to_string(context.dimension);
  const bool given = findings.Given(path + ".components");
  findings.Add(path + (given ? ".components" : ".projection"),
               "a fitted map has fewer components than the embedding's dimension, but " +
                   std::to_string(context.components) + " >= " + dimension +
                   ": set fewer components, or projection = \"none\"");
}

void CheckContext(const policy::ContextOptions& context, const std::string& path,
                  Findings& findings) {
  CheckSource(context, path, findings);
  CheckMap(context, path, findings);
  CheckUnique(context.features, path + ".feature", findings);
  const std::size_t numbers = RawDimension(context) + context.features.size();
  if (numbers + 1 > policy::kContextMax) {
    findings.Add(path + ".feature", "dimension and features must be at most " +
                                        std::to_string(policy::kContextMax - 1) +
                                        " together, not " + std::to_string(numbers));
  }
}

// -- Exploration ----------------------------------------------------------------------------------

bool RanksOnly(PolicyKind kind) {
  return kind == PolicyKind::kLinUcb || kind == PolicyKind::kThompson;
}

void CheckMode(const policy::PolicyOptions& policy, const std::string& path, Findings& findings) {
  if (RanksOnly(policy.kind) || policy.exploration.mode == ExplorationMode::kNatural) return;
  findings.Add(path + ".mode", "must be \"natural\", or left out, with policy " +
                                   Quoted(kPolicyNames, policy.kind) +
                                   ": it has a distribution of its own, which another mode would "
                                   "replace");
}

// A cap for some time: wider than the cap, or none.
void CheckWiderCap(double wider, double cap, const std::string& field, Findings& findings) {
  if (wider == 0 || wider >= cap || !findings.Sound(field)) return;
  findings.Add(field, "must be 0, or at least exploration.cap, " + FormatNumber(cap) + ", not " +
                          FormatNumber(wider) + ": it widens the cap for some time");
}

// What all arms but the greedy one get together in the least exploring decision, and which field
// says so.
struct Least {
  double exploration = 0;
  std::string_view field;
};

Least LeastExploration(const policy::PolicyOptions& policy, std::size_t arms) {
  const double others_share = 1 - 1 / static_cast<double>(arms);
  switch (policy.exploration.mode) {
    case ExplorationMode::kCap:
      return {policy.exploration.floor, "floor"};
    case ExplorationMode::kExact:
      return {policy.exploration.epsilon, "epsilon"};
    case ExplorationMode::kOff:
      return {};
    case ExplorationMode::kNatural:
      break;
  }
  if (policy.kind == PolicyKind::kUniform) return {others_share, "policy \"uniform\""};
  if (policy.kind == PolicyKind::kEpsilonGreedy) {
    return {others_share * policy.epsilon, "policy \"epsilon_greedy\""};
  }
  return {};
}

void CheckArmFloor(const RouterOptions& router, const std::string& path, Findings& findings) {
  constexpr double kRounding = 1e-12;
  const double arm_floor = router.policy.exploration.arm_floor;
  const std::string field = path + ".arm_floor";
  if (router.arms.size() < 2 || arm_floor == 0 || !findings.Sound(field)) return;
  const auto others = static_cast<double>(router.arms.size() - 1);
  const Least least = LeastExploration(router.policy, router.arms.size());
  if (arm_floor * others <= least.exploration * (1 + kRounding)) return;
  if (least.exploration == 0) {
    return findings.Add(field,
                        "promises each arm a share, but mode " +
                            Quoted(policy::kExplorationModeNames, router.policy.exploration.mode) +
                            " of policy " + Quoted(kPolicyNames, router.policy.kind) +
                            " may not explore at all: leave it out, or have a mode with a "
                            "floor");
  }
  findings.Add(
      field, "must fit " + FormatNumber(others) +
                 " times, for each arm but one, into the least probability of exploring, " +
                 FormatNumber(least.exploration) + " (" + std::string(least.field) + "): at most " +
                 FormatNumber(least.exploration / others));
}

void CheckExploration(const RouterOptions& router, const std::string& path, Findings& findings) {
  const auto& exploration = router.policy.exploration;
  const std::string table = path + ".exploration";
  if (exploration.floor > exploration.cap) {
    findings.Add(table + (findings.Given(table + ".floor") ? ".floor" : ".cap"),
                 "floor must be at most cap, but " + FormatNumber(exploration.floor) + " > " +
                     FormatNumber(exploration.cap));
  }
  CheckMode(router.policy, table, findings);
  CheckWiderCap(router.warmup_cap, exploration.cap, table + ".warmup_cap", findings);
  CheckWiderCap(router.alarm.exploration_cap, exploration.cap, path + ".drift.exploration_cap",
                findings);
  CheckArmFloor(router, table, findings);
}

// -- Money ----------------------------------------------------------------------------------------

void CheckObjective(const policy::ObjectiveOptions& objective, const std::string& path,
                    Findings& findings) {
  const std::string budget = path + ".budget_usd";
  if (!findings.Sound(budget) || !findings.Sound(path + ".objective")) return;
  const bool wanted = objective.objective == Objective::kBudget;
  if (wanted && objective.budget_usd == 0) {
    findings.Add(budget, "must be above 0 with objective \"budget\": USD a request");
  }
  if (!wanted && objective.budget_usd > 0) {
    findings.Add(budget, "does not go with objective " +
                             Quoted(kObjectiveNames, objective.objective) +
                             ": leave it out, or set objective = \"budget\"");
  }
}

// `prefix` is that of the keys: the router's ceiling is a table, a plan's is not.
void CheckCeiling(const CeilingOptions& ceiling, const std::string& prefix, Findings& findings) {
  const std::string month = prefix + "month_usd";
  if (ceiling.day_usd <= ceiling.month_usd || ceiling.month_usd == 0) return;
  if (!findings.Sound(month) || !findings.Sound(prefix + "day_usd")) return;
  findings.Add(month, "must be at least what one day may cost, " + FormatNumber(ceiling.day_usd) +
                          ", or 0 for no ceiling, not " + FormatNumber(ceiling.month_usd));
}

void CheckPlans(const std::vector<PlanOptions>& plans, const std::string& path,
                Findings& findings) {
  CheckUnique(plans, path, findings);
  for (std::size_t i = 0; i < plans.size(); ++i) {
    CheckObjective(plans[i].objective, Indexed(path, i), findings);
    CheckCeiling(plans[i].ceiling, Indexed(path, i) + ".ceiling_", findings);
  }
}

// -- Feedback -------------------------------------------------------------------------------------

void CheckSources(const std::vector<SourceOptions>& sources, const std::string& path,
                  Findings& findings) {
  constexpr std::string_view kTaken[] = {"user", "judge", "gateway", "sluice"};
  CheckUnique(sources, path, findings);
  for (std::size_t i = 0; i < sources.size(); ++i) {
    if (std::ranges::find(kTaken, sources[i].name) == std::end(kTaken)) continue;
    findings.Add(Indexed(path, i) + ".name",
                 "must be another name than user, judge, gateway and sluice: the weights of the "
                 "first three stand in [router.feedback], the last is our own");
  }
}

void CheckFeedback(const FeedbackOptions& feedback, const std::string& path, Findings& findings) {
  constexpr std::uint32_t kDaySeconds = 86400;
  const std::string after = path + ".default_after_s";
  const std::uint32_t window_s = feedback.revision_days * kDaySeconds;
  if (!feedback.default_reward || feedback.default_after_s <= window_s) return;
  if (!findings.Sound(after) || !findings.Sound(path + ".revision_days")) return;
  findings.Add(after, "must be within revision_days, " + std::to_string(window_s) +
                          " s: what comes later is not learnt");
}

// -- Challengers ----------------------------------------------------------------------------------

// What the gate and the guard go by is in no record, so nobody could tell what a challenger would
// have done. Nor, beside a policy that was fitted or written down, what the arms' learnt means
// were, or what that policy would do once it is replaced.
void CheckChallengers(const RouterOptions& router, const std::string& path, Findings& findings) {
  const std::string table = path + ".challenger";
  CheckUnique(router.challengers, table, findings);
  for (std::size_t i = 0; i < router.challengers.size(); ++i) {
    const ChallengerOptions& challenger = router.challengers[i];
    const std::string at = Indexed(table, i);
    const bool fixed = challenger.policy.kind == PolicyKind::kFixed;
    const bool known = std::ranges::any_of(
        router.arms, [&](const ArmOptions& arm) { return arm.name == challenger.fixed_arm; });
    if (fixed && !known && findings.Sound(at + ".fixed_arm")) {
      findings.Add(at + ".fixed_arm", "must be the name of an arm with policy \"fixed\"");
    }
    if (!fixed && !challenger.fixed_arm.empty()) {
      findings.Add(at + ".fixed_arm", "does not go with policy " +
                                          Quoted(kPolicyNames, challenger.policy.kind) +
                                          ": leave it out, or set policy = \"fixed\"");
    }
    if (router.policy.gate.enabled || !router.guard_arm.empty() || router.observe) {
      findings.Add(at + ".name",
                   "does not go with confidence_gate, baseline_guard or observe: what they go by, "
                   "or who was drawn, is not in the log");
    }
    if (router.policy.kind > PolicyKind::kSquareCb) {
      findings.Add(at + ".policy", "does not go beside the router's policy " +
                                       Quoted(kPolicyNames, router.policy.kind) +
                                       ": what is learnt of the arms is not in the log then");
    }
  }
}

}  // namespace

std::size_t RawDimension(const policy::ContextOptions& context) {
  const bool embedding = context.source == ContextSource::kEmbedding;
  return embedding ? context.dimension : policy::kScalarFeatures;
}

void CheckRouter(const RouterOptions& router, const std::string& path, Findings& findings) {
  CheckContext(router.context, path + ".context", findings);
  CheckExploration(router, path, findings);
  CheckObjective(router.objective, path, findings);
  CheckCeiling(router.ceiling, path + ".ceiling.", findings);
  CheckPlans(router.plans, path + ".plan", findings);
  CheckSources(router.sources, path + ".source", findings);
  CheckFeedback(router.feedback, path + ".feedback", findings);
  CheckChallengers(router, path, findings);
  CheckFitted(router, path, findings);
  if (findings.Sound(path + ".arm")) CheckArms(router, path, findings);
}

}  // namespace sluice::config
