// What a decision and an update cost: Choose at d dimensions and K arms, and one outcome learnt and
// derived; one solve of the pacer. Arguments are d and K.
#include <array>

#include <benchmark/benchmark.h>

#include "policy/pacer.h"
#include "policy/policy.h"
#include "tests/support/pacer_fixtures.h"
#include "tests/support/policy_fixtures.h"

namespace sluice::policy {
namespace {

struct Bench {
  Bench(std::size_t dimension, std::size_t arms)
      : model(test::TaughtModel(rng, dimension, arms, 50 * arms)),
        posterior(model.Derive()),
        terms(test::TermsOf(arms)) {
    // Many contexts, so that no branch learns one decision by heart.
    for (int i = 0; i < 64; ++i) {
      contexts.push_back(test::RandomContext(rng, dimension));
    }
  }

  Situation Next() {
    ++sequence;
    return {.context = &contexts[sequence % contexts.size()],
            .eligible = ArmSet::FirstN(terms.size()),
            .terms = terms};
  }

  Rng rng{1};
  Model model;
  std::shared_ptr<const Posterior> posterior;
  std::vector<ArmTerms> terms;
  std::vector<Context> contexts;
  std::uint64_t sequence = 0;
};

void BM_Choose(benchmark::State& state, PolicyKind kind) {
  Bench bench(static_cast<std::size_t>(state.range(0)), static_cast<std::size_t>(state.range(1)));
  const PolicyOptions options{.kind = kind};
  for (auto _ : state) {
    const Situation situation = bench.Next();
    benchmark::DoNotOptimize(Choose(options, *bench.posterior, situation, {1, bench.sequence}));
  }
}

// What one arm's estimate costs, by itself.
void BM_Predict(benchmark::State& state) {
  Bench bench(static_cast<std::size_t>(state.range(0)), static_cast<std::size_t>(state.range(1)));
  for (auto _ : state) {
    const Situation situation = bench.Next();
    for (ArmId arm : situation.eligible) {
      benchmark::DoNotOptimize(
          bench.posterior->Predict(arm, *situation.context, situation.terms[arm]));
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(1));
}

// An outcome with quality and cost is two regressions: two sums and two factors. The detector finds
// the solution of the derivation before.
void BM_UpdateAndDerive(benchmark::State& state) {
  Bench bench(static_cast<std::size_t>(state.range(0)), static_cast<std::size_t>(state.range(1)));
  for (auto _ : state) {
    const Situation situation = bench.Next();
    test::Teach(bench.model, {.arm = static_cast<ArmId>(bench.sequence % bench.terms.size()),
                              .context = situation.context,
                              .quality = .5,
                              .cost_log_ratio = -1});
    benchmark::DoNotOptimize(bench.model.Derive());
  }
}

// By itself a label takes a factorisation more than its sums: the detector wants the model as it
// stands.
void BM_Update(benchmark::State& state) {
  Bench bench(static_cast<std::size_t>(state.range(0)), static_cast<std::size_t>(state.range(1)));
  for (auto _ : state) {
    const Situation situation = bench.Next();
    test::Teach(bench.model, {.arm = 0, .context = situation.context, .quality = .5});
  }
}

// The sums alone.
void BM_UpdateUnwatched(benchmark::State& state) {
  const auto dimension = static_cast<std::size_t>(state.range(0));
  Bench bench(dimension, static_cast<std::size_t>(state.range(1)));
  Model model = test::ColdModel({.dimension = dimension, .drift = {.detect = false}}, 1);
  for (auto _ : state) {
    test::Teach(model, {.arm = 0, .context = bench.Next().context, .quality = .5});
  }
}

// What the learner does each tenth decision: lambda over 300 contexts.
void BM_Solve(benchmark::State& state, Objective objective, bool drawn) {
  const auto dimension = static_cast<std::size_t>(state.range(0));
  const auto arms = static_cast<std::size_t>(state.range(1));
  Bench bench(dimension, arms);
  const test::HeadsOfArms heads = test::RandomHeads(bench.rng, dimension, arms, 200);
  const auto paced = heads.Arms();
  Pacer pacer({.objective = objective, .budget_usd = 4e-4, .quality_floor = .95});
  std::array<float, kArmsMax> bonus;
  bonus.fill(.02F);
  for (int i = 0; i < 300; ++i) {
    pacer.Decided({.context = {bench.Next().context->data(), dimension}, .bonus = bonus});
  }
  const Draws draws{.rate_min = .005, .rate_max = .05};
  for (auto _ : state) {
    pacer.Solve(paced, drawn ? &draws : nullptr);
    benchmark::DoNotOptimize(pacer.cost_weight());
  }
}

void Sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgsProduct({{26, 65, 129, 385}, {3, 8}})->Unit(benchmark::kMicrosecond);
}

BENCHMARK_CAPTURE(BM_Choose, linucb, PolicyKind::kLinUcb)->Apply(Sizes);
BENCHMARK_CAPTURE(BM_Choose, thompson, PolicyKind::kThompson)->Apply(Sizes);
BENCHMARK_CAPTURE(BM_Choose, squarecb, PolicyKind::kSquareCb)->Apply(Sizes);
BENCHMARK(BM_Predict)->Apply(Sizes);
BENCHMARK_CAPTURE(BM_Solve, budget, Objective::kBudget, false)->Apply(Sizes);
BENCHMARK_CAPTURE(BM_Solve, budget_of_draws, Objective::kBudget, true)->Apply(Sizes);
BENCHMARK_CAPTURE(BM_Solve, cheapest_above, Objective::kCheapestAbove, false)->Apply(Sizes);
BENCHMARK(BM_UpdateAndDerive)->Apply(Sizes);
BENCHMARK(BM_Update)->ArgsProduct({{26, 65, 129, 385}, {3}})->Unit(benchmark::kMicrosecond);
BENCHMARK(BM_UpdateUnwatched)
    ->ArgsProduct({{26, 65, 129, 385}, {3}})
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace sluice::policy

BENCHMARK_MAIN();
