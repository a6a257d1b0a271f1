#include "sim/process.h"

#include <utility>

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

Process::Process(const config::RouterOptions& router)
    : now_us_(kStartUs),
      options_(router),
      store_(store::MakeMemoryStore()),
      metrics_(kReaders),
      board_(kReaders),
      ids_(kNode, kIdSeed),
      learner_(*store_, board_, metrics_, config::LearnerOptions{}, [this] { return now_us_; }),
      changes_({.store = *store_,
                .board = board_,
                .learner = learner_,
                .clock = [this] { return now_us_; },
                .wait_folded = [this]() -> store::Result<store::Done> {
                  if (const auto folded = learner_.Step(); !folded) return folded.error();
                  return store::Done{};
                }}),
      router_({.store = *store_,
               .board = board_,
               .learner = learner_,
               .metrics = metrics_,
               .ids = ids_,
               .clock = [this] { return now_us_; },
               .node = kNode,
               .changes = &changes_}) {}

std::optional<std::string> Process::Start() {
  auto record = daemon::MakeRecord(options_, 0, nullptr, kGramSeed);
  if (!record) return record.error().message;
  record->time_us = now_us_;
  if (const auto appended = store_->AppendRouter(*record); !appended) {
    return appended.error().message;
  }
  if (const auto done = learner_.Recover(); !done) return done.error().message;
  if (const auto done = router_.Recover(); !done) return done.error().message;
  return std::nullopt;
}

std::variant<api::RouteAnswer, std::string> Process::Route(const Task& task,
                                                           const std::string& only_arm) {
  now_us_ += kStepUs;
  api::RouteRequest request;
  request.router = options_.name;
  if (options_.context.source == policy::ContextSource::kText) {
    request.text = task.text;
  } else {
    request.embedding = task.embedding;
  }
  if (!only_arm.empty()) request.allow = {only_arm};
  auto reply = router_.Route(request, 0);
  if (auto* answer = std::get_if<api::RouteAnswer>(&reply)) return std::move(*answer);
  return std::get<api::Problem>(reply).detail;
}

std::optional<std::string> Process::Report(const Outstanding& due, const Outcome& outcome) {
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

std::optional<std::string> Process::Learn() {
  const auto folded = learner_.Step();
  return folded ? std::nullopt : std::optional(folded.error().message);
}

std::optional<std::string> Process::Change(const config::RouterOptions& router) {
  const auto applied = changes_.Apply({router});
  if (!applied) return applied.error().message;
  options_ = router;
  return std::nullopt;
}

}  // namespace sluice::sim
