#include "daemon/router.h"

#include <chrono>
#include <optional>
#include <span>
#include <utility>

#include "daemon/decisions.h"
#include "daemon/eligibility.h"
#include "daemon/refusal.h"
#include "policy/policy.h"

namespace sluice::daemon {

namespace {

using api::Problem;
using api::RouteAnswer;
using api::RouteReply;
using api::RouteRequest;
using store::DecisionRecord;

// A kill may lose decisions that were answered and still queued, a power cut those not yet synced;
// their sequence numbers are skipped so that no draw is used twice. Twice the largest queue.
constexpr std::uint64_t kSequencesSkipped = 1 << 21;
constexpr std::size_t kReadMax = 1024;
// Times in the log rise but for the width of a batch; this is far wider.
constexpr std::uint64_t kDisorderUs = 60ULL * 1000 * 1000;

// Raw values of the declared features, or which one was not declared.
std::variant<std::vector<double>, Problem> FeaturesOf(const RouterDefinition& definition,
                                                      const RouteRequest& request) {
  const auto& declared = definition.options.context.features;
  std::vector<double> values;
  values.reserve(declared.size());
  for (const auto& feature : declared) values.push_back(feature.absent);
  for (const auto& [name, value] : request.features) {
    std::size_t i = 0;
    while (i < declared.size() && declared[i].name != name) ++i;
    if (i == declared.size()) {
      return Refusal(422, "Unknown feature", "the router's configuration declares no such feature",
                     "/features");
    }
    values[i] = value;
  }
  return values;
}

std::variant<policy::Context, Problem> ContextFromEmbedding(const RouterDefinition& definition,
                                                            const RouteRequest& request,
                                                            std::span<const double> features) {
  if (!request.embedding) {
    return Refusal(422, "Wrong input", "this router takes `embedding`; nothing else is read");
  }
  const std::size_t dimension = definition.options.context.dimension;
  if (request.embedding->size() != dimension) {
    return Refusal(422, "Wrong dimension",
                   "this router takes embeddings of dimension " + std::to_string(dimension) +
                       ", this one has " + std::to_string(request.embedding->size()),
                   "/embedding");
  }
  auto context = definition.context.FromEmbedding(*request.embedding, features);
  if (!context) {
    return Refusal(422, "Wrong input", "the embedding is all zeros, so it has no direction",
                   "/embedding");
  }
  return *std::move(context);
}

std::variant<policy::Context, Problem> ContextOf(const RouterDefinition& definition,
                                                 const RouteRequest& request) {
  auto features = FeaturesOf(definition, request);
  if (auto* problem = std::get_if<Problem>(&features)) return std::move(*problem);
  const auto& values = std::get<std::vector<double>>(features);
  if (definition.options.context.source == policy::ContextSource::kEmbedding) {
    return ContextFromEmbedding(definition, request, values);
  }
  if (!request.text) {
    return Refusal(422, "Wrong input",
                   "this router encodes text: send `query` or `messages`; it takes no embedding");
  }
  return definition.context.FromText(*request.text, values);
}

void WriteDown(const RouteRequest& request, const RouterDefinition& definition,
               DecisionRecord& record) {
  record.request_id = request.request_id;
  record.request_digest = request.body_digest;
  record.tags = request.tags;
  if (request.baseline) record.baseline_arm = definition.arm_ids.at(*request.baseline);
}

void Count(const policy::Decision& decision, api::Reason reason, RouterCounters& counters) {
  const auto row = static_cast<std::size_t>(reason);
  counters.decisions[decision.arm][row].fetch_add(1, std::memory_order_relaxed);
  const double q32 = decision.exploration * static_cast<double>(policy::kProbabilityOne);
  counters.exploration_expected_q32.fetch_add(static_cast<std::uint64_t>(q32),
                                              std::memory_order_relaxed);
  if (decision.arm == decision.greedy_arm) return;
  counters.explored.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

Router::Router(Parts parts) : parts_(std::move(parts)) {}

RouteReply Router::Route(const RouteRequest& request, std::size_t reader) {
  const auto started = std::chrono::steady_clock::now();
  RouteReply reply = Answer(request, reader);
  if (const auto* problem = std::get_if<Problem>(&reply)) {
    parts_.metrics.RouteRefused(problem->status);
  } else {
    parts_.metrics.RouteServed(reader, std::chrono::steady_clock::now() - started);
  }
  return reply;
}

RouteReply Router::Answer(const RouteRequest& request, std::size_t reader) {
  const Snapshot* snapshot = parts_.board.Current(reader);
  if (snapshot == nullptr) return Refusal(503, "Not ready", "the daemon is still starting");
  const RouterView* router = snapshot->Find(request.router);
  if (router == nullptr || !router->definition->active) {
    return Refusal(404, "Unknown router", "no router of this name is configured", "/router");
  }
  if (request.baseline && !router->definition->arm_ids.contains(*request.baseline)) {
    return Refusal(404, "Unknown arm", "the router has no arm of this name", "/baseline");
  }
  const auto decide = [&] { return Decide(*router, snapshot->position, request); };
  if (request.request_id.empty()) return decide();
  return request_ids_[router->definition->id].FindOrDecide(
      {request.request_id, request.body_digest, parts_.clock()}, decide);
}

// Context, eligible arms, choice, log, answer. The draw is keyed by the decision's sequence number.
RouteReply Router::Decide(const RouterView& router, store::Position version,
                          const RouteRequest& request) {
  const RouterDefinition& definition = *router.definition;
  auto encoded = ContextOf(definition, request);
  if (auto* problem = std::get_if<Problem>(&encoded)) return std::move(*problem);
  const auto& context = std::get<policy::Context>(encoded);
  const Terms terms = TermsOf(definition, request);
  auto narrowed = Narrow(router, request, context, terms);
  if (auto* problem = std::get_if<Problem>(&narrowed)) return std::move(*problem);
  const auto& eligible = std::get<Eligible>(narrowed);

  const policy::Situation situation{.context = &context, .eligible = eligible.arms, .terms = terms};
  const policy::DrawKey key{
      .seed = definition.options.seed,
      .sequence = sequences_[definition.id].fetch_add(1, std::memory_order_relaxed)};
  const auto finish = [&](const policy::Decision& decision) {
    DecisionRecord record = RecordOf(definition, decision, eligible);
    record.time_us = parts_.clock();
    record.id = parts_.ids.Next(record.time_us);
    record.sequence = key.sequence;
    record.policy_version = version;
    WriteDown(request, definition, record);
    return record;
  };

  policy::Decision decision = policy::Choose(definition.policy, *router.posterior, situation, key);
  FallBackIfUnknown(definition, eligible.arms, decision);
  DecisionRecord record = finish(decision);
  RouteAnswer answer = AnswerOf(definition, record, request.explain);
  record.context.assign(context.data(), context.data() + context.size());
  if (!parts_.store.AppendDecision(std::move(record))) {
    // The log takes nothing now: answer all the same, without exploring what cannot be learnt from.
    decision = policy::ChooseGreedy(definition.policy, *router.posterior, situation);
    FallBackIfUnknown(definition, eligible.arms, decision);
    answer = AnswerOf(definition, finish(decision), request.explain);
    answer.logged = false;
    router.counters->not_logged.fetch_add(1, std::memory_order_relaxed);
  }
  Count(decision, answer.reason, *router.counters);
  return answer;
}

// -- Starting -------------------------------------------------------------------------------------

// The first position whose record is not older than `time_us`, by bisection: times in the log rise
// but for the width of one batch, which the caller's margin covers.
store::Position Router::FirstAfter(std::uint64_t time_us) const {
  store::Position low = 0;
  store::Position high = parts_.store.last_position();
  while (low < high) {
    const store::Position middle = low + (high - low) / 2;
    const auto entry = parts_.store.Read(middle, 1);
    if (!entry.ok() || entry->empty()) return low;
    if (store::TimeOf(entry->front().record) < time_us) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

store::Result<store::Done> Router::Recover() {
  parts_.ids.RaiseTo(parts_.learner.newest_decision());
  const LearnerReport report = parts_.learner.Report();
  for (std::size_t i = 0; i < report.tallies.size(); ++i) {
    const std::uint64_t next = report.tallies[i].sequence_next;
    sequences_[i].store(next == 0 ? 0 : next + kSequencesSkipped, std::memory_order_relaxed);
  }
  const auto snapshot = parts_.board.Latest();
  const std::uint64_t now_us = parts_.clock();
  if (snapshot == nullptr || now_us < RequestIds::kRememberedUs + kDisorderUs) return store::Done{};
  store::Position position = FirstAfter(now_us - RequestIds::kRememberedUs - kDisorderUs);
  while (true) {
    auto entries = parts_.store.Read(position, kReadMax);
    if (!entries.ok()) return entries.error();
    if (entries->empty()) return store::Done{};
    for (const store::LogEntry& entry : *entries) {
      position = entry.position;
      const auto* decision = std::get_if<DecisionRecord>(&entry.record);
      if (decision == nullptr || decision->request_id.empty()) continue;
      if (decision->router >= snapshot->routers.size()) continue;
      const RouterDefinition& definition = *snapshot->routers[decision->router].definition;
      request_ids_[decision->router].Remember(
          {decision->request_id, decision->request_digest, decision->time_us},
          AnswerOf(definition, *decision, /*explain=*/false));
    }
  }
}

}  // namespace sluice::daemon
