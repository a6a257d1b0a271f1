// Arms that come and go while the daemon runs: nothing that was learnt is lost or changed.
#include <catch2/catch.hpp>

#include "tests/support/event_log.h"
#include "tests/support/process_in_memory.h"
#include "tests/support/survives_restart.h"

namespace sluice::daemon {

namespace {

using tests::ProcessInMemory;
using tests::SurvivesRestart;

api::ArmPut Put(const std::string& name) {
  api::ArmPut put;
  put.router = "default";
  put.arm = name;
  put.model = "model-of-" + name;
  put.tier = 2;
  put.price_input_per_million_usd = 0.4;
  put.price_output_per_million_usd = 0.8;
  return put;
}

int StatusOf(const std::variant<api::AdminAnswer, api::Problem>& answer) {
  const auto* problem = std::get_if<api::Problem>(&answer);
  return problem == nullptr ? 200 : problem->status;
}

void Live(ProcessInMemory& process, policy::Rng& rng, int requests) {
  for (int i = 0; i < requests; ++i) {
    api::RouteRequest request;
    request.embedding.emplace();
    for (std::size_t k = 0; k < tests::kLogDimension; ++k) {
      request.embedding->push_back(static_cast<float>(rng.Normal()));
    }
    process.now_us += 1000;
    const auto answer = std::get<api::RouteAnswer>(process.Route(request));
    process.Reward(answer.decision_id, 0.4 + 0.4 * rng.Uniform(), 1e-4 * (1 + rng.Uniform()));
  }
  REQUIRE(process.learner().Step().ok());
}

// More labels than are left of an arm when another model takes its name.
void TeachGuest(ProcessInMemory& process) {
  for (int i = 0; i < 200; ++i) {
    api::RouteRequest request;
    request.embedding = std::vector<float>(tests::kLogDimension, 1.0F);
    request.allow = {"guest"};
    process.now_us += 1000;
    const auto answer = std::get<api::RouteAnswer>(process.Route(request));
    process.Reward(answer.decision_id, 0.3, 1e-3);
  }
  REQUIRE(process.learner().Step().ok());
}

std::string Statistics(ProcessInMemory& process, policy::ArmId arm) {
  return process.learner().ArmStatistics(0, arm).value();
}

std::shared_ptr<const RouterDefinition> Definition(ProcessInMemory& process) {
  return process.board().Latest()->routers[0].definition;
}

policy::Estimate Predict(ProcessInMemory& process, policy::ArmId arm) {
  policy::Context context = policy::Context::Zero(tests::kLogDimension + 1);
  context[0] = 0.6F;
  context[1] = -0.8F;
  context[tests::kLogDimension] = 1;
  return process.board().Latest()->routers[0].posterior->Predict(
      arm, context, {.list_price_usd = 1, .cost_usd_min = 0, .cost_usd_max = 0});
}

}  // namespace

TEST_CASE("an arm that is added changes no other and starts where it is told to") {
  ProcessInMemory process(tests::With(tests::SmallRouter()));
  policy::Rng rng(1);
  Live(process, rng, 300);
  const std::vector<std::string> before = {Statistics(process, 0), Statistics(process, 1),
                                           Statistics(process, 2)};
  api::ArmPut put = Put("others-like");
  REQUIRE(StatusOf(process.changes().PutArm(put)) == 200);
  put = Put("at-prior");
  put.start = "prior";
  REQUIRE(StatusOf(process.changes().PutArm(put)) == 200);
  put = Put("like-premium");
  put.start = "premium";
  put.start_strength = 10;
  REQUIRE(StatusOf(process.changes().PutArm(put)) == 200);
  put = Put("offline");
  put.statistics = before[0];
  put.start_strength = 1e6;
  REQUIRE(StatusOf(process.changes().PutArm(put)) == 200);
  for (policy::ArmId arm = 0; arm < 3; ++arm) CHECK((Statistics(process, arm) == before[arm]));

  const double mean =
      (Predict(process, 0).mean + Predict(process, 1).mean + Predict(process, 2).mean) / 3;
  CHECK(Predict(process, 3).mean == Approx(mean).epsilon(1e-5));
  CHECK(Predict(process, 4).mean == Approx(0.7));
  CHECK(Predict(process, 5).mean == Approx(Predict(process, 2).mean).epsilon(1e-5));
  CHECK(Predict(process, 5).width >= Predict(process, 2).width);
  CHECK(Predict(process, 6).mean == Approx(Predict(process, 0).mean).epsilon(1e-5));
  CHECK(process.learner().Report().routers.at(0).tally.arms.size() == 7);
  Live(process, rng, 100);
  SurvivesRestart(process);
}

TEST_CASE("an arm that goes and comes again knows to the bit what it knew") {
  ProcessInMemory process(tests::With(tests::SmallRouter()));
  policy::Rng rng(2);
  REQUIRE(StatusOf(process.changes().PutArm(Put("guest"))) == 200);
  Live(process, rng, 300);
  const std::string before = Statistics(process, 3);
  REQUIRE(process.learner().Report().routers.at(0).tally.arms[3].decisions > 0);
  REQUIRE(StatusOf(process.changes().DeleteArm("default", "guest")) == 200);
  CHECK(StatusOf(process.changes().DeleteArm("default", "guest")) == 404);
  CHECK_FALSE(Definition(process)->configured.Has(3));
  const std::uint64_t decisions = process.learner().Report().routers.at(0).tally.arms[3].decisions;
  Live(process, rng, 200);
  CHECK(process.learner().Report().routers.at(0).tally.arms[3].decisions == decisions);
  SurvivesRestart(process);
  REQUIRE(StatusOf(process.changes().PutArm(Put("guest"))) == 200);
  CHECK(Definition(process)->arm_ids.at("guest") == 3);
  CHECK((Statistics(process, 3) == before));
  SurvivesRestart(process);
}

TEST_CASE("feedback of an arm that is gone is still learnt") {
  ProcessInMemory process(tests::With(tests::SmallRouter()));
  REQUIRE(StatusOf(process.changes().PutArm(Put("guest"))) == 200);
  api::RouteRequest request;
  request.embedding = std::vector<float>(tests::kLogDimension, 1.0F);
  request.allow = {"guest"};
  const auto answer = std::get<api::RouteAnswer>(process.Route(request));
  REQUIRE(answer.arm == "guest");
  REQUIRE(StatusOf(process.changes().DeleteArm("default", "guest")) == 200);
  process.Reward(answer.decision_id, 0.25, 1e-3);
  REQUIRE(process.learner().Step().ok());
  CHECK(process.learner().Report().routers.at(0).tally.arms[3].labels == 1);
  SurvivesRestart(process);
}

TEST_CASE("paused and draining arms are not chosen and learn on") {
  const std::string state = GENERATE("paused", "draining");
  ProcessInMemory process(tests::With(tests::SmallRouter()));
  policy::Rng rng(3);
  REQUIRE(StatusOf(process.changes().PutArm(Put("guest"))) == 200);
  Live(process, rng, 100);
  api::ArmPut put = Put("guest");
  put.state = state;
  const std::string before = Statistics(process, 3);
  REQUIRE(StatusOf(process.changes().PutArm(put)) == 200);
  CHECK((Statistics(process, 3) == before));
  const auto decisions = process.learner().Report().routers.at(0).tally.arms[3].decisions;
  Live(process, rng, 200);
  CHECK(process.learner().Report().routers.at(0).tally.arms[3].decisions == decisions);
  const auto report = std::get<api::RouterReport>(process.router().RouterByName("default"));
  CHECK(report.arms.back().state == state);
  CHECK(report.arms.back().owner == "admin");
  put.state = "active";
  REQUIRE(StatusOf(process.changes().PutArm(put)) == 200);
  CHECK(Definition(process)->choosable.Has(3));
}

TEST_CASE("the file keeps its arms and a reload keeps those that operators made") {
  ProcessInMemory process(tests::With(tests::SmallRouter()));
  CHECK(StatusOf(process.changes().PutArm(Put("economy"))) == 409);
  CHECK(StatusOf(process.changes().DeleteArm("default", "economy")) == 409);
  api::ArmPut put = Put("guest");
  put.router = "other";
  CHECK(StatusOf(process.changes().PutArm(put)) == 404);
  put = Put("guest");
  put.start = "gold";
  CHECK(StatusOf(process.changes().PutArm(put)) == 422);
  put = Put("guest");
  put.statistics = "nonsense";
  CHECK(StatusOf(process.changes().PutArm(put)) == 422);
  put = Put("no spaces please");
  CHECK(StatusOf(process.changes().PutArm(put)) == 422);
  CHECK(Definition(process)->arm_names.size() == 3);

  put = Put("guest");
  put.start = "premium";
  REQUIRE(StatusOf(process.changes().PutArm(put)) == 200);
  CHECK(StatusOf(process.changes().PutArm([&] {
          api::ArmPut with = put;
          with.start = "prior";
          with.statistics = Statistics(process, 0);
          return with;
        }())) == 409);
  // The file drops the arm that the guest started from.
  config::RouterOptions file = tests::SmallRouter();
  file.arms.pop_back();
  REQUIRE(process.changes().Apply({file}).ok());
  CHECK(Definition(process)->configured.Has(3));
  CHECK_FALSE(Definition(process)->configured.Has(2));
  const store::Position end = process.store().last_position();
  REQUIRE(process.changes().Apply({file}).ok());
  CHECK(process.store().last_position() == end);
  SurvivesRestart(process);
}

TEST_CASE("an arm that others started from may go") {
  ProcessInMemory process(tests::With(tests::SmallRouter()));
  REQUIRE(StatusOf(process.changes().PutArm(Put("first"))) == 200);
  api::ArmPut put = Put("second");
  put.start = "first";
  REQUIRE(StatusOf(process.changes().PutArm(put)) == 200);
  CHECK(StatusOf(process.changes().DeleteArm("default", "first")) == 200);
  CHECK(Definition(process)->configured.Has(4));
  SurvivesRestart(process);
}

TEST_CASE("another model under an arm's name starts from a faded memory of the old one") {
  ProcessInMemory process(tests::With(tests::SmallRouter()));
  policy::Rng rng(4);
  api::ArmPut put = Put("guest");
  REQUIRE(StatusOf(process.changes().PutArm(put)) == 200);
  TeachGuest(process);
  const std::string others = Statistics(process, 0);
  const double width = Predict(process, 3).width;
  put.model = "a-newer-model";
  REQUIRE(StatusOf(process.changes().PutArm(put)) == 200);
  CHECK(Predict(process, 3).width > width);
  CHECK((Statistics(process, 0) == others));
  // At once, without a label in between.
  SurvivesRestart(process);
  Live(process, rng, 50);
  SurvivesRestart(process);
}

TEST_CASE("an arm that comes again as another model is a faded memory and as the same one is not") {
  const bool another = GENERATE(true, false);
  ProcessInMemory process(tests::With(tests::SmallRouter()));
  policy::Rng rng(5);
  REQUIRE(StatusOf(process.changes().PutArm(Put("guest"))) == 200);
  TeachGuest(process);
  const std::string before = Statistics(process, 3);
  const double width = Predict(process, 3).width;
  REQUIRE(StatusOf(process.changes().DeleteArm("default", "guest")) == 200);
  Live(process, rng, 20);
  api::ArmPut put = Put("guest");
  if (another) put.model = "a-newer-model";
  REQUIRE(StatusOf(process.changes().PutArm(put)) == 200);
  CHECK((Statistics(process, 3) == before) != another);
  CHECK((Predict(process, 3).width > width) == another);
  SurvivesRestart(process);
}

}  // namespace sluice::daemon
