// Feedback: events to outcome records, records to the log, results to the sender.
#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "daemon/lessons.h"
#include "daemon/refusal.h"
#include "daemon/router.h"

namespace sluice::daemon {

namespace {

using api::FeedbackAnswer;
using api::FeedbackEvent;
using api::Problem;
using store::Appended;
using store::OutcomeRecord;

Problem UnknownDecision(const std::string& pointer) {
  return Refusal(404, "Unknown decision", "no such decision is in the log", pointer);
}

Problem Unavailable() {
  return Refusal(503, "Feedback unavailable",
                 "the event log cannot take events now; send them again");
}

// What the log's answer means to the sender; never called for what was accepted or a duplicate.
Problem RefusalOf(Appended appended) {
  switch (appended) {
    case Appended::kUnknown:
      return UnknownDecision("/decision_id");
    case Appended::kConflict:
      return Refusal(409, "Conflict", "an event with this event_id and source says something else",
                     "/event_id");
    case Appended::kTooMany:
      return Refusal(
          422, "Too many events",
          "the decision already has " + std::to_string(store::kOutcomesPerDecisionMax) + " events",
          "/decision_id");
    default:
      return Unavailable();
  }
}

void CopySignals(const FeedbackEvent& event, OutcomeRecord& record) {
  record.reward = event.reward;
  if (event.thumb) record.thumb = static_cast<std::int8_t>(*event.thumb);
  record.score = event.score;
  record.task_success = event.task_success;
  record.regenerated = event.regenerated;
  record.cost_usd = event.cost_usd;
  record.latency_ms = event.latency_ms;
  record.input_tokens = event.input_tokens;
  record.cached_input_tokens = event.cached_input_tokens;
  record.output_tokens = event.output_tokens;
  record.reasoning_tokens = event.reasoning_tokens;
  if (event.status) record.status = static_cast<std::uint16_t>(*event.status);
}

// One feedback call on its way through the committer.
struct Call {
  FeedbackAnswer answer;
  std::vector<std::size_t> indices;  // of the events that went to the store
  api::FeedbackDone done;
  std::chrono::steady_clock::time_point started;
};

void TakeResults(Call& call, const std::vector<Appended>& results) {
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (results[i] == Appended::kAccepted) {
      ++call.answer.accepted;
    } else if (results[i] == Appended::kDuplicate) {
      ++call.answer.duplicates;
    } else {
      call.answer.rejected.push_back({call.indices[i], RefusalOf(results[i])});
    }
  }
  std::sort(call.answer.rejected.begin(), call.answer.rejected.end(),
            [](const auto& a, const auto& b) { return a.index < b.index; });
}

}  // namespace

std::variant<store::DecisionId, Problem> Router::DecisionOf(const FeedbackEvent& event,
                                                            const Snapshot* snapshot) {
  std::string text = event.decision_id;
  if (text.empty()) {
    const RouterView* router = snapshot ? snapshot->Find(event.router) : nullptr;
    if (router == nullptr) return UnknownDecision("/router");
    auto known = request_ids_[router->definition->id].DecisionOf(event.request_id, parts_.clock());
    if (!known) return UnknownDecision("/request_id");
    text = *std::move(known);
  }
  const auto id = ParseId(text);
  if (!id) {
    return Refusal(422, "Wrong id", "a decision_id is a UUID as the route answer gave it",
                   "/decision_id");
  }
  if (NodeOf(*id) != parts_.node) {
    return Refusal(421, "Another node's decision",
                   "the decision was made by node " + std::to_string(NodeOf(*id)) +
                       "; this is node " + std::to_string(parts_.node),
                   "/decision_id");
  }
  return *id;
}

// Whether the decision's router has it; while the decision waits to be written, whether any has.
bool Router::AnyRouterOf(const store::DecisionId& decision, const Snapshot* snapshot,
                         const std::function<bool(const RouterDefinition&)>& has_it) const {
  if (snapshot == nullptr) return false;
  const auto found = parts_.store.FindDecision(decision);
  if (found.ok() && found->has_value() && (*found)->decision.router < snapshot->routers.size()) {
    return has_it(*snapshot->routers[(*found)->decision.router].definition);
  }
  return std::any_of(snapshot->routers.begin(), snapshot->routers.end(),
                     [&](const RouterView& router) { return has_it(*router.definition); });
}

bool Router::KnowsArm(const store::DecisionId& decision, const std::string& name,
                      const Snapshot* snapshot) const {
  return AnyRouterOf(decision, snapshot, [&](const RouterDefinition& definition) {
    return definition.arm_ids.contains(name);
  });
}

bool Router::KnowsSource(const store::DecisionId& decision, const std::string& name,
                         const Snapshot* snapshot) const {
  if (name == "user" || name == "judge" || name == "gateway") return true;
  return name != store::kTimerSource &&
         AnyRouterOf(decision, snapshot, [&](const RouterDefinition& definition) {
           return definition.sources.contains(name);
         });
}

std::variant<OutcomeRecord, Problem> Router::OutcomeOf(const api::FeedbackItem& item,
                                                       const Snapshot* snapshot) {
  if (const auto* problem = std::get_if<Problem>(&item)) return *problem;
  const auto& event = std::get<FeedbackEvent>(item);
  auto decision = DecisionOf(event, snapshot);
  if (auto* problem = std::get_if<Problem>(&decision)) return std::move(*problem);
  OutcomeRecord record;
  record.decision = std::get<store::DecisionId>(decision);
  if (event.served_arm && !KnowsArm(record.decision, *event.served_arm, snapshot)) {
    return Refusal(404, "Unknown arm", "the decision's router has no arm of this name",
                   "/served_arm");
  }
  if (!KnowsSource(record.decision, event.source, snapshot)) {
    return Refusal(422, "Unknown source",
                   "user, judge, gateway, or a source that the router's configuration names",
                   "/source");
  }
  record.event_id = event.event_id;
  record.source = event.source;
  record.seq = event.seq;
  record.revoked = event.revoked;
  record.activate = event.activate;
  record.received_us = parts_.clock();
  record.occurred_us = event.occurred_us;
  record.served_arm = event.served_arm.value_or("");
  CopySignals(event, record);
  return record;
}

void Router::CountFeedback(const FeedbackAnswer& answer) {
  parts_.metrics.FeedbackAccepted(answer.accepted);
  parts_.metrics.FeedbackDuplicate(answer.duplicates);
  for (const auto& rejection : answer.rejected) {
    parts_.metrics.FeedbackRejected(rejection.problem.status);
  }
}

void Router::Feedback(std::vector<api::FeedbackItem> items, std::size_t /*reader*/,
                      api::FeedbackDone done) {
  auto call = std::make_shared<Call>();
  call->done = std::move(done);
  call->started = std::chrono::steady_clock::now();
  const auto snapshot = parts_.board.Latest();
  std::vector<OutcomeRecord> records;
  for (std::size_t i = 0; i < items.size(); ++i) {
    auto outcome = OutcomeOf(items[i], snapshot.get());
    if (auto* problem = std::get_if<Problem>(&outcome)) {
      call->answer.rejected.push_back({i, std::move(*problem)});
      continue;
    }
    records.push_back(std::get<OutcomeRecord>(std::move(outcome)));
    call->indices.push_back(i);
  }
  const auto finish = [this, call](const std::vector<Appended>& results) {
    TakeResults(*call, results);
    CountFeedback(call->answer);
    parts_.metrics.FeedbackAnswered(std::chrono::steady_clock::now() - call->started);
    call->done(std::move(call->answer));
  };
  if (records.empty()) return finish({});
  if (parts_.store.AppendOutcomes(std::move(records), finish)) return;
  for (std::size_t i = 0; i < items.size(); ++i) parts_.metrics.FeedbackRejected(503);
  call->done(Unavailable());
}

}  // namespace sluice::daemon
