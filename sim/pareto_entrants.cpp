#include "sim/pareto_entrants.h"

#include <algorithm>
#include <string_view>

#include "sim/baselines/baseline.h"
#include "sim/said.h"

namespace sluice::sim {
namespace {

// The product's, as this protocol plays them, and then the baselines.
constexpr std::string_view kAll = "linucb,thompson,squarecb";

Said<policy::ExplorationMode> ExplorationOf(const ParetoEntry& entry, policy::PolicyKind kind) {
  if (entry.exploration.empty()) {
    return kind == policy::PolicyKind::kLinUcb ? policy::ExplorationMode::kOff
                                               : policy::ExplorationMode::kNatural;
  }
  const auto& names = policy::kExplorationModeNames;
  const auto found = std::ranges::find(names, entry.exploration);
  if (found == names.end()) return "there is no exploration \"" + entry.exploration + "\"";
  return static_cast<policy::ExplorationMode>(found - names.begin());
}

// What the context must be for it.
std::string WhyNot(const ParetoEntry& entry, policy::PolicyKind kind) {
  const bool predicts =
      kind == policy::PolicyKind::kLogistic || kind == policy::PolicyKind::kClusters;
  if (predicts && !entry.features) {
    return "what is fitted offline needs a context that stays: pass --features";
  }
  if (kind == policy::PolicyKind::kRules && entry.features) {
    return "rules look at texts: leave out --features";
  }
  return {};
}

Said<ParetoEntrant> EntrantOf(const ParetoEntry& entry, const std::string& name) {
  ParetoEntrant entrant{name, {.features = entry.features}};
  if (FindBaseline(name) != nullptr) {
    entrant.policy.baseline = name;
    return entrant;
  }
  const auto kind = policy::PolicyKindFromName(name);
  if (!kind) return "there is no policy \"" + name + "\"";
  if (auto problem = WhyNot(entry, *kind); !problem.empty()) return problem;
  const auto exploration = ExplorationOf(entry, *kind);
  if (const auto* problem = std::get_if<std::string>(&exploration)) return *problem;
  entrant.policy.kind = *kind;
  if (entry.warm) entrant.name += ", warm";
  entrant.policy.exploration = std::get<policy::ExplorationMode>(exploration);
  return entrant;
}

}  // namespace

std::variant<std::vector<ParetoEntrant>, std::string> ParetoEntrants(const ParetoEntry& entry) {
  std::string names = entry.policies;
  if (names == "all") {
    names = std::string(kAll) + (entry.features ? ",logistic,clusters" : ",rules");
    for (const BaselineFacts& facts : Baselines()) names += "," + std::string(facts.name);
  }
  std::vector<ParetoEntrant> entrants;
  for (const std::string& name : NamesIn(names)) {
    auto entrant = EntrantOf(entry, name);
    if (auto* problem = std::get_if<std::string>(&entrant)) return std::move(*problem);
    entrants.push_back(std::get<ParetoEntrant>(std::move(entrant)));
  }
  if (entrants.empty()) return "--policy names none";
  return entrants;
}

}  // namespace sluice::sim
