#include "policy/policy.h"

#include <array>
#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

#include "tests/support/policy_fixtures.h"

namespace sluice::policy {
namespace {

Estimates EstimatesOf(std::initializer_list<double> utilities,
                      std::initializer_list<double> widths = {}) {
  Estimates estimates{};
  std::size_t arm = 0;
  for (double utility : utilities) {
    estimates[arm++].utility = utility;
  }
  arm = 0;
  for (double width : widths) {
    estimates[arm++].width = width;
  }
  return estimates;
}

const double kNan = std::numeric_limits<double>::quiet_NaN();

TEST_CASE("every policy kind has a name that leads back to it") {
  for (PolicyKind kind : {PolicyKind::kLinUcb, PolicyKind::kThompson, PolicyKind::kEpsilonGreedy,
                          PolicyKind::kUniform, PolicyKind::kFixed}) {
    CHECK(PolicyKindFromName(PolicyKindName(kind)) == kind);
  }
  CHECK(PolicyKindName(PolicyKind::kEpsilonGreedy) == "epsilon_greedy");
  CHECK_FALSE(PolicyKindFromName("unknown"));
  CHECK_FALSE(PolicyKindFromName(""));
}

TEST_CASE("the greedy arm is the lowest of those with the largest utility") {
  const ArmSet all = ArmSet::FirstN(4);
  CHECK(GreedyArm(EstimatesOf({.1, .3, .3, .2}), all) == 1);
  CHECK(GreedyArm(EstimatesOf({.9, .3, .3, .2}), ArmSet::FromBits(0b1110)) == 1);
  CHECK(GreedyArm(EstimatesOf({-3, -2, -1, -1}), all) == 2);
  CHECK(GreedyArm(EstimatesOf({kNan, HUGE_VAL, .3, .2}), all) == 2);
  CHECK(GreedyArm(EstimatesOf({kNan, kNan, kNan, kNan}), all) == 0);
}

TEST_CASE("LinUCB puts all on the largest upper bound and breaks ties by the lowest id") {
  const ArmSet all = ArmSet::FirstN(3);
  const Estimates estimates = EstimatesOf({.5, .4, .4}, {.0, .2, .2});
  CHECK(LinUcbShares(estimates, all, 1)[1] == 1);
  CHECK(LinUcbShares(estimates, all, .1)[0] == 1);
  CHECK(LinUcbShares(EstimatesOf({kNan, .1, .2}, {0, HUGE_VAL, 0}), all, 1)[2] == 1);
}

TEST_CASE("the baselines spread as their names say") {
  const ArmSet eligible = ArmSet::FromBits(0b1011);
  const Estimates estimates = EstimatesOf({.1, .5, .9, .2});
  const Shares epsilon = EpsilonGreedyShares(estimates, eligible, .3);
  CHECK(epsilon[0] == Approx(.1));
  CHECK(epsilon[1] == Approx(.8));
  CHECK(epsilon[2] == 0);
  CHECK(UniformShares(eligible)[3] == Approx(1. / 3));
  CHECK(UniformShares(eligible)[2] == 0);
  CHECK(FixedShares(estimates, eligible, 3)[3] == 1);
  CHECK(FixedShares(estimates, eligible, 2)[1] == 1);
}

TEST_CASE("the greedy choice of a fixed policy is the fixed arm") {
  Rng rng(1);
  Model model = test::TaughtModel(rng, 3, 3, 5);
  const Context context = test::RandomContext(rng, 3);
  const auto terms = test::TermsOf(3);
  for (ArmId arm = 0; arm < 3; ++arm) {
    const PolicyOptions fixed{.kind = PolicyKind::kFixed,
                              .fixed_arm = arm,
                              .exploration = {.mode = ExplorationMode::kNatural}};
    const Decision decision =
        ChooseGreedy(fixed, *model.Derive(), {&context, ArmSet::FirstN(3), terms});
    CHECK(decision.arm == arm);
    CHECK(decision.distribution.q32[arm] == kProbabilityOne);
  }
}

TEST_CASE("an empty eligible set gives an empty decision") {
  Rng rng(1);
  Model model = test::TaughtModel(rng, 3, 2, 5);
  const Context context = test::RandomContext(rng, 3);
  const auto terms = test::TermsOf(2);
  const Decision decision = Choose({}, *model.Derive(), {&context, ArmSet(), terms}, {1, 1});
  CHECK(test::Same(decision, Decision{}));
}

TEST_CASE("a higher cost weight moves the greedy choice to cheaper arms") {
  Model model({.dimension = 1});
  const Context context = Context::Ones(1);
  for (double quality : {.7, .9}) {
    const ArmId arm = model.AddArm();
    for (int i = 0; i < 50; ++i) {
      model.Update({.arm = arm, .context = &context, .quality = quality, .cost_log_ratio = 0});
    }
  }
  std::vector<ArmTerms> terms{{.list_price_usd = 1e-4}, {.list_price_usd = 1e-2}};
  const Situation situation{&context, ArmSet::FirstN(2), terms};
  CHECK(ChooseGreedy({.cost_weight = 0}, *model.Derive(), situation).arm == 1);
  CHECK(ChooseGreedy({.cost_weight = 10}, *model.Derive(), situation).arm == 1);
  CHECK(ChooseGreedy({.cost_weight = 100}, *model.Derive(), situation).arm == 0);
}

TEST_CASE("the score of LinUCB adds alpha widths and the others rank by utility") {
  Rng rng(2);
  Model model = test::TaughtModel(rng, 4, 3, 20);
  const Context context = test::RandomContext(rng, 4);
  const auto terms = test::TermsOf(3);
  const Situation situation{&context, ArmSet::FirstN(3), terms};
  const Estimates linucb =
      Score({.kind = PolicyKind::kLinUcb, .alpha = 2}, *model.Derive(), situation);
  const Estimates thompson = Score({}, *model.Derive(), situation);
  for (std::size_t arm = 0; arm < 3; ++arm) {
    CHECK(linucb[arm].score == linucb[arm].utility + 2 * linucb[arm].width);
    CHECK(linucb[arm].width > 0);
    CHECK(thompson[arm].score == thompson[arm].utility);
  }
}

}  // namespace
}  // namespace sluice::policy
