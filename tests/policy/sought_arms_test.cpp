// Arms that a quality floor has to know are explored before others, at the rate that was asked for.
#include <algorithm>
#include <cmath>

#include <catch2/catch.hpp>

#include "policy/policy.h"
#include "tests/support/policy_fixtures.h"

namespace sluice::policy {
namespace {

constexpr double kUnit = 1.0 / static_cast<double>(kProbabilityOne);
constexpr std::size_t kDimension = 5;

struct Request {
  explicit Request(std::uint64_t seed)
      : rng(seed),
        arms(2 + rng.Below(6)),
        posterior(test::TaughtModel(rng, kDimension, arms, 30 * arms).Derive()),
        terms(test::TermsOf(arms)),
        context(test::RandomContext(rng, kDimension)) {
    situation.context = &context;
    situation.terms = terms;
    situation.eligible = ArmSet::FirstN(arms);
    situation.bounds.sought = ArmSet::FromBits(rng.Below(1U << (arms + 2)));
  }

  Decision Choose(const PolicyOptions& options) {
    return policy::Choose(options, *posterior, situation, {});
  }

  Rng rng;
  std::size_t arms;
  std::shared_ptr<const Posterior> posterior;
  std::vector<ArmTerms> terms;
  Context context;
  Situation situation;
};

TEST_CASE("sought arms share nine tenths of exploration alike at the mode's largest rate") {
  int seeks = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    Request request(seed);
    PolicyOptions options{.kind = seed % 2 == 0 ? PolicyKind::kThompson : PolicyKind::kLinUcb};
    const bool capped = seed % 4 < 2;
    options.exploration.mode = capped ? ExplorationMode::kCap : ExplorationMode::kExact;
    options.exploration.cap = .08;
    options.exploration.epsilon = .03;
    const Decision decision = request.Choose(options);
    ArmSet others = request.situation.bounds.sought & request.situation.eligible;
    others.Remove(decision.greedy_arm);
    if (others.Empty()) continue;
    ++seeks;
    CAPTURE(seed, others.bits(), decision.greedy_arm);
    const double rate = capped ? .08 : .03;
    CHECK(decision.exploration == Approx(rate).margin(8 * kUnit));
    CHECK(test::Sum(decision.distribution) == kProbabilityOne);
    CHECK(decision.sought);
    const double share = .9 * rate / static_cast<double>(others.Size());
    double unsought = 0;
    for (const ArmId arm : request.situation.eligible) {
      if (arm == decision.greedy_arm) continue;
      const double probability = decision.distribution.Probability(arm);
      CHECK((!others.Has(arm) || probability >= share - 2 * kUnit));
      unsought += others.Has(arm) ? 0 : probability;
    }
    CHECK(unsought <= .1 * rate + 8 * kUnit);
  }
  CHECK(seeks > 200);
}

TEST_CASE("a rate that is the policy's own knows no sought arms") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Request request(seed);
    PolicyOptions options;
    options.exploration.mode = seed % 2 == 0 ? ExplorationMode::kNatural : ExplorationMode::kOff;
    const Decision seeking = request.Choose(options);
    request.situation.bounds.sought = ArmSet();
    CAPTURE(seed);
    CHECK_FALSE(seeking.sought);
    CHECK(test::Same(seeking, request.Choose(options)));
  }
}

TEST_CASE("an allowance holds seeking back and other arms keep their floor") {
  int held = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Request request(seed);
    PolicyOptions options;
    options.exploration.arm_floor = .001;
    request.situation.bounds.allowance = .02;
    const Decision decision = request.Choose(options);
    CAPTURE(seed);
    if (!decision.sought) continue;
    ++held;
    CHECK(decision.limited);
    CHECK(decision.exploration == Approx(.02).margin(8 * kUnit));
    const double floor = std::min(.001, .02 / static_cast<double>(request.arms - 1));
    for (const ArmId arm : request.situation.eligible) {
      CHECK(decision.distribution.Probability(arm) >= floor - 2 * kUnit);
    }
  }
  CHECK(held > 100);
}

TEST_CASE("what is not eligible or is greedy already is not sought, nor is anything at rate 0") {
  Request request(1);
  PolicyOptions options;
  request.situation.bounds.sought = ArmSet();
  const ArmId greedy = request.Choose(options).greedy_arm;
  request.situation.bounds.sought.Add(greedy);
  CHECK_FALSE(request.Choose(options).sought);
  request.situation.bounds.sought.Add(static_cast<ArmId>(request.arms));
  CHECK_FALSE(request.Choose(options).sought);
  request.situation.bounds.sought = request.situation.eligible;
  CHECK(request.Choose(options).sought);
  request.situation.bounds.scale = 0;
  CHECK_FALSE(request.Choose(options).sought);
}

TEST_CASE("a new arm that is sought keeps to its share") {
  int sought = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Request request(seed);
    const ArmId last = static_cast<ArmId>(request.arms - 1);
    request.situation.bounds.new_arms.Add(last);
    request.situation.bounds.sought = request.situation.bounds.new_arms;
    request.situation.bounds.new_arm_share = .02;
    const Decision decision = request.Choose({});
    CAPTURE(seed);
    sought += decision.sought ? 1 : 0;
    CHECK(decision.distribution.Probability(last) <= .02 + 8 * kUnit);
    CHECK(decision.exploration <= .05 + 8 * kUnit);
  }
  CHECK(sought > 100);
}

}  // namespace
}  // namespace sluice::policy
