// Off-policy evaluation on logs with everything in them that must not be evaluated.
#include "sim/evaluate.h"

#include <catch2/catch.hpp>

#include "sim/report_evaluate.h"
#include "sim/report_evaluate_plots.h"
#include "tests/support/evaluations.h"
#include "tests/support/process_in_memory.h"

namespace sluice::sim {
namespace {

using policy::OpeFigure;
using policy::OpeRefusal;
using tests::Covers;
using tests::Declared;
using tests::Evaluated;

// Three arms of known quality, a reward at once. Answers the arm.
class Log {
 public:
  explicit Log(const config::Options& options = config::Defaults()) : process(options) {}

  std::string Add(api::RouteRequest request, const std::string& served = {}) {
    request.text = "question " + std::to_string(count_++ % 40);
    process.now_us += 1000;
    const auto answer = std::get<api::RouteAnswer>(process.Route(request));
    api::FeedbackEvent event;
    event.decision_id = answer.decision_id;
    event.event_id = answer.decision_id;
    event.reward = answer.arm == "economy" ? .5 : answer.arm == "standard" ? .8 : .9;
    event.cost_usd = answer.arm == "economy" ? .0001 : answer.arm == "standard" ? .001 : .01;
    if (!served.empty()) event.served_arm = served;
    process.Feedback(event);
    if (count_ % 50 == 0) (void)process.learner().Step();
    return answer.arm;
  }
  void Add(std::size_t count, const api::RouteRequest& request = {}) {
    for (std::size_t i = 0; i < count; ++i) Add(request);
  }

  tests::ProcessInMemory process;

 private:
  std::size_t count_ = 0;
};

config::Options Explorer(double epsilon, double audit_rate = .02) {
  config::Options options = config::Defaults();
  options.routers.front().policy.kind = policy::PolicyKind::kEpsilonGreedy;
  options.routers.front().policy.epsilon = epsilon;
  options.routers.front().policy.exploration.mode = policy::ExplorationMode::kNatural;
  options.routers.front().feedback.audit_rate = audit_rate;
  return options;
}

config::RouterOptions Fixed(const std::string& arm) {
  auto router = config::Defaults().routers.front();
  router.policy.kind = policy::PolicyKind::kFixed;
  router.policy.exploration.mode = policy::ExplorationMode::kNatural;
  router.fixed_arm = arm;
  return router;
}

config::RouterOptions Uniform() {
  auto router = config::Defaults().routers.front();
  router.policy.kind = policy::PolicyKind::kUniform;
  router.policy.exploration.mode = policy::ExplorationMode::kNatural;
  return router;
}

std::size_t CountOf(const Evaluation& evaluation, Excluded why) {
  return evaluation.excluded[static_cast<std::size_t>(why)];
}
bool Refused(const MeasureResult& result, OpeRefusal refusal) {
  return std::ranges::find(result.refusals, refusal) != result.refusals.end();
}

}  // namespace

TEST_CASE("fixed and uniform policies are worth what their arms are worth") {
  Log log(Explorer(.6));
  log.Add(3000);
  const Evaluation premium = Evaluated(log.process.store(), Declared(Fixed("premium")));
  // They learn nothing, so that nothing is kept back to learn from.
  CHECK(premium.trained == 0);
  CHECK(premium.evaluated() == 3000);
  CHECK(premium.quality.refusals.empty());
  CHECK(premium.quality.estimates[OpeFigure::kSnips] == Approx(.9));
  CHECK(premium.quality.estimates[OpeFigure::kDr] == Approx(.9).margin(.02));
  CHECK(premium.cost.estimates[OpeFigure::kSnips] == Approx(.01));
  CHECK(Covers(*premium.quality.anytime, .9));
  // .4 of quality more than economy is not worth .0099 USD at 40 a dollar, beside standard.
  CHECK(RenderVerdict(premium).starts_with("P would have been worse"));

  const Evaluation standard = Evaluated(log.process.store(), Declared(Fixed("standard")));
  CHECK(RenderVerdict(standard).starts_with("P would have been better"));

  const Evaluation uniform = Evaluated(log.process.store(), Declared(Uniform()));
  CHECK(uniform.quality.estimates[OpeFigure::kSnips] == Approx((.5 + .8 + .9) / 3).margin(.02));
}

TEST_CASE("the split is where it was asked for and half of the decisions otherwise") {
  Log log(Explorer(.3));
  log.Add(400);
  auto options = Declared(config::Defaults().routers.front());
  CHECK(Evaluated(log.process.store(), options).trained == 200);
  options.train_fraction = .25;
  CHECK(Evaluated(log.process.store(), options).trained == 100);
  options.train_until = 201;  // the definition, and a decision and an outcome in turn
  const Evaluation evaluation = Evaluated(log.process.store(), options);
  CHECK(evaluation.frozen_at == 201);
  CHECK(evaluation.trained == 100);
  CHECK(evaluation.decisions == 300);
}

TEST_CASE("only audited decisions count unless the operator declares otherwise") {
  Log log(Explorer(.6, .25));
  log.Add(2000);
  auto options = Declared(Uniform());
  const Evaluation declared = Evaluated(log.process.store(), options);
  CHECK(declared.quality.diagnostics.labels == 2000);
  options.labels_independent = false;
  const Evaluation audited = Evaluated(log.process.store(), options);
  CHECK(audited.quality.diagnostics.labels > 400);
  CHECK(audited.quality.diagnostics.labels < 600);
  CHECK(audited.quality.diagnostics.labels == audited.quality.diagnostics.asked);
  CHECK(audited.quality.diagnostics.decisions == 2000);
  CHECK(audited.quality.estimates[OpeFigure::kSnips] == Approx(.7333).margin(.03));
  std::size_t counted = 0;
  for (const LabelCounts& arm : audited.labels) {
    CHECK(arm.labelled == arm.decisions);
    CHECK(arm.judged == arm.audited);
    counted += arm.audited;
  }
  CHECK(counted == audited.quality.diagnostics.asked);
}

TEST_CASE("what nobody drew or another arm answered is counted and left out") {
  Log log(Explorer(.5));
  log.Add(300);
  api::RouteRequest overridden;
  overridden.override_arm = "premium";
  log.Add(7, overridden);
  api::RouteRequest forced;
  forced.allow = {"economy"};
  log.Add(5, forced);
  for (int i = 0; i < 3; ++i) {
    api::RouteRequest both;
    both.deny = {"premium"};
    log.Add(both, "premium");
  }
  const Evaluation evaluation = Evaluated(log.process.store(), Declared(Uniform()));
  CHECK(CountOf(evaluation, Excluded::kOverride) == 7);
  CHECK(CountOf(evaluation, Excluded::kForced) == 5);
  CHECK(CountOf(evaluation, Excluded::kFailover) == 3);
  CHECK(evaluation.decisions == 315);
  CHECK(evaluation.evaluated() == 300);
  const std::string text = RenderEvaluation(evaluation);
  CHECK(text.find("Left out: 5 forced, 7 override, 3 failover.") != std::string::npos);
}

TEST_CASE("turns of one session are one cluster") {
  Log log(Explorer(.5));
  for (int session = 0; session < 50; ++session) {
    api::RouteRequest turn;
    turn.session_id = "session " + std::to_string(session);
    log.Add(4, turn);
  }
  log.Add(10);
  const Evaluation evaluation = Evaluated(log.process.store(), Declared(Uniform()));
  CHECK(evaluation.sessions == 50);
  CHECK(evaluation.quality.diagnostics.clusters == 60);
}

TEST_CASE("a log without exploration is refused for want of support") {
  config::Options options = config::Defaults();
  options.routers.front() = Fixed("standard");
  Log log(options);
  log.Add(600);
  const Evaluation evaluation = Evaluated(log.process.store(), Declared(Uniform()));
  CHECK(Refused(evaluation.quality, OpeRefusal::kSupport));
  CHECK(RenderVerdict(evaluation).starts_with("Whether P would have been better cannot be said"));
  // The policy that logged misses nothing.
  const Evaluation same = Evaluated(log.process.store(), Declared(Fixed("standard")));
  CHECK(same.quality.refusals.empty());
  CHECK(same.quality.estimates[OpeFigure::kGain] == 0);
}

TEST_CASE("propensities that were tampered with raise the alarm") {
  Log log(Explorer(.5));
  log.Add(3000);
  auto tampered = store::MakeMemoryStore();
  // Halves what was explored on paper.
  auto entries = log.process.store().Read(0, 100000);
  for (store::LogEntry& entry : *entries) {
    if (auto* decision = std::get_if<store::DecisionRecord>(&entry.record)) {
      std::uint64_t moved = 0;
      for (store::ArmShare& share : decision->shares) {
        if (share.arm == decision->greedy_arm) continue;
        moved += share.probability_q32 / 2;
        share.probability_q32 -= share.probability_q32 / 2;
      }
      for (store::ArmShare& share : decision->shares) {
        if (share.arm == decision->greedy_arm) share.probability_q32 += moved;
      }
      tampered->AppendDecision(std::move(*decision));
    } else if (auto* outcome = std::get_if<store::OutcomeRecord>(&entry.record)) {
      tampered->AppendOutcomes({*outcome}, [](const std::vector<store::Appended>&) {});
    } else {
      (void)tampered->AppendRouter(std::get<store::RouterRecord>(entry.record));
    }
  }
  CHECK_FALSE(
      Refused(Evaluated(log.process.store(), Declared(Uniform())).quality, OpeRefusal::kIntegrity));
  CHECK(Refused(Evaluated(*tampered, Declared(Uniform())).quality, OpeRefusal::kIntegrity));
}

TEST_CASE("arms that a policy does not have are never its choice") {
  Log log(Explorer(.6));
  log.Add(1000);
  auto without = Uniform();
  std::erase_if(without.arms, [](const auto& arm) { return arm.name == "economy"; });
  const Evaluation evaluation = Evaluated(log.process.store(), Declared(without));
  CHECK(evaluation.arms == std::vector<std::string>{"standard", "premium"});
  CHECK(evaluation.quality.estimates[OpeFigure::kSnips] == Approx(.85).margin(.01));
  CHECK(RenderEvaluation(evaluation).find("P is uniform over standard premium") !=
        std::string::npos);
}

TEST_CASE("the plots show what the table says and what was logged") {
  Log log(Explorer(.9));
  log.Add(1200);
  const Evaluation evaluation =
      Evaluated(log.process.store(), {.policy = Fixed("premium"), .labels_independent = true});
  const auto plots = EvaluationPlots(evaluation);
  REQUIRE(plots.size() == 8);
  for (const Plot& plot : plots) {
    CAPTURE(plot.title);
    CHECK_FALSE(plot.x.label.empty());
    CHECK_FALSE(plot.y.label.empty());
    CHECK_FALSE(plot.caption.empty());
    REQUIRE_FALSE(plot.series.empty());
    for (const Series& series : plot.series) CHECK(series.x.size() == series.y.size());
  }
  const Plot& quality = plots[0];
  CHECK(quality.series[0].y[0] == evaluation.quality.estimates[OpeFigure::kLogged]);
  CHECK(quality.series[4].y[0] == evaluation.quality.estimates[OpeFigure::kDr]);
  CHECK(quality.series[4].low[0] <= quality.series[4].y[0]);
  CHECK(plots[1].series[1].x[0] == evaluation.cost.estimates[OpeFigure::kDr]);
  // All of what P would have taken is premium; a third of what was logged.
  CHECK(plots[2].title == "What P would have taken");
  CHECK(plots[2].series[2].y.front() == 1);
  CHECK(plots[2].series[0].y.front() == 0);
  CHECK(plots[3].title == "Logged: Share of each arm");
  CHECK(plots[3].series[0].y.back() < 0.6);
  CHECK(plots[6].title == "Logged: Exploration: asked for and seen");
  CHECK(plots[6].series[0].y.front() == Approx(.6).margin(.01));
}

TEST_CASE("the same evaluation gives the same bytes on one thread and on two") {
  Log log(Explorer(.5));
  log.Add(500);
  auto options = Declared(config::Defaults().routers.front());
  const std::string one = EvaluationJson(Evaluated(log.process.store(), options));
  options.threads = 2;
  CHECK(EvaluationJson(Evaluated(log.process.store(), options)) == one);
  options.seed = 2;
  CHECK(EvaluationJson(Evaluated(log.process.store(), options)) != one);
}

TEST_CASE("a router that the log does not have is named with those that it has") {
  Log log;
  log.Add(3);
  auto options = Declared(Uniform());
  options.router = "none";
  const auto evaluated = EvaluateLog(log.process.store(), options, nullptr);
  CHECK_THAT(std::get<std::string>(evaluated), Catch::Contains("one of: default"));
}

}  // namespace sluice::sim
