#include "daemon/router.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <span>
#include <utility>

#include "daemon/allowances.h"
#include "daemon/ceilings.h"
#include "daemon/decisions.h"
#include "daemon/eligibility.h"
#include "daemon/refusal.h"
#include "daemon/request_context.h"
#include "policy/policy.h"
#include "policy/rng.h"

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
constexpr int kHoldAttemptsMax = 16;
constexpr std::uint64_t kAuditStream = 1;  // of RandomBits; arms are drawn from stream 0
// Times in the log rise but for the width of a batch; this is far wider.
constexpr std::uint64_t kDisorderUs = 60ULL * 1000 * 1000;

// In observe mode the caller's arm answers, or the fallback arm where the caller names none.
std::optional<policy::ArmId> BaselineOf(const RouterDefinition& definition,
                                        const RouteRequest& request) {
  if (!definition.options.observe || request.override_arm) return std::nullopt;
  return request.baseline ? definition.arm_ids.at(*request.baseline) : definition.fallback;
}

void WriteDown(const RouteRequest& request, const RouterDefinition& definition,
               DecisionRecord& record) {
  record.request_id = request.request_id;
  record.request_digest = request.body_digest;
  record.session = SessionKey(request.session_id, definition.gram_seed);
  record.tags = request.tags;
  record.plan = request.plan;
  record.active = request.active;
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
  auto encoded = ContextOf(router, request);
  if (auto* problem = std::get_if<Problem>(&encoded)) return std::move(*problem);
  auto& context = std::get<policy::EncodedContext>(encoded);
  const Terms terms = TermsOf(definition, request);
  const Narrowed narrowed{.router = router,
                          .request = request,
                          .context = context.context,
                          .terms = terms,
                          .scope = definition.ScopeOf(request.plan),
                          .now_us = parts_.clock(),
                          .baseline = BaselineOf(definition, request)};
  const std::uint64_t sequence = sequences_[definition.id].fetch_add(1, std::memory_order_relaxed);
  const std::uint64_t tick = ticks_[definition.id].fetch_add(1, std::memory_order_relaxed);

  // What may be needed is held before the draw, so that the draw decides nothing about it. Another
  // request may take the last dollars meanwhile: then it is looked at again.
  Ceilings ceilings(router, narrowed.scope, narrowed.now_us);
  std::optional<Eligible> eligible;
  NanoUsd held = 0;
  for (int attempts = 0; !eligible; ++attempts) {
    if (attempts == kHoldAttemptsMax) {
      return Refusal(503, "Busy", "too many requests ask for the last dollars under a ceiling");
    }
    auto found = Narrow(narrowed);
    if (auto* problem = std::get_if<Problem>(&found)) return std::move(*problem);
    if (Hold(narrowed, std::get<Eligible>(found), ceilings, held)) {
      eligible = std::get<Eligible>(found);
    }
  }
  Chosen chosen = ChooseFrom(narrowed, *eligible, {definition.options.seed, sequence}, tick);
  if (ceilings.any()) {
    const policy::ArmId answering = narrowed.baseline.value_or(chosen.decision.arm);
    const NanoUsd worst = std::min(ToNano(WorstCostUsd(narrowed, answering)), held);
    ceilings.Release(held - worst);
    chosen.record.reserved_usd = ToUsd(worst);
  }
  chosen.record.time_us = narrowed.now_us;
  chosen.record.sequence = sequence;
  chosen.record.tick = tick;
  chosen.record.policy_version = version;
  return Finish(narrowed, context, std::move(chosen));
}

// The record with an id, to the log, and the answer.
RouteAnswer Router::Finish(const Narrowed& narrowed, policy::EncodedContext& context,
                           Chosen chosen) {
  const RouterView& router = narrowed.router;
  const RouterDefinition& definition = *router.definition;
  DecisionRecord& record = chosen.record;
  record.id = parts_.ids.Next(record.time_us);
  record.audit = policy::RandomUniform(definition.options.seed, record.sequence, kAuditStream) <
                 definition.options.feedback.audit_rate;
  WriteDown(narrowed.request, definition, record);
  if (narrowed.baseline) Observe(definition, *narrowed.baseline, record);
  record.map_version = context.map_version;
  RouteAnswer answer = AnswerOf(definition, record, narrowed.request.explain);
  const api::Reason reason = answer.reason;
  record.context.assign(context.context.data(), context.context.data() + context.context.size());
  record.features = std::move(context.kept);
  const Refused refused{.id = record.id,
                        .tick = record.tick,
                        .policy_version = record.policy_version,
                        .baseline = narrowed.baseline,
                        .held = ToNano(record.reserved_usd),
                        .slack_change = chosen.decision.slack_change};
  if (!parts_.store.AppendDecision(std::move(record))) {
    return Unlogged(narrowed, chosen.eligible, refused);
  }
  Count(chosen.decision, reason, *router.counters);
  return answer;
}

// The log takes nothing now: answer all the same, without exploring what cannot be learnt from.
RouteAnswer Router::Unlogged(const Narrowed& narrowed, const Eligible& eligible,
                             const Refused& refused) {
  const RouterDefinition& definition = *narrowed.router.definition;
  const Weights weights = WeightsOf(narrowed);
  policy::ExplorationBounds bounds;
  bounds.new_arms = narrowed.router.new_arms;
  bounds.new_arm_share = definition.options.new_arm_share_max;
  GuardSlack slack(narrowed.router);
  slack.Change(-refused.slack_change);
  const policy::Situation situation =
      SituationOf(narrowed, eligible, refused.tick, bounds, slack.left());
  policy::Decision decision =
      policy::ChooseGreedy(definition.policy, *narrowed.router.posterior, situation);
  FallBackIfUnknown(definition, eligible.arms, decision);
  slack.Change(decision.slack_change);
  DecisionRecord record = RecordOf(definition, decision, eligible);
  record.id = refused.id;
  record.policy_version = refused.policy_version;
  record.cost_weight = weights.cost;
  record.latency_weight = weights.latency;
  if (refused.baseline) Observe(definition, *refused.baseline, record);
  Ceilings ceilings(narrowed.router, narrowed.scope, narrowed.now_us);
  if (ceilings.any()) {
    ceilings.NeverLogged(refused.held, ToNano(WorstCostUsd(narrowed, record.arm)));
  }
  RouteAnswer answer = AnswerOf(definition, record, narrowed.request.explain);
  answer.logged = false;
  narrowed.router.counters->not_logged.fetch_add(1, std::memory_order_relaxed);
  Count(decision, answer.reason, *narrowed.router.counters);
  return answer;
}

Router::Weights Router::WeightsOf(const Narrowed& narrowed) {
  return {.cost = narrowed.router.scopes[narrowed.scope].cost_weight,
          .latency = narrowed.router.definition->scopes[narrowed.scope].objective.latency_weight};
}

policy::Situation Router::SituationOf(const Narrowed& narrowed, const Eligible& eligible,
                                      std::uint64_t tick, const policy::ExplorationBounds& bounds,
                                      double slack) {
  const RouterView& router = narrowed.router;
  const RouterDefinition& definition = *router.definition;
  const Weights weights = WeightsOf(narrowed);
  policy::Situation situation{.context = &narrowed.context,
                              .eligible = eligible.arms,
                              .terms = narrowed.terms,
                              .tick = tick,
                              .cost_weight = weights.cost,
                              .latency_weight = weights.latency,
                              .bounds = bounds,
                              .guard = {},
                              .ruled = {},
                              .premium = {}};
  if (definition.policy.kind == policy::PolicyKind::kRules && narrowed.request.text) {
    situation.ruled = definition.rules.FirstMatch(*narrowed.request.text);
  }
  if (definition.guard) {
    situation.guard = policy::BaselineGuard{
        .arm = *definition.guard, .slack = slack, .tolerance = definition.options.guard_tolerance};
  }
  const bool near = (eligible.notes & BitOf(Note::kNearCeiling)) != 0;
  if (router.scopes[narrowed.scope].in_credit && !near) situation.premium = definition.premium;
  return situation;
}

Router::Chosen Router::ChooseFrom(const Narrowed& narrowed, const Eligible& eligible,
                                  const policy::DrawKey& key, std::uint64_t tick) {
  const RouterView& router = narrowed.router;
  const RouterDefinition& definition = *router.definition;
  const Weights weights = WeightsOf(narrowed);
  Chosen chosen{.eligible = eligible, .decision = {}, .record = {}};
  const Allowance allowance = AllowanceOf(narrowed, tick);
  chosen.eligible.notes |= allowance.notes;
  if (!(router.new_arms & eligible.arms).Empty()) {
    chosen.eligible.notes |= BitOf(Note::kNewArmBound);
  }
  GuardSlack slack(router);
  const policy::Situation situation =
      SituationOf(narrowed, eligible, tick, allowance.bounds, slack.left());
  chosen.decision = policy::Choose(definition.policy, *router.posterior, situation, key);
  const double used = std::max(0.0, chosen.decision.exploration - allowance.floor);
  Tokens(narrowed).GiveBack(allowance.tokens - used);
  FallBackIfUnknown(definition, eligible.arms, chosen.decision);
  slack.Change(chosen.decision.slack_change);
  chosen.record = RecordOf(definition, chosen.decision, chosen.eligible);
  chosen.record.cost_weight = weights.cost;
  chosen.record.latency_weight = weights.latency;
  return chosen;
}

// How much may be explored, by the cap in force, what the budget can pay for, and the tokens left.
Router::Allowance Router::AllowanceOf(const Narrowed& narrowed, std::uint64_t tick) {
  const RouterView& router = narrowed.router;
  const RouterDefinition& definition = *router.definition;
  const ScopeView& scope = router.scopes[narrowed.scope];
  Allowance allowance;
  const policy::ExplorationOptions& exploration = definition.policy.exploration;
  const bool capped = exploration.mode == policy::ExplorationMode::kCap;
  allowance.bounds.cap = router.exploration_cap;
  const double alarm_cap = definition.options.alarm.exploration_cap;
  if (capped && tick < router.alarm_until_tick && alarm_cap > router.exploration_cap) {
    allowance.bounds.cap = alarm_cap;
    allowance.notes |= BitOf(Note::kAlarmCap);
  }
  allowance.bounds.sought = scope.sought;
  allowance.bounds.scale = scope.exploration_scale;
  if (scope.exploration_scale < 1) allowance.notes |= BitOf(Note::kNoSupport);
  allowance.bounds.new_arms = router.new_arms;
  allowance.bounds.new_arm_share = definition.options.new_arm_share_max;
  Tokens tokens(narrowed);
  if (!tokens.limited()) return allowance;
  allowance.floor = capped ? exploration.floor : 0;
  const double most = capped ? allowance.bounds.cap : 1;
  allowance.tokens = tokens.Take(most - allowance.floor);
  allowance.bounds.allowance = allowance.floor + allowance.tokens;
  return allowance;
}

// Holds back the most that the request may cost. False: somebody else was faster, and it is worth
// looking again.
bool Router::Hold(const Narrowed& narrowed, const Eligible& eligible, Ceilings& ceilings,
                  NanoUsd& held) {
  if (!ceilings.any()) return true;
  held = 0;
  policy::ArmSet answering = eligible.arms;
  if (narrowed.baseline) {
    answering = policy::ArmSet();
    answering.Add(*narrowed.baseline);
  }
  for (const policy::ArmId arm : answering) {
    held = std::max(held, ToNano(WorstCostUsd(narrowed, arm)));
  }
  if (!narrowed.baseline) {
    return ceilings.TryHold(held, (eligible.notes & BitOf(Note::kAtCeiling)) != 0);
  }
  // What observing answers is not refused.
  ceilings.Hold(held);
  return true;
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
  for (std::size_t i = 0; i < report.routers.size(); ++i) {
    const std::uint64_t next = report.routers[i].tally.sequence_next;
    sequences_[i].store(next == 0 ? 0 : next + kSequencesSkipped, std::memory_order_relaxed);
    ticks_[i].store(report.routers[i].tally.tick_next, std::memory_order_relaxed);
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
