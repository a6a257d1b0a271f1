#include "sim/experiment.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "daemon/ids.h"
#include "daemon/learner.h"
#include "daemon/metrics.h"
#include "daemon/roster.h"
#include "daemon/router.h"
#include "daemon/snapshot.h"
#include "sim/feedback_queue.h"
#include "store/store.h"

namespace sluice::sim {
namespace {

constexpr std::size_t kReaders = 1;
constexpr std::uint64_t kStartUs = 1'735'689'600'000'000;  // 2025-01-01T00:00:00Z
constexpr std::uint64_t kStepUs = 1'000;                   // from one request to the next
constexpr std::uint16_t kNode = 1;
constexpr std::uint64_t kIdSeed = 1;

// The daemon's parts, put together without threads, disk or sockets.
class Bench {
 public:
  explicit Bench(const config::RouterOptions& options)
      : store_(store::MakeMemoryStore()),
        metrics_(kReaders),
        board_(kReaders),
        ids_(kNode, kIdSeed),
        learner_(*store_, board_, metrics_, config::LearnerOptions{}, [this] { return now_us_; }),
        router_({.store = *store_,
                 .board = board_,
                 .learner = learner_,
                 .metrics = metrics_,
                 .ids = ids_,
                 .clock = [this] { return now_us_; },
                 .node = kNode}),
        options_(options) {}

  // What went wrong, if anything; so in all that follows.
  std::optional<std::string> Start() {
    auto record = daemon::MakeRecord(options_, 0, nullptr);
    if (!record) return record.error().message;
    record->time_us = now_us_;
    if (const auto appended = store_->AppendRouter(*record); !appended) {
      return appended.error().message;
    }
    if (const auto done = learner_.Recover(); !done) return done.error().message;
    if (const auto done = router_.Recover(); !done) return done.error().message;
    return std::nullopt;
  }

  std::variant<api::RouteAnswer, std::string> Route(const Task& task) {
    now_us_ += kStepUs;
    api::RouteRequest request;
    request.router = options_.name;
    if (options_.context.source == policy::ContextSource::kText) {
      request.text = task.text;
    } else {
      request.embedding = task.embedding;
    }
    auto reply = router_.Route(request, 0);
    if (auto* answer = std::get_if<api::RouteAnswer>(&reply)) return std::move(*answer);
    return std::get<api::Problem>(reply).detail;
  }

  std::optional<std::string> Report(const Outstanding& due, const Outcome& outcome) {
    api::FeedbackEvent event;
    event.decision_id = due.decision_id;
    event.event_id = due.event_id();
    event.reward = outcome.reward;
    event.cost_usd = outcome.cost_usd;
    std::optional<std::string> problem = "the feedback was not answered";
    router_.Feedback({std::move(event)}, 0,
                     [&problem](const api::FeedbackReply& reply) { problem = Refusal(reply); });
    return problem;
  }

  std::optional<std::string> Learn() {
    const auto folded = learner_.Step();
    return folded ? std::nullopt : std::optional(folded.error().message);
  }

 private:
  static std::optional<std::string> Refusal(const api::FeedbackReply& reply) {
    if (const auto* problem = std::get_if<api::Problem>(&reply)) return problem->detail;
    const auto& answer = std::get<api::FeedbackAnswer>(reply);
    if (!answer.rejected.empty()) return answer.rejected.front().problem.detail;
    return std::nullopt;
  }

  std::uint64_t now_us_ = kStartUs;
  std::unique_ptr<store::Store> store_;
  daemon::Metrics metrics_;
  daemon::SnapshotBoard board_;
  daemon::IdSource ids_;
  daemon::Learner learner_;
  daemon::Router router_;
  const config::RouterOptions options_;
};

std::optional<std::int32_t> ArmOf(const Environment& environment, const std::string& name) {
  for (std::size_t a = 0; a < environment.arms.size(); ++a) {
    if (environment.arms[a].name == name) return static_cast<std::int32_t>(a);
  }
  return std::nullopt;
}

}  // namespace

RouterFacts FactsOf(const config::RouterOptions& router) {
  RouterFacts facts;
  facts.name = router.name;
  facts.policy = policy::PolicyKindName(router.policy.kind);
  facts.cost_weight = router.policy.cost_weight;
  facts.source = router.context.source;
  facts.embedding_dimension =
      facts.source == policy::ContextSource::kEmbedding ? router.context.dimension : 0;
  for (const config::ArmOptions& arm : router.arms) {
    facts.arms.push_back({arm.name, arm.model, arm.tier, arm.price_input_per_million_usd,
                          arm.price_output_per_million_usd});
  }
  return facts;
}

std::variant<Choices, std::string> RunExperiment(const Environment& environment,
                                                 const ExperimentOptions& options,
                                                 Progress& progress) {
  Bench bench(options.router);
  if (auto problem = bench.Start()) return *problem;
  FeedbackQueue queue(options.feedback_delay);
  Choices choices;
  const auto report = [&](const Outstanding& due) {
    return bench.Report(due,
                        environment.tasks[due.task].outcomes[static_cast<std::size_t>(due.arm)]);
  };
  for (std::size_t i = 0; i < environment.tasks.size(); ++i) {
    auto reply = bench.Route(environment.tasks[i]);
    if (auto* problem = std::get_if<std::string>(&reply)) return *problem;
    const auto& answer = std::get<api::RouteAnswer>(reply);
    const auto arm = ArmOf(environment, answer.arm);
    if (!arm) return "the router chose an arm that is not paired: " + answer.arm;
    choices.push_back(*arm);
    if (const auto due = queue.Answered({i, *arm, answer.decision_id})) {
      if (auto problem = report(*due)) return *problem;
    }
    if (auto problem = bench.Learn()) return *problem;
    progress.Add();
  }
  while (const auto due = queue.Next()) {
    if (auto problem = report(*due)) return *problem;
  }
  if (auto problem = bench.Learn()) return *problem;
  return choices;
}

}  // namespace sluice::sim
