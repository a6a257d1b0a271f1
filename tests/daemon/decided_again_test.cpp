// What a decision's record says is enough to make it again: the log up to its policy version gives
// the policy, and the record the rest.
#include <functional>

#include <catch2/catch.hpp>

#include "daemon/decisions.h"
#include "daemon/eligibility.h"
#include "policy/policy.h"
#include "tests/support/event_log.h"
#include "tests/support/process_in_memory.h"

namespace sluice::daemon {

namespace {

using policy::Objective;
using policy::PolicyKind;
using tests::ProcessInMemory;

// Each decision that is made again folds the log anew; sanitizers are ten times slower.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t kEvery = 50;
#else
constexpr std::size_t kEvery = 10;
#endif

// Feedback comes late and in batches, so that decisions are made by snapshots of every age.
void Live(ProcessInMemory& process, int requests, std::uint64_t seed) {
  policy::Rng rng(seed);
  std::vector<std::string> waiting;
  for (int i = 0; i < requests; ++i) {
    const std::string text = "question " + std::to_string(i) + (rng.Below(2) == 0 ? " = x" : " ?");
    waiting.push_back(process.RouteText(text).decision_id);
    if (rng.Uniform() < 0.1) {
      for (const std::string& decision : waiting) {
        process.Reward(decision, 0.5 + 0.5 * rng.Uniform(), 1e-4 * (0.5 + rng.Uniform()));
      }
      waiting.clear();
    }
    if (rng.Uniform() < 0.2) REQUIRE(process.learner().Step().ok());
  }
}

policy::Decision DecideAgain(const RouterView& view, const store::DecisionRecord& record) {
  const RouterDefinition& definition = *view.definition;
  const policy::Context context = Eigen::Map<const Eigen::VectorXf>(
      record.context.data(), static_cast<Eigen::Index>(record.context.size()));
  const Terms terms = TermsOf(definition, {});
  policy::ExplorationBounds bounds;
  bounds.cap = view.exploration_cap;
  bounds.sought = view.scopes[0].sought;
  bounds.scale = view.scopes[0].exploration_scale;
  const policy::Situation situation{.context = &context,
                                    .eligible = policy::ArmSet::FromBits(record.eligible),
                                    .terms = terms,
                                    .tick = record.tick,
                                    .cost_weight = record.cost_weight,
                                    .bounds = bounds};
  return policy::Choose(definition.policy, *view.posterior, situation,
                        {definition.options.seed, record.sequence});
}

}  // namespace

TEST_CASE("a decision is made again from the log alone to the bit") {  // oracle 17
  const auto [kind, objective] = GENERATE(table<PolicyKind, Objective>({
      {PolicyKind::kThompson, Objective::kCostWeight},
      {PolicyKind::kThompson, Objective::kBudget},
      {PolicyKind::kThompson, Objective::kCheapestAbove},
      {PolicyKind::kSquareCb, Objective::kCostWeight},
      {PolicyKind::kSquareCb, Objective::kBudget},
  }));
  CAPTURE(static_cast<int>(kind), static_cast<int>(objective));
  config::Options options = config::Defaults();
  config::RouterOptions& router = options.routers[0];
  router.policy.kind = kind;
  if (kind == PolicyKind::kSquareCb) {
    router.policy.exploration.mode = policy::ExplorationMode::kNatural;
  }
  if (objective != Objective::kCostWeight) {
    router.objective.objective = objective;
    router.objective.budget_usd = objective == Objective::kBudget ? 2e-4 : 0;
  }
  ProcessInMemory process(options);
  Live(process, 600, 5);  // a context map comes at the three hundredth
  const auto entries = process.store().Read(0, 1 << 20);
  REQUIRE(entries.ok());
  std::size_t decided = 0;
  std::size_t mapped = 0;
  std::size_t sought = 0;
  for (const store::LogEntry& entry : *entries) {
    const auto* record = std::get_if<store::DecisionRecord>(&entry.record);
    if (record == nullptr || decided++ % kEvery != 0) continue;
    const auto log = tests::UpTo(process.store(), record->policy_version);
    REQUIRE(log->last_position() == record->policy_version);
    tests::LearnerOver learner(*log);
    REQUIRE(learner.ok);
    const RouterView view = learner.board().Latest()->routers[0];
    CAPTURE(entry.position, record->policy_version);
    REQUIRE(view.scopes[0].cost_weight == record->cost_weight);
    REQUIRE((view.map == nullptr ? 0 : view.map->version()) == record->map_version);
    mapped += record->map_version > 0 ? 1 : 0;
    sought += HasNote(*record, Note::kSoughtArm) ? 1 : 0;
    const policy::Decision again = DecideAgain(view, *record);
    CHECK(again.arm == record->arm);
    CHECK(again.greedy_arm == record->greedy_arm);
    CHECK(again.exploration == record->exploration);
    for (const store::ArmShare& share : record->shares) {
      CHECK(again.distribution.q32[share.arm] == share.probability_q32);
    }
  }
  CHECK(decided == 600);
  CHECK(mapped * kEvery > 200);
  const bool seeks = objective == Objective::kCheapestAbove && kind == PolicyKind::kThompson;
  CHECK((sought > 0) == seeks);
}

}  // namespace sluice::daemon
