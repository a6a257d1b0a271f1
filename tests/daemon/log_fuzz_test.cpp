// A hundred thousand events in any order, twice, revised, withdrawn, across restarts: the model is
// the same fold of the log, and says what the events say.
#include <algorithm>
#include <map>
#include <tuple>

#include <catch2/catch.hpp>

#include "tests/support/event_log.h"

namespace sluice::daemon {

namespace {

using store::OutcomeRecord;
using tests::LearnerOver;

// A sanitizer looks at the same code ten times as slowly.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr std::size_t kEvents = 10000;
#else
constexpr std::size_t kEvents = 100000;
#endif
constexpr std::size_t kDecisions = kEvents / 4;
constexpr double kDuplicates = 0.3;
constexpr const char* kArms[] = {"economy", "standard", "premium"};
const std::map<std::string, double> kWeights = {
    {"user", 1}, {"judge", 0.7}, {"gateway", 1}, {"survey", 0.4}, {"mute", 0}};

struct Script {
  std::vector<store::DecisionRecord> decisions;
  std::vector<OutcomeRecord> events;     // distinct
  std::vector<std::size_t> decision_of;  // by event
  // What arrives, in order: decisions are numbers below kDecisions, events the rest.
  std::vector<std::size_t> arrivals;
};

void Draw(policy::Rng& rng, OutcomeRecord& event, bool collapsed) {
  const double kind = rng.Uniform();
  if (kind < (collapsed ? 0.7 : 0.4)) {
    event.reward = collapsed ? 0.1 * rng.Uniform() : rng.Uniform();
  } else if (kind < 0.55) {
    event.thumb = static_cast<std::int8_t>(static_cast<int>(rng.Below(3)) - 1);
  } else if (kind < 0.7) {
    event.score = rng.Uniform();
  }
  if (rng.Uniform() < 0.3) event.cost_usd = 1e-3 * std::exp(rng.Normal());
  if (rng.Uniform() < 0.2) {
    event.input_tokens = static_cast<std::uint32_t>(rng.Below(2000));
    event.output_tokens = static_cast<std::uint32_t>(rng.Below(2000));
  }
  if (rng.Uniform() < 0.2) event.latency_ms = 100 + 1000 * rng.Uniform();
  if (rng.Uniform() < 0.07) event.served_arm = kArms[rng.Below(3)];
  if (rng.Uniform() < 0.08) event.revoked = true;
}

OutcomeRecord EventNumber(std::size_t number, const store::DecisionRecord& decision,
                          policy::Rng& rng, bool collapses) {
  OutcomeRecord event;
  event.decision = decision.id;
  event.event_id = "e" + std::to_string(number);
  event.source = std::next(kWeights.begin(), static_cast<long>(rng.Below(kWeights.size())))->first;
  event.seq = static_cast<std::uint32_t>(rng.Below(4));
  event.received_us = decision.time_us + rng.Below(86400) * 1'000'000;
  if (rng.Uniform() < 0.5) event.occurred_us = event.received_us - rng.Below(1000);
  const bool second_half = decision.sequence > kDecisions / 2;
  Draw(rng, event, collapses && second_half && decision.arm == 1);
  if (event.revoked) {
    const OutcomeRecord said = event;
    event = {};
    event.decision = said.decision;
    event.event_id = said.event_id;
    event.source = said.source;
    event.seq = said.seq;
    event.received_us = said.received_us;
    event.revoked = true;
  }
  return event;
}

// Most events come soon after their decision, some at once, some at the very end, and again.
Script MakeScript(std::uint64_t seed, bool collapses) {
  policy::Rng rng(seed);
  Script script;
  std::vector<std::pair<double, std::size_t>> at;
  for (std::size_t i = 0; i < kDecisions; ++i) {
    script.decisions.push_back(tests::DecisionNumber(i, rng));
    if (rng.Uniform() < 0.05) script.decisions.back().learnable = false;
    if (rng.Uniform() < 0.5) script.decisions.back().reserved_usd = 0.01 * rng.Uniform();
    at.emplace_back(static_cast<double>(i), i);
  }
  const auto when = [&](std::size_t decision) {
    const double delay = rng.Uniform();
    const double after = static_cast<double>(decision) + 0.5;
    if (delay < 0.1) return after + 0.4 * rng.Uniform();
    if (delay < 0.2) return static_cast<double>(kDecisions) + rng.Uniform();
    return after + 3000 * rng.Uniform();
  };
  const auto distinct = static_cast<std::size_t>((1 - kDuplicates) * kEvents);
  for (std::size_t i = 0; i < distinct; ++i) {
    const std::size_t decision = rng.Below(kDecisions);
    script.events.push_back(EventNumber(i, script.decisions[decision], rng, collapses));
    script.decision_of.push_back(decision);
    at.emplace_back(when(decision), kDecisions + i);
  }
  for (std::size_t i = distinct; i < kEvents; ++i) {
    const std::size_t again = rng.Below(distinct);
    at.emplace_back(when(script.decision_of[again]), kDecisions + again);
  }
  std::sort(at.begin(), at.end());
  for (const auto& [time, what] : at) script.arrivals.push_back(what);
  return script;
}

void Arrive(store::Store& store, const Script& script, std::size_t what) {
  if (what < kDecisions) {
    REQUIRE(store.AppendDecision(script.decisions[what]));
    return;
  }
  store.AppendOutcomes({script.events[what - kDecisions]}, [](const auto& results) {
    REQUIRE((results.front() == store::Appended::kAccepted ||
             results.front() == store::Appended::kDuplicate));
  });
}

// What operators ask for meanwhile.
void Interfere(store::Store& store, policy::Rng& rng) {
  store::AdminRecord admin;
  admin.operation = static_cast<std::uint8_t>(rng.Below(5));
  const auto operation = static_cast<api::AdminOperation>(admin.operation);
  if (operation == api::AdminOperation::kRollback) admin.target = rng.Below(store.last_position());
  if (operation == api::AdminOperation::kReset) admin.arm = kArms[rng.Below(3)];
  REQUIRE(store.AppendAdmin(admin).ok());
}

struct Lived {
  std::unique_ptr<store::Store> store = store::MakeMemoryStore();
  std::unique_ptr<LearnerOver> learner;
};

// Everything arrives; the learner steps now and then, and now and then another takes its place.
Lived Live(const Script& script, const config::RouterOptions& router, std::uint64_t seed,
           bool interfered) {
  policy::Rng rng(seed, 1);
  Lived lived;
  REQUIRE(lived.store->AppendRouter(*MakeRecord(router, 0, nullptr)).ok());
  lived.learner = std::make_unique<LearnerOver>(*lived.store);
  for (const std::size_t what : script.arrivals) {
    Arrive(*lived.store, script, what);
    if (rng.Uniform() < 0.002) REQUIRE((*lived.learner)->Step().ok());
    if (interfered && rng.Uniform() < 0.0001) Interfere(*lived.store, rng);
    if (rng.Uniform() < 0.0002) REQUIRE((*lived.learner)->SaveCheckpoint().ok());
    if (rng.Uniform() < 0.0001) {
      REQUIRE((*lived.learner)->Step().ok());
      auto next = std::make_unique<LearnerOver>(*lived.store);
      REQUIRE(next->ok);
      REQUIRE(next->SetAsideNothing());
      REQUIRE(((*next)->State() == (*lived.learner)->State()));
      lived.learner = std::move(next);
    }
  }
  REQUIRE((*lived.learner)->Step().ok());
  return lived;
}

// -- What the events say, told without the product's code -----------------------------------------

struct Said {
  bool quality = false;
  double value = 0;
  std::size_t arm = 0;
};

using Order = std::tuple<std::uint32_t, std::uint64_t, std::string>;
Order OrderOf(const OutcomeRecord& event) {
  return {event.seq, event.occurred_us.value_or(event.received_us), event.event_id};
}

Said Hear(const store::DecisionRecord& decision, std::vector<const OutcomeRecord*> events) {
  std::sort(events.begin(), events.end(),
            [](const auto* a, const auto* b) { return OrderOf(*a) < OrderOf(*b); });
  // By source and signal, the last that was said.
  std::map<std::pair<std::string, int>, std::optional<double>> votes;
  std::map<std::string, std::pair<Order, std::string>> served;  // by source
  for (const OutcomeRecord* event : events) {
    if (event->revoked) {
      std::erase_if(votes, [&](const auto& vote) { return vote.first.first == event->source; });
      served.erase(event->source);
      continue;
    }
    if (event->reward) votes[{event->source, 0}] = *event->reward;
    if (event->thumb) {
      votes[{event->source, 1}] =
          *event->thumb == 0 ? std::nullopt : std::optional<double>(*event->thumb > 0 ? 1 : 0);
    }
    if (event->score) votes[{event->source, 2}] = *event->score;
    if (!event->served_arm.empty()) served[event->source] = {OrderOf(*event), event->served_arm};
  }
  Said said;
  said.arm = decision.arm;
  Order latest;
  for (const auto& [source, claim] : served) {
    if (claim.first < latest) continue;
    latest = claim.first;
    said.arm = static_cast<std::size_t>(std::find(kArms, kArms + 3, claim.second) - kArms);
  }
  double weight = 0;
  for (const auto& [key, vote] : votes) {
    if (!vote) continue;
    weight += kWeights.at(key.first);
    said.value += kWeights.at(key.first) * *vote;
  }
  said.quality = weight > 0 && decision.learnable;
  said.value = weight > 0 ? said.value / weight : 0;
  return said;
}

struct Count {
  std::uint64_t labels = 0;
  double sum = 0;
};

std::vector<Count> CountByArm(const Script& script) {
  std::vector<std::vector<const OutcomeRecord*>> of(kDecisions);
  for (std::size_t i = 0; i < script.events.size(); ++i) {
    of[script.decision_of[i]].push_back(&script.events[i]);
  }
  std::vector<Count> counts(3);
  for (std::size_t i = 0; i < kDecisions; ++i) {
    const Said said = Hear(script.decisions[i], of[i]);
    if (!said.quality) continue;
    ++counts[said.arm].labels;
    counts[said.arm].sum += said.value;
  }
  return counts;
}

// What timers say of every decision at the end, whether its cost is known or not.
void GiveUp(store::Store& store, const Script& script) {
  for (const auto& decision : script.decisions) {
    OutcomeRecord record;
    record.decision = decision.id;
    record.source = store::kTimerSource;
    record.event_id = std::string(kSettleEvent) + FormatId(decision.id);
    record.received_us = decision.time_us + 86400ULL * 1'000'000;
    store.AppendOutcomes({record}, [](const auto&) {});
  }
}

// The same decisions and events, each once, all events after all decisions.
void Tidy(store::Store& store, const Script& script) {
  for (const auto& decision : script.decisions) REQUIRE(store.AppendDecision(decision));
  std::vector<std::size_t> order(script.events.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return script.decision_of[a] < script.decision_of[b];
  });
  for (const std::size_t event : order) Arrive(store, script, kDecisions + event);
  GiveUp(store, script);
}

std::uint64_t Alarms(Learner& learner) {
  std::uint64_t alarms = 0;
  const LearnerReport report = learner.Report();
  for (const std::uint64_t count : report.routers.at(0).alarms) alarms += count;
  return alarms;
}

}  // namespace

TEST_CASE("a shuffled log with duplicates and restarts is learnt once and exactly") {
  const std::uint64_t half_life = GENERATE(0, 5000);
  const std::uint64_t seed = 11;
  CAPTURE(seed, half_life);
  config::RouterOptions router = tests::SmallRouter();
  router.prior.half_life = half_life;
  router.prior.drift.threshold = 60;  // the detector watches, and nothing here looks like drift
  const Script script = MakeScript(seed, /*collapses=*/false);
  Lived lived = Live(script, router, seed, /*interfered=*/false);
  Learner& learner = **lived.learner;
  GiveUp(*lived.store, script);
  REQUIRE(learner.Step().ok());
  REQUIRE(Alarms(learner) == 0);

  // (a) The same log from nothing.
  CHECK((tests::FoldedFromNothing(*lived.store) == learner.State()));

  // (b) The same events in order, each once.
  const auto tidy = store::MakeMemoryStore();
  REQUIRE(tidy->AppendRouter(*MakeRecord(router, 0, nullptr)).ok());
  Tidy(*tidy, script);
  LearnerOver other(*tidy);
  REQUIRE(other.ok);
  REQUIRE(Alarms(*other) == 0);
  const auto options = lived.learner->board().Latest()->routers[0].definition->model;
  for (policy::ArmId arm = 0; arm < 3; ++arm) {
    CAPTURE(arm);
    CHECK(tests::Distance(tests::ThetasOf(learner, options, arm),
                          tests::ThetasOf(*other, options, arm)) < 1e-12);
  }

  // (c) What the events say, counted by hand.
  const auto counts = CountByArm(script);
  const RouterTally tally = learner.Report().routers.at(0).tally;
  const RouterTally tidy_tally = other->Report().routers.at(0).tally;
  for (std::size_t arm = 0; arm < 3; ++arm) {
    CAPTURE(arm);
    CHECK(tally.arms[arm].labels == counts[arm].labels);
    CHECK(tally.arms[arm].reward_sum == Approx(counts[arm].sum).epsilon(1e-9));
    CHECK(tidy_tally.arms[arm].labels == counts[arm].labels);
    CHECK(tally.arms[arm].costs == tidy_tally.arms[arm].costs);
    CHECK(tally.arms[arm].cost_usd_sum == Approx(tidy_tally.arms[arm].cost_usd_sum).epsilon(1e-9));
  }
  CHECK(tally.labels == counts[0].labels + counts[1].labels + counts[2].labels);
  const Ledger ledger = learner.Report().routers.at(0).ledgers.at(0);
  CHECK(ledger.reserved == 0);
  CHECK(ledger.spent_ever > 0);
  CHECK((learner.Report().routers.at(0).ledgers == other->Report().routers.at(0).ledgers));
}

TEST_CASE("a log with alarms and operators in it folds to the same bits again") {
  const std::uint64_t seed = GENERATE(21, 22);
  CAPTURE(seed);
  config::RouterOptions router = tests::SmallRouter();
  router.prior.half_life = seed == 21 ? 0 : 4000;
  router.prior.drift.threshold = 3;
  router.prior.drift.freeze_share = 1;               // it goes on alarming
  router.policy.kind = policy::PolicyKind::kLinUcb;  // contexts wait for labels through alarms
  const Script script = MakeScript(seed, /*collapses=*/true);
  Lived lived = Live(script, router, seed, /*interfered=*/seed == 22);
  if (seed == 21) CHECK(Alarms(**lived.learner) > 0);
  CHECK((tests::FoldedFromNothing(*lived.store) == (*lived.learner)->State()));
}

}  // namespace sluice::daemon
