// The context map of a router: fitted once enough distinct inputs are in the log, the same for the
// same log, and never mixed with another.
#include <algorithm>

#include <catch2/catch.hpp>

#include "tests/support/event_log.h"
#include "tests/support/process_in_memory.h"
#include "tests/support/questions.h"
#include "tests/support/survives_restart.h"

namespace sluice::daemon {

namespace {

using tests::ProcessInMemory;
using tests::Question;
using tests::SurvivesRestart;

api::RouteRequest Embedding(policy::Rng& rng, std::size_t dimension, double shift = 0) {
  api::RouteRequest request;
  request.embedding.emplace();
  for (std::size_t i = 0; i < dimension; ++i) {
    const double scale = 1.0 / static_cast<double>(1 + i);
    request.embedding->push_back(static_cast<float>(scale * (rng.Normal() + shift)));
  }
  return request;
}

config::Options OnEmbeddings(std::size_t dimension, std::size_t components) {
  config::RouterOptions router = config::Defaults().routers[0];
  router.context = {.source = policy::ContextSource::kEmbedding,
                    .components = components,
                    .fit_after = 100,
                    .dimension = dimension};
  return tests::With(router);
}

FoldReport Folded(ProcessInMemory& process) {
  REQUIRE(process.learner().Step().ok());
  return process.learner().Report().routers.at(0);
}

}  // namespace

TEST_CASE("a map is fitted at the three hundredth distinct query and no sooner") {
  ProcessInMemory process;
  policy::Rng rng(1);
  std::vector<std::string> decisions;
  for (int i = 0; i < 299; ++i) {
    const std::string question = Question(rng);
    decisions.push_back(process.RouteText(question).decision_id);
    decisions.push_back(process.RouteText(question).decision_id);
  }
  CHECK(Folded(process).map_version == 0);
  CHECK(Folded(process).distinct_seen == 299);
  for (int i = 0; i < 100; ++i) process.Reward(decisions[i * 2], 0.8, 1e-4);
  decisions.push_back(process.RouteText("the three hundredth").decision_id);
  const auto fitted = Folded(process);
  CHECK(fitted.map_version == 1);
  CHECK(fitted.map_components == 25);
  CHECK(process.board().Latest()->routers[0].posterior->dimension() == 26);
  CHECK(fitted.tally.labels == 100);
  // Feedback of decisions from before the map is learnt in its space, changed, and withdrawn.
  for (int i = 100; i < 200; ++i) process.Reward(decisions[i * 2], 0.3, 1e-4);
  for (int i = 0; i < 150; ++i) {
    api::FeedbackEvent event;
    event.decision_id = decisions[i * 2];
    event.event_id = "later-" + std::to_string(i);
    event.seq = 1;
    event.revoked = i % 2 == 0;
    if (i % 2 != 0) event.reward = 0.5;
    process.Feedback(event);
  }
  const auto later = Folded(process);
  CHECK(later.tally.labels == 200 - 75);
  CHECK(later.quarantined.Empty());
  CHECK(process.RouteText("and on it goes").logged);
  SurvivesRestart(process);
}

TEST_CASE("the same log makes the same map and another secret another one") {
  const auto map_of = [](std::uint32_t gram_seed) {
    config::Options options = config::Defaults();
    options.routers[0].context.gram_seed = gram_seed;
    ProcessInMemory process(options);
    policy::Rng rng(2);
    for (int i = 0; i < 310; ++i) process.RouteText(Question(rng));
    REQUIRE(process.learner().Step().ok());
    return process.board().Latest()->routers[0].map->fingerprint();
  };
  CHECK(map_of(5) == map_of(5));
  CHECK(map_of(5) != map_of(6));
}

TEST_CASE("a refit makes the next version and the log gives it again") {
  ProcessInMemory process;
  policy::Rng rng(3);
  std::vector<std::string> decisions;
  for (int i = 0; i < 500; ++i) {
    decisions.push_back(process.RouteText(Question(rng)).decision_id);
    if (i % 2 == 0) process.Reward(decisions.back(), rng.Uniform(), 1e-4);
  }
  REQUIRE(Folded(process).map_version == 1);
  const std::uint64_t labels = Folded(process).tally.labels;
  REQUIRE(std::holds_alternative<api::AdminAnswer>(
      process.changes().Operate({"default", api::AdminOperation::kRefit, {}, ""})));
  const auto refitted = Folded(process);
  CHECK(refitted.map_version == 2);
  CHECK(refitted.tally.labels == labels);
  process.Reward(decisions[1], 0.5, 1e-4);
  api::FeedbackEvent event;
  event.decision_id = decisions[0];
  event.event_id = "gone";
  event.seq = 1;
  event.revoked = true;
  process.Feedback(event);
  CHECK(Folded(process).tally.labels == labels);
  CHECK(Folded(process).quarantined.Empty());
  CHECK(process.RouteText("after").logged);
  SurvivesRestart(process);
}

TEST_CASE("embeddings get a map with as many axes as they have") {
  ProcessInMemory process(OnEmbeddings(12, 8));
  policy::Rng rng(4);
  std::vector<std::string> decisions;
  for (int i = 0; i < 200; ++i) {
    process.now_us += 1000;
    const auto answer = std::get<api::RouteAnswer>(process.Route(Embedding(rng, 12)));
    decisions.push_back(answer.decision_id);
    if (i % 3 != 0) process.Reward(answer.decision_id, rng.Uniform(), 1e-4);
  }
  const auto fitted = Folded(process);
  CHECK(fitted.map_version == 1);
  CHECK(fitted.map_components <= 8);
  CHECK(process.board().Latest()->routers[0].posterior->dimension() == fitted.map_components + 1);
  for (int i = 0; i < 200; i += 3) process.Reward(decisions[i], rng.Uniform(), 1e-4);
  CHECK(Folded(process).tally.labels == 200);
  SurvivesRestart(process);
}

TEST_CASE("inputs that leave the map make another one and those that stay do not") {
  const double shift = GENERATE(0.0, 3.0);
  ProcessInMemory process(OnEmbeddings(12, 8));
  policy::Rng rng(5);
  for (int i = 0; i < 1500; ++i) {
    process.now_us += 1000;
    const auto reply = process.Route(Embedding(rng, 12));
    process.Reward(std::get<api::RouteAnswer>(reply).decision_id, rng.Uniform(), 1e-4);
    if (i % 10 == 0) REQUIRE(process.learner().Step().ok());
  }
  REQUIRE(Folded(process).map_version == 1);
  for (int i = 0; i < 1500; ++i) {
    process.now_us += 1000;
    const auto reply = process.Route(Embedding(rng, 12, shift));
    process.Reward(std::get<api::RouteAnswer>(reply).decision_id, rng.Uniform(), 1e-4);
    if (i % 10 == 0) REQUIRE(process.learner().Step().ok());
  }
  const auto report = Folded(process);
  CHECK((report.map_version > 1) == (shift > 0));
  CHECK(report.quarantined.Empty());
  CHECK(report.tally.labels == 3000);
  SurvivesRestart(process);
}

TEST_CASE("what a fold of the newest decisions left out is neither learnt nor taken back") {
  // Enough decisions that a new map folds only the newest 20,000 or so.
  config::Options options = OnEmbeddings(4, 2);
  options.routers[0].context.refit_on_shift = false;
  ProcessInMemory process(options);
  policy::Rng rng(6);
  std::vector<std::string> decisions;
  for (int i = 0; i < 23000; ++i) {
    process.now_us += 1000;
    const auto reply = process.Route(Embedding(rng, 4));
    decisions.push_back(std::get<api::RouteAnswer>(reply).decision_id);
    if (i < 500) process.Reward(decisions.back(), rng.Uniform(), 1e-4);
  }
  REQUIRE(Folded(process).tally.labels == 500);
  REQUIRE(std::holds_alternative<api::AdminAnswer>(
      process.changes().Operate({"default", api::AdminOperation::kRefit, {}, ""})));
  REQUIRE(Folded(process).map_version == 2);
  for (int i = 0; i < 500; ++i) {
    api::FeedbackEvent event;
    event.decision_id = decisions[i];
    event.event_id = "gone-" + std::to_string(i);
    event.seq = 1;
    event.revoked = true;
    process.Feedback(event);
  }
  const auto report = Folded(process);
  CHECK(report.tally.labels == 0);
  CHECK(report.quarantined.Empty());
  SurvivesRestart(process);
  // Folded from the beginning again, nothing is left of them either.
  REQUIRE(std::holds_alternative<api::AdminAnswer>(
      process.changes().Operate({"default", api::AdminOperation::kRollback, 1, ""})));
  CHECK(Folded(process).tally.labels == 0);
  SurvivesRestart(process);
}

TEST_CASE("what a fold of the newest decisions left out is what the arms start from") {
  config::Options options = OnEmbeddings(4, 2);
  options.routers[0].context.refit_on_shift = false;
  ProcessInMemory process(options);
  policy::Rng rng(8);
  for (int i = 0; i < 24000; ++i) {
    process.now_us += 1000;
    const auto answer = std::get<api::RouteAnswer>(process.Route(Embedding(rng, 4)));
    if (i < 2000) process.Reward(answer.decision_id, answer.tier == 1 ? 0.2 : 0.9, 1e-4);
    if (i % 100 == 0) REQUIRE(process.learner().Step().ok());
  }
  const auto means = [&] {
    policy::Rng inputs(9);
    std::vector<double> all;
    for (int i = 0; i < 20; ++i) {
      api::RouteRequest request = Embedding(inputs, 4);
      request.explain = true;
      const auto answer = std::get<api::RouteAnswer>(process.Route(request));
      for (const auto& arm : answer.explanation->arms) all.push_back(arm.mean);
    }
    return all;
  };
  REQUIRE(Folded(process).map_version == 1);
  const std::vector<double> before = means();
  REQUIRE(std::holds_alternative<api::AdminAnswer>(
      process.changes().Operate({"default", api::AdminOperation::kRefit, {}, ""})));
  REQUIRE(Folded(process).map_version == 2);
  const std::vector<double> after = means();
  REQUIRE(after.size() == before.size());
  for (std::size_t i = 0; i < after.size(); ++i) {
    CAPTURE(i);
    CHECK(after[i] == Approx(before[i]).margin(0.05));
  }
  CHECK(*std::min_element(after.begin(), after.end()) < 0.6);  // and not the prior's 0.7
  SurvivesRestart(process);
}

TEST_CASE("a router on maps that loses its store half-way through a fit folds nothing twice") {
  class BlinkingStore final : public tests::ForwardingStore {
   public:
    using ForwardingStore::ForwardingStore;
    store::Result<store::DecisionRecord> DecisionAt(store::Position position) const override {
      if (blind > 0 && position > 50) {
        --blind;
        return store::Error{store::Code::kUnavailable, "reopening"};
      }
      return ForwardingStore::DecisionAt(position);
    }
    mutable int blind = 0;
  };
  const auto memory = store::MakeMemoryStore();
  auto owned = std::make_unique<BlinkingStore>(*memory);
  BlinkingStore& blinking = *owned;
  ProcessInMemory process(config::Defaults(), std::move(owned));
  policy::Rng rng(7);
  for (int i = 0; i < 299; ++i) {
    process.Reward(process.RouteText(Question(rng)).decision_id, rng.Uniform(), 1e-4);
  }
  REQUIRE(process.learner().Step().ok());
  process.RouteText("the three hundredth");
  blinking.blind = 2;
  CHECK_FALSE(process.learner().Step().ok());
  CHECK_FALSE(process.learner().Step().ok());
  REQUIRE(process.learner().Step().ok());
  CHECK(Folded(process).map_version == 1);
  CHECK(Folded(process).tally.decisions == 300);
  SurvivesRestart(process);
}

}  // namespace sluice::daemon
