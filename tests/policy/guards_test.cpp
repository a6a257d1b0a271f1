// The confidence gate and the baseline guard: what may overrule the ranking.
#include "policy/guards.h"

#include <array>
#include <cmath>

#include <catch2/catch.hpp>

#include "policy/model.h"
#include "policy/policy.h"
#include "tests/support/policy_fixtures.h"

namespace sluice::policy {
namespace {

constexpr double kUnit = 0x1p-32;

Estimate Of(double mean, double width) {
  return {.mean = mean, .width = width, .utility = mean, .score = mean};
}

TEST_CASE("the gate doubts below the probability that the cheap arm is nearly as good") {
  const ConfidenceGateOptions gate{.probability = .75, .margin = .02};
  // Phi((m_g - m_p + .02) / hypot) is .75 at a distance of .67449 widths.
  const double width = std::hypot(.03, .04);
  const double limit = .8 - .02 + .6744897501960817 * width;
  CHECK(GateDoubts(gate, Of(limit - 1e-9, .03), Of(.8, .04)));
  CHECK_FALSE(GateDoubts(gate, Of(limit + 1e-9, .03), Of(.8, .04)));
  CHECK_FALSE(GateDoubts(gate, Of(.7801, 0), Of(.8, 0)));
  CHECK(GateDoubts(gate, Of(.7799, 0), Of(.8, 0)));
}

// Two arms of equal merit but price: the cheap one ranks first, and is known by `labels` labels.
struct GateScene {
  explicit GateScene(int labels) : model(test::ColdModel({.dimension = 1}, 3)) {
    for (int i = 0; i < labels; ++i) {
      test::Teach(model, {.arm = 0, .context = &context, .quality = .75});
    }
    for (int i = 0; i < 60; ++i) {
      test::Teach(model, {.arm = 2, .context = &context, .quality = .9});
    }
  }

  Situation situation() const {
    return {.context = &context,
            .eligible = ArmSet::FirstN(3),
            .terms = terms,
            .cost_weight = 4000,
            .premium = ArmId{2}};
  }
  Decision Choose(const PolicyOptions& options) {
    return policy::Choose(options, *model.Derive(), situation(), {1, 1});
  }

  Context context = Context::Ones(1);
  Model model;
  std::vector<ArmTerms> terms{
      {.list_price_usd = 1e-4}, {.list_price_usd = 9e-4}, {.list_price_usd = 1e-3}};
};

constexpr ConfidenceGateOptions kGate{.enabled = true};

TEST_CASE("the gate makes premium the greedy arm and exploration goes on around it") {
  GateScene scene(40);
  for (PolicyKind kind : {PolicyKind::kLinUcb, PolicyKind::kThompson, PolicyKind::kSquareCb}) {
    CAPTURE(PolicyKindName(kind));
    const Decision open = scene.Choose({.kind = kind});
    REQUIRE(open.greedy_arm == 0);
    REQUIRE_FALSE(open.gated);
    const Decision gated = scene.Choose({.kind = kind, .gate = kGate});
    CHECK(gated.greedy_arm == 2);
    CHECK(gated.gated);
    CHECK(gated.distribution.Probability(2) == Approx(open.distribution.Probability(0)));
    CHECK(gated.distribution.q32[0] > 0);  // the cheap arm goes on being tried
    CHECK(gated.exploration <= .05 + 4 * kUnit);
    CHECK(gated.exploration >= .005 - 4 * kUnit);
    PolicyOptions off{.kind = kind, .gate = kGate};
    off.exploration.mode = ExplorationMode::kOff;
    CHECK(scene.Choose(off).distribution.q32[2] == kProbabilityOne);
  }
}

TEST_CASE("the gate waits for labels and keeps out where there is nothing to judge") {
  GateScene young(29);
  CHECK_FALSE(young.Choose({.gate = kGate}).gated);
  GateScene old(30);
  CHECK(old.Choose({.gate = kGate}).gated);
  Situation situation = old.situation();
  const auto gated = [&] {
    return Choose({.gate = kGate}, *old.model.Derive(), situation, {1, 1}).gated;
  };
  CHECK(gated());
  situation.eligible.Remove(2);
  CHECK_FALSE(gated());
  situation = old.situation();
  situation.premium = std::nullopt;
  CHECK_FALSE(gated());
  situation.premium = ArmId{0};
  CHECK_FALSE(gated());
  for (PolicyKind kind : {PolicyKind::kUniform, PolicyKind::kFixed, PolicyKind::kRules,
                          PolicyKind::kLogistic, PolicyKind::kClusters}) {
    CHECK_FALSE(old.Choose({.kind = kind, .gate = kGate}).gated);
  }
  CHECK(ChooseGreedy({.gate = kGate}, *old.model.Derive(), old.situation()).arm == 2);
}

TEST_CASE("the guard explores as far as its slack pays") {
  Estimates estimates{};
  estimates[0] = Of(.9, .01);  // greedy
  estimates[1] = Of(.8, .02);  // the baseline
  estimates[2] = Of(.5, .1);   // explored
  const ArmSet arms = ArmSet::FirstN(3);
  Shares others{};
  others[2] = 1;
  const double target = .98 * .8;
  for (double slack : {0., .001, .01}) {
    const Baseline baseline({.arm = 1, .slack = slack}, estimates, arms);
    CHECK(baseline.Affords(0));
    CHECK(baseline.Affords(1));
    CHECK_FALSE(baseline.Affords(2));
    CHECK(baseline.RateMax(others, arms, 0, false) == Approx(slack / (target - (.5 - .2))));
  }
  Shares mixed{};
  mixed[1] = mixed[2] = .5;  // the baseline counts with its mean
  const Baseline baseline({.arm = 1, .slack = .01}, estimates, arms);
  CHECK(baseline.RateMax(mixed, arms, 0, false) == Approx(.01 / (target - (.8 + .3) / 2)));
  CHECK(baseline.RateMax(mixed, arms, 0, true) == baseline.RateMax(mixed, arms, 0, false));
  Shares safe{};
  safe[1] = 1;
  CHECK(baseline.RateMax(safe, arms, 0, false) == HUGE_VAL);
  CHECK(baseline.RateMax(safe, arms, 0, true) < 1);  // floors would not be safe
}

PolicyOptions RandomOptions(Rng& rng) {
  PolicyOptions options{.kind = static_cast<PolicyKind>(rng.Below(6)),
                        .fixed_arm = static_cast<ArmId>(rng.Below(3))};
  options.exploration.mode = static_cast<ExplorationMode>(rng.Below(4));
  options.exploration.cap = rng.Uniform();
  options.exploration.arm_floor = rng.Below(2) == 0 ? 0 : .02;
  options.gate.enabled = rng.Below(3) == 0;
  return options;
}

TEST_CASE("what is surely expected never falls below the baseline by more than the tolerance") {
  std::size_t gave_way = 0;
  std::size_t explored = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Rng rng(seed);
    const std::size_t arms = 2 + rng.Below(7);
    Model model = test::TaughtModel(rng, 4, arms, rng.Below(400));
    const auto posterior = model.Derive();
    const auto terms = test::TermsOf(arms);
    const PolicyOptions options = RandomOptions(rng);
    BaselineGuard guard{.arm = static_cast<ArmId>(rng.Below(arms)),
                        .tolerance = .1 * rng.Uniform()};
    double sure = 0;
    double asked = 0;
    for (std::uint64_t sequence = 0; sequence < 400; ++sequence) {
      const Context context = test::RandomContext(rng, 4);
      Situation situation{.context = &context,
                          .eligible = ArmSet::FirstN(arms),
                          .terms = terms,
                          .tick = sequence,
                          .cost_weight = 100,
                          .guard = guard};
      if (rng.Below(2) == 0) {
        situation.bounds.new_arms = ArmSet::FromBits(rng.Bits()) & situation.eligible;
        situation.bounds.new_arm_share = .2 * rng.Uniform();
      }
      situation.premium = static_cast<ArmId>(arms - 1);
      const Decision decision = Choose(options, *posterior, situation, {seed, sequence});
      const double measure = std::max(0.0, decision.estimates[guard.arm].mean);
      asked += (1 - guard.tolerance) * measure;
      for (ArmId arm : decision.eligible) {
        const Estimate& estimate = decision.estimates[arm];
        sure += decision.distribution.Probability(arm) *
                (arm == guard.arm ? measure : estimate.mean - guard.bound_widths * estimate.width);
      }
      guard.slack += decision.slack_change;
      CAPTURE(seed, sequence, PolicyKindName(options.kind), guard.slack);
      REQUIRE(test::Sum(decision.distribution) == kProbabilityOne);
      REQUIRE(guard.slack >= 0);
      REQUIRE(sure >= asked - 1e-9);
      REQUIRE(guard.slack == Approx(sure - asked).margin(1e-9));
      gave_way += decision.greedy_arm == guard.arm;
      explored += decision.exploration > 0;
    }
  }
  CHECK(gave_way > 1000);  // of 24,000: neither is the rule
  CHECK(gave_way < 23000);
  CHECK(explored > 3000);
}

TEST_CASE("without slack an arm that is not surely as good gives way to the baseline") {
  GateScene scene(3);
  Situation situation = scene.situation();
  situation.guard = BaselineGuard{.arm = 2};
  const Decision held = Choose({}, *scene.model.Derive(), situation, {1, 1});
  CHECK(held.greedy_arm == 2);
  CHECK(held.limited);
  CHECK(held.distribution.q32[2] == kProbabilityOne);
  CHECK(held.slack_change == Approx(.02 * held.estimates[2].mean));
  CHECK(ChooseGreedy({}, *scene.model.Derive(), situation).arm == 2);
  situation.guard->slack = 100;
  const Decision rich = Choose({}, *scene.model.Derive(), situation, {1, 1});
  CHECK(rich.greedy_arm == 0);
  CHECK_FALSE(rich.limited);
  CHECK(rich.slack_change < 0);
  situation.eligible.Remove(2);  // no measure
  situation.guard->slack = 0;
  const Decision without = Choose({}, *scene.model.Derive(), situation, {1, 1});
  CHECK(without.greedy_arm == 0);
  CHECK(without.slack_change == 0);
}

}  // namespace
}  // namespace sluice::policy
