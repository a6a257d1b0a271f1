// Plans as scopes of their own: pacer, bank, ceiling and tokens; and the money of those that come
// and go by a reload.
#include <cmath>

#include <catch2/catch.hpp>

#include "tests/support/event_log.h"
#include "tests/support/process_in_memory.h"
#include "tests/support/survives_restart.h"

namespace sluice::daemon {

namespace {

using config::CeilingAction;
using tests::ProcessInMemory;
using tests::SurvivesRestart;

config::RouterOptions Configured(bool with_plan) {
  config::RouterOptions router = config::Defaults().routers[0];
  router.ceiling.day_usd = 50;
  if (!with_plan) return router;
  config::PlanOptions plan;
  plan.name = "free";
  plan.objective = {.objective = policy::Objective::kBudget, .budget_usd = 2e-4};
  plan.ceiling = {.day_usd = 10, .reached = CeilingAction::kRefuse};
  plan.exploration_budget.rate = 0.01;
  router.plans.push_back(plan);
  return router;
}

api::RouteReply Route(ProcessInMemory& process, const std::string& plan) {
  api::RouteRequest request;
  request.text = "question " + std::to_string(process.now_us % 997);
  request.plan = plan;
  process.now_us += 1000;
  return process.Route(request);
}

std::string Decide(ProcessInMemory& process, const std::string& plan) {
  return std::get<api::RouteAnswer>(Route(process, plan)).decision_id;
}

store::DecisionRecord RecordOf(ProcessInMemory& process, const std::string& decision) {
  return (*process.store().FindDecision(*ParseId(decision)))->decision;
}

std::vector<Ledger> Ledgers(ProcessInMemory& process) {
  REQUIRE(process.learner().Step().ok());
  return process.learner().Report().routers.at(0).ledgers;
}

api::RouterReport Report(ProcessInMemory& process) {
  REQUIRE(process.learner().Step().ok());
  return std::get<api::RouterReport>(process.router().RouterByName("default"));
}

}  // namespace

TEST_CASE("the first request after a price change pays the new price") {
  config::RouterOptions router = config::Defaults().routers[0];
  router.objective = {.objective = policy::Objective::kBudget, .budget_usd = 1e-2};
  ProcessInMemory process(tests::With(router));
  for (int i = 0; i < 5; ++i) {
    Decide(process, "");
    REQUIRE(process.learner().Step().ok());
  }
  CHECK(RecordOf(process, Decide(process, "")).cost_weight == 0);
  REQUIRE(process.learner().Step().ok());
  for (config::ArmOptions& arm : router.arms) {
    arm.price_input_per_million_usd *= 1e4;
    arm.price_output_per_million_usd *= 1e4;
  }
  REQUIRE(process.changes().Apply({router}).ok());
  CHECK(RecordOf(process, Decide(process, "")).cost_weight > 0);
  SurvivesRestart(process);
}

TEST_CASE("the first request after the policy changed is paced for what it makes of widths") {
  config::RouterOptions router = config::Defaults().routers[0];
  router.policy.kind = policy::PolicyKind::kLinUcb;
  router.policy.exploration.mode = policy::ExplorationMode::kOff;
  router.objective = {.objective = policy::Objective::kBudget, .budget_usd = 2e-4};
  ProcessInMemory process(tests::With(router));
  for (int i = 0; i < 200; ++i) {
    const auto answer = std::get<api::RouteAnswer>(Route(process, ""));
    const bool dear = answer.arm == "premium";
    process.Reward(answer.decision_id, dear ? 0.9 : 0.6, dear ? 1e-3 : 2e-5);
    REQUIRE(process.learner().Step().ok());
  }
  const auto weight_with = [&](double alpha) {
    router.policy.alpha = alpha;
    REQUIRE(process.changes().Apply({router}).ok());
    return Report(process).scopes[0].cost_weight;
  };
  const double weight = weight_with(2);
  REQUIRE(weight > 0);
  CHECK(std::abs(weight_with(8) - weight) > .02 * weight);
  CHECK(weight_with(2) == weight);
  SurvivesRestart(process);
}

TEST_CASE("a plan has its own pacer and bank and ceiling") {
  ProcessInMemory process(tests::With(Configured(true)));
  std::string last;
  for (int i = 0; i < 300; ++i) {
    last = Decide(process, "free");
    process.Reward(last, 0.7, 1e-3);
    process.Reward(Decide(process, ""), 0.7, 1e-4);
    Decide(process, "nobody-configured-this");
    if (i % 10 == 0) REQUIRE(process.learner().Step().ok());
  }
  const api::RouterReport report = Report(process);
  REQUIRE(report.scopes.size() == 2);
  CHECK(report.scopes[1].plan == "free");
  CHECK(report.scopes[1].objective == "budget");
  CHECK(report.scopes[1].bank_usd < 0);  // each costs five budgets
  CHECK(report.scopes[0].bank_usd == 0);
  CHECK(report.scopes[1].cost_weight > report.scopes[0].cost_weight);
  CHECK(report.scopes[1].spent_day_usd == Approx(300 * 1e-3));
  CHECK(report.scopes[0].spent_day_usd == Approx(300 * (1e-3 + 1e-4)));  // a plan's as well
  CHECK(report.scopes[1].reserved_usd == 0);
  CHECK(report.scopes[0].reserved_usd > 0);
  CHECK(report.scopes[1].exploration_tokens);
  CHECK_FALSE(report.scopes[0].exploration_tokens);
  CHECK(RecordOf(process, Decide(process, "free")).cost_weight ==
        Approx(report.scopes[1].cost_weight));
  SurvivesRestart(process);

  api::FeedbackEvent event;
  event.decision_id = last;
  event.event_id = "dear";
  event.seq = 1;
  event.cost_usd = 11;
  process.Feedback(event);
  REQUIRE(process.learner().Step().ok());
  CHECK(std::get<api::Problem>(Route(process, "free")).status == 429);
  CHECK(std::holds_alternative<api::RouteAnswer>(Route(process, "")));
}

TEST_CASE("money stays with the scope that it was held under whatever is reloaded") {
  const bool comes = GENERATE(true, false);
  ProcessInMemory process(tests::With(Configured(!comes)));
  // Some are folded before the reload, some are on their way.
  std::vector<std::string> decisions;
  for (int i = 0; i < 20; ++i) decisions.push_back(Decide(process, "free"));
  NanoUsd held = 0;
  REQUIRE(process.learner().Step().ok());
  const auto old_scope = process.board().Latest()->routers[0].scopes.back().live;
  for (int i = 0; i < 20; ++i) decisions.push_back(Decide(process, "free"));
  for (const auto& id : decisions) held += ToNano(RecordOf(process, id).reserved_usd);
  REQUIRE(process.changes().Apply({Configured(comes)}).ok());
  CHECK(old_scope->ledger.At(process.now_us).day == held);
  const std::vector<Ledger> ledgers = Ledgers(process);
  REQUIRE(ledgers.size() == (comes ? 2 : 1));
  CHECK(ledgers.at(0).reserved == held);
  if (comes) CHECK(ledgers.at(1).reserved == 0);
  SurvivesRestart(process);
  for (const std::string& decision : decisions) process.Reward(decision, 0.5, 1e-3);
  NanoUsd later = 0;
  for (int i = 0; i < 10; ++i) {
    later += ToNano(RecordOf(process, Decide(process, "free")).reserved_usd);
  }
  const std::vector<Ledger> settled = Ledgers(process);
  CHECK(old_scope->ledger.reserved() == (comes ? later : 0));
  const NanoUsd billed = 40 * ToNano(1e-3);
  CHECK(old_scope->ledger.spent_day() == billed);
  CHECK(settled.back().reserved == later);
  const auto& now = process.board().Latest()->routers[0].scopes.back().live;
  CHECK(now->ledger.At(process.now_us).day == later + (comes ? 0 : billed));
  SurvivesRestart(process);
}

TEST_CASE("a plan that comes again finds what it had spent that day") {
  ProcessInMemory process(tests::With(Configured(true)));
  process.Reward(Decide(process, "free"), 0.5, 0.25);
  REQUIRE(process.learner().Step().ok());
  REQUIRE(process.changes().Apply({Configured(false)}).ok());
  process.Reward(Decide(process, "free"), 0.5, 0.125);
  CHECK(Ledgers(process).at(0).spent_day == ToNano(0.375));
  SurvivesRestart(process);
  REQUIRE(process.changes().Apply({Configured(true)}).ok());
  CHECK(Ledgers(process).at(0).spent_day == ToNano(0.375));
  CHECK(Ledgers(process).at(1).spent_day == ToNano(0.25));
  SurvivesRestart(process);
}

TEST_CASE(
    "a plan that goes on with its cheapest arm stops at a ceiling of the router that refuses") {
  config::RouterOptions router = Configured(true);
  router.ceiling = {
      .day_usd = 1, .nearly = CeilingAction::kGoOn, .reached = CeilingAction::kRefuse};
  router.plans[0].ceiling = {.day_usd = 0.5, .reached = CeilingAction::kCheapest};
  ProcessInMemory process(tests::With(router));
  const auto route = [&](double tokens) {
    api::RouteRequest request;
    request.text = "q";
    request.plan = "free";
    request.input_tokens = static_cast<std::uint32_t>(tokens);
    request.output_tokens_max = static_cast<std::uint32_t>(tokens);
    return process.Route(request);
  };
  process.Reward(Decide(process, "free"), 0.5, 0.75);
  REQUIRE(process.learner().Step().ok());
  // Beyond its own ceiling the plan goes on; 100,000 tokens each way are 2 cents on the cheapest.
  const auto cheap = route(100000);
  CHECK(std::get<api::RouteAnswer>(cheap).arm == "economy");
  for (int i = 0; i < 30; ++i) route(100000);
  const NanoUsd used =
      process.board().Latest()->routers[0].scopes[0].live->ledger.At(process.now_us).day;
  CHECK(used <= ToNano(1));
  CHECK(used > ToNano(0.97));
  CHECK(std::get<api::Problem>(route(100000)).status == 429);
  CHECK(std::holds_alternative<api::RouteAnswer>(route(100)));
  api::RouteRequest request;
  request.text = "q";
  request.plan = "free";
  request.input_tokens = 100000;
  request.output_tokens_max = 100000;
  request.override_arm = "economy";
  CHECK(std::get<api::Problem>(process.Route(request)).status == 429);
}

}  // namespace sluice::daemon
