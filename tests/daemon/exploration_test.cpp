// Exploration is never more than was asked for: tokens, caps, bounds of new arms, the guard, the
// gate; and observe mode, which explores for nobody.
#include <array>
#include <cmath>
#include <functional>
#include <thread>

#include <catch2/catch.hpp>

#include "daemon/challengers.h"
#include "daemon/decisions.h"
#include "tests/support/event_log.h"
#include "tests/support/process_in_memory.h"

namespace sluice::daemon {

namespace {

using policy::ExplorationMode;
using tests::ProcessInMemory;

constexpr double kRoundingOfOne = 64.0 / 4294967296.0;  // shares are fractions of 2^32

config::Options Changed(const std::function<void(config::RouterOptions&)>& change) {
  config::Options options = config::Defaults();
  change(options.routers[0]);
  return options;
}

store::DecisionRecord RecordOf(ProcessInMemory& process, const std::string& decision) {
  return (*process.store().FindDecision(*ParseId(decision)))->decision;
}

api::RouterReport Report(ProcessInMemory& process) {
  REQUIRE(process.learner().Step().ok());
  return std::get<api::RouterReport>(process.router().RouterByName("default"));
}

std::vector<store::DecisionRecord> Decisions(store::Store& store) {
  std::vector<store::DecisionRecord> decisions;
  const auto entries = store.Read(0, 1 << 22);
  for (const store::LogEntry& entry : *entries) {
    const auto* decision = std::get_if<store::DecisionRecord>(&entry.record);
    if (decision != nullptr) decisions.push_back(*decision);
  }
  return decisions;
}

double ShareOf(const store::DecisionRecord& record, policy::ArmId arm) {
  for (const store::ArmShare& share : record.shares) {
    if (share.arm == arm) return static_cast<double>(share.probability_q32) / 4294967296.0;
  }
  return 0;
}

// Rewards that tell the arms apart, for some of the decisions.
void Teach(ProcessInMemory& process, int requests, const std::function<double(std::string)>& like) {
  for (int i = 0; i < requests; ++i) {
    const auto answer = process.RouteText("question " + std::to_string(i));
    process.Reward(answer.decision_id, like(answer.arm), 1e-4);
    if (i % 20 == 0) REQUIRE(process.learner().Step().ok());
  }
  REQUIRE(process.learner().Step().ok());
}

}  // namespace

TEST_CASE("what is explored above the floor never passes its tokens") {
  const auto mode =
      GENERATE(ExplorationMode::kCap, ExplorationMode::kExact, ExplorationMode::kNatural);
  constexpr double kRate = 0.002;
  const auto options = Changed([&](config::RouterOptions& router) {
    router.policy.exploration.mode = mode;
    router.exploration_budget.rate = kRate;
  });
  ProcessInMemory process(options);
  for (int i = 0; i < 3000; ++i) process.RouteText("question " + std::to_string(i));
  const double floor = mode == ExplorationMode::kCap ? 0.005 : 0;
  double used = 0;
  double decided = 0;
  bool ever_limited = false;
  bool kept = true;
  for (const store::DecisionRecord& record : Decisions(process.store())) {
    ++decided;
    used += std::max(0.0, record.exploration - floor);
    kept = kept && used <= kRate * decided + 100 * kRate + kRoundingOfOne * decided;
    ever_limited = ever_limited || HasNote(record, Note::kExplorationLimited);
  }
  CHECK(kept);
  CHECK(ever_limited);
  CHECK(used > 0.9 * kRate * decided);
  CHECK(Report(process).exploration_limited > 0);
}

TEST_CASE("what a plan explores is paid from the tokens of its router as well") {
  const double plan_rate = GENERATE(0.0, 0.001, 0.004);
  constexpr double kRate = 0.002;
  ProcessInMemory process(Changed([&](config::RouterOptions& router) {
    router.exploration_budget.rate = kRate;
    router.plans.push_back({.name = "free", .exploration_budget = {plan_rate}});
  }));
  api::RouteRequest request;
  request.plan = "free";
  for (int i = 0; i < 3000; ++i) {
    request.text = "question " + std::to_string(i);
    process.Route(request);
    if (i % 3 == 0) process.RouteText("question " + std::to_string(i));
  }
  double all = 0;
  double plan = 0;
  for (const store::DecisionRecord& record : Decisions(process.store())) {
    const double used = std::max(0.0, record.exploration - 0.005);
    all += used;
    plan += record.plan == "free" ? used : 0;
  }
  constexpr double kBurst = 100;
  CHECK(all <= kRate * (4000 + kBurst) + 4000 * kRoundingOfOne);
  if (plan_rate == 0) CHECK(all > 0.9 * kRate * 4000);
  if (plan_rate > 0) CHECK(plan <= plan_rate * (3000 + kBurst) + 3000 * kRoundingOfOne);
}

TEST_CASE("threads share their tokens") {
  constexpr double kRate = 0.01;
  constexpr int kEach = 20000;
  constexpr int kThreads = 4;
  TokenBucket bucket(kRate);
  std::array<double, kThreads> used{};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      policy::Rng rng(static_cast<std::uint64_t>(i));
      for (int k = 0; k < kEach; ++k) {
        const double taken = bucket.Take(0.05);
        const double spent = taken * rng.Uniform();
        bucket.GiveBack(taken - spent);
        used[static_cast<std::size_t>(i)] += spent;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  double sum = 0;
  for (const double part : used) sum += part;
  CHECK(sum <= kRate * kThreads * kEach + 100 * kRate + 1e-4);
  CHECK(sum > 0.9 * kRate * kThreads * kEach);
}

TEST_CASE("in every mode the exploration that is asked for is the one that is seen") {
  const auto mode = GENERATE(ExplorationMode::kCap, ExplorationMode::kExact,
                             ExplorationMode::kNatural, ExplorationMode::kOff);
  constexpr int kDecisions = 4000;
  ProcessInMemory process(
      Changed([&](config::RouterOptions& router) { router.policy.exploration.mode = mode; }));
  for (int i = 0; i < kDecisions; ++i) process.RouteText("question " + std::to_string(i));
  const auto report = Report(process);
  const double expected = report.exploration_expected;
  const double sd = std::sqrt(expected * (1 - expected) / kDecisions);
  CHECK(std::abs(report.exploration_realised - expected) <= 3.29 * sd);
  if (mode == ExplorationMode::kExact) CHECK(expected == Approx(0.05).margin(1e-6));
  if (mode == ExplorationMode::kOff) CHECK(expected == 0);
}

TEST_CASE("the cap widens while labels are few and no further than configured") {
  ProcessInMemory process(Changed([](config::RouterOptions& router) { router.warmup_cap = 0.3; }));
  const auto cap = [&] { return process.board().Latest()->routers[0].exploration_cap; };
  CHECK(cap() == 0.3);
  Teach(process, 1000, [](const std::string&) { return 0.7; });
  CHECK(cap() == Approx(0.2));
  for (const store::DecisionRecord& record : Decisions(process.store())) {
    CHECK(record.exploration <= 0.3 + kRoundingOfOne);
  }
  ProcessInMemory plain;
  CHECK(plain.board().Latest()->routers[0].exploration_cap == 0.05);
}

TEST_CASE("after an alarm more is explored for so many decisions") {
  ProcessInMemory process(Changed([](config::RouterOptions& router) {
    router.alarm.exploration_cap = 0.4;
    router.alarm.decisions = 50;
    router.policy.exploration.arm_floor = 0;
    router.objective.cost_weight = 0;
  }));
  Teach(process, 600, [](const std::string& arm) { return arm == "premium" ? 0.9 : 0.6; });
  const auto alarms = [&] {
    std::uint64_t sum = 0;
    const LearnerReport report = process.learner().Report();
    for (const std::uint64_t count : report.routers.at(0).alarms) sum += count;
    return sum;
  };
  REQUIRE(alarms() == 0);
  for (int i = 0; i < 600 && alarms() == 0; ++i) {
    const auto answer = process.RouteText("worse " + std::to_string(i));
    process.Reward(answer.decision_id, answer.arm == "premium" ? 0.1 : 0.6, 1e-4);
    REQUIRE(process.learner().Step().ok());
  }
  REQUIRE(alarms() == 1);
  const std::uint64_t until = process.board().Latest()->routers[0].alarm_until_tick;
  for (int i = 0; i < 80; ++i) {
    const auto record = RecordOf(process, process.RouteText("q").decision_id);
    CHECK(HasNote(record, Note::kAlarmCap) == (record.tick < until));
    CHECK(record.exploration <= (record.tick < until ? 0.4 : 0.05) + kRoundingOfOne);
  }
  CHECK(process.router().Ready().route);
}

TEST_CASE("a quality floor has the arm explored that may be the best until it is known") {
  ProcessInMemory process(Changed([](config::RouterOptions& router) {
    router.objective = {.objective = policy::Objective::kCheapestAbove, .quality_floor = 0.9};
  }));
  const auto like = [](const std::string& arm) { return arm == "premium" ? 0.85 : 0.8; };
  Teach(process, 100, like);
  const auto sought = [&] { return Report(process).scopes[0].sought_arms; };
  REQUIRE(!sought().empty());
  const auto record = RecordOf(process, process.RouteText("q").decision_id);
  CHECK(HasNote(record, Note::kSoughtArm));
  CHECK(record.exploration == Approx(0.05).margin(kRoundingOfOne));
  double share = 0;
  policy::ArmSet others = process.board().Latest()->routers[0].scopes[0].sought;
  others.Remove(record.greedy_arm);
  for (const policy::ArmId arm : others) share += ShareOf(record, arm);
  CHECK(share >= 0.9 * 0.05 - kRoundingOfOne);
  const policy::PolicyOptions policy = process.board().Latest()->routers[0].definition->policy;
  CHECK_FALSE(CompareRecord(record, policy));  // who was sought is not in it
  for (int i = 0; i < 40 && !sought().empty(); ++i) Teach(process, 200, like);
  CHECK(sought().empty());
  const auto after = RecordOf(process, process.RouteText("q").decision_id);
  CHECK_FALSE(HasNote(after, Note::kSoughtArm));
  CHECK(CompareRecord(after, policy));
}

TEST_CASE("a new arm gets no more than its share until it has labels") {
  constexpr double kShare = 0.05;
  ProcessInMemory process(Changed([](config::RouterOptions& router) {
    router.new_arm_share_max = kShare;
    router.new_arm_labels = 20;
    router.objective.cost_weight = 0;
  }));
  Teach(process, 300, [](const std::string&) { return 0.3; });
  api::ArmPut put;
  put.router = "default";
  put.arm = "shiny";
  put.model = "m";
  put.tier = 2;
  put.price_input_per_million_usd = 0.01;
  put.price_output_per_million_usd = 0.01;
  put.start = "prior";  // at .7 it looks better than all the others
  REQUIRE(std::holds_alternative<api::AdminAnswer>(process.changes().PutArm(put)));
  int taken = 0;
  constexpr int kRequests = 400;
  for (int i = 0; i < kRequests; ++i) {
    const auto answer = process.RouteText("question " + std::to_string(i));
    const auto record = RecordOf(process, answer.decision_id);
    CHECK(ShareOf(record, 3) <= kShare + kRoundingOfOne);
    taken += answer.arm == "shiny" ? 1 : 0;
  }
  CHECK(taken > 0);
  CHECK(taken < kRequests * kShare + 3.29 * std::sqrt(kRequests * kShare));
  CHECK(Report(process).arms.back().state == "new");
  for (int i = 0; i < 25; ++i) {
    api::RouteRequest request;
    request.text = "q";
    request.allow = {"shiny"};
    const auto answer = std::get<api::RouteAnswer>(process.Route(request));
    process.Reward(answer.decision_id, 0.9, 1e-4);
  }
  CHECK(Report(process).arms.back().state == "active");
  CHECK(process.RouteText("q").arm == "shiny");
}

TEST_CASE("with a guard what is expected for sure never falls below the baseline") {
  ProcessInMemory process(Changed([](config::RouterOptions& router) {
    router.guard_arm = "standard";
    router.guard_tolerance = 0.05;
    router.objective.cost_weight = 0;
  }));
  Teach(process, 600, [](const std::string& arm) {
    return arm == "standard" ? 0.7 : arm == "premium" ? 0.9 : 0.3;
  });
  double slack = 0;
  double least = 0;
  for (const store::DecisionRecord& record : Decisions(process.store())) {
    double mean = 0;
    double bound = 0;
    for (const store::ArmShare& share : record.shares) {
      const double p = static_cast<double>(share.probability_q32) / 4294967296.0;
      if (share.arm == 1) mean = std::max(0.0F, share.mean);
      bound += p * (share.arm == 1 ? std::max(0.0F, share.mean) : share.mean - 2 * share.width);
    }
    slack += bound - 0.95 * mean;
    least = std::min(least, slack);
  }
  CHECK(least > -1e-4);
}

TEST_CASE("a cheap arm that is not surely good enough gives way to the premium one") {
  ProcessInMemory process(Changed([](config::RouterOptions& router) {
    router.policy.gate.enabled = true;
    router.policy.gate.probability = 0.95;
    router.objective.cost_weight = 2000;
  }));
  policy::Rng rng(3);
  Teach(process, 400, [&](const std::string& arm) {
    return arm == "premium" ? 0.8 : rng.Uniform() < 0.7 ? 1.0 : 0.0;
  });
  int confident = 0;
  for (int i = 0; i < 100; ++i) {
    const auto answer = process.RouteText("question " + std::to_string(i));
    if (answer.reason != api::Reason::kConfidence) continue;
    ++confident;
    CHECK(answer.arm == "premium");
  }
  CHECK(confident > 0);
}

TEST_CASE("observing the baseline answers and learns and the report tells both sides") {
  ProcessInMemory process(Changed([](config::RouterOptions& router) { router.observe = true; }));
  constexpr int kRequests = 300;
  policy::Rng rng(4);
  int agreed = 0;
  double ours_usd = 0;
  double theirs_usd = 0;
  double ours = 0;
  double theirs = 0;
  for (int i = 0; i < kRequests; ++i) {
    api::RouteRequest request;
    request.text = "question " + std::to_string(i);
    request.explain = true;
    const char* arms[] = {"economy", "standard", "premium"};
    const bool named = rng.Below(4) != 0;
    if (named) request.baseline = arms[rng.Below(3)];
    process.now_us += 1000;
    const auto answer = std::get<api::RouteAnswer>(process.Route(request));
    CHECK(answer.arm == (named ? *request.baseline : "standard"));
    CHECK(answer.reason == api::Reason::kObserve);
    CHECK(answer.propensity == 1);
    const std::string drawn = answer.explanation->observed_arm;
    agreed += drawn == answer.arm ? 1 : 0;
    for (const api::ArmExplanation& arm : answer.explanation->arms) {
      if (arm.arm == drawn) ours_usd += arm.expected_cost_usd, ours += arm.mean;
      if (arm.arm == answer.arm) theirs_usd += arm.expected_cost_usd, theirs += arm.mean;
    }
    process.Reward(answer.decision_id, 0.5, 1e-4);
  }
  const auto report = Report(process);
  CHECK(report.observe);
  REQUIRE(report.observed);
  CHECK(report.observed->decisions == kRequests);
  CHECK(report.observed->agreement == Approx(agreed / double{kRequests}));
  CHECK(report.observed->ours_cost_usd == Approx(ours_usd / kRequests));
  CHECK(report.observed->baseline_cost_usd == Approx(theirs_usd / kRequests));
  CHECK(report.observed->ours_quality == Approx(ours / kRequests));
  CHECK(report.observed->baseline_quality == Approx(theirs / kRequests));
  std::uint64_t labels = 0;
  for (const api::ArmReport& arm : report.arms) labels += arm.labels;
  CHECK(labels == kRequests);
  // What the policy drew explores as often as it is asked to.
  const double expected = report.exploration_expected;
  CHECK(std::abs(report.exploration_realised - expected) <=
        3.29 * std::sqrt(expected * (1 - expected) / kRequests));
}

TEST_CASE("so many answers ask for a judgement as the configuration says") {
  const double rate = GENERATE(0.0, 0.1, 1.0);
  ProcessInMemory process(
      Changed([&](config::RouterOptions& router) { router.feedback.audit_rate = rate; }));
  constexpr int kRequests = 2000;
  int audits = 0;
  for (int i = 0; i < kRequests; ++i) {
    const auto answer = process.RouteText("question " + std::to_string(i % 100));
    audits += answer.audit ? 1 : 0;
    if (i % 100 == 0) CHECK(RecordOf(process, answer.decision_id).audit == answer.audit);
  }
  CHECK(std::abs(audits - rate * kRequests) <= 3.29 * std::sqrt(kRequests * rate * (1 - rate)));
  CHECK(Report(process).audits == static_cast<std::uint64_t>(audits));
}

}  // namespace sluice::daemon
