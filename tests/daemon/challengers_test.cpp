// Challengers in the product: scored from the log, promoted by a record of it, taken back when harm
// shows; the same after a restart and when the log is folded again.
#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/support/event_log.h"
#include "tests/support/process_in_memory.h"
#include "tests/support/survives_restart.h"

namespace sluice::daemon {

namespace {

using api::AdminOperation;
using tests::ProcessInMemory;

constexpr std::uint64_t kSecondUs = 1'000'000;

// The router takes any arm; the challenger mostly the best. All cost the same.
config::RouterOptions Uniform(policy::PromotionMode mode = policy::PromotionMode::kPromote) {
  config::RouterOptions router = tests::SmallRouter();
  router.policy.kind = policy::PolicyKind::kUniform;
  router.policy.exploration.mode = policy::ExplorationMode::kNatural;
  router.feedback.audit_rate = 1;
  for (config::ArmOptions& arm : router.arms) {
    arm.price_input_per_million_usd = 1;
    arm.price_output_per_million_usd = 1;
  }
  config::ChallengerOptions keen;
  keen.name = "keen";
  keen.policy.kind = policy::PolicyKind::kEpsilonGreedy;
  keen.policy.epsilon = 0.6;
  keen.promotion.mode = mode;
  router.challengers = {keen};
  return router;
}

struct Living {
  explicit Living(const config::RouterOptions& options)
      : process(tests::With(options)), router(options) {}

  std::string Route() {
    api::RouteRequest request;
    request.embedding.emplace();
    for (std::size_t i = 0; i < tests::kLogDimension; ++i) {
      request.embedding->push_back(static_cast<float>(rng.Normal()));
    }
    process.now_us += kSecondUs;
    const auto answer = std::get<api::RouteAnswer>(process.Route(request));
    arm = answer.arm;
    return answer.decision_id;
  }
  void Say(const std::string& decision, const std::string& source, double reward) {
    api::FeedbackEvent event;
    event.decision_id = decision;
    event.event_id = source + decision;
    event.source = source;
    event.reward = reward;
    event.cost_usd = 0.001;
    process.Feedback(event);
  }
  void Live(int requests, const std::string& source = "judge") {
    for (int i = 0; i < requests; ++i) {
      const std::string decision = Route();
      const double mean = arm == good ? 0.9 : other_mean;
      Say(decision, source, rng.Uniform() < mean ? 1 : 0);
      if (i % 20 == 0) Step();
    }
    Step();
    Step();
  }
  void Step() { REQUIRE(process.learner().Step().ok()); }

  api::RouterReport Report() {
    return std::get<api::RouterReport>(process.router().RouterByName("default"));
  }
  api::ChallengerReport Challenger() { return Report().challengers.at(0); }

  // Of the log, about challengers.
  std::vector<store::AdminRecord> Journal() {
    std::vector<store::AdminRecord> journal;
    const auto entries = process.store().Read(0, 1 << 20);
    for (const store::LogEntry& entry : *entries) {
      if (const auto* record = std::get_if<store::AdminRecord>(&entry.record)) {
        if (!record->arm.empty()) journal.push_back(*record);
      }
    }
    return journal;
  }
  std::variant<api::AdminAnswer, api::Problem> Operate(AdminOperation operation,
                                                       const std::string& challenger = "") {
    return process.changes().Operate({"default", operation, {}, "", challenger});
  }
  void MustOperate(AdminOperation operation, const std::string& challenger = "") {
    const auto answer = Operate(operation, challenger);
    REQUIRE(std::holds_alternative<api::AdminAnswer>(answer));
  }
  void Change(const config::RouterOptions& options) {
    REQUIRE(process.changes().Apply({options}).ok());
    router = options;
  }
  void SurvivesRestart() { tests::SurvivesRestart(process); }

  ProcessInMemory process;
  config::RouterOptions router;
  policy::Rng rng{3};
  std::string arm;
  std::string good = "standard";
  double other_mean = 0.4;
};

std::uint8_t Number(AdminOperation operation) {
  return static_cast<std::uint8_t>(operation);
}

}  // namespace

TEST_CASE("a better challenger goes into force by a record of the log") {
  Living living(Uniform());
  living.Live(300);
  CHECK(living.Challenger().state == "testing");
  CHECK(living.Challenger().labels > 250);
  CHECK(living.Report().policy == "uniform");
  living.SurvivesRestart();
  living.Live(1500);
  const api::ChallengerReport challenger = living.Challenger();
  CHECK(challenger.state == "promoted");
  CHECK(challenger.log_e_quality >= challenger.log_e_needed);
  CHECK(challenger.log_e_cost >= challenger.log_e_needed);
  CHECK(challenger.labels >= 500);
  CHECK(challenger.weight_mean == Approx(1).margin(0.2));
  CHECK(living.Report().policy == "epsilon_greedy");
  const auto journal = living.Journal();
  REQUIRE(journal.size() == 1);
  CHECK(journal[0].operation == Number(AdminOperation::kPromote));
  CHECK(journal[0].arm == "keen");
  CHECK(journal[0].target == 1);
  living.SurvivesRestart();
}

TEST_CASE("what was promoted goes back when harm shows") {
  Living living(Uniform());
  living.Live(1800);
  REQUIRE(living.Challenger().state == "promoted");
  // Nothing is learnt any more, and the arm that was best is now the worst.
  living.MustOperate(AdminOperation::kFreeze);
  living.good = "none";
  living.other_mean = 0.8;
  const std::string worst = "standard";
  for (int i = 0; i < 4000 && living.Challenger().state == "promoted"; ++i) {
    const std::string decision = living.Route();
    living.Say(decision, "judge", living.arm == worst ? 0 : 1);
    if (i % 20 == 0) living.Step();
    if (i == 100) living.SurvivesRestart();
  }
  living.Step();
  CHECK(living.Challenger().state == "returned");
  CHECK(living.Report().policy == "uniform");
  CHECK(living.Journal().back().operation == Number(AdminOperation::kDemote));
  living.SurvivesRestart();
  // It does not come back by itself.
  living.Live(1000);
  CHECK(living.Challenger().state == "returned");
}

TEST_CASE("a recommendation changes nothing until an operator promotes") {
  Living living(Uniform(policy::PromotionMode::kRecommend));
  living.Live(1800);
  CHECK(living.Challenger().state == "recommended");
  CHECK(living.Report().policy == "uniform");
  REQUIRE(living.Journal().size() == 1);
  CHECK(living.Journal()[0].operation == Number(AdminOperation::kRecommend));
  CHECK(std::get<api::Problem>(living.Operate(AdminOperation::kDemote)).status == 409);
  CHECK(std::get<api::Problem>(living.Operate(AdminOperation::kPromote, "nobody")).status == 404);
  living.MustOperate(AdminOperation::kPromote, "keen");
  CHECK(living.Report().policy == "epsilon_greedy");
  CHECK(std::get<api::Problem>(living.Operate(AdminOperation::kPromote, "keen")).status == 409);
  living.SurvivesRestart();
  living.MustOperate(AdminOperation::kDemote);
  CHECK(living.Report().policy == "uniform");
  CHECK(living.Challenger().state == "stopped");
  living.SurvivesRestart();
}

TEST_CASE("a worse challenger is stopped") {
  config::RouterOptions options = Uniform();
  options.challengers[0].policy.kind = policy::PolicyKind::kFixed;
  options.challengers[0].fixed_arm = "economy";
  Living living(options);
  living.Live(3000);
  CHECK(living.Challenger().state == "worse");
  CHECK(living.Journal().back().operation == Number(AdminOperation::kStop));
  living.SurvivesRestart();
}

TEST_CASE("only audits that came back from the judge count unless all labels are declared to") {
  Living audited(Uniform());
  audited.Live(500, "user");
  CHECK(audited.Challenger().labels == 0);
  CHECK(audited.Challenger().waiting == 500);
  config::RouterOptions options = Uniform();
  options.challengers[0].promotion.labels = policy::PromotionLabels::kAll;
  options.feedback.audit_rate = 0;
  Living all(options);
  all.Live(500, "user");
  CHECK(all.Challenger().labels >= 499);
}

TEST_CASE("a changed challenger begins a new test at the next level") {
  Living living(Uniform());
  living.Live(200);
  CHECK(living.Challenger().level == Approx(0.025));
  const std::uint64_t labels = living.Challenger().labels;
  config::RouterOptions changed = living.router;
  changed.seed = 99;
  living.Change(changed);
  CHECK(living.Challenger().test == 1);
  CHECK(living.Challenger().labels >= labels);
  changed.challengers[0].policy.epsilon = 0.3;
  living.Change(changed);
  CHECK(living.Challenger().test == 2);
  CHECK(living.Challenger().level == Approx(0.05 / 6));
  CHECK(living.Challenger().labels == 0);
  // Levels that were spent stay spent.
  auto without = changed;
  without.challengers.clear();
  living.Change(without);
  living.Change(changed);
  CHECK(living.Challenger().test == 3);
  living.SurvivesRestart();
}

TEST_CASE("a configured change of what was promoted brings the configured policy back") {
  Living living(Uniform());
  living.Live(1800);
  REQUIRE(living.Report().policy == "epsilon_greedy");
  config::RouterOptions changed = living.router;
  changed.seed = 7;
  living.Change(changed);
  CHECK(living.Report().policy == "epsilon_greedy");
  changed.challengers[0].policy.epsilon = 0.3;
  living.Change(changed);
  CHECK(living.Report().policy == "uniform");
  CHECK(living.Challenger().state == "testing");
  living.SurvivesRestart();
}

TEST_CASE("what a test will take is told before it begins") {
  config::RouterOptions without = Uniform();
  const auto challengers = std::exchange(without.challengers, {});
  without.feedback.audit_rate = 0.02;
  Living living(without);
  living.Live(500);
  without.challengers = challengers;
  living.Change(without);
  const api::ChallengerReport challenger = living.Challenger();
  CHECK(challenger.decisions == 0);
  REQUIRE(challenger.labels_expected);
  CHECK(*challenger.labels_expected >= 500);
  REQUIRE(challenger.days_expected);
  // A decision a second, of which one in fifty is audited.
  CHECK(*challenger.days_expected ==
        Approx(*challenger.labels_expected * 50 / 86400).epsilon(0.05));
}

TEST_CASE("challengers stand in the metrics") {
  Living living(Uniform());
  living.Live(60);
  const std::string page = living.process.router().Metrics();
  CHECK(
      page.find("sluice_challenger_log_e{router=\"default\",challenger=\"keen\",of=\"quality\"}") !=
      std::string::npos);
  CHECK(page.find("state=\"testing\"") != std::string::npos);
}

}  // namespace sluice::daemon
