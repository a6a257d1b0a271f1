// What is fitted offline is what the product would have learnt, and helps whoever starts from it.
#include "sim/fit.h"

#include <fstream>
#include <functional>
#include <future>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "sim/experiment.h"
#include "sim/fit_log.h"
#include "sim/world_file.h"
#include "tests/support/event_log.h"
#include "tests/support/printed.h"
#include "tests/support/process_in_memory.h"
#include "tests/support/questions.h"
#include "tests/support/temporary_directory.h"

namespace sluice::sim {
namespace {

constexpr std::size_t kTrain = 600;
constexpr std::size_t kScore = 600;

using tests::Contents;
using tests::Printed;

Printed FitIt(const FitOptions& options) {
  return tests::RunCommand(Fit, options);
}

config::RouterOptions Router() {
  config::RouterOptions router = tests::SmallRouter();
  router.context.projection = policy::Projection::kAsGiven;
  router.prior.feature_precision = 0.64;
  router.objective.cost_weight = 0;
  return router;
}

// The first tasks as a data set.
void WriteRows(const std::string& path, const std::vector<Task>& tasks) {
  std::ofstream rows(path);
  rows << R"({"meta": {"arms": ["economy", "standard", "premium"]}})"
       << "\n";
  for (std::size_t i = 0; i < kTrain; ++i) {
    nlohmann::json row;
    if (tasks[i].text.empty()) {
      row["embedding"] = tasks[i].embedding;
    } else {
      row["prompt"] = tasks[i].text;
    }
    for (const Outcome& outcome : tasks[i].outcomes) {
      row["r"].push_back(outcome.reward);
      row["c"].push_back(outcome.cost_usd);
    }
    rows << row.dump() << "\n";
  }
}

// Rows to fit on and rows to score, a configuration without what is fitted.
struct Kit {
  Kit() {
    world = std::get<Environment>(
        MakeWorld({.name = "linear", .seed = 5, .tasks = kTrain + kScore}, FactsOf(Router())));
    WriteRows(data, world.tasks);
    std::ofstream(config) << config::PrintRouter(Router());
    world.tasks.erase(world.tasks.begin(), world.tasks.begin() + kTrain);
  }

  FitOptions Options(const std::string& kind) const {
    FitOptions options;
    options.data = data;
    options.config = config;
    options.kind = kind;
    options.out = directory.File(kind);
    return options;
  }

  // Mean expected reward over the first `requests` scored ones.
  double Reward(const config::RouterOptions& router, std::size_t requests) const {
    Progress silent(nullptr, "", 0);
    Environment some = world;
    some.tasks.resize(requests);
    const auto choices = RunExperiment(some, {.router = router}, silent);
    if (const auto* problem = std::get_if<std::string>(&choices)) FAIL(*problem);
    double sum = 0;
    for (std::size_t i = 0; i < requests; ++i) {
      const auto arm = static_cast<std::size_t>(std::get<Choices>(choices)[i]);
      sum += some.tasks[i].outcomes[arm].expected_reward;
    }
    return sum / static_cast<double>(requests);
  }

  tests::TemporaryDirectory directory;
  std::string data = directory.File("train.jsonl");
  std::string config = directory.File("router.toml");
  Environment world;
};

config::RouterOptions RouterToldBy(const Kit& kit, const std::string& kind) {
  std::string toml = config::PrintRouter(Router()) + "\n" + Contents(kit.Options(kind).out);
  const auto at = toml.find("policy = \"thompson\"");
  toml.replace(at, 19, "policy = \"" + kind + "\"");
  const auto mode = toml.find("mode = \"cap\"");
  toml.replace(mode, 12, "mode = \"natural\"");
  const auto parsed = config::Parse(toml, "told.toml");
  if (const auto* problems = std::get_if<1>(&parsed)) FAIL(config::ToString(problems->front()));
  return std::get<config::Options>(parsed).routers.front();
}

}  // namespace

TEST_CASE("a warm start chooses better than a cold one from the first request on") {
  const Kit kit;
  const FitOptions options = kit.Options("statistics");
  const Printed printed = FitIt(options);
  CAPTURE(printed.err);
  REQUIRE(printed.code == 0);
  CHECK(printed.err == "labels: economy 600, standard 600, premium 600\n");
  const std::string bytes = Contents(options.out);
  FitIt(options);
  CHECK((Contents(options.out) == bytes));
  config::RouterOptions router = Router();
  const double cold = kit.Reward(router, 200);
  const double uniform = [&] {
    config::RouterOptions random = Router();
    random.policy.kind = policy::PolicyKind::kUniform;
    random.policy.exploration.mode = policy::ExplorationMode::kNatural;
    return kit.Reward(random, 200);
  }();
  router.warm_start = options.out;
  const double warm = kit.Reward(router, 200);
  CAPTURE(uniform, cold, warm);
  CHECK(cold > uniform);
  CHECK(warm > cold + (cold - uniform) / 4);
}

TEST_CASE("a warm start may be written weaker than what it was made of") {
  const Kit kit;
  FitOptions options = kit.Options("statistics");
  const auto labels = [&] {
    REQUIRE(FitIt(options).code == 0);
    const auto file = daemon::DecodeWarmStart(Contents(options.out));
    REQUIRE(file.ok());
    policy::Model model({.dimension = file->dimension});
    model.AddArm({.from = policy::ArmStart::From::kStatistics,
                  .statistics = file->arms.at(0).statistics,
                  .strength = 1e9});
    return 2 * (model.Heads(0).quality->a_n - 5);
  };
  CHECK(labels() == Approx(600));
  options.strength = 40;
  CHECK(labels() == Approx(40));
  options.strength = 1e6;
  CHECK(labels() == Approx(600));
}

TEST_CASE("a logistic classifier and clusters that were fitted choose better than chance") {
  const Kit kit;
  config::RouterOptions random = Router();
  random.policy.kind = policy::PolicyKind::kUniform;
  random.policy.exploration.mode = policy::ExplorationMode::kNatural;
  const double uniform = kit.Reward(random, kScore);
  for (const std::string kind : {"logistic", "clusters"}) {
    const Printed printed = FitIt(kit.Options(kind));
    CAPTURE(kind, printed.err, uniform);
    REQUIRE(printed.code == 0);
    const std::string bytes = Contents(kit.Options(kind).out);
    FitIt(kit.Options(kind));
    CHECK((Contents(kit.Options(kind).out) == bytes));
    CHECK(kit.Reward(RouterToldBy(kit, kind), kScore) > uniform + 0.02);
  }
}

// Plays a router over requests with feedback for every answer, fits its log, and compares.
void CheckFitOfLog(const config::RouterOptions& router,
                   const std::function<api::RouteRequest(policy::Rng&)>& request) {
  const tests::TemporaryDirectory directory;
  std::vector<std::string> learnt;
  {
    store::StoreOptions place;
    place.directory = directory.File("store");
    tests::ProcessInMemory process(tests::With(router), *store::OpenStore(place));
    REQUIRE(process.ok);
    policy::Rng rng(9);
    for (int i = 0; i < 300; ++i) {
      process.now_us += 1000;
      const auto answer = std::get<api::RouteAnswer>(process.Route(request(rng)));
      api::FeedbackEvent event;
      event.decision_id = answer.decision_id;
      event.event_id = "event-" + answer.decision_id;
      event.reward = 0.5 + 0.1 * rng.Uniform();
      event.cost_usd = 1e-4 * (1 + rng.Uniform());
      std::promise<void> synced;  // the committer's thread says so
      process.router().Feedback({event}, 0, [&](const api::FeedbackReply&) { synced.set_value(); });
      synced.get_future().wait();
      REQUIRE(process.learner().Step().ok());
    }
    for (policy::ArmId arm = 0; arm < 3; ++arm) {
      learnt.push_back(process.learner().ArmStatistics(0, arm).value());
    }
  }
  const auto samples = SamplesOfLog(directory.File("store"), "default");
  if (const auto* problem = std::get_if<std::string>(&samples)) FAIL(*problem);
  const auto& from = std::get<LoggedSamples>(samples);
  const daemon::WarmStartFile file = FitStatistics(*from.definition, from.samples);
  CHECK(file.context_map.empty() != from.definition->context.fits_maps());
  REQUIRE(file.arms.size() == 3);
  for (std::size_t arm = 0; arm < 3; ++arm) {
    // Behind the mark of the space.
    CHECK((file.arms[arm].statistics == learnt[arm].substr(sizeof(std::uint64_t))));
  }
}

TEST_CASE("what is fitted of a log is what the daemon learnt to the bit") {
  CheckFitOfLog(Router(), [](policy::Rng& rng) {
    api::RouteRequest request;
    request.embedding.emplace();
    for (std::size_t k = 0; k < tests::kLogDimension; ++k) {
      request.embedding->push_back(static_cast<float>(rng.Normal()));
    }
    return request;
  });
}

TEST_CASE("what is fitted of a log of texts is in the space of the map that stands at its end") {
  config::RouterOptions router = config::Defaults().routers[0];
  router.context.fit_after = 120;
  CheckFitOfLog(router, [](policy::Rng& rng) {
    api::RouteRequest request;
    request.text = tests::Question(rng);
    return request;
  });
}

TEST_CASE("a router of texts starts from data with the map that was fitted on them") {
  const tests::TemporaryDirectory directory;
  config::RouterOptions router = config::Defaults().routers[0];
  router.context.gram_seed = 7;
  router.objective.cost_weight = 0;
  auto texts = std::get<Environment>(
      MakeWorld({.name = "tasks", .seed = 5, .tasks = kTrain + kScore}, FactsOf(router)));
  FitOptions options;
  options.data = directory.File("train.jsonl");
  options.config = directory.File("router.toml");
  options.out = directory.File("warm");
  std::ofstream(options.config) << config::PrintRouter(router);
  WriteRows(options.data, texts.tasks);
  const Printed printed = FitIt(options);
  CAPTURE(printed.err);
  REQUIRE(printed.code == 0);
  texts.tasks.erase(texts.tasks.begin(), texts.tasks.begin() + kTrain);
  texts.tasks.resize(150);
  const auto reward = [&] {
    Progress silent(nullptr, "", 0);
    const auto choices = RunExperiment(texts, {.router = router}, silent);
    if (const auto* problem = std::get_if<std::string>(&choices)) FAIL(*problem);
    return Compare(texts, 0, std::get<Choices>(choices), 0).ours.reward;
  };
  const double cold = reward();
  router.warm_start = options.out;
  const double warm = reward();
  CAPTURE(cold, warm);
  CHECK(warm > cold + 0.01);
  options.kind = "clusters";
  CHECK(
      FitIt(options).err ==
      "sluice-sim: router \"default\" has a fitted context map, and a configuration says of no map "
      "what it is: set projection = \"none\" in its [router.context], or fit statistics\n");
}

TEST_CASE("what cannot be fitted is refused with the reason") {
  const Kit kit;
  const auto refusal = [](const FitOptions& options) {
    const Printed printed = FitIt(options);
    CHECK(printed.code == 2);
    return printed.err;
  };
  FitOptions options = kit.Options("statistics");
  options.log = "x";
  CHECK(refusal(options) == "sluice-sim: pass --data FILE or --log DIR\n");
  options = kit.Options("forest");
  CHECK(refusal(options) ==
        "sluice-sim: there is no kind \"forest\"; pass statistics, logistic or clusters\n");
  options = kit.Options("statistics");
  options.out.clear();
  CHECK(refusal(options) == "sluice-sim: statistics are bytes: pass --out FILE\n");
  options = kit.Options("statistics");
  options.router = "other";
  CHECK(refusal(options) == "sluice-sim: the configuration has no router \"other\"\n");
  std::ofstream(kit.config) << "[[router]]\ncontext.projection = \"none\"\n";
  CHECK(refusal(kit.Options("logistic")) ==
        "sluice-sim: row 1 of the data has not what the router reads: a prompt\n");
  options = kit.Options("statistics");
  options.data.clear();
  options.log = kit.directory.File("missing/store");
  CHECK_FALSE(refusal(options).empty());
}

}  // namespace sluice::sim
