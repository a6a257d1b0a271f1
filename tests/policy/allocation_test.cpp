// Replaces the program's operator new to count, for the one promise that needs it. (Eigen's
// matrices allocate past it; the decision path uses none.)
#include <atomic>
#include <cstdlib>
#include <new>

#include <catch2/catch.hpp>

#include "policy/context_map.h"
#include "policy/pacer.h"
#include "policy/policy.h"
#include "policy/rules.h"
#include "tests/support/pacer_fixtures.h"
#include "tests/support/policy_fixtures.h"

namespace {
std::atomic<long> allocations{0};

void* CountedAllocation(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size == 0 ? 1 : size)) {
    return memory;
  }
  throw std::bad_alloc();
}
}  // namespace

void* operator new(std::size_t size) {
  return CountedAllocation(size);
}
void* operator new[](std::size_t size) {
  return CountedAllocation(size);
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size == 0 ? 1 : size);
}
void* operator new[](std::size_t size, const std::nothrow_t& tag) noexcept {
  return operator new(size, tag);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace sluice::policy {
namespace {

TEST_CASE("choosing allocates nothing") {
  Rng rng(31);
  constexpr std::size_t kArms = 40;
  Model model = test::TaughtModel(rng, 20, kArms, 200);
  const auto posterior = model.Derive();
  const Context context = test::RandomContext(rng, 20);
  const auto terms = test::TermsOf(kArms);
  const Situation situation{&context, ArmSet::FirstN(kArms), terms};
  for (PolicyKind kind : {PolicyKind::kLinUcb, PolicyKind::kThompson, PolicyKind::kEpsilonGreedy,
                          PolicyKind::kUniform, PolicyKind::kFixed, PolicyKind::kSquareCb,
                          PolicyKind::kRules, PolicyKind::kLogistic, PolicyKind::kClusters}) {
    CAPTURE(PolicyKindName(kind));
    const long before = allocations;
    const Decision decision = Choose({.kind = kind}, *posterior, situation, {1, 2});
    const long after = allocations;
    CHECK(after == before);
    CHECK(decision.eligible.Size() == kArms);
  }
  PolicyOptions fitted;
  fitted.fitted = {.weights = {std::vector(20, .1)},
                   .centroids = {std::vector(19, .1), std::vector(19, .2)},
                   .qualities = {{.5, .6}}};
  for (PolicyKind kind : {PolicyKind::kLogistic, PolicyKind::kClusters}) {
    CAPTURE(PolicyKindName(kind));
    fitted.kind = kind;
    const long before = allocations;
    Choose(fitted, *posterior, situation, {1, 2});
    CHECK(allocations == before);
  }
  const long before = allocations;
  const auto probe = std::make_unique<int>(1);
  CHECK(allocations > before);  // the control: allocations are seen
}

TEST_CASE("looking rules up allocates nothing") {
  const RuleBook book({{.length_max = 9, .arm = 1},
                       {.length_max = 9999, .keywords = {"prove", "theorem"}, .arm = 2}});
  const std::string text = std::string(5000, 'x') + " Prove the THEOREM, please.";
  const long before = allocations;
  const auto arm = book.FirstMatch(text);
  CHECK(allocations == before);
  CHECK(arm == ArmId{2});
}

TEST_CASE("choosing under every guard allocates nothing") {
  Rng rng(32);
  Model model = test::TaughtModel(rng, 20, 8, 400);
  const auto posterior = model.Derive();
  const Context context = test::RandomContext(rng, 20);
  const auto terms = test::TermsOf(8);
  Situation situation{.context = &context, .eligible = ArmSet::FirstN(8), .terms = terms};
  situation.bounds = {.allowance = .01, .new_arms = ArmSet::FirstN(6), .new_arm_share = .02};
  situation.guard = BaselineGuard{.arm = 7, .slack = .1};
  situation.premium = 6;
  const PolicyOptions options{.gate = {.enabled = true, .labels_min = 0}};
  const long before = allocations;
  const Decision decision = Choose(options, *posterior, situation, {1, 2});
  const long after = allocations;
  CHECK(after == before);
  CHECK(decision.limited);
}

TEST_CASE("pacing to a budget allocates nothing once it has solved") {
  Rng rng(33);
  const test::HeadsOfArms heads = test::RandomHeads(rng, 26, 3);
  const auto arms = heads.Arms();
  const Context context = test::RandomContext(rng, 26);
  Pacer pacer({.objective = Objective::kBudget, .budget_usd = 1e-4});
  const PacedDecision decision{.context = {context.data(), 26}, .expected_cost_usd = 1e-4};
  pacer.Decided(decision);
  pacer.Solve(arms);
  const long before = allocations;
  for (int i = 0; i < 20; ++i) {
    pacer.Decided(decision);
    pacer.Settled(1e-4, 2e-4);
    pacer.Solve(arms);
  }
  const long after = allocations;
  CHECK(after == before);
}

TEST_CASE("projecting an input on a context map allocates nothing") {
  const std::vector<GramCounts> grams{CountGrams("one of two texts", 1), CountGrams("two", 1)};
  const std::vector<std::vector<float>> embeddings{{0.6f, 0.8f}, {0.8f, 0.6f}};
  const auto text_map = ContextMap::FitText(grams, {});
  const auto embedding_map = ContextMap::FitEmbedding(embeddings, {});
  float out[kMapComponentsMax];
  const long before = allocations;
  text_map->Project(grams[0], out);
  embedding_map->Project(embeddings[0], out);
  const long after = allocations;
  CHECK(after == before);
}

}  // namespace
}  // namespace sluice::policy
