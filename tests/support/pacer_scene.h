// A pacer's past, kept beside it, so that a test can compute by hand what it should make of it.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "policy/pacer.h"
#include "tests/support/pacer_fixtures.h"
#include "tests/support/policy_fixtures.h"

namespace sluice::policy {

// What a pacer was told, for computing by hand what it should make of it.
struct Scene {
  Scene(std::uint64_t seed, std::size_t dimension, std::size_t arms, double precision = 1)
      : rng(seed), heads(test::RandomHeads(rng, dimension, arms, precision)) {}

  void Decide(Pacer& pacer, std::size_t decisions, double cost = 1e-4, double surcharge = 0) {
    for (std::size_t i = 0; i < decisions; ++i) {
      contexts.push_back(test::RandomContext(rng, heads.quality[0].theta.size()));
      std::array<float, kArmsMax> bonus{};
      for (std::size_t a = 0; a < heads.quality.size(); ++a) {
        bonus[a] = static_cast<float>(.02 * rng.Uniform());
      }
      bonuses.push_back(bonus);
      const Context& context = contexts.back();
      pacer.Decided({.context = {context.data(), static_cast<std::size_t>(context.size())},
                     .bonus = bonus,
                     .expected_cost_usd = cost,
                     .surcharge_usd = surcharge});
    }
  }

  double Dot(const std::vector<double>& theta, const Context& x) const {
    double sum = 0;
    for (std::size_t j = 0; j < theta.size(); ++j) {
      sum += theta[j] * static_cast<double>(x[static_cast<Eigen::Index>(j)]);
    }
    return sum;
  }
  double Cost(std::size_t arm, const Context& x) const {
    return heads.list_price_usd[arm] * heads.cost_ratio[arm] *
           std::exp(std::min(Dot(heads.cost[arm].theta, x), 4.0));
  }
  std::size_t Chosen(std::size_t i, double weight, double latency_weight = 0) const {
    std::size_t best = 0;
    double best_score = -HUGE_VAL;
    for (std::size_t a = 0; a < heads.quality.size(); ++a) {
      const double score = Dot(heads.quality[a].theta, contexts[i]) +
                           static_cast<double>(bonuses[i][a]) - weight * Cost(a, contexts[i]) -
                           latency_weight * heads.latency_s[a];
      if (score > best_score) {
        best = a;
        best_score = score;
      }
    }
    return best;
  }
  std::size_t First() const {
    return contexts.size() - std::min<std::size_t>(contexts.size(), 300);
  }
  double Spend(double weight, double latency_weight = 0) const {
    double sum = 0;
    for (std::size_t i = First(); i < contexts.size(); ++i) {
      sum += Cost(Chosen(i, weight, latency_weight), contexts[i]);
    }
    return sum / static_cast<double>(contexts.size() - First());
  }

  Rng rng;
  test::HeadsOfArms heads;
  std::vector<Context> contexts;
  std::vector<std::array<float, kArmsMax>> bonuses;
};

inline ObjectiveOptions Budget(double usd) {
  return {.objective = Objective::kBudget, .budget_usd = usd};
}

}  // namespace sluice::policy
