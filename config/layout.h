// The tables of a configuration file and their order. Reading, printing and the search for where a
// misplaced key belongs walk this one description, each with a visitor of its own:
//
//   Fields(rows, owner, standard)           the rows of the table it stands in
//   Table(key, doc, body)                   [key]
//   Tables(key, doc, bound, owners, body)   [[key]], once an owner
//
// `owner` is const for visitors that only look; `standard` has the values of a silent file. Private
// to config/.
#pragma once

#include <string_view>

#include "config/field.h"

namespace sluice::config {

inline constexpr std::size_t kFeaturesMax = 64;
inline constexpr std::size_t kSourcesMax = 32;
inline constexpr std::size_t kPlansMax = 32;
inline constexpr std::size_t kPriceChangesMax = 32;
inline constexpr std::size_t kChallengersMax = 8;

std::span<const Field<ChallengerOptions>> ChallengerFields();  // [fields_challenger.cpp]

struct Table {
  std::string_view key;
  std::string_view doc;
  bool ordered = false;  // of [[tables]]: their order means something
};

inline constexpr Table kDataPlane{"data_plane",
                                  "Where callers ask for routes and report feedback."};
inline constexpr Table kAdminPlane{"admin_plane", "Health, metrics and reports, for operators."};
inline constexpr Table kStore{"store", "The event log and the checkpoints."};
inline constexpr Table kLearner{"learner", "The single writer of what is learnt."};
inline constexpr Table kRouter{
    "router", "A decision problem of its own: arms, policy, and what it has learnt."};
inline constexpr Table kContext{"context", "What is known of a request before choosing."};
inline constexpr Table kFeature{
    "feature",
    "A number that callers send with each request. It is standardised as (x - mean) / sd, clipped "
    "to -3..3."};
inline constexpr Table kExploration{"exploration",
                                    "How often another arm is taken than the one that looks best."};
inline constexpr Table kGate{"confidence_gate",
                             "Takes the arm of highest tier where a cheaper one may be worse."};
inline constexpr Table kGuard{"baseline_guard", "Keeps exploring from costing quality."};
inline constexpr Table kCeiling{"ceiling", "Hard ceilings on what is spent."};
inline constexpr Table kFeedback{"feedback", "How far feedback is trusted, and until when."};
inline constexpr Table kSource{"source",
                               "A sender of feedback besides user, judge and gateway, by name."};
inline constexpr Table kDrift{"drift", "What is done when an arm is no longer what was learnt."};
inline constexpr Table kPrior{"prior", "What an arm is believed to be like before any feedback."};
inline constexpr Table kRule{
    "rule", "rules: which arm a text gets. The first rule that matches decides.", true};
inline constexpr Table kCluster{"cluster", "clusters: a request belongs to the nearest.", true};
inline constexpr Table kFittedArm{
    "fitted_arm", "logistic, clusters: what was fitted offline of an arm, by sluice-sim fit."};
inline constexpr Table kPlan{
    "plan",
    "What users of one plan get instead of the router's objective, which holds where this is "
    "silent; ceilings and budgets here come on top of the router's."};
inline constexpr Table kChallenger{
    "challenger",
    "Another policy for the router, tried on the log of what the router did without acting: same "
    "arms, estimates, lambda and rate of exploration. Changing one starts its test anew."};
inline constexpr Table kArm{"arm", "A model that can be chosen."};
inline constexpr Table kPrice{"price", "List prices of the arm from a moment on."};

template <typename Visitor, typename Router>
void WalkContext(Visitor& visitor, Router& router, const RouterOptions& standard) {
  visitor.Table(kContext, [&] {
    visitor.Fields(ContextFields(), router.context, standard.context);
    visitor.Tables(kFeature, kFeaturesMax, router.context.features, [&](auto& feature) {
      visitor.Fields(FeatureFields(), feature, policy::FeatureOptions{});
    });
  });
}

template <typename Visitor, typename Router>
void WalkChoosing(Visitor& visitor, Router& router, const RouterOptions& standard) {
  const auto table = [&](const Table& at, std::span<const Field<RouterOptions>> rows) {
    visitor.Table(at, [&] { visitor.Fields(rows, router, standard); });
  };
  table(kExploration, ExplorationFields());
  table(kGate, GateFields());
  table(kGuard, GuardFields());
  table(kCeiling, CeilingFields());
  visitor.Tables(kRule, kRulesMax, router.rules,
                 [&](auto& rule) { visitor.Fields(RuleFields(), rule, RuleOptions{}); });
  visitor.Tables(kCluster, policy::kClustersMax, router.clusters, [&](auto& cluster) {
    visitor.Fields(ClusterFields(), cluster, ClusterOptions{});
  });
  visitor.Tables(kFittedArm, policy::kArmsMax, router.fitted_arms,
                 [&](auto& arm) { visitor.Fields(FittedArmFields(), arm, FittedArmOptions{}); });
  visitor.Tables(kPlan, kPlansMax, router.plans, [&](auto& plan) {
    const PlanOptions silent = StandardPlan(router);
    visitor.Fields(PlanFields(), plan, silent);
    visitor.Fields(ObjectiveFields(), plan.objective, silent.objective);
  });
}

template <typename Visitor, typename Router>
void WalkLearning(Visitor& visitor, Router& router, const RouterOptions& standard) {
  visitor.Table(kFeedback,
                [&] { visitor.Fields(FeedbackFields(), router.feedback, standard.feedback); });
  visitor.Tables(kSource, kSourcesMax, router.sources,
                 [&](auto& source) { visitor.Fields(SourceFields(), source, SourceOptions{}); });
  visitor.Table(kDrift, [&] { visitor.Fields(DriftFields(), router, standard); });
  visitor.Table(kPrior, [&] { visitor.Fields(PriorFields(), router.prior, standard.prior); });
}

template <typename Visitor, typename Router>
void WalkRouter(Visitor& visitor, Router& router) {
  const RouterOptions standard = StandardRouter(router.context);
  visitor.Fields(RouterFields(), router, standard);
  visitor.Fields(ObjectiveFields(), router.objective, standard.objective);
  WalkContext(visitor, router, standard);
  WalkChoosing(visitor, router, standard);
  WalkLearning(visitor, router, standard);
  visitor.Tables(kChallenger, kChallengersMax, router.challengers, [&](auto& challenger) {
    visitor.Fields(ChallengerFields(), challenger, ChallengerOptions{});
  });
  visitor.Tables(kArm, policy::kArmsMax, router.arms, [&](auto& arm) {
    visitor.Fields(ArmFields(), arm, ArmOptions{});
    visitor.Tables(kPrice, kPriceChangesMax, arm.price_changes,
                   [&](auto& change) { visitor.Fields(PriceFields(), change, PriceChange{}); });
  });
}

template <typename Visitor, typename Routers>
void WalkRouters(Visitor& visitor, Routers& routers) {
  visitor.Tables(kRouter, kRoutersMax, routers, [&](auto& router) { WalkRouter(visitor, router); });
}

template <typename Visitor, typename TheOptions>
void Walk(Visitor& visitor, TheOptions& options) {
  const Options standard = Defaults();
  visitor.Fields(TopFields(), options, standard);
  visitor.Table(kDataPlane, [&] {
    visitor.Fields(DataPlaneFields(), options.data_plane, standard.data_plane);
  });
  visitor.Table(kAdminPlane, [&] {
    visitor.Fields(AdminPlaneFields(), options.admin_plane, standard.admin_plane);
  });
  visitor.Table(kStore, [&] { visitor.Fields(StoreFields(), options.store, standard.store); });
  visitor.Table(kLearner,
                [&] { visitor.Fields(LearnerFields(), options.learner, standard.learner); });
  WalkRouters(visitor, options.routers);
}

}  // namespace sluice::config
