// What operators ask for: freeze, unfreeze, rollback, reset, refit. Each is a consequence of the
// log, and leaves a model that can still be taught, revised and withdrawn from.
#include <catch2/catch.hpp>

#include "tests/support/event_log.h"
#include "tests/support/process_in_memory.h"
#include "tests/support/survives_restart.h"

namespace sluice::daemon {

namespace {

using api::AdminOperation;
using tests::ProcessInMemory;
using tests::Thetas;

// A small router that lives through requests with feedback for each, some of it changed later.
struct Living {
  explicit Living(const config::RouterOptions& router = tests::SmallRouter(),
                  std::uint64_t seed = 1)
      : process(tests::With(router)), rng(seed) {}

  std::string Route() {
    api::RouteRequest request;
    request.embedding.emplace();
    for (std::size_t i = 0; i < tests::kLogDimension; ++i) {
      request.embedding->push_back(static_cast<float>(rng.Normal()));
    }
    process.now_us += 1000;
    decisions.push_back(std::get<api::RouteAnswer>(process.Route(request)).decision_id);
    return decisions.back();
  }
  void Say(const std::string& decision, double reward, std::uint32_t seq = 0) {
    api::FeedbackEvent event;
    event.decision_id = decision;
    event.event_id = "e" + std::to_string(events++);
    event.seq = seq;
    event.reward = reward;
    event.cost_usd = 1e-3 * (0.5 + rng.Uniform());
    process.Feedback(event);
  }
  void Revoke(const std::string& decision) {
    api::FeedbackEvent event;
    event.decision_id = decision;
    event.event_id = "e" + std::to_string(events++);
    event.seq = 9;
    event.revoked = true;
    process.Feedback(event);
  }
  void Live(int requests) {
    for (int i = 0; i < requests; ++i) {
      const std::string decision = Route();
      if (rng.Uniform() < 0.8) Say(decision, 0.5 + 0.3 * rng.Uniform());
      if (rng.Uniform() < 0.1) Say(decisions[rng.Below(decisions.size())], rng.Uniform(), 1);
      if (rng.Uniform() < 0.05) Revoke(decisions[rng.Below(decisions.size())]);
    }
    Step();
  }
  void Step() { REQUIRE(process.learner().Step().ok()); }

  api::AdminAnswer Operate(AdminOperation operation, std::optional<std::uint64_t> position = {},
                           const std::string& arm = "") {
    const auto answer = process.changes().Operate({"default", operation, position, arm});
    REQUIRE(std::holds_alternative<api::AdminAnswer>(answer));
    return std::get<api::AdminAnswer>(answer);
  }
  Thetas ThetasOf(policy::ArmId arm) {
    return tests::ThetasOf(process.learner(), ModelOptions(), arm);
  }
  policy::ModelOptions ModelOptions() {
    return process.board().Latest()->routers[0].definition->model;
  }
  RouterTally Tally() { return process.learner().Report().routers.at(0).tally; }
  std::string Statistics(policy::ArmId arm) {
    return process.learner().ArmStatistics(0, arm).value();
  }
  void SurvivesRestart() { tests::SurvivesRestart(process); }

  ProcessInMemory process;
  policy::Rng rng;
  std::vector<std::string> decisions;
  int events = 0;
};

// A first label, a revision and a withdrawal of old and new decisions do what they would have done
// in a model that never knew the rest: no sum is taken back that is not there.
void StaysSound(Living& living) {
  const std::string fresh = living.Route();
  living.Say(fresh, 0.9);
  for (std::size_t i = 0; i < living.decisions.size(); i += 3) living.Revoke(living.decisions[i]);
  living.Step();
  for (policy::ArmId arm = 0; arm < 3; ++arm) CHECK_FALSE(living.ThetasOf(arm).quality.empty());
  CHECK(living.process.learner().Report().routers.at(0).quarantined.Empty());
  living.Live(50);
  // Nothing is left when everything is withdrawn.
  for (const std::string& decision : living.decisions) living.Revoke(decision);
  living.Step();
  CHECK(living.Tally().labels == 0);
  living.SurvivesRestart();
  for (policy::ArmId arm = 0; arm < 3; ++arm) {
    const std::vector<double> theta = living.ThetasOf(arm).quality;
    REQUIRE(theta.size() == tests::kLogDimension + 1);
    for (std::size_t i = 0; i < tests::kLogDimension; ++i) CHECK(std::abs(theta[i]) < 1e-9);
    CHECK(theta.back() == Approx(0.7));
  }
}

}  // namespace

TEST_CASE("frozen nothing is learnt and costs are still booked until unfrozen") {
  Living living;
  living.Live(200);
  living.Operate(AdminOperation::kFreeze);
  CHECK(living.process.learner().Report().routers.at(0).frozen);
  const auto before = living.Tally();
  const std::string economy = living.Statistics(0);
  const std::string premium = living.Statistics(2);
  living.Live(100);
  const auto frozen = living.Tally();
  CHECK(frozen.labels == before.labels);
  CHECK((living.Statistics(0) == economy));
  CHECK((living.Statistics(2) == premium));
  std::uint64_t costs = 0;
  for (std::size_t arm = 0; arm < 3; ++arm)
    costs += frozen.arms[arm].costs - before.arms[arm].costs;
  CHECK(costs > 50);
  living.SurvivesRestart();
  living.Operate(AdminOperation::kUnfreeze);
  CHECK_FALSE(living.process.learner().Report().routers.at(0).frozen);
  CHECK((living.Statistics(0) == economy));
  living.Live(100);
  CHECK(living.Tally().labels > before.labels);
  StaysSound(living);
}

TEST_CASE("a rollback leaves the model of the log up to there") {
  Living living;
  living.Live(200);
  REQUIRE(living.process.learner().SaveCheckpoint().ok());
  const store::Position target = living.process.store().last_position();
  living.Live(200);
  REQUIRE(living.process.learner().SaveCheckpoint().ok());
  const bool named = GENERATE(true, false);
  living.Operate(AdminOperation::kRollback,
                 named ? std::optional<std::uint64_t>(target) : std::nullopt);
  const auto then = tests::UpTo(living.process.store(), target);
  REQUIRE(then->last_position() == target);
  tests::LearnerOver earlier(*then);
  REQUIRE(earlier.ok);
  for (policy::ArmId arm = 0; arm < 3; ++arm) {
    CHECK(tests::Distance(living.ThetasOf(arm),
                          tests::ThetasOf(*earlier, living.ModelOptions(), arm)) < 1e-12);
    CHECK(living.Tally().arms[arm].labels ==
          earlier->Report().routers.at(0).tally.arms[arm].labels);
  }
  living.SurvivesRestart();
  StaysSound(living);
}

TEST_CASE("after a restart a rollback still finds the checkpoint before the last") {
  Living living;
  living.Live(100);
  REQUIRE(living.process.learner().SaveCheckpoint().ok());
  living.Live(100);
  REQUIRE(living.process.learner().SaveCheckpoint().ok());
  const auto checkpoints = living.process.learner().checkpoints();
  REQUIRE(checkpoints.size() == 2);
  tests::LearnerOver again(living.process.store());
  REQUIRE(again.ok);
  CHECK(again->checkpoints() == checkpoints);
}

TEST_CASE("a reset of one arm forgets that arm and leaves the others to the bit") {
  Living living;
  living.Live(300);
  // Some failovers: what was said of them is about the arm that served.
  for (int i = 0; i < 20; ++i) {
    const std::string decision = living.Route();
    living.Say(decision, 0.8);
    api::FeedbackEvent event;
    event.decision_id = decision;
    event.event_id = "failover" + std::to_string(i);
    event.source = "gateway";
    event.served_arm = i % 2 == 0 ? "premium" : "economy";
    living.process.Feedback(event);
  }
  living.Step();
  const std::string economy = living.Statistics(0);
  const std::string standard = living.Statistics(1);
  REQUIRE(living.Tally().arms[2].labels > 0);
  living.Operate(AdminOperation::kReset, {}, "premium");
  CHECK((living.Statistics(0) == economy));
  CHECK((living.Statistics(1) == standard));
  CHECK(living.Tally().arms[2].labels == 0);
  for (const double value : living.ThetasOf(2).quality) CHECK((value == 0 || value == 0.7));
  living.SurvivesRestart();
  StaysSound(living);
}

TEST_CASE("a reset of all forgets everything that was learnt and nothing that was counted") {
  Living living;
  living.Live(300);
  const auto before = living.Tally();
  living.Operate(AdminOperation::kReset);
  const auto after = living.Tally();
  CHECK(after.labels == 0);
  CHECK(after.decisions == before.decisions);
  for (policy::ArmId arm = 0; arm < 3; ++arm) {
    CHECK(after.arms[arm].costs == before.arms[arm].costs);
    for (const double value : living.ThetasOf(arm).quality) CHECK((value == 0 || value == 0.7));
  }
  StaysSound(living);
}

TEST_CASE("operations on what is not there are refused where they are wrong") {
  Living living;
  auto& changes = living.process.changes();
  const auto status = [&](const api::AdminRequest& request) {
    const auto answer = changes.Operate(request);
    return std::holds_alternative<api::Problem>(answer) ? std::get<api::Problem>(answer).status : 0;
  };
  CHECK(status({"other", AdminOperation::kFreeze, {}, ""}) == 404);
  CHECK(status({"default", AdminOperation::kReset, {}, "gold"}) == 404);
  CHECK(status({"default", AdminOperation::kRollback, {}, ""}) == 422);
  CHECK(status({"default", AdminOperation::kRollback, 1'000'000, ""}) == 422);
  CHECK(status({"default", AdminOperation::kRollback, 1, ""}) == 0);
}

TEST_CASE("most arms failing at once freezes learning instead of resetting them") {
  config::RouterOptions router = tests::SmallRouter();
  router.policy.kind = policy::PolicyKind::kUniform;
  router.policy.exploration.mode = policy::ExplorationMode::kNatural;
  Living living(router);
  for (int i = 0; i < 600; ++i) living.Say(living.Route(), 0.8 + 0.05 * living.rng.Uniform());
  living.Step();
  REQUIRE_FALSE(living.process.learner().Report().routers.at(0).frozen);
  for (int i = 0; i < 600; ++i) living.Say(living.Route(), 0.1);
  living.Step();
  const auto report = living.process.learner().Report().routers.at(0);
  CHECK(report.frozen);
  CHECK(report.tally.labels < 1200);
  const std::uint64_t labels = report.tally.labels;
  for (int i = 0; i < 50; ++i) living.Say(living.Route(), 0.1);
  living.Step();
  CHECK(living.Tally().labels == labels);
  living.SurvivesRestart();
  living.Operate(AdminOperation::kUnfreeze);
  living.Say(living.Route(), 0.1);
  living.Step();
  CHECK(living.Tally().labels == labels + 1);
  living.SurvivesRestart();
}

TEST_CASE("a weight that is trusted anew counts what it had not counted before") {
  Living living;
  living.Live(100);
  for (int i = 0; i < 30; ++i) {
    api::FeedbackEvent event;
    event.decision_id = living.Route();
    event.event_id = "mute" + std::to_string(i);
    event.source = "mute";
    event.reward = 1;
    living.process.Feedback(event);
  }
  living.Step();
  const std::uint64_t before = living.Tally().labels;
  config::RouterOptions router = tests::SmallRouter();
  router.sources[1].weight = 0.5;
  REQUIRE(living.process.changes().Apply({router}).ok());
  CHECK(living.Tally().labels == before + 30);
  living.SurvivesRestart();
  for (const std::string& decision : living.decisions) {
    api::FeedbackEvent event;
    event.decision_id = decision;
    event.event_id = "unmute-" + decision;
    event.source = "mute";
    event.seq = 5;
    event.revoked = true;
    living.process.Feedback(event);
  }
  living.Step();
  CHECK(living.Tally().labels == before);
  living.SurvivesRestart();
}

}  // namespace sluice::daemon
