// The table of fields: how a router chooses among its arms and what it may spend.
#include <limits>

#include "config/field.h"

namespace sluice::config {

namespace {

using policy::ConfidenceGateOptions;
using policy::ExplorationOptions;
using policy::ModelOptions;
using policy::ObjectiveOptions;
using policy::PolicyOptions;
using enum Effect;

constexpr double kExplorationMax = 0.5;
constexpr double kDollarsMax = 1e9;
constexpr std::int64_t kCountMax = 1'000'000;  // of labels
constexpr Choice kNearlyChoice{.names = std::span(kCeilingNames).first<2>()};
constexpr Choice kReachedChoice{.names = std::span(kCeilingNames).subspan<1>(), .first = 1};

constexpr Field<RouterOptions> kRouterRows[] = {
    {.key = "name",
     .shape = Name{},
     .at = At<&RouterOptions::name>(),
     .effect = kNewRouter,
     .doc = "What requests call it; no two routers share a name."},
    {.key = "seed",
     .shape = Whole{0, std::numeric_limits<std::int64_t>::max()},
     .at = At<&RouterOptions::seed>(),
     .doc = "Keys the draws: the same seed and sequence number draw the same."},
    {.key = "policy",
     .shape = Choice{kPolicyNames},
     .at = At<&RouterOptions::policy, &PolicyOptions::kind>(),
     .doc = "How arms are ranked. uniform, fixed, rules, logistic and clusters learn as well, but "
            "do not use it: with another policy it is there. logistic and clusters rank by "
            "[[router.fitted_arm]] and by what was learnt of costs."},
    {.key = "alpha",
     .shape = Number{0, 10},
     .at = At<&RouterOptions::policy, &PolicyOptions::alpha>(),
     .unit = "standard deviations",
     .doc = "linucb: how far above its mean an arm is ranked."},
    {.key = "thompson_scale",
     .shape = Number{0.01, 10},
     .at = At<&RouterOptions::policy, &PolicyOptions::thompson_scale>(),
     .doc = "thompson: standard deviations are multiplied by this before they are drawn from."},
    {.key = "epsilon",
     .shape = Number{0, 1},
     .at = At<&RouterOptions::policy, &PolicyOptions::epsilon>(),
     .doc = "epsilon_greedy: share of requests that is spread evenly over the arms."},
    {.key = "gamma",
     .shape = Number{0, 1e6},
     .at = At<&RouterOptions::policy, &PolicyOptions::gamma>(),
     .doc = "squarecb: of K arms, one that is u below the best after t decisions is taken with "
            "probability 1 / (K + gamma u sqrt(t + 1))."},
    {.key = "fixed_arm",
     .shape = Name{},
     .at = At<&RouterOptions::fixed_arm>(),
     .doc = "fixed: the arm that is always taken while it is eligible. rules: the same where no "
            "rule matches; not set: fallback_arm.",
     .may_be_unset = true},
    {.key = "fallback_arm",
     .shape = Name{},
     .at = At<&RouterOptions::fallback_arm>(),
     .doc = "Answered when a decision cannot be made. Not set: the arm of lowest tier.",
     .may_be_unset = true},
    {.key = "observe",
     .shape = Flag{},
     .at = At<&RouterOptions::observe>(),
     .doc = "Requests that name a baseline are answered with it, and it is learnt from; what would "
            "have been chosen is logged and reported."},
    {.key = "warm_start",
     .shape = Path{},
     .at = At<&RouterOptions::warm_start>(),
     .doc = "File of sluice-sim fit: arms whose names are new to the router, and stand in it, "
            "start from its statistics, and a new router with a fitted context map from its map. "
            "Read only then.",
     .may_be_unset = true},
    {.key = "warm_start_strength",
     .shape = Number{0, 1e6},
     .at = At<&RouterOptions::warm_start_strength>(),
     .unit = "observations",
     .doc = "What counts at most of it."},
    {.key = "half_life",
     .shape = Whole{0, 1'000'000'000},
     .at = At<&RouterOptions::prior, &ModelOptions::half_life>(),
     .unit = "decisions",
     .effect = kRebuild,
     .doc = "What was learnt counts half after so many decisions of the router. 0: nothing is "
            "forgotten."},
};

constexpr Field<ObjectiveOptions> kObjectiveRows[] = {
    {.key = "objective",
     .shape = Choice{kObjectiveNames},
     .at = At<&ObjectiveOptions::objective>(),
     .doc = "What a dollar is worth. cost_weight: what that says. budget: what spends budget_usd a "
            "request for the most quality. cheapest_above: what keeps quality_floor at the least "
            "spend."},
    {.key = "cost_weight",
     .shape = Number{0, 1e9},
     .at = At<&ObjectiveOptions::cost_weight>(),
     .unit = "quality per USD",
     .doc = "cost_weight: arms are compared by quality - cost_weight * cost_usd - latency_weight * "
            "latency_s."},
    {.key = "latency_weight",
     .shape = Number{0, 1e6},
     .at = At<&ObjectiveOptions::latency_weight>(),
     .unit = "quality per second",
     .doc = "What a second of an arm's expected latency costs, with any objective."},
    {.key = "budget_usd",
     .shape = Number{0, 1e6},
     .at = At<&ObjectiveOptions::budget_usd>(),
     .unit = "USD a request",
     .doc = "budget: mean spend that is kept; above 0 with this objective, and only there."},
    {.key = "quality_floor",
     .shape = Number{1e-6, 1},
     .at = At<&ObjectiveOptions::quality_floor>(),
     .doc = "cheapest_above: share of the best arm's expected quality that is kept. To know it, "
            "the modes cap and exact explore arms that may be the best before others, until these "
            "have 200 labels; off and natural cannot."},
};

constexpr Field<RouterOptions> kExplorationRows[] = {
    {.key = "mode",
     .shape = Choice{policy::kExplorationModeNames},
     .at = At<&RouterOptions::policy, &PolicyOptions::exploration, &ExplorationOptions::mode>(),
     .doc = "cap: as the policy wants, within floor and cap. exact: epsilon. natural: as the "
            "policy wants; the only one for policies other than linucb and thompson, which have it "
            "when it is not given. off: never."},
    {.key = "cap",
     .shape = Number{0, kExplorationMax},
     .at = At<&RouterOptions::policy, &PolicyOptions::exploration, &ExplorationOptions::cap>(),
     .doc = "cap: largest probability of exploring."},
    {.key = "floor",
     .shape = Number{0, kExplorationMax},
     .at = At<&RouterOptions::policy, &PolicyOptions::exploration, &ExplorationOptions::floor>(),
     .doc = "cap: smallest probability of exploring, at most cap."},
    {.key = "epsilon",
     .shape = Number{0, kExplorationMax},
     .at = At<&RouterOptions::policy, &PolicyOptions::exploration, &ExplorationOptions::epsilon>(),
     .doc = "exact: probability of exploring."},
    {.key = "arm_floor",
     .shape = Number{0, kExplorationMax},
     .at =
         At<&RouterOptions::policy, &PolicyOptions::exploration, &ExplorationOptions::arm_floor>(),
     .doc = "Smallest probability of each eligible arm, inside the probability of exploring: times "
            "the other arms it is at most the least that the mode gives."},
    {.key = "warmup_cap",
     .shape = Number{0, kExplorationMax},
     .at = At<&RouterOptions::warmup_cap>(),
     .doc = "cap: the cap at the start, falling to cap as 200 / labels; at least cap. 0: cap."},
    {.key = "budget_rate",
     .shape = Number{0, 1},
     .at = At<&RouterOptions::exploration_budget, &ExplorationBudget::rate>(),
     .unit = "a decision",
     .doc = "Probability of exploring beyond floor that may be spent in the long run; at once up "
            "to 100 times as much. 0: no limit."},
    {.key = "new_arm_share_max",
     .shape = Number{0.001, 1},
     .at = At<&RouterOptions::new_arm_share_max>(),
     .doc = "Largest share of all new arms together, also of decisions that find one of them the "
            "best. 1: they compete at once."},
    {.key = "new_arm_labels",
     .shape = Whole{1, kCountMax},
     .at = At<&RouterOptions::new_arm_labels>(),
     .unit = "labels",
     .doc = "An arm is new until it has so many."},
};

constexpr Field<RouterOptions> kGateRows[] = {
    {.key = "enabled",
     .shape = Flag{},
     .at = At<&RouterOptions::policy, &PolicyOptions::gate, &ConfidenceGateOptions::enabled>(),
     .doc = "Whether the arm of highest tier is taken where the one that looks best may be worse."},
    {.key = "probability",
     .shape = Number{0, 1},
     .at = At<&RouterOptions::policy, &PolicyOptions::gate, &ConfidenceGateOptions::probability>(),
     .doc = "Taken when it is less probable than this that the other's quality is at most margin "
            "below."},
    {.key = "margin",
     .shape = Number{0, 1},
     .at = At<&RouterOptions::policy, &PolicyOptions::gate, &ConfidenceGateOptions::margin>(),
     .unit = "quality",
     .doc = "What quality may be below that of the highest tier without mattering."},
    {.key = "labels_min",
     .shape = Whole{0, kCountMax},
     .at = At<&RouterOptions::policy, &PolicyOptions::gate, &ConfidenceGateOptions::labels_min>(),
     .unit = "labels",
     .doc = "An arm with fewer is not judged: it would never be tried."},
};

constexpr Field<RouterOptions> kGuardRows[] = {
    {.key = "arm",
     .shape = Name{},
     .at = At<&RouterOptions::guard_arm>(),
     .doc = "Quality does not fall below that of always taking this arm. Not set: no guard.",
     .may_be_unset = true},
    {.key = "tolerance",
     .shape = Number{0, 1},
     .at = At<&RouterOptions::guard_tolerance>(),
     .doc = "Share of the baseline's quality that may be lost to exploring."},
};

constexpr Field<RouterOptions> kCeilingRows[] = {
    {.key = "day_usd",
     .shape = Number{0, kDollarsMax},
     .at = At<&RouterOptions::ceiling, &CeilingOptions::day_usd>(),
     .unit = "USD",
     .doc = "Hard ceiling of a day, UTC; worst cases are reserved at the decision. 0: none."},
    {.key = "month_usd",
     .shape = Number{0, kDollarsMax},
     .at = At<&RouterOptions::ceiling, &CeilingOptions::month_usd>(),
     .unit = "USD",
     .doc = "Hard ceiling of a month, UTC; at least day_usd. 0: none."},
    {.key = "nearly",
     .shape = kNearlyChoice,
     .at = At<&RouterOptions::ceiling, &CeilingOptions::nearly>(),
     .doc = "From 95 % of a ceiling on. cheapest: only the cheapest eligible arm is taken."},
    {.key = "reached",
     .shape = kReachedChoice,
     .at = At<&RouterOptions::ceiling, &CeilingOptions::reached>(),
     .doc =
         "At a ceiling. cheapest: only the cheapest eligible arm is taken, beyond the ceiling if "
         "need be. refuse: the request is refused."},
};

constexpr Field<PlanOptions> kPlanRows[] = {
    {.key = "name",
     .shape = Name{},
     .at = At<&PlanOptions::name>(),
     .doc = "What requests call it in user.plan.",
     .required = true},
    {.key = "ceiling_day_usd",
     .shape = Number{0, kDollarsMax},
     .at = At<&PlanOptions::ceiling, &CeilingOptions::day_usd>(),
     .unit = "USD",
     .doc = "As day_usd of the router's ceiling, for this plan alone. 0: none."},
    {.key = "ceiling_month_usd",
     .shape = Number{0, kDollarsMax},
     .at = At<&PlanOptions::ceiling, &CeilingOptions::month_usd>(),
     .unit = "USD",
     .doc = "As month_usd; at least ceiling_day_usd. 0: none."},
    {.key = "ceiling_nearly",
     .shape = kNearlyChoice,
     .at = At<&PlanOptions::ceiling, &CeilingOptions::nearly>(),
     .doc = "From 95 % of a ceiling of the plan on, as nearly of the router's ceiling."},
    {.key = "ceiling_reached",
     .shape = kReachedChoice,
     .at = At<&PlanOptions::ceiling, &CeilingOptions::reached>(),
     .doc = "At a ceiling of the plan, as reached of the router's."},
    {.key = "exploration_budget_rate",
     .shape = Number{0, 1},
     .at = At<&PlanOptions::exploration_budget, &ExplorationBudget::rate>(),
     .unit = "a decision",
     .doc = "As budget_rate of the router's exploration, for this plan alone. 0: no limit."},
};

}  // namespace

std::span<const Field<RouterOptions>> RouterFields() {
  return kRouterRows;
}
std::span<const Field<policy::ObjectiveOptions>> ObjectiveFields() {
  return kObjectiveRows;
}
std::span<const Field<RouterOptions>> ExplorationFields() {
  return kExplorationRows;
}
std::span<const Field<RouterOptions>> GateFields() {
  return kGateRows;
}
std::span<const Field<RouterOptions>> GuardFields() {
  return kGuardRows;
}
std::span<const Field<RouterOptions>> CeilingFields() {
  return kCeilingRows;
}
std::span<const Field<PlanOptions>> PlanFields() {
  return kPlanRows;
}

}  // namespace sluice::config
