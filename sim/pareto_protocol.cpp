#include "sim/pareto_protocol.h"

#include <array>
#include <utility>

namespace sluice::sim {
namespace {

using namespace std::string_view_literals;

constexpr std::array kExperiments = {"01"sv, "02"sv, "03"sv, "04"sv};

// Log-spaced from the cheapest arm's mean cost to the dearest one's.
constexpr double kStationaryBudgets[] = {
    2.929142857142861e-05,  8.28849254099394e-05,  2.3453655882500264e-04, 6.636598531447497e-04,
    1.8779349491724402e-03, 5.313926489017423e-03, 1.503663092436975e-02};
constexpr double kBudgets[] = {3.0e-4, 6.62e-4, 1.87e-3};

constexpr std::size_t kMiddle = 1;
constexpr std::size_t kDear = 2;
constexpr double kDearPrice = 0.1;           // USD per million tokens, both directions
constexpr double kDearFactor = 0.1 / 5.625;  // from the blended price of 1.25 / 10.0
constexpr double kDegradedReward = 0.75;     // of the middle arm
constexpr double kBadFactor = 0.5;           // reward of a newcomer that is bad
constexpr double kExpensiveFactor = 10;      // cost and price of one that is expensive
constexpr double kNewcomerInput = 0.3;       // list price, USD per million tokens
constexpr double kNewcomerOutput = 2.5;
constexpr std::size_t kForced = 20;

std::vector<ParetoPhase> Phases(const ParetoRule& second) {
  return {{"P1", {}}, {"P2", {second}}, {"P3", {}}};
}

// One case a budget.
std::vector<ParetoCase> Cases(const ParetoCase& like, std::span<const double> budgets) {
  std::vector<ParetoCase> cases;
  for (const double budget : budgets) {
    cases.push_back(like);
    cases.back().budget_usd = budget;
  }
  return cases;
}

ParetoCase PriceDrift() {
  const ParetoRule cheap{.arm = kDear,
                         .reward = {},
                         .cost_factor = kDearFactor,
                         .price_input_per_million_usd = kDearPrice,
                         .price_output_per_million_usd = kDearPrice};
  return {.experiment = "02", .scenario = "price_drift", .phases = Phases(cheap)};
}

ParetoCase Degradation() {
  ParetoRule worse;
  worse.arm = kMiddle;
  worse.reward = kDegradedReward;
  return {.experiment = "03", .scenario = "silent_degradation", .phases = Phases(worse)};
}

ParetoCase Onboarding(const std::string& scenario, const std::vector<ParetoRule>& rules,
                      std::size_t forced) {
  return {.experiment = "04",
          .scenario = scenario + (forced > 0 ? "_20_forced" : ""),
          .newcomer = true,
          .forced = forced,
          .phases = {{"all", rules}}};
}

std::vector<ParetoCase> Onboardings() {
  ParetoRule bad;
  bad.arm = kNewcomer;
  bad.reward_factor = kBadFactor;
  ParetoRule expensive;
  expensive.arm = kNewcomer;
  expensive.cost_factor = kExpensiveFactor;
  expensive.price_input_per_million_usd = kExpensiveFactor * kNewcomerInput;
  expensive.price_output_per_million_usd = kExpensiveFactor * kNewcomerOutput;
  std::vector<ParetoCase> cases;
  const auto add = [&cases](const ParetoCase& like) {
    for (ParetoCase& one : Cases(like, kBudgets)) cases.push_back(std::move(one));
  };
  for (const std::size_t forced : {std::size_t{0}, kForced}) {
    add(Onboarding("good_cheap", {}, forced));
    add(Onboarding("bad_cheap", {bad}, forced));
    add(Onboarding("good_expensive", {expensive}, forced));
  }
  return cases;
}

}  // namespace

std::span<const std::string_view> ParetoExperiments() {
  return kExperiments;
}

std::vector<ParetoCase> ParetoCases(std::string_view experiment) {
  if (experiment == "01") {
    const ParetoCase stationary{
        .experiment = "01", .scenario = "stationary", .phases = {{"all", {}}}};
    return Cases(stationary, kStationaryBudgets);
  }
  if (experiment == "02") return Cases(PriceDrift(), kBudgets);
  if (experiment == "03") return Cases(Degradation(), kBudgets);
  if (experiment == "04") return Onboardings();
  return {};
}

Outcome InPhase(const ParetoPhase& phase, std::size_t arm, Outcome outcome) {
  for (const ParetoRule& rule : phase.rules) {
    if (rule.arm != arm) continue;
    outcome.reward = rule.reward.value_or(rule.reward_factor * outcome.reward);
    outcome.cost_usd *= rule.cost_factor;
    outcome.expected_reward = outcome.reward;
    outcome.expected_cost_usd = outcome.cost_usd;
  }
  return outcome;
}

ArmFacts InPhase(const ParetoPhase& phase, std::size_t arm, ArmFacts facts) {
  for (const ParetoRule& rule : phase.rules) {
    if (rule.arm != arm) continue;
    facts.price_input_per_million_usd =
        rule.price_input_per_million_usd.value_or(facts.price_input_per_million_usd);
    facts.price_output_per_million_usd =
        rule.price_output_per_million_usd.value_or(facts.price_output_per_million_usd);
  }
  return facts;
}

}  // namespace sluice::sim
