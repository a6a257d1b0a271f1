// The pacer's state survives a restart to the bit, and nothing else is taken for it.
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include <catch2/catch.hpp>

#include "policy/pacer.h"
#include "tests/support/pacer_fixtures.h"
#include "tests/support/policy_fixtures.h"

namespace sluice::policy {
namespace {

constexpr ObjectiveOptions kOptions{.objective = Objective::kBudget, .budget_usd = 1e-4};

void Live(Pacer& pacer, Rng& rng, const test::HeadsOfArms& heads, std::size_t decisions) {
  for (std::size_t i = 0; i < decisions; ++i) {
    const Context x = test::RandomContext(rng, 5);
    std::array<float, kArmsMax> bonus{};
    bonus[2] = static_cast<float>(rng.Uniform());
    pacer.Decided({.context = {x.data(), 5},
                   .bonus = bonus,
                   .expected_cost_usd = 2e-4 * rng.Uniform(),
                   .surcharge_usd = 1e-5 * rng.Uniform(),
                   .quality_shift = -.01 * rng.Uniform(),
                   .exploration_scale = pacer.exploration_scale()});
    pacer.Settled(1e-4, 2e-4 * rng.Uniform());
    if (pacer.Due()) {
      pacer.Solve(heads.Arms());
    }
  }
}

std::string BytesOf(const Pacer& pacer) {
  std::string bytes;
  pacer.Serialise(bytes);
  return bytes;
}

TEST_CASE("a restored pacer goes on as the one that was written to the bit") {
  for (Objective objective : {Objective::kBudget, Objective::kCheapestAbove}) {
    for (std::size_t lived : {0, 1, 7, 299, 300, 301, 777}) {
      CAPTURE(lived);
      ObjectiveOptions options = kOptions;
      options.objective = objective;
      Rng rng(lived);
      const test::HeadsOfArms heads = test::RandomHeads(rng, 5, 3, 100);
      Pacer pacer(options);
      Live(pacer, rng, heads, lived);
      const std::string bytes = BytesOf(pacer);
      const std::string longer = bytes + "rest";
      std::string_view in = longer;
      auto restored = Pacer::Restore(in, options);
      REQUIRE(restored);
      CHECK(in == "rest");
      CHECK(BytesOf(*restored) == bytes);
      Rng same = rng;
      Live(pacer, rng, heads, 333);
      Live(*restored, same, heads, 333);
      CHECK(BytesOf(*restored) == BytesOf(pacer));
      CHECK(std::bit_cast<std::uint64_t>(restored->cost_weight()) ==
            std::bit_cast<std::uint64_t>(pacer.cost_weight()));
    }
  }
}

TEST_CASE("bytes of a pacer that are cut short anywhere are refused") {
  Rng rng(2);
  const test::HeadsOfArms heads = test::RandomHeads(rng, 5, 3);
  Pacer pacer(kOptions);
  Live(pacer, rng, heads, 12);
  const std::string bytes = BytesOf(pacer);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    std::string_view in(bytes.data(), size);
    REQUIRE_FALSE(Pacer::Restore(in, kOptions));
  }
}

TEST_CASE("bytes of a pacer that say something impossible are refused") {
  Rng rng(3);
  const test::HeadsOfArms heads = test::RandomHeads(rng, 5, 3);
  Pacer pacer(kOptions);
  Live(pacer, rng, heads, 12);
  const std::string bytes = BytesOf(pacer);
  // Every aligned word in turn not a number: all of the state is doubles, floats and counters.
  int refused = 0;
  for (std::size_t at = 0; at + 4 <= bytes.size(); ++at) {
    std::string broken = bytes;
    std::memset(broken.data() + at, 0xFF, 4);
    std::string_view in = broken;
    const auto restored = Pacer::Restore(in, kOptions);
    refused += !restored;
    if (restored) {
      REQUIRE(std::isfinite(restored->cost_weight()));
      REQUIRE(std::isfinite(restored->bank_usd()));
      REQUIRE(restored->exploration_scale() <= 1);
    }
  }
  CHECK(refused > static_cast<int>(bytes.size() / 2));
}

TEST_CASE("other options take effect on restored state and dollars stay") {
  Rng rng(4);
  const test::HeadsOfArms heads = test::RandomHeads(rng, 5, 3);
  Pacer pacer(kOptions);
  Live(pacer, rng, heads, 15);
  const std::string bytes = BytesOf(pacer);
  std::string_view in = bytes;
  const ObjectiveOptions half{.objective = Objective::kBudget, .budget_usd = 5e-5};
  const auto restored = Pacer::Restore(in, half);
  REQUIRE(restored);
  CHECK(restored->options() == half);
  CHECK(restored->bank_usd() == pacer.bank_usd());
  CHECK(restored->Due());
  in = bytes;
  CHECK(Pacer::Restore(in, {.cost_weight = 3})->cost_weight() == 3);
}

}  // namespace
}  // namespace sluice::policy
