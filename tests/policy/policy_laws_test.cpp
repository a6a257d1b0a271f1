// Laws that every policy keeps under every exploration mode.
#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

#include "policy/model.h"
#include "policy/policy.h"
#include "tests/support/policy_fixtures.h"

namespace sluice::policy {
namespace {

constexpr std::size_t kDimension = 6;

// Every other arm was fitted.
FittedOptions SomeFit() {
  Rng rng(77);
  FittedOptions fitted;
  for (std::size_t c = 0; c < 3; ++c) {
    fitted.centroids.emplace_back();
    for (std::size_t i = 0; i + 1 < kDimension; ++i) {
      fitted.centroids[c].push_back(2 * rng.Uniform() - 1);
    }
  }
  fitted.weights.resize(kArmsMax);
  fitted.qualities.resize(kArmsMax);
  for (std::size_t arm = 0; arm < kArmsMax; arm += 2) {
    for (std::size_t i = 0; i < kDimension; ++i) {
      fitted.weights[arm].push_back(2 * rng.Uniform() - 1);
    }
    fitted.qualities[arm] = {rng.Uniform(), rng.Uniform(), rng.Uniform()};
  }
  return fitted;
}

std::vector<PolicyOptions> EveryPolicyAndMode() {
  std::vector<PolicyOptions> all;
  for (PolicyKind kind : {PolicyKind::kLinUcb, PolicyKind::kThompson, PolicyKind::kEpsilonGreedy,
                          PolicyKind::kUniform, PolicyKind::kFixed, PolicyKind::kSquareCb,
                          PolicyKind::kRules, PolicyKind::kLogistic, PolicyKind::kClusters}) {
    for (ExplorationMode mode : {ExplorationMode::kCap, ExplorationMode::kExact,
                                 ExplorationMode::kNatural, ExplorationMode::kOff}) {
      PolicyOptions options{.kind = kind, .fixed_arm = 2};
      options.fitted = SomeFit();
      options.exploration.mode = mode;
      all.push_back(options);
    }
  }
  return all;
}

// One router with random arms and a request of random eligible arms; the seed says all.
struct Scene {
  explicit Scene(std::uint64_t seed)
      : rng(seed),
        arms(std::array<std::size_t, 6>{1, 2, 3, 8, 17, 64}[rng.Below(6)]),
        model(test::TaughtModel(rng, kDimension, arms, 10 * arms)),
        posterior(model.Derive()),
        terms(test::TermsOf(arms)),
        context(test::RandomContext(rng, kDimension)) {
    const ArmSet some = ArmSet::FromBits(rng.Bits()) & ArmSet::FirstN(arms);
    eligible = some.Empty() ? ArmSet::FirstN(arms) : some;
  }

  Situation situation() const {
    return {.context = &context,
            .eligible = eligible,
            .terms = terms,
            .tick = 1000,
            .cost_weight = 100,
            .ruled = ArmId{1}};
  }

  Rng rng;
  std::size_t arms;
  Model model;
  std::shared_ptr<const Posterior> posterior;
  std::vector<ArmTerms> terms;
  Context context;
  ArmSet eligible;
};

template <typename Law>
void ForEveryPolicyAndScene(const Law& law) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const Scene scene(seed);
    for (const PolicyOptions& options : EveryPolicyAndMode()) {
      CAPTURE(seed, PolicyKindName(options.kind), static_cast<int>(options.exploration.mode));
      law(scene, options);
    }
  }
}

TEST_CASE("probabilities sum to exactly one and are zero off the eligible arms") {
  ForEveryPolicyAndScene([](const Scene& scene, const PolicyOptions& options) {
    const Decision decision = Choose(options, *scene.posterior, scene.situation(), {1, 2});
    REQUIRE(decision.eligible == scene.eligible);
    REQUIRE(test::Sum(decision.distribution) == kProbabilityOne);
    for (ArmId arm = 0; arm < kArmsMax; ++arm) {
      REQUIRE((scene.eligible.Has(arm) || decision.distribution.q32[arm] == 0));
    }
  });
}

TEST_CASE("the chosen arm is eligible and has a positive propensity") {
  ForEveryPolicyAndScene([](const Scene& scene, const PolicyOptions& options) {
    for (std::uint64_t sequence = 0; sequence < 20; ++sequence) {
      const Decision decision = Choose(options, *scene.posterior, scene.situation(), {9, sequence});
      REQUIRE(scene.eligible.Has(decision.arm));
      REQUIRE(decision.distribution.q32[decision.arm] > 0);
    }
  });
}

TEST_CASE("the same inputs give the same decision") {
  ForEveryPolicyAndScene([](const Scene& scene, const PolicyOptions& options) {
    const Decision once = Choose(options, *scene.posterior, scene.situation(), {3, 4});
    const Decision twice = Choose(options, *scene.posterior, scene.situation(), {3, 4});
    REQUIRE(test::Same(once, twice));
  });
}

TEST_CASE("choosing changes nothing that was learnt") {
  ForEveryPolicyAndScene([](const Scene& scene, const PolicyOptions& options) {
    const std::string before = scene.model.Serialise();
    const Estimates estimates = Score(options, *scene.posterior, scene.situation());
    Choose(options, *scene.posterior, scene.situation(), {3, 4});
    const Estimates again = Score(options, *scene.posterior, scene.situation());
    REQUIRE(scene.model.Serialise() == before);
    for (ArmId arm = 0; arm < kArmsMax; ++arm) {
      REQUIRE(test::Same(estimates[arm], again[arm]));
    }
  });
}

TEST_CASE("a model restored from its bytes decides the same") {
  ForEveryPolicyAndScene([](const Scene& scene, const PolicyOptions& options) {
    const std::string bytes = scene.model.Serialise();
    auto restored = Model::Restore(bytes, scene.model.options());
    REQUIRE(restored);
    REQUIRE(restored->Serialise() == bytes);
    REQUIRE(test::Same(Choose(options, *scene.posterior, scene.situation(), {5, 6}),
                       Choose(options, *restored->Derive(), scene.situation(), {5, 6})));
  });
}

TEST_CASE("a single eligible arm gets everything") {
  ForEveryPolicyAndScene([](const Scene& scene, const PolicyOptions& options) {
    Situation situation = scene.situation();
    const ArmId only = situation.eligible.First();
    situation.eligible = ArmSet();
    situation.eligible.Add(only);
    const Decision decision = Choose(options, *scene.posterior, situation, {7, 8});
    REQUIRE(decision.arm == only);
    REQUIRE(decision.distribution.q32[only] == kProbabilityOne);
    REQUIRE(decision.exploration == 0);
  });
}

TEST_CASE("what is logged is what the decision was made with") {
  ForEveryPolicyAndScene([](const Scene& scene, const PolicyOptions& options) {
    const Decision decision = Choose(options, *scene.posterior, scene.situation(), {1, 2});
    const Estimates scored = Score(options, *scene.posterior, scene.situation());
    for (ArmId arm = 0; arm < kArmsMax; ++arm) {
      REQUIRE(test::Same(decision.estimates[arm], scored[arm]));
    }
    const double greedy = decision.distribution.Probability(decision.greedy_arm);
    REQUIRE(decision.exploration == 1 - greedy);
    REQUIRE(decision.arm == Sample(decision.distribution, decision.eligible, RandomBits(1, 2, 0)));
    for (ArmId arm : scene.eligible) {
      const Estimate& estimate = decision.estimates[arm];
      const bool ranks = options.kind != PolicyKind::kRules;
      REQUIRE((!ranks || estimate.score <= decision.estimates[decision.greedy_arm].score));
      REQUIRE(estimate.utility ==
              Approx(estimate.mean - 100 * estimate.expected_cost_usd).margin(1e-12));
    }
  });
}

TEST_CASE("exploration never exceeds the cap") {
  ForEveryPolicyAndScene([](const Scene& scene, const PolicyOptions& options) {
    if (options.exploration.mode == ExplorationMode::kCap) {
      const Decision decision = Choose(options, *scene.posterior, scene.situation(), {1, 2});
      REQUIRE(decision.exploration <= options.exploration.cap + 0x1p-31);
    }
  });
}

TEST_CASE("a context that overflows or is not a number falls to the lowest eligible arm") {
  const float bad_values[] = {std::numeric_limits<float>::quiet_NaN(),
                              std::numeric_limits<float>::infinity(), 3e38f};
  ForEveryPolicyAndScene([&](const Scene& scene, const PolicyOptions& options) {
    for (float bad : bad_values) {
      Context context = scene.context;
      context[0] = bad;
      Situation situation = scene.situation();
      situation.context = &context;
      const Decision decision = Choose(options, *scene.posterior, situation, {1, 2});
      REQUIRE(decision.arm == scene.eligible.First());
      REQUIRE(decision.eligible.Size() == 1);
      REQUIRE(decision.distribution.q32[decision.arm] == kProbabilityOne);
      REQUIRE(decision.estimates[decision.arm].mean == 0);
    }
  });
}

TEST_CASE("an arm without finite terms counts as not eligible") {
  ForEveryPolicyAndScene([](const Scene& scene, const PolicyOptions& options) {
    if (scene.eligible.Size() < 2) {
      return;
    }
    const ArmId broken = scene.eligible.First();
    std::vector<ArmTerms> terms = scene.terms;
    terms[broken].list_price_usd = std::numeric_limits<double>::quiet_NaN();
    Situation situation = scene.situation();
    situation.terms = terms;
    const Decision decision = Choose(options, *scene.posterior, situation, {1, 2});
    REQUIRE_FALSE(decision.eligible.Has(broken));
    REQUIRE(decision.arm != broken);
    REQUIRE(decision.distribution.q32[broken] == 0);
    REQUIRE(test::Sum(decision.distribution) == kProbabilityOne);
  });
}

TEST_CASE("arms that the posterior or the terms do not cover count as not eligible") {
  ForEveryPolicyAndScene([](const Scene& scene, const PolicyOptions& options) {
    Situation situation = scene.situation();
    situation.eligible = ArmSet::FirstN(kArmsMax);
    const Decision decision = Choose(options, *scene.posterior, situation, {1, 2});
    REQUIRE(decision.eligible == ArmSet::FirstN(scene.arms));
    situation.terms = std::span(scene.terms).first(scene.arms / 2 + 1);
    REQUIRE(Choose(options, *scene.posterior, situation, {1, 2}).eligible ==
            ArmSet::FirstN(scene.arms / 2 + 1));
    situation.terms = scene.terms;
    const Context wrong = Context::Ones(kDimension + 1);
    situation.context = &wrong;
    REQUIRE(Choose(options, *scene.posterior, situation, {1, 2}).arm == 0);
  });
}

TEST_CASE("the greedy choice takes the arm ranked first or the fixed arm with propensity one") {
  ForEveryPolicyAndScene([](const Scene& scene, const PolicyOptions& options) {
    const Decision decision = ChooseGreedy(options, *scene.posterior, scene.situation());
    const bool fixed =
        options.kind == PolicyKind::kFixed && decision.eligible.Has(options.fixed_arm);
    REQUIRE(decision.arm == (fixed ? options.fixed_arm : decision.greedy_arm));
    REQUIRE(decision.distribution.q32[decision.arm] == kProbabilityOne);
    REQUIRE(test::Sum(decision.distribution) == kProbabilityOne);
    REQUIRE(decision.exploration == (decision.arm == decision.greedy_arm ? 0 : 1));
  });
}

TEST_CASE("rules give all to the arm that they say and then to the default and the greedy one") {
  PolicyOptions options{.kind = PolicyKind::kRules, .fixed_arm = 2};
  options.exploration.mode = ExplorationMode::kNatural;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    const Scene scene(seed);
    Situation situation = scene.situation();
    const auto takes = [&] {
      const Decision decision = Choose(options, *scene.posterior, situation, {1, 2});
      REQUIRE(decision.distribution.q32[decision.arm] == kProbabilityOne);
      REQUIRE(decision.exploration == 0);
      REQUIRE(ChooseGreedy(options, *scene.posterior, situation).arm == decision.arm);
      return decision.arm;
    };
    const ArmId greedy = GreedyArm(Score(options, *scene.posterior, situation), situation.eligible);
    for (const ArmId ruled : {ArmId{0}, ArmId{1}, ArmId{7}}) {
      situation.ruled = ruled;
      REQUIRE(takes() == (situation.eligible.Has(ruled) ? ruled : greedy));
    }
    situation.ruled = std::nullopt;
    REQUIRE(takes() == (situation.eligible.Has(2) ? ArmId{2} : greedy));
  }
}

}  // namespace
}  // namespace sluice::policy
