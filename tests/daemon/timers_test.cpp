// What happens when nobody says anything in time: defaults stand in, reservations settle, prices
// change. Each becomes a record once, and is learnt from there.
#include <catch2/catch.hpp>

#include "tests/support/event_log.h"
#include "tests/support/process_in_memory.h"

namespace sluice::daemon {

namespace {

using tests::ProcessInMemory;

constexpr std::uint64_t kSecondUs = 1'000'000;
constexpr std::uint64_t kHourUs = 3600 * kSecondUs;

config::Options WithDefault(double reward, std::uint32_t after_s) {
  config::Options options = config::Defaults();
  options.routers[0].feedback.default_reward = reward;
  options.routers[0].feedback.default_after_s = after_s;
  return options;
}

config::Options WithCeiling(double day_usd) {
  config::Options options = config::Defaults();
  options.routers[0].ceiling.day_usd = day_usd;
  return options;
}

// Two steps: one fires what is due, the next folds it.
void Settle(ProcessInMemory& process) {
  REQUIRE(process.learner().Step().ok());
  REQUIRE(process.learner().Step().ok());
}

RouterTally Tally(ProcessInMemory& process) {
  return process.learner().Report().routers.at(0).tally;
}

api::LessonReport Lesson(ProcessInMemory& process, const std::string& decision) {
  return std::get<api::DecisionReport>(process.router().DecisionById(decision)).lesson;
}

std::size_t TimersInLog(store::Store& store) {
  const auto entries = store.Read(0, 1 << 20);
  std::size_t timers = 0;
  for (const store::LogEntry& entry : *entries) {
    const auto* outcome = std::get_if<store::OutcomeRecord>(&entry.record);
    if (outcome != nullptr && outcome->source == store::kTimerSource) ++timers;
  }
  return timers;
}

}  // namespace

TEST_CASE("a default reward is learnt after the wait and a late signal takes its place") {
  ProcessInMemory process(WithDefault(0.9, 600));
  const std::string decision = process.RouteText("q").decision_id;
  process.now_us += 599 * kSecondUs;
  Settle(process);
  CHECK(Tally(process).labels == 0);
  process.now_us += kSecondUs;
  Settle(process);
  CHECK(Tally(process).labels == 1);
  CHECK(Lesson(process, decision).quality == Approx(0.9));
  CHECK(Lesson(process, decision).weight == Approx(0.3));
  process.Reward(decision, 0.25, 1e-4);
  Settle(process);
  CHECK(Tally(process).labels == 1);
  CHECK(Lesson(process, decision).quality == Approx(0.25));
  process.now_us += 100 * kHourUs;
  for (int i = 0; i < 5; ++i) Settle(process);
  CHECK(TimersInLog(process.store()) == 1);
  CHECK((tests::FoldedFromNothing(process.store()) == process.learner().State()));
}

TEST_CASE("a decision that somebody spoke about gets no default") {
  ProcessInMemory process(WithDefault(0.9, 600));
  process.Reward(process.RouteText("q").decision_id, 0.25, 1e-4);
  const std::string frozen_over = process.RouteText("r").decision_id;
  Settle(process);
  process.changes().Operate({"default", api::AdminOperation::kFreeze, {}, ""});
  process.Reward(frozen_over, 0.5, 1e-4);
  Settle(process);
  process.changes().Operate({"default", api::AdminOperation::kUnfreeze, {}, ""});
  process.now_us += 2 * kHourUs;
  Settle(process);
  CHECK(TimersInLog(process.store()) == 0);
  CHECK(Tally(process).labels == 1);
}

TEST_CASE("an inactive decision gets no default until it is activated") {
  ProcessInMemory process(WithDefault(0.9, 600));
  api::RouteRequest request;
  request.text = "q";
  request.active = false;
  const auto decision = std::get<api::RouteAnswer>(process.Route(request)).decision_id;
  process.now_us += 2 * kHourUs;
  Settle(process);
  CHECK(TimersInLog(process.store()) == 0);
  api::FeedbackEvent event;
  event.decision_id = decision;
  event.event_id = "a";
  event.activate = true;
  process.Feedback(event);
  Settle(process);
  CHECK(Tally(process).labels == 1);
  CHECK(TimersInLog(process.store()) == 1);
}

TEST_CASE("a timer fires once whatever is restarted between") {
  ProcessInMemory process(WithDefault(0.9, 600));
  for (int i = 0; i < 300; ++i) process.RouteText("q" + std::to_string(i));
  REQUIRE(process.learner().Step().ok());
  REQUIRE(process.learner().SaveCheckpoint().ok());
  process.now_us += kHourUs;
  // Both know that 256 and then 44 are due, and both say so.
  tests::LearnerOver other(process.store(), [&] { return process.now_us; });
  REQUIRE(other.ok);
  for (int i = 0; i < 4; ++i) {
    REQUIRE(process.learner().Step().ok());
    REQUIRE(other->Step().ok());
  }
  CHECK(TimersInLog(process.store()) == 300);
  CHECK(Tally(process).labels == 300);
  REQUIRE(other->Step().ok());
  CHECK((other->State() == process.learner().State()));
  CHECK((tests::FoldedFromNothing(process.store()) == process.learner().State()));
}

TEST_CASE("a timer that the log did not take fires again") {
  class BusyStore final : public tests::ForwardingStore {
   public:
    using ForwardingStore::ForwardingStore;
    bool AppendOutcomes(std::vector<store::OutcomeRecord> records, OutcomesDone done) override {
      return !busy && ForwardingStore::AppendOutcomes(std::move(records), std::move(done));
    }
    bool busy = false;
  };
  const auto memory = store::MakeMemoryStore();
  auto owned = std::make_unique<BusyStore>(*memory);
  BusyStore& busy = *owned;
  ProcessInMemory process(WithDefault(0.9, 600), std::move(owned));
  process.RouteText("q");
  process.now_us += kHourUs;
  busy.busy = true;
  Settle(process);
  CHECK(Tally(process).labels == 0);
  busy.busy = false;
  process.now_us += 120 * kSecondUs;
  Settle(process);
  CHECK(Tally(process).labels == 1);
}

TEST_CASE("a reservation settles at the expected cost after an hour and the bill corrects it") {
  ProcessInMemory process(WithCeiling(100));
  const auto answer = process.RouteText("q");
  REQUIRE(process.learner().Step().ok());
  const auto ledger = [&] { return process.learner().Report().routers.at(0).ledgers.at(0); };
  const auto story = process.store().FindDecision(*ParseId(answer.decision_id));
  const store::DecisionRecord& decision = (*story)->decision;
  REQUIRE(decision.reserved_usd > 0);
  CHECK(ledger().reserved == ToNano(decision.reserved_usd));
  double expected = 0;
  for (const auto& share : decision.shares) {
    if (share.arm == decision.arm) expected = share.expected_cost_usd;
  }
  process.now_us += kHourUs - 1;
  Settle(process);
  CHECK(ledger().spent_ever == 0);
  process.now_us += 1;
  Settle(process);
  CHECK(ledger().reserved == 0);
  CHECK(ledger().spent_ever == ToNano(expected));
  process.Reward(answer.decision_id, 1, 0.0123);
  Settle(process);
  CHECK(ledger().spent_ever == ToNano(0.0123));
  CHECK(ledger().reserved == 0);
  CHECK(TimersInLog(process.store()) == 1);
  CHECK((tests::FoldedFromNothing(process.store()) == process.learner().State()));
}

TEST_CASE("a daemon that was away longer than the window releases what it had reserved") {
  config::Options options = WithCeiling(100);
  options.routers[0].feedback.revision_days = 1;
  ProcessInMemory process(options);
  for (int i = 0; i < 20; ++i) process.RouteText("q" + std::to_string(i));
  REQUIRE(process.learner().Step().ok());
  process.now_us += 72 * kHourUs;
  // A request comes in before the timers do.
  const auto answer = process.RouteText("back");
  process.Reward(answer.decision_id, 1, 0.001);
  for (int i = 0; i < 3; ++i) Settle(process);
  const Ledger ledger = process.learner().Report().routers.at(0).ledgers.at(0);
  CHECK(ledger.reserved == 0);
  CHECK(TimersInLog(process.store()) == 20);
}

TEST_CASE("a scheduled price goes into force at its time and once") {
  config::Options options = config::Defaults();
  ProcessInMemory probe(options);
  config::ArmOptions& arm = options.routers[0].arms[0];
  arm.price_changes = {{probe.now_us + kHourUs, 0.3, 0.4}, {probe.now_us + 2 * kHourUs, 0.5, 0.6}};
  ProcessInMemory process(options);
  const auto price = [&] {
    return process.board().Latest()->routers[0].definition->arms[0].price_input_per_million_usd;
  };
  Settle(process);
  CHECK(price() == 0.1);
  process.now_us += kHourUs;
  Settle(process);
  CHECK(price() == 0.3);
  const store::Position end = process.store().last_position();
  for (int i = 0; i < 3; ++i) Settle(process);
  CHECK(process.store().last_position() == end);
  // The same file again changes nothing, now or after a restart.
  REQUIRE(process.changes().Apply(options.routers).ok());
  CHECK(process.store().last_position() == end);
  CHECK(price() == 0.3);
  REQUIRE(process.learner().SaveCheckpoint().ok());
  tests::LearnerOver other(process.store(), [&] { return process.now_us; });
  REQUIRE(other.ok);
  Changes changes({.store = process.store(),
                   .board = other.board(),
                   .learner = *other,
                   .clock = [&] { return process.now_us; },
                   .wait_folded = [&]() -> store::Result<store::Done> {
                     auto folded = other->Step();
                     return folded.ok() ? store::Result<store::Done>(store::Done{})
                                        : folded.error();
                   }});
  REQUIRE(changes.Apply(options.routers).ok());
  CHECK(process.store().last_position() == end);
  process.now_us += kHourUs;
  Settle(process);
  CHECK(price() == 0.5);
  CHECK((tests::FoldedFromNothing(process.store()) == process.learner().State()));
}

TEST_CASE("a bill in tokens counts at the prices of its decision") {
  config::Options options = config::Defaults();
  ProcessInMemory probe(options);
  for (config::ArmOptions& arm : options.routers[0].arms) {
    arm.price_changes = {{probe.now_us + kHourUs, 2 * arm.price_input_per_million_usd,
                          2 * arm.price_output_per_million_usd}};
  }
  ProcessInMemory process(options);
  api::RouteRequest request;
  request.text = "q";
  request.override_arm = "economy";
  const auto before = std::get<api::RouteAnswer>(process.Route(request));
  process.now_us += kHourUs;
  Settle(process);
  const auto after = std::get<api::RouteAnswer>(process.Route(request));
  for (const std::string& decision : {before.decision_id, after.decision_id}) {
    api::FeedbackEvent event;
    event.decision_id = decision;
    event.event_id = "t-" + decision;
    event.source = "gateway";
    event.input_tokens = 1'000'000;
    event.output_tokens = 0;
    process.Feedback(event);
  }
  Settle(process);
  CHECK(Lesson(process, before.decision_id).cost_usd == Approx(0.1));
  CHECK(Lesson(process, after.decision_id).cost_usd == Approx(0.2));
}

}  // namespace sluice::daemon
