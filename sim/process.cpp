#include "sim/process.h"

#include <algorithm>
#include <utility>

#include "daemon/changes.h"
#include "daemon/ids.h"
#include "daemon/metrics.h"
#include "daemon/roster.h"

namespace sluice::sim {
namespace {

constexpr std::size_t kReaders = 1;
constexpr std::uint64_t kStartUs = 1'735'689'600'000'000;  // 2025-01-01T00:00:00Z
constexpr std::uint64_t kStepUs = 1'000;                   // from one request to the next
constexpr std::uint16_t kNode = 1;
constexpr std::uint64_t kIdSeed = 1;
// A daemon draws a secret; here the same options make the same contexts.
constexpr std::uint32_t kGramSeed = 1;

std::optional<std::string> Refusal(const api::FeedbackReply& reply) {
  if (const auto* problem = std::get_if<api::Problem>(&reply)) return problem->detail;
  const auto& answer = std::get<api::FeedbackAnswer>(reply);
  if (!answer.rejected.empty()) return answer.rejected.front().problem.detail;
  return std::nullopt;
}

}  // namespace

struct Process::Running {
  Running(store::Store& store, const daemon::Clock& clock, const policy::EncodingMemory* memory)
      : metrics(kReaders),
        board(kReaders),
        ids(kNode, kIdSeed),
        learner(store, board, metrics, config::LearnerOptions{}, clock, memory),
        changes({.store = store,
                 .board = board,
                 .learner = learner,
                 .clock = clock,
                 .wait_folded = [this]() -> store::Result<store::Done> {
                   if (const auto folded = learner.Step(); !folded) return folded.error();
                   return store::Done{};
                 }}),
        router({.store = store,
                .board = board,
                .learner = learner,
                .metrics = metrics,
                .ids = ids,
                .clock = clock,
                .node = kNode,
                .changes = &changes}) {}

  daemon::Metrics metrics;
  daemon::SnapshotBoard board;
  daemon::IdSource ids;
  daemon::Learner learner;
  daemon::Changes changes;
  daemon::Router router;
};

std::uint32_t GramSeedOf(const config::RouterOptions& router) {
  return router.context.gram_seed == 0 ? kGramSeed : router.context.gram_seed;
}

Process::Process(const config::RouterOptions& router, const policy::EncodingMemory* memory)
    : Process(std::vector<config::RouterOptions>{router}, memory) {}

Process::Process(std::vector<config::RouterOptions> routers, const policy::EncodingMemory* memory)
    : now_us_(kStartUs),
      options_(std::move(routers)),
      memory_(memory),
      store_(store::MakeMemoryStore()),
      running_(std::make_unique<Running>(
          *store_, [this] { return now_us_; }, memory)) {}

Process::~Process() = default;

std::optional<std::string> Process::Start(const daemon::WarmStartFile* warm) {
  for (std::size_t id = 0; id < options_.size(); ++id) {
    auto record =
        daemon::MakeRecord(options_[id], static_cast<std::uint32_t>(id), nullptr, kGramSeed);
    if (!record) return record.error().message;
    const auto made = daemon::MakeDefinition(*record);
    if (!made) return made.error().message;
    const auto started = warm != nullptr ? daemon::AddWarmStarts(**made, nullptr, *warm, *record)
                                         : daemon::AddWarmStarts(**made, nullptr, *record);
    if (!started) return started.error().message;
    record->time_us = now_us_;
    if (const auto appended = store_->AppendRouter(*record); !appended) {
      return appended.error().message;
    }
  }
  return Recover();
}

std::optional<std::string> Process::Recover() {
  if (const auto done = running_->learner.Recover(); !done) return done.error().message;
  if (const auto done = running_->router.Recover(); !done) return done.error().message;
  return std::nullopt;
}

std::variant<api::RouteAnswer, std::string> Process::Route(const Task& task,
                                                           const std::string& only_arm,
                                                           std::size_t router) {
  now_us_ += kStepUs;
  const config::RouterOptions& options = options_[router];
  api::RouteRequest request;
  request.router = options.name;
  if (options.context.source == policy::ContextSource::kText) {
    request.text = task.text;
  } else {
    request.embedding = task.embedding;
  }
  request.explain = explain_;
  if (!only_arm.empty()) request.allow = {only_arm};
  auto reply = running_->router.Route(request, 0);
  if (auto* answer = std::get_if<api::RouteAnswer>(&reply)) return std::move(*answer);
  return std::get<api::Problem>(reply).detail;
}

std::optional<std::string> Process::Report(const Outstanding& due, const Outcome& outcome) {
  api::FeedbackEvent event;
  event.decision_id = due.decision_id;
  event.event_id = due.event_id();
  event.reward = outcome.reward;
  event.cost_usd = outcome.cost_usd;
  return Report(std::move(event));
}

std::optional<std::string> Process::Report(api::FeedbackEvent event) {
  std::optional<std::string> problem = "the feedback was not answered";
  running_->router.Feedback({std::move(event)}, 0, [&problem](const api::FeedbackReply& reply) {
    problem = Refusal(reply);
  });
  return problem;
}

std::optional<std::string> Process::Learn() {
  const auto folded = running_->learner.Step();
  return folded ? std::nullopt : std::optional(folded.error().message);
}

std::optional<std::string> Process::Change(const config::RouterOptions& router) {
  std::vector<config::RouterOptions> options = options_;
  *std::ranges::find(options, router.name, &config::RouterOptions::name) = router;
  const auto applied = running_->changes.Apply(options);
  if (!applied) return applied.error().message;
  options_ = std::move(options);
  return std::nullopt;
}

std::optional<std::string> Process::Checkpoint() {
  const auto saved = running_->learner.SaveCheckpoint();
  return saved ? std::nullopt : std::optional(saved.error().message);
}

std::optional<std::string> Process::Restart() {
  running_.reset();
  running_ = std::make_unique<Running>(
      *store_, [this] { return now_us_; }, memory_);
  return Recover();
}

const daemon::Learner& Process::learner() const {
  return running_->learner;
}

const daemon::SnapshotBoard& Process::board() const {
  return running_->board;
}

}  // namespace sluice::sim
