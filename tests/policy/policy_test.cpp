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
    estimates[arm].score = utility;
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
                          PolicyKind::kUniform, PolicyKind::kFixed, PolicyKind::kSquareCb,
                          PolicyKind::kRules, PolicyKind::kLogistic, PolicyKind::kClusters}) {
    CHECK(PolicyKindFromName(PolicyKindName(kind)) == kind);
  }
  CHECK(PolicyKindName(PolicyKind::kEpsilonGreedy) == "epsilon_greedy");
  CHECK_FALSE(PolicyKindFromName("unknown"));
  CHECK_FALSE(PolicyKindFromName(""));
}

TEST_CASE("the greedy arm is the lowest of those with the largest score") {
  const ArmSet all = ArmSet::FirstN(4);
  CHECK(GreedyArm(EstimatesOf({.1, .3, .3, .2}), all) == 1);
  CHECK(GreedyArm(EstimatesOf({.9, .3, .3, .2}), ArmSet::FromBits(0b1110)) == 1);
  CHECK(GreedyArm(EstimatesOf({-3, -2, -1, -1}), all) == 2);
  CHECK(GreedyArm(EstimatesOf({kNan, HUGE_VAL, .3, .2}), all) == 2);
  CHECK(GreedyArm(EstimatesOf({kNan, kNan, kNan, kNan}), all) == 0);
}

TEST_CASE("LinUCB puts all on the largest score and breaks ties by the lowest id") {
  const ArmSet all = ArmSet::FirstN(3);
  Estimates estimates = EstimatesOf({.5, .4, .4});
  estimates[1].score = estimates[2].score = .6;
  CHECK(LinUcbShares(estimates, all)[1] == 1);
  estimates[0].score = .7;
  CHECK(LinUcbShares(estimates, all)[0] == 1);
  CHECK(LinUcbShares(EstimatesOf({kNan, HUGE_VAL, .2}), all)[2] == 1);
}

TEST_CASE("SquareCB weighs arms by the inverse of their gap") {
  // Sizes of literature: K = 3, gamma sqrt(t + 1) = 10, gaps .1 and .4.
  const ArmSet all = ArmSet::FirstN(3);
  const Shares shares = SquareCbShares(EstimatesOf({.9, .8, .5}), all, 10, 0);
  CHECK(shares[1] == Approx(1. / 4));
  CHECK(shares[2] == Approx(1. / 7));
  CHECK(shares[0] == Approx(1 - 1. / 4 - 1. / 7));  // .60714, .25, .14286
  const Shares later = SquareCbShares(EstimatesOf({.9, .8, .5}), all, 10, 99);
  CHECK(later[1] == Approx(1. / 13));
  CHECK(SquareCbShares(EstimatesOf({.5, .5}), ArmSet::FirstN(2), 80, 7)[0] == .5);
  CHECK(SquareCbShares(EstimatesOf({.5, .4}), ArmSet::FromBits(2), 80, 7)[1] == 1);
  CHECK(SquareCbShares(EstimatesOf({.5, kNan, .5}), all, 80, 7)[1] == 0);
}

TEST_CASE("SquareCB does not mind shifted utilities nor renamed arms and scales with gamma") {
  Rng rng(21);
  for (int i = 0; i < 200; ++i) {
    CAPTURE(i);
    const double u[] = {rng.Uniform(), rng.Uniform(), rng.Uniform()};
    const ArmSet all = ArmSet::FirstN(3);
    const std::uint64_t tick = rng.Below(100000);
    const Shares base = SquareCbShares(EstimatesOf({u[0], u[1], u[2]}), all, 80, tick);
    const Shares shifted =
        SquareCbShares(EstimatesOf({u[0] - 5, u[1] - 5, u[2] - 5}), all, 80, tick);
    const Shares scaled =
        SquareCbShares(EstimatesOf({7 * u[0], 7 * u[1], 7 * u[2]}), all, 80. / 7, tick);
    const Shares renamed = SquareCbShares(EstimatesOf({u[2], u[0], u[1]}), all, 80, tick);
    for (std::size_t arm = 0; arm < 3; ++arm) {
      CHECK(shifted[arm] == Approx(base[arm]).epsilon(1e-9));
      CHECK(scaled[arm] == Approx(base[arm]).epsilon(1e-9));
      CHECK(renamed[(arm + 1) % 3] == Approx(base[arm]).epsilon(1e-12));
    }
  }
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
  Model model = test::ColdModel({.dimension = 1}, 2);
  const Context context = Context::Ones(1);
  for (ArmId arm = 0; arm < 2; ++arm) {
    for (int i = 0; i < 50; ++i) {
      test::Teach(
          model,
          {.arm = arm, .context = &context, .quality = arm == 0 ? .7 : .9, .cost_log_ratio = 0});
    }
  }
  std::vector<ArmTerms> terms{{.list_price_usd = 1e-4}, {.list_price_usd = 1e-2}};
  const auto choice = [&](double cost_weight) {
    const Situation situation{.context = &context,
                              .eligible = ArmSet::FirstN(2),
                              .terms = terms,
                              .cost_weight = cost_weight};
    return ChooseGreedy({}, *model.Derive(), situation).arm;
  };
  CHECK(choice(0) == 1);
  CHECK(choice(10) == 1);
  CHECK(choice(100) == 0);
}

TEST_CASE("a latency weight counts seconds that are known") {
  Model model = test::ColdModel({.dimension = 1}, 2);
  const Context context = Context::Ones(1);
  for (int i = 0; i < 50; ++i) {
    test::Teach(model, {.arm = 0, .context = &context, .quality = .7});
    test::Teach(model, {.arm = 1, .context = &context, .quality = .9});
    model.LearnLatency(0, .5);
    model.LearnLatency(1, 4);
  }
  const auto terms = test::TermsOf(2);
  Situation situation{.context = &context, .eligible = ArmSet::FirstN(2), .terms = terms};
  CHECK(ChooseGreedy({}, *model.Derive(), situation).arm == 1);
  situation.latency_weight = .1;
  const Decision decision = ChooseGreedy({}, *model.Derive(), situation);
  CHECK(decision.arm == 0);
  const Estimate& slow = decision.estimates[1];
  CHECK(slow.expected_latency_s == Approx(4).epsilon(.05));
  CHECK(slow.utility == slow.mean - .1 * slow.expected_latency_s);
}

TEST_CASE(
    "LinUCB with exploration off takes its top score with certainty and cap mixes around it") {
  Rng rng(3);
  Model model = test::TaughtModel(rng, 4, 5, 60);
  const Context context = test::RandomContext(rng, 4);
  const auto terms = test::TermsOf(5);
  const Situation situation{.context = &context, .eligible = ArmSet::FirstN(5), .terms = terms};
  PolicyOptions options{.kind = PolicyKind::kLinUcb, .alpha = 3};
  options.exploration.mode = ExplorationMode::kOff;
  const Decision off = Choose(options, *model.Derive(), situation, {1, 1});
  CHECK(off.arm == off.greedy_arm);
  CHECK(off.distribution.q32[off.arm] == kProbabilityOne);
  for (ArmId arm = 0; arm < 5; ++arm) {
    CHECK(off.estimates[arm].score <= off.estimates[off.arm].score);
  }
  options.exploration = {.mode = ExplorationMode::kExact, .epsilon = .08};
  const Decision exact = Choose(options, *model.Derive(), situation, {1, 1});
  CHECK(exact.greedy_arm == off.greedy_arm);
  for (ArmId arm = 0; arm < 5; ++arm) {
    const double share = arm == exact.greedy_arm ? .92 : .02;
    CHECK(exact.distribution.Probability(arm) == Approx(share).margin(1e-8));
  }
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
