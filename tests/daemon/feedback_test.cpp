#include <cmath>

#include <catch2/catch.hpp>

#include "tests/support/process_in_memory.h"

namespace sluice::daemon {

namespace {

using api::FeedbackAnswer;
using api::FeedbackEvent;
using api::Problem;
using tests::ProcessInMemory;

FeedbackEvent Event(const std::string& decision_id, const std::string& event_id) {
  FeedbackEvent event;
  event.decision_id = decision_id;
  event.event_id = event_id;
  event.reward = 1;
  return event;
}

// The status that a single event got: 202, 200 for a duplicate, or its refusal's.
int StatusOf(const api::FeedbackReply& reply) {
  if (const auto* problem = std::get_if<Problem>(&reply)) return problem->status;
  const auto& answer = std::get<FeedbackAnswer>(reply);
  if (!answer.rejected.empty()) return answer.rejected.front().problem.status;
  return answer.accepted == 1 ? 202 : 200;
}

RouterTally::ArmTally Total(const Learner& learner) {
  RouterTally::ArmTally total;
  const LearnerReport report = learner.Report();
  for (const auto& arm : report.routers.at(0).tally.arms) {
    total.labels += arm.labels;
    total.reward_sum += arm.reward_sum;
    total.costs += arm.costs;
    total.cost_usd_sum += arm.cost_usd_sum;
  }
  return total;
}

}  // namespace

TEST_CASE("an event is learnt once however often it comes") {
  ProcessInMemory process;
  const auto answer = process.RouteText("hello");
  CHECK(StatusOf(process.Reward(answer.decision_id, 0.5, 0.001)) == 202);
  CHECK(StatusOf(process.Reward(answer.decision_id, 0.5, 0.001)) == 200);
  REQUIRE(process.learner().Step().ok());
  CHECK(StatusOf(process.Reward(answer.decision_id, 0.5, 0.001)) == 200);
  REQUIRE(process.learner().Step().ok());
  const auto total = Total(process.learner());
  CHECK(total.labels == 1);
  CHECK(total.costs == 1);
}

TEST_CASE("the same event id with another body is a conflict") {
  ProcessInMemory process;
  const auto answer = process.RouteText("hello");
  process.Reward(answer.decision_id, 0.5, 0.001);
  CHECK(StatusOf(process.Reward(answer.decision_id, 0.6, 0.001)) == 409);
}

TEST_CASE("cost from the gateway and reward from the user are both learnt once") {
  ProcessInMemory process;
  const auto answer = process.RouteText("hello");
  FeedbackEvent gateway = Event(answer.decision_id, "g");
  gateway.source = "gateway";
  gateway.reward.reset();
  gateway.input_tokens = 1000;
  gateway.output_tokens = 1000;
  FeedbackEvent user = Event(answer.decision_id, "u");
  FeedbackEvent second_opinion = Event(answer.decision_id, "j");
  second_opinion.source = "judge";
  second_opinion.reward = 0;
  CHECK(StatusOf(process.Feedback(gateway)) == 202);
  CHECK(StatusOf(process.Feedback(user)) == 202);
  CHECK(StatusOf(process.Feedback(second_opinion)) == 202);
  REQUIRE(process.learner().Step().ok());
  const auto total = Total(process.learner());
  CHECK(total.labels == 1);
  // (1 * 1 + .7 * 0) / 1.7: a judge counts less than the user.
  CHECK(total.reward_sum == Approx(1 / 1.7));
  CHECK(total.costs == 1);
  CHECK(total.cost_usd_sum > 0);
  const auto report =
      std::get<api::DecisionReport>(process.router().DecisionById(answer.decision_id));
  REQUIRE(report.outcomes.size() == 3);
  CHECK(report.lesson.state == "revised");
  CHECK(report.lesson.quality == Approx(1 / 1.7));
  CHECK(report.lesson.weight == 1.0);
  CHECK(report.lesson.cost_usd > 0);
}

TEST_CASE("a failover is learnt on the arm that served") {
  ProcessInMemory process;
  const auto answer = process.RouteText("hello");
  FeedbackEvent event = Event(answer.decision_id, "e");
  event.served_arm = answer.arm == "premium" ? "economy" : "premium";
  CHECK(StatusOf(process.Feedback(event)) == 202);
  REQUIRE(process.learner().Step().ok());
  const auto arms = process.learner().Report().routers.at(0).tally.arms;
  CHECK(arms[*event.served_arm == "premium" ? 2 : 0].labels == 1);
}

TEST_CASE("events that cannot be taken are refused where they are wrong") {
  ProcessInMemory process;
  const auto answer = process.RouteText("hello");
  CHECK(StatusOf(process.Feedback(Event("not-an-id", "e"))) == 422);
  IdSource mine(1, 99);
  IdSource other(2, 99);
  CHECK(StatusOf(process.Feedback(Event(FormatId(mine.Next(1)), "e"))) == 404);
  CHECK(StatusOf(process.Feedback(Event(FormatId(other.Next(1)), "e"))) == 421);
  FeedbackEvent by_request = Event("", "e");
  by_request.request_id = "never-seen";
  CHECK(StatusOf(process.Feedback(by_request)) == 404);
  FeedbackEvent unknown_arm = Event(answer.decision_id, "e");
  unknown_arm.served_arm = "gold";
  CHECK(StatusOf(process.Feedback(unknown_arm)) == 404);
}

TEST_CASE("no cost that is a number stops the learner or spoils its sums") {
  ProcessInMemory process;
  for (const double cost_usd : {1e308, 1.7e308, 5e-324, 1e-300}) {
    CAPTURE(cost_usd);
    for (const char* arm : {"economy", "standard", "premium"}) {
      api::RouteRequest request;
      request.text = "hello";
      request.override_arm = arm;
      const auto answer = std::get<api::RouteAnswer>(process.Route(request));
      CHECK(StatusOf(process.Reward(answer.decision_id, 1, cost_usd)) == 202);
    }
    REQUIRE(process.learner().Step().ok());
  }
  CHECK(std::isfinite(Total(process.learner()).cost_usd_sum));
  CHECK(std::isfinite(process.RouteText("hello").propensity));
  REQUIRE(process.learner().Step().ok());
  REQUIRE(process.learner().SaveCheckpoint().ok());
  SnapshotBoard board(1);
  Metrics metrics(1);
  Learner again(process.store(), board, metrics, {}, SystemClock());
  REQUIRE(again.Recover().ok());
  CHECK((again.State() == process.learner().State()));
  CHECK(metrics.Render(nullptr, {}).find("sluice_checkpoints_set_aside_total 0") !=
        std::string::npos);
}

TEST_CASE("an arm of another router cannot have served and uses up nothing") {
  config::Options options = config::Defaults();
  options.routers.push_back(options.routers[0]);
  options.routers[1].name = "other";
  options.routers[1].arms[0].name = "elsewhere";
  ProcessInMemory process(options);
  const auto answer = process.RouteText("hello");
  FeedbackEvent event = Event(answer.decision_id, "e");
  event.served_arm = "elsewhere";
  CHECK(StatusOf(process.Feedback(event)) == 404);
  event.served_arm = "premium";
  CHECK(StatusOf(process.Feedback(event)) == 202);
  REQUIRE(process.learner().Step().ok());
  CHECK(Total(process.learner()).labels == 1);
}

TEST_CASE("feedback finds its decision by request id while that is remembered") {
  ProcessInMemory process;
  api::RouteRequest request;
  request.text = "hello";
  request.request_id = "r-1";
  request.body_digest = 5;
  REQUIRE(std::holds_alternative<api::RouteAnswer>(process.Route(request)));
  FeedbackEvent event = Event("", "e");
  event.request_id = "r-1";
  CHECK(StatusOf(process.Feedback(event)) == 202);
}

TEST_CASE("a decision takes a bounded number of events") {
  ProcessInMemory process;
  const auto answer = process.RouteText("hello");
  for (std::size_t i = 0; i < store::kOutcomesPerDecisionMax; ++i) {
    REQUIRE(StatusOf(process.Feedback(Event(answer.decision_id, "e" + std::to_string(i)))) == 202);
  }
  CHECK(StatusOf(process.Feedback(Event(answer.decision_id, "one more"))) == 422);
}

TEST_CASE("of several events the good ones are taken and the others named by their place") {
  ProcessInMemory process;
  const auto answer = process.RouteText("hello");
  api::FeedbackReply reply;
  process.router().Feedback({Event("bad", "a"), Event(answer.decision_id, "b"),
                             Problem{.status = 422,
                                     .title = "t",
                                     .detail = "d",
                                     .pointer = "/x",
                                     .retry_after_s = std::nullopt},
                             Event(answer.decision_id, "b")},
                            0, [&](api::FeedbackReply given) { reply = std::move(given); });
  const auto& result = std::get<FeedbackAnswer>(reply);
  CHECK(result.accepted == 1);
  CHECK(result.duplicates == 1);
  REQUIRE(result.rejected.size() == 2);
  CHECK(result.rejected[0].index == 0);
  CHECK(result.rejected[1].index == 2);
}

}  // namespace sluice::daemon
