// Dollars that are never exceeded: what is reserved, settled and spent agrees to the last
// nano-dollar, also under a race for the last of them, at the turn of a day and after a restart.
#include <atomic>
#include <map>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/support/event_log.h"
#include "tests/support/process_in_memory.h"

namespace sluice::daemon {

namespace {

using config::CeilingAction;
using tests::ProcessInMemory;

constexpr std::uint64_t kSecondUs = 1'000'000;
constexpr std::uint64_t kDayUs = 86400 * kSecondUs;

config::Options Ceiling(const config::CeilingOptions& ceiling) {
  config::Options options = config::Defaults();
  options.routers[0].ceiling = ceiling;
  return options;
}

Ledger LedgerOf(ProcessInMemory& process, std::size_t scope = 0) {
  return process.learner().Report().routers.at(0).ledgers.at(scope);
}

store::DecisionRecord RecordOf(ProcessInMemory& process, const std::string& decision) {
  return (*process.store().FindDecision(*ParseId(decision)))->decision;
}

LiveLedger& Live(ProcessInMemory& process, std::size_t scope = 0) {
  return process.board().Latest()->routers[0].scopes[scope].live->ledger;
}

api::RouteRequest Declared(double input, double output) {
  api::RouteRequest request;
  request.text = "q";
  request.input_tokens = static_cast<std::uint32_t>(input);
  request.output_tokens_max = static_cast<std::uint32_t>(output);
  return request;
}

void Bill(ProcessInMemory& process, const std::string& decision, double usd, std::uint32_t seq) {
  api::FeedbackEvent event;
  event.decision_id = decision;
  event.event_id = decision + "/" + std::to_string(seq);
  event.source = "gateway";
  event.seq = seq;
  event.cost_usd = usd;
  process.Feedback(event);
}

}  // namespace

TEST_CASE("what was reserved and settled is what is spent to the last nanodollar") {
  const std::uint64_t seed = GENERATE(1, 2, 3);
  CAPTURE(seed);
  policy::Rng rng(seed);
  ProcessInMemory process(Ceiling({.day_usd = 1000}));
  std::map<std::string, std::pair<double, std::uint32_t>> bills;  // the last of each, its seq
  std::vector<std::string> decisions;
  for (int i = 0; i < 600; ++i) {
    decisions.push_back(process.RouteText("q" + std::to_string(rng.Below(50))).decision_id);
    if (rng.Uniform() < 0.6) {
      const std::string& decision = decisions[rng.Below(decisions.size())];
      auto& [usd, seq] = bills[decision];
      usd = 1e-4 * rng.Uniform();
      Bill(process, decision, usd, ++seq);
    }
    if (rng.Uniform() < 0.1) REQUIRE(process.learner().Step().ok());
  }
  REQUIRE(process.learner().Step().ok());
  const auto check = [&](bool all_settled) {
    NanoUsd reserved = 0;
    NanoUsd spent = 0;
    for (const std::string& decision : decisions) {
      const store::DecisionRecord record = RecordOf(process, decision);
      const auto bill = bills.find(decision);
      if (bill != bills.end()) {
        spent += ToNano(bill->second.first);
      } else if (all_settled) {
        for (const auto& share : record.shares) {
          if (share.arm == record.arm) spent += ToNano(share.expected_cost_usd);
        }
      } else {
        reserved += ToNano(record.reserved_usd);
      }
    }
    const Ledger ledger = LedgerOf(process);
    CHECK(ledger.reserved == reserved);
    CHECK(ledger.spent_ever == spent);
    CHECK(ledger.spent_day == spent);
    const LiveLedger::Used used = Live(process).At(process.now_us);
    CHECK(used.day == reserved + spent);
    CHECK(used.month == reserved + spent);
  };
  check(false);
  process.now_us += 3600 * kSecondUs;
  for (int i = 0; i < 4; ++i) REQUIRE(process.learner().Step().ok());
  check(true);
  CHECK((tests::FoldedFromNothing(process.store()) == process.learner().State()));
}

TEST_CASE("a router that comes to a running daemon counts its money once") {
  ProcessInMemory process;
  config::RouterOptions other = config::Defaults().routers[0];
  other.name = "other";
  other.ceiling.day_usd = 100;
  REQUIRE(process.changes().Apply({config::Defaults().routers[0], other}).ok());
  api::RouteRequest request = Declared(1000, 1000);
  request.router = "other";
  NanoUsd held = 0;
  for (int i = 0; i < 20; ++i) {
    process.now_us += 1000;
    const auto answer = std::get<api::RouteAnswer>(process.Route(request));
    REQUIRE(process.learner().Step().ok());
    held += ToNano(RecordOf(process, answer.decision_id).reserved_usd);
  }
  const auto& live = process.board().Latest()->routers[1].scopes[0].live;
  CHECK(live->ledger.At(process.now_us).day == held);
}

TEST_CASE("no decision is made whose worst case exceeds what the request allows") {
  ProcessInMemory process;
  policy::Rng rng(5);
  int decided = 0;
  for (int i = 0; i < 2000; ++i) {
    api::RouteRequest request;
    request.text = "question " + std::to_string(i);
    if (rng.Below(2) == 0) request.input_tokens = static_cast<std::uint32_t>(rng.Below(5000));
    if (rng.Below(2) == 0) request.output_tokens_max = static_cast<std::uint32_t>(rng.Below(5000));
    request.max_cost_usd = 1e-5 * std::exp(8 * rng.Uniform());
    process.now_us += 1000;
    const auto reply = process.Route(request);
    if (const auto* problem = std::get_if<api::Problem>(&reply)) {
      CHECK(problem->pointer == "/max_cost_usd");
      continue;
    }
    ++decided;
    const auto& answer = std::get<api::RouteAnswer>(reply);
    const RouterView view = process.board().Latest()->routers[0];
    const store::DecisionRecord record = RecordOf(process, answer.decision_id);
    const policy::Context context =
        Eigen::Map<const Eigen::VectorXf>(record.context.data(), record.context.size());
    const Terms terms = TermsOf(*view.definition, request);
    const Narrowed narrowed{view, request, context, terms};
    CHECK(WorstCostUsd(narrowed, record.arm) <= *request.max_cost_usd);
    process.Reward(answer.decision_id, rng.Uniform(), 1e-4 * std::exp(rng.Normal()));
    if (i % 50 == 0) REQUIRE(process.learner().Step().ok());
  }
  CHECK(decided > 500);
}

TEST_CASE("threads that race for the last dollars never pass the ceiling") {
  constexpr int kThreads = 4;
  constexpr NanoUsd kHeld = 7;
  constexpr NanoUsd kCost = 4;
  constexpr NanoUsd kCeiling = 5000;
  const config::CeilingOptions ceiling{.day_usd = ToUsd(kCeiling)};
  const std::uint64_t now_us = tests::kLogStartUs;
  LiveLedger live;
  Ledger ledger;
  ledger.Turn(now_us);
  live.Publish(ledger);
  std::atomic<std::int64_t> granted{0};
  std::atomic<bool> stop{false};
  std::vector<std::thread> asking;
  for (int i = 0; i < kThreads; ++i) {
    asking.emplace_back([&] {
      while (!stop) {
        if (live.TryHold(kHeld, now_us, ceiling)) {
          ++granted;
        } else {
          std::this_thread::yield();
        }
      }
    });
  }
  // The learner folds what was held and hears that it cost less, until there is nothing to give.
  std::int64_t folded = 0;
  NanoUsd most = 0;
  while (ledger.spent_day + kHeld <= kCeiling || folded < granted) {
    if (folded == granted) {
      std::this_thread::yield();
      continue;
    }
    ++folded;
    ledger.Reserve(kHeld);
    live.Publish(ledger);
    live.Release(kHeld);
    most = std::max(most, ledger.reserved + ledger.spent_day);
    ledger.Release(kHeld);
    ledger.Spend(kCost, now_us);
    live.Publish(ledger);
  }
  stop = true;
  for (auto& thread : asking) thread.join();
  CHECK(folded == granted);
  CHECK(most <= kCeiling);
  CHECK(live.At(now_us).day == folded * kCost);
}

TEST_CASE("requests of many threads never spend more than the day allows") {
  constexpr std::size_t kThreads = 4;
  const auto memory = store::MakeMemoryStore();
  const Clock clock = [] { return tests::kLogStartUs; };
  SnapshotBoard board(kThreads);
  Metrics metrics(kThreads);
  IdSource ids(1, 7);
  Learner learner(*memory, board, metrics, {}, clock);
  Router router({.store = *memory,
                 .board = board,
                 .learner = learner,
                 .metrics = metrics,
                 .ids = ids,
                 .clock = clock,
                 .node = 1});
  const config::Options options = Ceiling({.day_usd = 0.5, .reached = CeilingAction::kRefuse});
  REQUIRE(memory->AppendRouter(*MakeRecord(options.routers[0], 0, nullptr)).ok());
  REQUIRE(learner.Recover().ok());
  std::atomic<int> answered{0};
  std::atomic<int> refused{0};
  std::atomic<int> other{0};
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (std::size_t reader = 0; reader < kThreads; ++reader) {
    threads.emplace_back([&, reader] {
      for (int i = 0; i < 1000; ++i) {
        const auto reply = router.Route(Declared(1000, 1000), reader);
        const auto* problem = std::get_if<api::Problem>(&reply);
        if (problem == nullptr) {
          ++answered;
        } else if (problem->status == 429) {
          ++refused;
        } else {
          ++other;
        }
      }
    });
  }
  std::thread folding([&] {
    while (!stop) (void)learner.Step();
  });
  for (auto& thread : threads) thread.join();
  stop = true;
  folding.join();
  REQUIRE(learner.Step().ok());
  const Ledger ledger = learner.Report().routers.at(0).ledgers.at(0);
  CHECK(ledger.reserved <= ToNano(0.5));
  CHECK(ledger.reserved > ToNano(0.4));
  CHECK(answered > 0);
  CHECK(refused > 0);
  CHECK(other < 100);
  const auto& live = board.Latest()->routers[0].scopes[0].live;
  CHECK(live->ledger.At(tests::kLogStartUs).day == ledger.reserved);
}

TEST_CASE("near the ceiling the cheapest arms answer and at it what is configured") {
  const auto reached = GENERATE(CeilingAction::kCheapest, CeilingAction::kRefuse);
  ProcessInMemory process(Ceiling({.day_usd = 1, .reached = reached}));
  const auto first = process.RouteText("q");
  Bill(process, first.decision_id, 0.955, 1);
  REQUIRE(process.learner().Step().ok());
  for (int i = 0; i < 30; ++i) {
    process.now_us += 1000;
    const auto answer = std::get<api::RouteAnswer>(process.Route(Declared(100, 100)));
    CHECK(answer.arm == "economy");
    CHECK(answer.reason == api::Reason::kBudget);
    CHECK(answer.narrowed_by == std::vector<api::Narrowing>{api::Narrowing::kCeiling});
  }
  Bill(process, first.decision_id, 1.5, 2);
  REQUIRE(process.learner().Step().ok());
  const auto reply = process.Route(Declared(100, 100));
  if (reached == CeilingAction::kRefuse) {
    CHECK(std::get<api::Problem>(reply).status == 429);
    CHECK(std::get<api::Problem>(reply).retry_after_s);
  } else {
    CHECK(std::get<api::RouteAnswer>(reply).arm == "economy");
  }
  // What the caller decides is refused only where everything is.
  api::RouteRequest request = Declared(100, 100);
  request.override_arm = "premium";
  const auto overridden = process.Route(request);
  if (reached == CeilingAction::kRefuse) {
    CHECK(std::get<api::Problem>(overridden).status == 429);
  } else {
    CHECK(std::get<api::RouteAnswer>(overridden).arm == "premium");
  }
}

TEST_CASE("days and months turn at midnight UTC and a restart keeps them") {
  // 2023-11-30 23:59:58 UTC.
  ProcessInMemory process(
      Ceiling({.day_usd = 1, .month_usd = 20, .reached = CeilingAction::kRefuse}));
  process.now_us = 1'701'388'798ULL * kSecondUs;
  const auto answer = process.RouteText("q");
  Bill(process, answer.decision_id, 1.2, 1);
  REQUIRE(process.learner().Step().ok());
  CHECK(std::get<api::Problem>(process.Route(Declared(100, 100))).status == 429);
  REQUIRE(process.learner().SaveCheckpoint().ok());

  tests::LearnerOver other(process.store(), [&] { return process.now_us; });
  REQUIRE(other.ok);
  CHECK(
      (other->Report().routers.at(0).ledgers == process.learner().Report().routers.at(0).ledgers));
  const LiveLedger& live = other.board().Latest()->routers[0].scopes[0].live->ledger;
  CHECK(live.At(process.now_us).day == ToNano(1.2));
  CHECK(live.At(process.now_us).month == ToNano(1.2));

  process.now_us += 3 * kSecondUs;  // December
  CHECK(live.At(process.now_us).day == 0);
  CHECK(live.At(process.now_us).month == 0);
  const auto next = process.RouteText("q");
  REQUIRE(process.learner().Step().ok());
  // A late bill of yesterday is not today's.
  Bill(process, answer.decision_id, 1.4, 2);
  REQUIRE(process.learner().Step().ok());
  CHECK(LedgerOf(process).spent_day == 0);
  CHECK(LedgerOf(process).spent_month == 0);
  CHECK(LedgerOf(process).spent_ever == ToNano(1.4));
  Bill(process, next.decision_id, 0.3, 1);
  process.now_us += kDayUs;
  process.RouteText("q");
  REQUIRE(process.learner().Step().ok());
  CHECK(LedgerOf(process).spent_day == 0);
  CHECK(LedgerOf(process).spent_month == ToNano(0.3));
}

TEST_CASE("money of a decision that the log did not take counts until its day is over") {
  class DeafStore final : public tests::ForwardingStore {
   public:
    using ForwardingStore::ForwardingStore;
    bool AppendDecision(store::DecisionRecord record) override {
      return !deaf && ForwardingStore::AppendDecision(std::move(record));
    }
    bool deaf = true;
  };
  const auto memory = store::MakeMemoryStore();
  auto owned = std::make_unique<DeafStore>(*memory);
  DeafStore& deaf = *owned;
  ProcessInMemory process(Ceiling({.day_usd = 0.01, .reached = CeilingAction::kRefuse}),
                          std::move(owned));
  int refused = 0;
  for (int i = 0; i < 300; ++i) {
    const auto reply = process.Route(Declared(100, 1000));
    refused += std::holds_alternative<api::Problem>(reply) ? 1 : 0;
  }
  CHECK(refused > 0);
  deaf.deaf = false;
  process.now_us += kDayUs;
  // The first decision of the new day may see yesterday's: the learner turns the page.
  api::RouteRequest request = Declared(100, 100);
  request.override_arm = "economy";
  REQUIRE(std::holds_alternative<api::RouteAnswer>(process.Route(request)));
  REQUIRE(process.learner().Step().ok());
  CHECK(std::holds_alternative<api::RouteAnswer>(process.Route(Declared(100, 100))));
}

}  // namespace sluice::daemon
