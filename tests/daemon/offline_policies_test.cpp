// Policies that were made offline, in the daemon: they choose as they say, and what is learnt
// meanwhile is what any other policy would have learnt.
#include <catch2/catch.hpp>

#include "tests/support/event_log.h"
#include "tests/support/process_in_memory.h"

namespace sluice::daemon {

namespace {

using policy::PolicyKind;
using tests::ProcessInMemory;

config::RouterOptions Ruled() {
  config::RouterOptions router = config::Defaults().routers[0];
  router.policy.kind = PolicyKind::kRules;
  router.policy.exploration.mode = policy::ExplorationMode::kNatural;
  router.rules = {{.name = "code", .keywords = {"python", "sql"}, .arm = "premium"},
                  {.name = "brief", .length_max = 20, .arm = "economy"}};
  return router;
}

config::RouterOptions Fitted(PolicyKind kind) {
  config::RouterOptions router = tests::SmallRouter();
  router.policy.kind = kind;
  router.policy.exploration.mode = policy::ExplorationMode::kNatural;
  std::vector<double> first(tests::kLogDimension);
  first[0] = 1;
  std::vector<double> last(tests::kLogDimension);
  last[0] = -1;
  router.clusters = {{.name = "0", .centroid = first}, {.name = "1", .centroid = last}};
  std::vector<double> weights(tests::kLogDimension + 1);
  weights[0] = 9;
  router.fitted_arms = {{.name = "economy", .weights = weights, .qualities = {0.9, 0.1}}};
  weights[0] = -9;
  router.fitted_arms.push_back({.name = "premium", .weights = weights, .qualities = {0.1, 0.9}});
  router.objective.cost_weight = 0;
  return router;
}

api::RouteAnswer Route(ProcessInMemory& process, float first) {
  api::RouteRequest request;
  request.embedding = std::vector<float>(tests::kLogDimension, 0.1F);
  request.embedding->front() = first;
  request.explain = true;
  process.now_us += 1000;
  return std::get<api::RouteAnswer>(process.Route(request));
}

}  // namespace

TEST_CASE("rules answer with the arm that they say and with the fallback arm where none matches") {
  ProcessInMemory process(tests::With(Ruled()));
  REQUIRE(process.ok);
  const auto arm = [&](const std::string& text) {
    const api::RouteAnswer answer = process.RouteText(text);
    CHECK(answer.propensity == 1);
    CHECK(answer.reason == api::Reason::kRule);
    CHECK(answer.policy_kind == "rules");
    return answer.arm;
  };
  CHECK(arm("Hello") == "economy");
  CHECK(arm("In SQL?") == "premium");
  CHECK(arm("Tell me a story about a harbour.") == "standard");
  api::RouteRequest request;
  request.text = "In SQL?";
  request.deny = {"premium"};
  request.explain = true;
  const auto denied = std::get<api::RouteAnswer>(process.Route(request));
  CHECK(denied.arm != "premium");
  CHECK(denied.propensity == 1);
  REQUIRE(process.learner().Step().ok());
  const auto report = std::get<api::RouterReport>(process.router().RouterByName("default"));
  CHECK(report.policy == "rules");
  CHECK(process.learner().Report().routers[0].tally.explored == 0);
}

TEST_CASE("the arm of a fit is the one that is good where the request is") {
  for (const PolicyKind kind : {PolicyKind::kLogistic, PolicyKind::kClusters}) {
    CAPTURE(policy::PolicyKindName(kind));
    ProcessInMemory process(tests::With(Fitted(kind)));
    REQUIRE(process.ok);
    const api::RouteAnswer right = Route(process, 5);
    CHECK(right.arm == "economy");
    CHECK(right.propensity == 1);
    CHECK(right.policy_kind == policy::PolicyKindName(kind));
    REQUIRE(right.explanation);
    CHECK(right.explanation->arms[0].mean > 0.85);
    CHECK(right.explanation->arms[1].mean == Approx(0.7));  // not fitted: what was learnt
    CHECK(Route(process, -5).arm == "premium");
  }
}

// The same decisions and feedback under two policies, then both asked the same.
TEST_CASE("what is learnt under a fit is what a bandit would have learnt of the same answers") {
  ProcessInMemory fitted(tests::With(Fitted(PolicyKind::kLogistic)));
  policy::Rng rng(3);
  for (int i = 0; i < 200; ++i) {
    const auto answer = Route(fitted, static_cast<float>(rng.Normal()));
    fitted.Reward(answer.decision_id, rng.Uniform(), 1e-4);
  }
  REQUIRE(fitted.learner().Step().ok());
  const std::string learnt = fitted.learner().ArmStatistics(0, 0).value();
  CHECK((tests::FoldedFromNothing(fitted.store()) == fitted.learner().State()));
  config::RouterOptions bandit = Fitted(PolicyKind::kThompson);
  REQUIRE(fitted.changes().Apply({bandit}).ok());
  CHECK((fitted.learner().ArmStatistics(0, 0).value() == learnt));
  CHECK(fitted.board().Latest()->routers[0].posterior->arm(0).quality_count > 50);
  CHECK(Route(fitted, 1).policy_kind == "thompson");
  REQUIRE(fitted.learner().SaveCheckpoint().ok());
  tests::LearnerOver again(fitted.store());
  REQUIRE(again.ok);
  CHECK(again.SetAsideNothing());
  CHECK((tests::FoldedFromNothing(fitted.store()) == again->State()));
}

TEST_CASE("a fit keeps a budget by what it predicts") {
  config::RouterOptions router = Fitted(PolicyKind::kClusters);
  router.objective = {.objective = policy::Objective::kBudget, .budget_usd = 1e-3};
  ProcessInMemory process(tests::With(router));
  policy::Rng rng(4);
  const double cost_usd[] = {1e-4, 4e-4, 4e-3};
  double spent = 0;
  int premium = 0;
  for (int i = 0; i < 3000; ++i) {
    const auto answer = Route(process, rng.Below(2) == 0 ? 5 : -5);
    const int arm = answer.arm == "economy" ? 0 : (answer.arm == "standard" ? 1 : 2);
    // What was learnt says that all arms are alike.
    process.Reward(answer.decision_id, 0.7, cost_usd[arm]);
    REQUIRE(process.learner().Step().ok());
    if (i < 1000) continue;
    spent += cost_usd[arm];
    premium += arm == 2;
  }
  CHECK(spent / 2000 == Approx(1e-3).epsilon(0.05));
  CHECK(premium > 200);
}

}  // namespace sluice::daemon
