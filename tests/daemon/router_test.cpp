#include "daemon/router.h"

#include <cmath>
#include <functional>
#include <map>

#include <catch2/catch.hpp>

#include "tests/support/forwarding_store.h"
#include "tests/support/process_in_memory.h"

namespace sluice::daemon {

namespace {

using api::Problem;
using api::RouteAnswer;
using api::RouteRequest;
using tests::ProcessInMemory;

RouteRequest Text(const std::string& text) {
  RouteRequest request;
  request.text = text;
  return request;
}

// A store that takes nothing: its queue is full, or its disk is gone.
class DeafStore final : public tests::ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  bool AppendDecision(store::DecisionRecord) override { return false; }
  bool AppendOutcomes(std::vector<store::OutcomeRecord>, OutcomesDone) override { return false; }
  store::StoreHealth health() const override {
    store::StoreHealth health;
    health.writable = false;
    return health;
  }
};

}  // namespace

TEST_CASE("decisions of one session stand in the log as of one and its id does not") {
  ProcessInMemory process;
  REQUIRE(process.ok);
  const auto session_of = [&](const std::string& session_id) {
    RouteRequest request = Text("What is the capital of France?");
    request.session_id = session_id;
    const auto answer = std::get<RouteAnswer>(process.Route(request));
    return std::get<api::DecisionReport>(process.router().DecisionById(answer.decision_id)).session;
  };
  const std::string first = session_of("chat-1");
  CHECK_FALSE(first.empty());
  CHECK(first.find("chat") == std::string::npos);
  CHECK(session_of("chat-1") == first);
  CHECK(session_of("chat-2") != first);
  CHECK(session_of("").empty());
}

TEST_CASE("a text gets an arm with its propensity and the decision stands in the log") {
  ProcessInMemory process;
  REQUIRE(process.ok);
  const RouteAnswer answer = process.RouteText("What is the capital of France?");
  CHECK(answer.logged);
  CHECK(answer.propensity > 0);
  CHECK(answer.fallbacks.size() == 2);
  CHECK(answer.policy_version == 1);
  const auto report = process.router().DecisionById(answer.decision_id);
  const auto& story = std::get<api::DecisionReport>(report);
  CHECK(story.arm == answer.arm);
  CHECK(story.propensity == answer.propensity);
  CHECK(story.explanation.arms.size() == 3);
  double sum = 0;
  for (const auto& arm : story.explanation.arms) sum += arm.probability;
  CHECK(sum == 1);
  CHECK(story.context.size() == 37);
}

TEST_CASE("what an arm is said to need is what puts it level with the one ranked first") {
  const double weight = GENERATE(0.0, 20.0, 2000.0);
  config::Options options = config::Defaults();
  options.routers[0].objective.cost_weight = weight;
  ProcessInMemory process(options);
  for (int i = 0; i < 200; ++i) {
    const auto answer = process.RouteText("question " + std::to_string(i));
    process.Reward(answer.decision_id, answer.tier == 1 ? 0.5 : 0.9, 1e-4 * answer.tier);
  }
  REQUIRE(process.learner().Step().ok());
  RouteRequest request = Text("And now?");
  request.explain = true;
  const auto explanation = *std::get<RouteAnswer>(process.Route(request)).explanation;
  const auto first = std::find_if(explanation.arms.begin(), explanation.arms.end(),
                                  [&](const auto& arm) { return !arm.to_win; });
  REQUIRE(first != explanation.arms.end());
  CHECK(first->arm == explanation.greedy_arm);
  std::size_t by_weight = 0;
  for (const api::ArmExplanation& arm : explanation.arms) {
    CAPTURE(weight, arm.arm);
    if (!arm.to_win) continue;
    CHECK(arm.score + arm.to_win->mean_by == Approx(first->score));
    if (arm.to_win->cost_usd_by) {
      CHECK(arm.score + weight * *arm.to_win->cost_usd_by == Approx(first->score));
    }
    if (!arm.to_win->cost_weight) continue;
    ++by_weight;
    CHECK(arm.mean - *arm.to_win->cost_weight * arm.expected_cost_usd ==
          Approx(first->mean - *arm.to_win->cost_weight * first->expected_cost_usd));
  }
  // Without a weight a cheaper arm is one that a weight would put first.
  if (weight == 0) CHECK(by_weight > 0);
}

TEST_CASE("an override is answered and logged and never learnt as quality") {
  ProcessInMemory process;
  RouteRequest request = Text("hello");
  request.override_arm = "premium";
  const auto answer = std::get<RouteAnswer>(process.Route(request));
  CHECK(answer.arm == "premium");
  CHECK(answer.reason == api::Reason::kOverride);
  CHECK(answer.propensity == 1);
  process.Reward(answer.decision_id, 1.0, 0.01);
  REQUIRE(process.learner().Step().ok());
  CHECK(process.learner().Report().routers[0].tally.arms[2].labels == 0);
  CHECK(process.learner().Report().routers[0].tally.arms[2].costs == 1);
}

TEST_CASE("what the caller allows or denies narrows the arms and is said") {
  ProcessInMemory process;
  RouteRequest request = Text("hello");
  request.allow = {"economy", "standard"};
  request.deny = {"economy"};
  const auto answer = std::get<RouteAnswer>(process.Route(request));
  CHECK(answer.arm == "standard");
  CHECK(answer.reason == api::Reason::kRule);
  CHECK(answer.propensity == 1);
  CHECK(answer.narrowed_by ==
        std::vector<api::Narrowing>{api::Narrowing::kAllow, api::Narrowing::kDeny});
}

TEST_CASE("no arm is chosen whose worst case is above the request's ceiling") {
  ProcessInMemory process;
  for (int i = 0; i < 200; ++i) {
    RouteRequest request = Text("question " + std::to_string(i));
    request.input_tokens = 1000;
    request.output_tokens_max = 1000;
    request.max_cost_usd = 0.0021;  // standard costs .002 at the most, premium .01125
    const auto answer = std::get<RouteAnswer>(process.Route(request));
    REQUIRE(answer.arm != "premium");
    REQUIRE(answer.narrowed_by == std::vector<api::Narrowing>{api::Narrowing::kMaxCost});
  }
}

TEST_CASE("declared output alone bounds the worst case from below") {
  ProcessInMemory process;
  for (int i = 0; i < 200; ++i) {
    RouteRequest request = Text("question " + std::to_string(i));
    request.output_tokens_max = 100000;
    request.max_cost_usd = 0.5;  // premium's output alone may cost 1 USD
    REQUIRE(std::get<RouteAnswer>(process.Route(request)).arm != "premium");
  }
}

TEST_CASE("fallbacks are the other eligible arms with the best utility first") {
  ProcessInMemory process;
  for (int i = 0; i < 50; ++i) {
    RouteRequest request = Text("question " + std::to_string(i));
    request.explain = true;
    const auto answer = std::get<RouteAnswer>(process.Route(request));
    REQUIRE(answer.fallbacks.size() == 2);
    std::map<std::string, double> score;
    for (const auto& arm : answer.explanation->arms) score[arm.arm] = arm.score;
    CHECK(score.at(answer.fallbacks[0]) >= score.at(answer.fallbacks[1]));
    CHECK(score.count(answer.arm) == 1);
    CHECK(answer.fallbacks[0] != answer.arm);
  }
}

TEST_CASE("a request that leaves no arm or names an unknown one is refused where it is wrong") {
  ProcessInMemory process;
  struct Row {
    std::string name;
    std::function<void(RouteRequest&)> spoil;
    int status;
    std::string pointer;
  };
  const std::vector<Row> rows = {
      {"router", [](auto& r) { r.router = "other"; }, 404, "/router"},
      {"allow unknown",
       [](auto& r) {
         r.allow = {"economy", "gold"};
       },
       404, "/allow/1"},
      {"deny unknown", [](auto& r) { r.deny = {"gold"}; }, 404, "/deny/0"},
      {"override unknown", [](auto& r) { r.override_arm = "gold"; }, 404, "/override"},
      {"baseline unknown", [](auto& r) { r.baseline = "gold"; }, 404, "/baseline"},
      {"allow nothing", [](auto& r) { r.allow.emplace(); }, 422, "/allow"},
      {"deny all",
       [](auto& r) {
         r.deny = {"economy", "standard", "premium"};
       },
       422, "/deny"},
      {"needs", [](auto& r) { r.needs = {"vision"}; }, 422, "/needs"},
      {"max cost", [](auto& r) { r.max_cost_usd = 1e-12; }, 422, "/max_cost_usd"},
      {"feature",
       [](auto& r) {
         r.features = {{"x", 1}};
       },
       422, "/features"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    RouteRequest request = Text("hello");
    row.spoil(request);
    const auto reply = process.Route(request);
    REQUIRE(std::holds_alternative<Problem>(reply));
    CHECK(std::get<Problem>(reply).status == row.status);
    CHECK(std::get<Problem>(reply).pointer == row.pointer);
  }
}

TEST_CASE("a router on text refuses an embedding and one on embeddings refuses text") {
  ProcessInMemory process;
  RouteRequest request;
  request.embedding = std::vector<float>{1, 0};
  CHECK(std::get<Problem>(process.Route(request)).status == 422);

  config::Options options = config::Defaults();
  options.routers[0].context = {.source = policy::ContextSource::kEmbedding,
                                .projection = policy::Projection::kNone,
                                .dimension = 3};
  ProcessInMemory other(options);
  CHECK(std::get<Problem>(other.Route(Text("hello"))).status == 422);
  request.embedding = std::vector<float>{1, 0};
  CHECK(std::get<Problem>(other.Route(request)).pointer == "/embedding");
  request.embedding = std::vector<float>{0, 0, 0};
  CHECK(std::get<Problem>(other.Route(request)).pointer == "/embedding");
  request.embedding = std::vector<float>{3, 0, 4};
  CHECK(std::holds_alternative<RouteAnswer>(other.Route(request)));
}

TEST_CASE("when the log takes nothing routing answers greedily and says that it is not logged") {
  const auto memory = store::MakeMemoryStore();
  ProcessInMemory process(config::Defaults(), std::make_unique<DeafStore>(*memory));
  REQUIRE(process.ok);
  for (int i = 0; i < 300; ++i) {
    const RouteAnswer answer = process.RouteText("question " + std::to_string(i));
    REQUIRE_FALSE(answer.logged);
    REQUIRE(answer.reason == api::Reason::kPolicy);
  }
  CHECK(std::get<Problem>(process.Reward("018bcfe5-687b-7000-8000-4123456789ab", 1, 1)).status ==
        503);
  CHECK_FALSE(process.router().Ready().feedback);
  CHECK(process.router().Ready().route);
}

TEST_CASE("a posterior that knows nothing makes the fallback arm answer and says so") {
  ProcessInMemory process;
  auto broken = std::make_shared<Snapshot>(*process.board().Latest());
  broken->routers[0].posterior =
      std::make_shared<policy::Posterior>(std::vector<policy::ArmPosterior>(3));
  process.board().Publish(broken);
  const RouteAnswer answer = process.RouteText("hello");
  CHECK(answer.arm == "standard");
  CHECK(answer.reason == api::Reason::kFallback);
  CHECK(answer.propensity == 1);
  RouteRequest request = Text("hello");
  request.deny = {"standard"};
  const auto denied = std::get<RouteAnswer>(process.Route(request));
  CHECK(denied.arm == "economy");
  CHECK(denied.reason == api::Reason::kFallback);
}

TEST_CASE("a retry after a restart gets the decision that the log holds") {
  ProcessInMemory process;
  RouteRequest request = Text("hello");
  request.request_id = "r-1";
  request.body_digest = 77;
  const auto first = std::get<RouteAnswer>(process.Route(request));

  SnapshotBoard board(1);
  Metrics metrics(1);
  IdSource ids(1, 8);
  const Clock clock = [&] { return process.now_us + 60'000'000; };
  Learner learner(process.store(), board, metrics, {}, clock);
  Router router({.store = process.store(),
                 .board = board,
                 .learner = learner,
                 .metrics = metrics,
                 .ids = ids,
                 .clock = clock,
                 .node = 1});
  REQUIRE(learner.Recover().ok());
  REQUIRE(router.Recover().ok());
  CHECK(std::get<RouteAnswer>(router.Route(request, 0)) == first);
  request.body_digest = 78;
  CHECK(std::get<Problem>(router.Route(request, 0)).status == 409);
}

TEST_CASE("draws after a restart use sequence numbers that no logged decision used") {
  ProcessInMemory process;
  for (int i = 0; i < 10; ++i) process.RouteText("q");
  REQUIRE(process.learner().Step().ok());
  REQUIRE(process.router().Recover().ok());
  const RouteAnswer answer = process.RouteText("q");
  const auto story =
      std::get<api::DecisionReport>(process.router().DecisionById(answer.decision_id));
  CHECK(story.sequence > 10);
}

TEST_CASE("the exploration that is asked for is the exploration that is seen") {
  ProcessInMemory process;
  constexpr int kDecisions = 20000;
  for (int i = 0; i < kDecisions; ++i) process.RouteText("question " + std::to_string(i));
  REQUIRE(process.learner().Step().ok());
  const auto report = std::get<api::RouterReport>(process.router().RouterByName("default"));
  const double expected = report.exploration_expected;
  CHECK(expected <= 0.05);
  CHECK(expected >= 0.005);
  const double sd = std::sqrt(expected * (1 - expected) / kDecisions);
  CHECK(std::abs(report.exploration_realised - expected) < 3.29 * sd);
}

}  // namespace sluice::daemon
