// The rate that is asked for is the rate that is seen, whatever bounds it: allowances, new arms.
#include <algorithm>
#include <cmath>

#include <catch2/catch.hpp>

#include "policy/model.h"
#include "policy/policy.h"
#include "tests/support/policy_fixtures.h"

namespace sluice::policy {
namespace {

constexpr std::size_t kArms = 4;
constexpr std::size_t kDimension = 5;

struct Scene {
  explicit Scene(std::uint64_t seed, std::size_t arms = kArms)
      : rng(seed),
        model(test::TaughtModel(rng, kDimension, arms, 40 * arms)),
        posterior(model.Derive()),
        terms(test::TermsOf(arms)) {
    for (int i = 0; i < 97; ++i) {
      contexts.push_back(test::RandomContext(rng, kDimension));
    }
  }

  Situation At(std::uint64_t sequence) const {
    return {.context = &contexts[sequence % contexts.size()],
            .eligible = ArmSet::FirstN(terms.size()),
            .terms = terms,
            .tick = sequence};
  }

  Rng rng;
  Model model;
  std::shared_ptr<const Posterior> posterior;
  std::vector<ArmTerms> terms;
  std::vector<Context> contexts;
};

std::vector<PolicyOptions> Kinds(ExplorationMode mode) {
  std::vector<PolicyOptions> all;
  for (PolicyKind kind : {PolicyKind::kLinUcb, PolicyKind::kThompson, PolicyKind::kEpsilonGreedy,
                          PolicyKind::kUniform, PolicyKind::kFixed, PolicyKind::kSquareCb,
                          PolicyKind::kRules, PolicyKind::kLogistic, PolicyKind::kClusters}) {
    PolicyOptions options{.kind = kind, .fixed_arm = 1};
    options.exploration.mode = mode;
    all.push_back(options);
  }
  return all;
}

TEST_CASE("a hundred thousand decisions explore as often as was asked") {  // oracle 8
  constexpr std::uint64_t kDecisions = 100000;
  const Scene scene(41);
  for (ExplorationMode mode :
       {ExplorationMode::kExact, ExplorationMode::kCap, ExplorationMode::kNatural}) {
    PolicyOptions options;
    options.exploration.mode = mode;
    double asked = 0;
    double variance = 0;
    double seen = 0;
    for (std::uint64_t sequence = 0; sequence < kDecisions; ++sequence) {
      const Decision decision =
          Choose(options, *scene.posterior, scene.At(sequence), {42, sequence});
      asked += decision.exploration;
      variance += decision.exploration * (1 - decision.exploration);
      seen += decision.arm != decision.greedy_arm;
    }
    CAPTURE(static_cast<int>(mode), asked, seen);
    CHECK(std::abs(seen - asked) < 3.29 * std::sqrt(variance));
    if (mode == ExplorationMode::kExact) {
      CHECK(std::abs(seen / kDecisions - .05) < .00227);
      CHECK(asked / kDecisions == Approx(.05).margin(1e-8));
    }
    CHECK(asked > .004 * kDecisions);
  }
}

TEST_CASE("a token bucket on the probability bounds the sum of exploration at every step") {
  constexpr double kRate = .01;
  constexpr double kBucket = 1;
  const Scene scene(43);
  const PolicyOptions options{.exploration = {.cap = .2, .floor = .002}};
  double tokens = kBucket;
  double above_floor = 0;
  bool limited = false;
  for (std::uint64_t t = 0; t < 20000; ++t) {
    Situation situation = scene.At(t);
    situation.bounds.allowance = options.exploration.floor + tokens;
    const Decision decision = Choose(options, *scene.posterior, situation, {44, t});
    const double used = std::max(0.0, decision.exploration - options.exploration.floor);
    above_floor += used;
    tokens = std::min(kBucket, tokens - used + kRate);
    limited = limited || decision.limited;
    REQUIRE(tokens >= -1e-8);
    REQUIRE(above_floor <= kRate * static_cast<double>(t + 1) + kBucket + 1e-4);
    REQUIRE(decision.exploration >= options.exploration.floor - 1e-8);
  }
  CHECK(limited);
  CHECK(above_floor > .9 * kRate * 20000);  // the bucket is used, not only kept
}

TEST_CASE("limited says whether an allowance bit") {
  const Scene scene(45);
  for (ExplorationMode mode :
       {ExplorationMode::kExact, ExplorationMode::kCap, ExplorationMode::kNatural}) {
    PolicyOptions options;
    options.exploration.mode = mode;
    for (std::uint64_t sequence = 0; sequence < 97; ++sequence) {
      Situation situation = scene.At(sequence);
      const auto decide = [&] {
        return Choose(options, *scene.posterior, situation, {1, sequence});
      };
      const Decision free = decide();
      REQUIRE_FALSE(free.limited);
      situation.bounds.allowance = free.exploration + .001;
      REQUIRE_FALSE(decide().limited);
      situation.bounds.allowance = free.exploration / 2;
      const Decision held = decide();
      const bool at_floor = mode == ExplorationMode::kCap && free.exploration < .005 + 1e-8;
      REQUIRE(held.limited == (free.exploration > 1e-8 && !at_floor));
      situation.bounds = {.scale = .5};
      REQUIRE(decide().limited == (free.exploration > 0));
      REQUIRE(decide().exploration == Approx(free.exploration / 2).margin(4e-9));
    }
  }
}

double ShareOf(const Distribution& distribution, ArmSet arms) {
  double share = 0;
  for (ArmId arm : arms) {
    share += distribution.Probability(arm);
  }
  return share;
}

template <typename Law>
void ForRandomNewArms(const Law& law) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Scene scene(seed, 2 + seed % 6);
    for (ExplorationMode mode : {ExplorationMode::kCap, ExplorationMode::kExact,
                                 ExplorationMode::kNatural, ExplorationMode::kOff}) {
      for (const PolicyOptions& options : Kinds(mode)) {
        Situation situation = scene.At(seed);
        situation.bounds.new_arms = ArmSet::FromBits(scene.rng.Bits()) & situation.eligible;
        situation.bounds.new_arm_share = .3 * scene.rng.Uniform();
        CAPTURE(seed, static_cast<int>(mode), PolicyKindName(options.kind),
                situation.bounds.new_arms.bits(), situation.bounds.new_arm_share);
        law(scene, options, situation);
      }
    }
  }
}

TEST_CASE("new arms together keep within their share and greedy choices count") {
  std::size_t held = 0;
  ForRandomNewArms([&](const Scene& scene, const PolicyOptions& options, Situation situation) {
    const ArmSet new_arms = situation.bounds.new_arms;
    const Decision bounded = Choose(options, *scene.posterior, situation, {1, 1});
    situation.bounds.new_arms = ArmSet();
    const Decision free = Choose(options, *scene.posterior, situation, {1, 1});
    REQUIRE(test::Sum(bounded.distribution) == kProbabilityOne);
    const double wanted = ShareOf(free.distribution, new_arms);
    const double share = situation.bounds.new_arm_share;
    if (new_arms == situation.eligible || wanted <= share - 1e-8) {
      REQUIRE(test::Same(bounded, free));
    } else {
      // What they want beyond their share they do not get, what they may have they get.
      REQUIRE(ShareOf(bounded.distribution, new_arms) ==
              Approx(std::min(wanted, share)).margin(4e-9));
      REQUIRE_FALSE(new_arms.Has(bounded.greedy_arm));
      ++held;
    }
    REQUIRE(bounded.exploration >= 0);
    REQUIRE(bounded.exploration <= 1 - bounded.distribution.Probability(bounded.greedy_arm) + 1e-8);
  });
  CHECK(held > 200);
}

TEST_CASE("holding new arms back changes no rate that was asked for") {
  ForRandomNewArms(
      [](const Scene& scene, const PolicyOptions& options, const Situation& situation) {
        const Decision decision = Choose(options, *scene.posterior, situation, {1, 1});
        const std::size_t olds = situation.eligible.Size() - situation.bounds.new_arms.Size();
        switch (options.exploration.mode) {
          case ExplorationMode::kCap:
            REQUIRE(decision.exploration <= .05 + 4e-9);
            break;
          case ExplorationMode::kExact:
            if (olds > 1) {  // a single old arm has no other to explore
              REQUIRE(decision.exploration == Approx(.05).margin(4e-9));
            }
            break;
          case ExplorationMode::kOff:
            REQUIRE(decision.exploration == 0);
            break;
          case ExplorationMode::kNatural:
            break;
        }
      });
}

TEST_CASE("a greedy choice without a log leaves out new arms that are held") {
  ForRandomNewArms(
      [](const Scene& scene, const PolicyOptions& options, const Situation& situation) {
        const Decision decision = ChooseGreedy(options, *scene.posterior, situation);
        const ArmSet new_arms = situation.bounds.new_arms;
        REQUIRE((new_arms == situation.eligible || !new_arms.Has(decision.arm)));
        REQUIRE(decision.distribution.q32[decision.arm] == kProbabilityOne);
      });
}

}  // namespace
}  // namespace sluice::policy
