// Everything at once, as in the daemon: serving threads, feedback, the learner, reloads, reports.
// ThreadSanitizer runs this; the counts show that nothing was lost on the way.
#include <atomic>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "config/config.h"
#include "daemon/learner.h"
#include "daemon/metrics.h"
#include "daemon/roster.h"
#include "daemon/router.h"
#include "tests/support/temporary_directory.h"

namespace sluice::daemon {

namespace {

constexpr std::size_t kReaders = 3;
constexpr int kRequestsEach = 1500;

// The daemon's parts over a real store.
struct Process {
  explicit Process(store::Store& given)
      : store(given),
        learner(store, board, metrics, {.checkpoint_events = 500, .checkpoint_seconds = 1}, clock),
        router({.store = store,
                .board = board,
                .learner = learner,
                .metrics = metrics,
                .ids = ids,
                .clock = clock,
                .node = 1}) {}

  store::Store& store;
  Clock clock = SystemClock();
  SnapshotBoard board{kReaders};
  Metrics metrics{kReaders};
  IdSource ids{1, 7};
  Learner learner;
  Router router;
};

// One serving thread: routes, and reports what it was answered. Some requests carry an id.
void Serve(Process& process, std::size_t reader, std::atomic<int>& acknowledged,
           std::atomic<int>& failed) {
  for (int i = 0; i < kRequestsEach; ++i) {
    api::RouteRequest request;
    request.text = "question " + std::to_string(i);
    if (i % 10 == 0) request.request_id = "shared-" + std::to_string(i);
    const auto reply = process.router.Route(request, reader);
    const auto* answer = std::get_if<api::RouteAnswer>(&reply);
    if (answer == nullptr) {
      ++failed;
      continue;
    }
    api::FeedbackEvent event;
    event.decision_id = answer->decision_id;
    event.event_id = "e-" + answer->decision_id;
    event.reward = 0.5;
    event.cost_usd = 1e-4;
    process.router.Feedback({event}, reader, [&](const api::FeedbackReply& given) {
      const auto* result = std::get_if<api::FeedbackAnswer>(&given);
      if (result == nullptr || !result->rejected.empty()) ++failed;
      if (result != nullptr) acknowledged += static_cast<int>(result->accepted);
    });
  }
}

void Reload(Process& process, const std::atomic<bool>& stop) {
  for (int i = 1; !stop; ++i) {
    const auto snapshot = process.board.Latest();
    const RouterDefinition& definition = *snapshot->routers[0].definition;
    config::RouterOptions wanted = definition.options;
    wanted.objective.cost_weight = i;
    auto record = MakeRecord(wanted, 0, &definition);
    if (record.ok()) (void)process.store.AppendRouter(*record);
    (void)process.router.Routers();
    (void)process.router.Metrics();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

}  // namespace

TEST_CASE("requests and feedback and reloads at once lose nothing and race nowhere") {
  const tests::TemporaryDirectory directory;
  auto opened = store::OpenStore({.directory = directory.File("data")});
  REQUIRE(opened.ok());
  Process process(**opened);
  REQUIRE(process.store.AppendRouter(*MakeRecord(config::Defaults().routers[0], 0, nullptr)).ok());
  REQUIRE(process.learner.Recover().ok());
  REQUIRE(process.router.Recover().ok());
  process.learner.Start();

  std::atomic<int> acknowledged{0};
  std::atomic<int> failed{0};
  std::atomic<bool> stop{false};
  std::vector<std::thread> serving;
  for (std::size_t reader = 0; reader < kReaders; ++reader) {
    serving.emplace_back([&, reader] { Serve(process, reader, acknowledged, failed); });
  }
  std::thread reloading([&] { Reload(process, stop); });
  for (auto& thread : serving) thread.join();
  stop = true;
  reloading.join();
  // Closing the store answers what is still queued, so the learner stops after the last answer.
  while (process.store.health().queued > 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  process.learner.Stop();

  CHECK(failed == 0);
  // Requests with a shared id were answered once for all readers; their feedback is one event.
  constexpr int kShared = kRequestsEach / 10;
  CHECK(acknowledged == static_cast<int>(kReaders) * (kRequestsEach - kShared) + kShared);
  std::uint64_t learnt = 0;
  const LearnerReport report = process.learner.Report();
  for (const auto& arm : report.routers.at(0).tally.arms) learnt += arm.labels;
  CHECK(learnt == static_cast<std::uint64_t>(acknowledged));
}

TEST_CASE("requests at once never spend the slack of the guard twice") {
  const auto store = store::MakeMemoryStore();
  Process process(*store);
  config::RouterOptions router = config::Defaults().routers[0];
  router.guard_arm = "standard";
  router.guard_tolerance = 0.2;
  // Slack is saved until it pays for a whole request, as it is not when exploring spends it.
  router.policy.exploration.mode = policy::ExplorationMode::kOff;
  router.objective.cost_weight = 0;
  REQUIRE(process.store.AppendRouter(*MakeRecord(router, 0, nullptr)).ok());
  REQUIRE(process.learner.Recover().ok());
  REQUIRE(process.router.Recover().ok());
  const std::atomic<double>& slack = process.board.Latest()->routers[0].counters->guard_slack;
  std::atomic<bool> overspent{false};
  std::atomic<int> spent{0};
  std::vector<std::thread> serving;
  for (std::size_t reader = 0; reader < kReaders; ++reader) {
    serving.emplace_back([&, reader] {
      for (int i = 0; i < kRequestsEach; ++i) {
        api::RouteRequest request;
        request.text = "question " + std::to_string(i);
        const auto reply = process.router.Route(request, reader);
        const auto* answer = std::get_if<api::RouteAnswer>(&reply);
        if (answer != nullptr && answer->arm != "standard") ++spent;
        if (slack.load() < 0) overspent = true;
      }
    });
  }
  for (auto& thread : serving) thread.join();
  CHECK_FALSE(overspent);
  CHECK(spent > 0);
}

}  // namespace sluice::daemon
