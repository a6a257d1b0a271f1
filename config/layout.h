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

struct Table {
  std::string_view key;
  std::string_view doc;
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
inline constexpr Table kPrior{"prior", "What an arm is believed to be like before any feedback."};
inline constexpr Table kArm{"arm", "A model that can be chosen."};

template <typename Visitor, typename Router>
void WalkRouter(Visitor& visitor, Router& router) {
  const RouterOptions standard = StandardRouter(router.context.source);
  visitor.Fields(RouterFields(), router, standard);
  visitor.Table(kContext, [&] {
    visitor.Fields(ContextFields(), router.context, standard.context);
    visitor.Tables(kFeature, kFeaturesMax, router.context.features, [&](auto& feature) {
      visitor.Fields(FeatureFields(), feature, policy::FeatureOptions{});
    });
  });
  visitor.Table(kExploration, [&] {
    visitor.Fields(ExplorationFields(), router.policy.exploration, standard.policy.exploration);
  });
  visitor.Table(kPrior, [&] { visitor.Fields(PriorFields(), router.prior, standard.prior); });
  visitor.Tables(kArm, policy::kArmsMax, router.arms,
                 [&](auto& arm) { visitor.Fields(ArmFields(), arm, ArmOptions{}); });
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
