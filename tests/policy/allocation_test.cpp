// Replaces the program's operator new to count, for the one promise that needs it. (Eigen's
// matrices allocate past it; the decision path uses none.)
#include <atomic>
#include <cstdlib>
#include <new>

#include <catch2/catch.hpp>

#include "policy/policy.h"
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
                          PolicyKind::kUniform, PolicyKind::kFixed}) {
    CAPTURE(PolicyKindName(kind));
    const long before = allocations;
    const Decision decision = Choose({.kind = kind}, *posterior, situation, {1, 2});
    const long after = allocations;
    CHECK(after == before);
    CHECK(decision.eligible.Size() == kArms);
  }
  const long before = allocations;
  const auto probe = std::make_unique<int>(1);
  CHECK(allocations > before);  // the control: allocations are seen
}

}  // namespace
}  // namespace sluice::policy
