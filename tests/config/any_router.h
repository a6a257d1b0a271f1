// Makes a router's random options keep the rules that reach across fields.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "config/layout.h"
#include "tests/config/any_value.h"

namespace sluice::config {

template <typename Owner>
void NameAll(std::vector<Owner>& owners, const std::string& stem) {
  for (std::size_t i = 0; i < owners.size(); ++i) owners[i].name = stem + std::to_string(i);
}

// Above 0 and within bounds.
inline void MendPrice(double& price) {
  price = std::min(price + 1e-9, 1e6);
}

inline void MendArms(RouterOptions& router, policy::Rng& rng) {
  NameAll(router.arms, "arm");
  for (ArmOptions& arm : router.arms) {
    MendPrice(arm.price_input_per_million_usd);
    if (rng.Below(2) == 0) arm.price_changes.clear();
    std::ranges::sort(arm.price_changes, {}, &PriceChange::from_us);
    for (PriceChange& change : arm.price_changes) MendPrice(change.output_per_million_usd);
    arm.start = kStartNames[rng.Below(2)];
  }
  if (router.arms.size() > 1 && rng.Below(2) == 0) router.arms[0].start = router.arms[1].name;
  router.fallback_arm = rng.Below(2) == 0 ? "" : router.arms.back().name;
  router.guard_arm = rng.Below(2) == 0 ? "" : router.arms.front().name;
  const bool fixed = router.policy.kind == policy::PolicyKind::kFixed;
  router.fixed_arm = fixed || rng.Below(2) == 0 ? router.arms.front().name : "";
}

inline void MendExploration(RouterOptions& router) {
  using policy::PolicyKind;
  auto& exploration = router.policy.exploration;
  const PolicyKind kind = router.policy.kind;
  if (kind != PolicyKind::kLinUcb && kind != PolicyKind::kThompson) {
    exploration.mode = policy::ExplorationMode::kNatural;
  }
  if (exploration.floor > exploration.cap) std::swap(exploration.floor, exploration.cap);
  const bool has_floor = exploration.mode == policy::ExplorationMode::kCap;
  exploration.arm_floor *= has_floor ? exploration.floor / 2 : 0;  // of at most 4 arms
  if (router.warmup_cap < exploration.cap) router.warmup_cap = 0;
  if (router.alarm.exploration_cap < exploration.cap) router.alarm.exploration_cap = 0;
}

inline void MendMoney(policy::ObjectiveOptions& objective, CeilingOptions& ceiling) {
  const bool budget = objective.objective == policy::Objective::kBudget;
  objective.budget_usd = budget ? std::max(objective.budget_usd, 1e-9) : 0;
  if (ceiling.day_usd > ceiling.month_usd) std::swap(ceiling.day_usd, ceiling.month_usd);
}

inline void MendContext(policy::ContextOptions& context, policy::Rng& rng) {
  if (rng.Below(2) == 0) context.features.clear();
  NameAll(context.features, "feature");
  if (context.source == policy::ContextSource::kText) {
    context.dimension = 0;
    context.embedding_model.clear();
    if (context.projection == policy::Projection::kAsGiven) {
      context.projection = policy::Projection::kNone;
    }
  } else {
    context.dimension = std::min<std::size_t>(context.dimension, 1000);
    if (context.dimension <= context.components) context.projection = policy::Projection::kNone;
  }
}

inline void MendChallengers(RouterOptions& router, policy::Rng& rng) {
  const bool learns = router.policy.kind <= policy::PolicyKind::kSquareCb;
  if (rng.Below(2) == 0 || !learns) router.challengers.clear();
  NameAll(router.challengers, "challenger");
  for (ChallengerOptions& challenger : router.challengers) {
    const bool fixed = challenger.policy.kind == policy::PolicyKind::kFixed;
    challenger.fixed_arm = fixed ? router.arms.front().name : "";
  }
  if (router.challengers.empty()) return;
  router.policy.gate.enabled = false;
  router.guard_arm.clear();
  router.observe = false;
}

inline void Resize(std::vector<double>& numbers, std::size_t size) {
  numbers.resize(numbers.empty() ? 0 : size, 0.25);
}

inline void MendRules(RouterOptions& router, policy::Rng& rng) {
  NameAll(router.rules, "rule");
  for (RuleOptions& rule : router.rules) {
    if (rule.length_min > rule.length_max) std::swap(rule.length_min, rule.length_max);
    for (std::string& word : rule.keywords) word = "word_" + std::to_string(rng.Below(1000));
    std::ranges::sort(rule.keywords);
    rule.keywords.erase(std::ranges::unique(rule.keywords).begin(), rule.keywords.end());
    rule.arm = router.arms[rng.Below(router.arms.size())].name;
  }
  const bool text = router.context.source == policy::ContextSource::kText;
  const bool wanted = router.policy.kind == policy::PolicyKind::kRules;
  if (!text || (!wanted && rng.Below(2) == 0)) router.rules.clear();
  if (!text && wanted) router.policy.kind = policy::PolicyKind::kUniform;
}

// After the context and the arms.
inline void MendFitted(RouterOptions& router, policy::Rng& rng) {
  using policy::PolicyKind;
  NameAll(router.clusters, "cluster");
  const bool wanted =
      router.policy.kind == PolicyKind::kLogistic || router.policy.kind == PolicyKind::kClusters;
  const bool stays = router.context.projection != policy::Projection::kFitted;
  if (!stays) {
    router.warm_start.clear();
    for (ArmOptions& arm : router.arms) arm.warm_start.clear();
  }
  if (!stays || (!wanted && rng.Below(2) == 0)) {
    if (wanted) router.policy.kind = PolicyKind::kUniform;
    router.clusters.clear();
    router.fitted_arms.clear();
    return;
  }
  const bool text = router.context.source == policy::ContextSource::kText;
  const std::size_t numbers =
      (text ? policy::kScalarFeatures : router.context.dimension) + router.context.features.size();
  for (ClusterOptions& cluster : router.clusters) cluster.centroid.resize(numbers, 0.5);
  router.fitted_arms.resize(std::min(router.fitted_arms.size(), router.arms.size()));
  for (std::size_t i = 0; i < router.fitted_arms.size(); ++i) {
    FittedArmOptions& arm = router.fitted_arms[i];
    arm.name = router.arms[i].name;
    Resize(arm.weights, numbers + 1);
    Resize(arm.qualities, router.clusters.size());
  }
  if (!wanted) return;
  router.fitted_arms.front().weights.resize(numbers + 1, 1e-3);
  router.fitted_arms.front().qualities.resize(router.clusters.size(), 1);
  router.guard_arm.clear();
  const auto mend = [](policy::ObjectiveOptions& objective) {
    if (objective.objective != policy::Objective::kCheapestAbove) return;
    objective.objective = policy::Objective::kCostWeight;
  };
  mend(router.objective);
  for (PlanOptions& plan : router.plans) mend(plan.objective);
}

inline void Mend(RouterOptions& router, policy::Rng& rng) {
  MendArms(router, rng);
  MendContext(router.context, rng);
  MendRules(router, rng);
  MendFitted(router, rng);
  MendExploration(router);
  MendMoney(router.objective, router.ceiling);
  MendChallengers(router, rng);
  if (rng.Below(2) == 0) router.plans.clear();
  NameAll(router.plans, "plan");
  for (PlanOptions& plan : router.plans) MendMoney(plan.objective, plan.ceiling);
  if (rng.Below(2) == 0) router.sources.clear();
  NameAll(router.sources, "source");
  FeedbackOptions& feedback = router.feedback;
  feedback.default_after_s = std::min(feedback.default_after_s, feedback.revision_days * 86400);
  if (rng.Below(2) == 0) feedback.default_reward.reset();
}

}  // namespace sluice::config
