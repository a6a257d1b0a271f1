// What the four public experiments of ParetoBandit (arXiv 2604.00136) are made of: budgets, phases,
// what a phase does to an arm, and the arm that joins. Plain values; rows and orders come with the
// data (dataset_pareto.h).
//
// Arms have fixed places: 0 the cheap one, 1 the middle one, 2 the dear one, 3 the one that joins
// in experiment 04. All budgets are USD a request.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/environment.h"

namespace sluice::sim {

inline constexpr std::size_t kParetoArms = 3;
inline constexpr std::size_t kNewcomer = 3;

// What a phase does to one arm.
struct ParetoRule {
  std::size_t arm = 0;
  double reward_factor = 1;
  std::optional<double> reward;  // instead of what was recorded
  double cost_factor = 1;
  // List prices, announced with the phase's first request; the old ones return with the next phase.
  std::optional<double> price_input_per_million_usd;
  std::optional<double> price_output_per_million_usd;
};

struct ParetoPhase {
  std::string name;
  std::vector<ParetoRule> rules;
};

// Everything about a run but its policy and its order.
struct ParetoCase {
  std::string experiment;  // "01" .. "04"
  std::string scenario;
  double budget_usd = 0;
  bool newcomer = false;            // joins with the first scored request
  std::size_t forced = 0;           // scored requests that it gets whatever the policy says
  std::vector<ParetoPhase> phases;  // scored; the burn-in before them has no rules

  std::size_t arms() const { return newcomer ? kParetoArms + 1 : kParetoArms; }
};

// {"01", "02", "03", "04"}
std::span<const std::string_view> ParetoExperiments();

// By scenario, then by budget from tight to loose. Empty: there is no such experiment.
std::vector<ParetoCase> ParetoCases(std::string_view experiment);

// What the arm's answer is worth in this phase.
Outcome InPhase(const ParetoPhase& phase, std::size_t arm, Outcome outcome);
// The arm with the phase's list prices.
ArmFacts InPhase(const ParetoPhase& phase, std::size_t arm, ArmFacts facts);

}  // namespace sluice::sim
