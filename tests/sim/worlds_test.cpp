// What happens in the worlds of sim/worlds/: each event does what its file says, to the router and
// to the truth that regret is measured against.
#include <algorithm>
#include <cmath>
#include <sstream>

#include <Eigen/Dense>
#include <catch2/catch.hpp>

#include "sim/experiment.h"
#include "sim/process.h"
#include "sim/stage.h"
#include "sim/world_file.h"
#include "sim/world_table.h"
#include "tests/support/printed.h"
#include "tests/support/temporary_directory.h"

namespace sluice::sim {
namespace {

constexpr std::uint64_t kSeed = 11;

World WorldOf(const std::string& name) {
  auto world = LoadWorld(name);
  if (const auto* problems = std::get_if<1>(&world)) FAIL(config::ToString(problems->front()));
  return std::get<World>(std::move(world));
}

std::vector<config::RouterOptions> RoutersOf(const World& world) {
  return world.routers.empty() ? config::Defaults().routers : world.routers;
}

Environment TasksOf(const World& world, const config::RouterOptions& router, std::size_t tasks,
                    std::uint64_t seed = kSeed) {
  auto made =
      MakeEnvironment(world, {.name = world.name, .seed = seed, .tasks = tasks}, FactsOf(router));
  if (const auto* problem = std::get_if<std::string>(&made)) FAIL(*problem);
  return std::get<Environment>(std::move(made));
}

Environment TasksOf(const World& world, std::size_t tasks) {
  return TasksOf(world, RoutersOf(world).front(), tasks);
}

ExperimentOptions OptionsOf(const World& world, const config::RouterOptions& router,
                            std::size_t tasks, std::uint64_t seed = kSeed) {
  return {.router = router,
          .feedback = world.feedback,
          .timeline = Timeline(world, tasks),
          .seed = seed};
}

Course CourseOf(const World& world, const config::RouterOptions& router, std::size_t tasks) {
  const Environment environment = TasksOf(world, router, tasks);
  Progress silent(nullptr, "", 0);
  auto courses = RunTogether({{environment, OptionsOf(world, router, tasks)}}, silent);
  if (const auto* problem = std::get_if<std::string>(&courses)) FAIL(*problem);
  return std::move(std::get<0>(courses).front());
}

World Without(World world, EventKind kind) {
  std::erase_if(world.events, [kind](const WorldEvent& event) { return event.kind == kind; });
  return world;
}

config::RouterOptions Greedy(config::RouterOptions router) {
  router.policy.exploration.mode = policy::ExplorationMode::kOff;
  return router;
}

using tests::Contents;

// What a process believes the arms cost, by their id.
std::vector<double> ListPrices(const Process& process, const std::string& router) {
  std::vector<double> prices;
  for (const auto& arm : process.board().Latest()->Find(router)->definition->arms) {
    prices.push_back(arm.price_output_per_million_usd);
  }
  return prices;
}

}  // namespace

TEST_CASE("every world runs twice to the same bytes") {
  const tests::TemporaryDirectory directory;
  const std::string file = directory.File("run.json");
  for (const std::string& name : WorldNames()) {
    CAPTURE(name);
    std::string bytes[2];
    for (std::string& all : bytes) {
      std::ostringstream out;
      std::ostringstream err;
      RunOptions options;
      options.source.world = name;
      options.source.limit = 300;
      options.json = file;
      const int code = Run(options, {out, err});
      INFO(err.str());
      REQUIRE(code == 0);
      all = out.str() + Contents(file);
    }
    CHECK(bytes[0] == bytes[1]);
    CHECK(bytes[0].find(WorldOf(name).description) != std::string::npos);
  }
}

TEST_CASE("the files of the folder are the worlds of the program") {
  for (const std::string& name : WorldNames()) {
    CAPTURE(name);
    const auto from_file = LoadWorld(SLUICE_WORLDS_PATH "/" + name + ".toml");
    REQUIRE(from_file.index() == 0);
    CHECK(std::get<0>(from_file).events == WorldOf(name).events);
  }
}

TEST_CASE("the list of worlds has every name and its sentence") {
  std::ostringstream out;
  std::ostringstream err;
  REQUIRE(ListWorlds({}, {out, err}) == 0);
  for (const std::string& name : WorldNames()) {
    CHECK(out.str().find(name + " ") != std::string::npos);
    CHECK(out.str().find(WorldOf(name).description) != std::string::npos);
  }
}

TEST_CASE("a live daemon is sent only worlds in which nothing happens") {
  const RouterFacts router = FactsOf(config::Defaults().routers.front());
  SourceOptions options;
  for (const std::string& name : WorldNames()) {
    const World world = WorldOf(name);
    if (world.prompts != Prompts::kText) continue;
    CAPTURE(name);
    options.world = name;
    const auto made = PrepareDrive(options, router);
    CHECK((made.index() == 0) == world.is_plain());
    CHECK((made.index() == 0 || std::get<1>(made).find("in `run` only") != std::string::npos));
  }
}

TEST_CASE("a price changes for the truth always and for the router when it is announced") {
  World world = WorldOf("price");
  const config::RouterOptions router = RoutersOf(world).front();
  const WorldEvent event = world.events.front();
  const std::size_t tasks = 600;
  const std::size_t at = tasks / 2;
  const Environment changed = TasksOf(world, tasks);
  const Environment plain = TasksOf(Without(world, EventKind::kPrice), tasks);
  for (std::size_t i = 0; i < tasks; ++i) {
    for (std::size_t a = 0; a < changed.arms.size(); ++a) {
      const double factor = a == *event.arm && i >= at ? event.factor : 1;
      CHECK(changed.tasks[i].outcomes[a].expected_cost_usd ==
            Approx(factor * plain.tasks[i].outcomes[a].expected_cost_usd));
      CHECK(changed.tasks[i].outcomes[a].cost_usd ==
            Approx(factor * plain.tasks[i].outcomes[a].cost_usd));
    }
  }
  for (const bool announced : {true, false}) {
    CAPTURE(announced);
    world.events.front().announced = announced;
    const Timeline timeline(world, tasks);
    Process process(timeline.RouterAt(router, 0));
    REQUIRE_FALSE(process.Start());
    const auto before = ListPrices(process, router.name);
    CHECK(timeline.RouterChanges(at) == announced);
    REQUIRE_FALSE(process.Change(timeline.RouterAt(router, at)));
    REQUIRE_FALSE(process.Learn());
    const auto after = ListPrices(process, router.name);
    for (std::size_t a = 0; a < before.size(); ++a) {
      const bool told = announced && a == *event.arm;
      CHECK(after[a] == Approx(told ? event.factor * before[a] : before[a]));
    }
  }
}

TEST_CASE("an announced price moves choices at its request and one that is not does not") {
  // Nothing is reported before the end: only what is announced can be known.
  World world = WorldOf("tasks");
  world.requests = 400;
  world.feedback.delay = world.requests;
  WorldEvent event{.kind = EventKind::kPrice, .at = 200, .factor = 1000};
  const config::RouterOptions router = Greedy(RoutersOf(world).front());
  const std::int32_t favourite = CourseOf(world, router, world.requests).choices.front();
  event.arm = static_cast<std::size_t>(favourite);
  for (const bool announced : {true, false}) {
    CAPTURE(announced);
    event.announced = announced;
    world.events = {event};
    const Choices choices = CourseOf(world, router, world.requests).choices;
    CHECK(std::count(choices.begin(), choices.begin() + 200, favourite) == 200);
    CHECK(std::count(choices.begin() + 200, choices.end(), favourite) == (announced ? 0 : 200));
  }
}

TEST_CASE("an arm fails from its request until it recovers and regret knows it") {
  const World world = WorldOf("failure");
  const WorldEvent event = world.events.front();
  const std::size_t tasks = 900;
  const Environment failing = TasksOf(world, tasks);
  const Environment sound = TasksOf(Without(world, EventKind::kFail), tasks);
  Choices always(tasks, static_cast<std::int32_t>(*event.arm));
  for (std::size_t i = 0; i < tasks; ++i) {
    for (std::size_t a = 0; a < failing.arms.size(); ++a) {
      const bool bad = a == *event.arm && i >= tasks / 3 && i < 2 * tasks / 3;
      CHECK(failing.tasks[i].outcomes[a].expected_reward ==
            Approx(sound.tasks[i].outcomes[a].expected_reward - (bad ? event.by : 0)));
    }
  }
  const double more = Summarise(failing, always, 0).whole.regret_reward -
                      Summarise(sound, always, 0).whole.regret_reward;
  // The best arm is another one all the time: what the failing arm lost is all regret.
  CHECK(more == Approx(event.by * tasks / 3));
}

TEST_CASE("an arm that joins is there from its request on and nothing compares with it before") {
  const World world = WorldOf("join");
  const WorldEvent event = world.events.front();
  const auto newcomer = static_cast<std::int32_t>(*event.arm);
  config::RouterOptions router = RoutersOf(world).front();
  router.policy.kind = policy::PolicyKind::kUniform;
  router.policy.exploration.mode = policy::ExplorationMode::kNatural;
  const std::size_t tasks = 600;
  const Choices choices = CourseOf(world, router, tasks).choices;
  const auto middle = choices.begin() + tasks / 2;
  CHECK(std::count(choices.begin(), middle, newcomer) == 0);
  // A third of 300 within 3.29 standard deviations.
  CHECK(std::abs(static_cast<double>(std::count(middle, choices.end(), newcomer)) - 100) <
        3.29 * std::sqrt(300 * (1.0 / 3) * (2.0 / 3)));

  const Environment environment = TasksOf(world, tasks);
  const Comparison first = Compare(environment, 0, std::span(choices).first(tasks / 2), 0);
  const Comparison second =
      Compare(environment, tasks / 2, std::span(choices).subspan(tasks / 2), 0);
  CHECK_FALSE(first.always[*event.arm]);
  CHECK(second.always[*event.arm]);
  CHECK(first.oracle_by_reward.reward < second.oracle_by_reward.reward);
  double best = 0;
  for (std::size_t i = 0; i < tasks / 2; ++i) {
    const auto& outcomes = environment.tasks[i].outcomes;
    best += std::max(outcomes[0].expected_reward, outcomes[1].expected_reward);
  }
  CHECK(first.oracle_by_reward.reward == Approx(best / (tasks / 2)));
  CHECK(first.uniform.reward == Approx((first.fixed[0].reward + first.fixed[1].reward) / 2));
}

TEST_CASE("a drift leaves what was before and ends where an abrupt one does") {
  const std::size_t tasks = 1000;
  World world = WorldOf("drift-slow");
  const Environment slow = TasksOf(world, tasks);
  const Environment plain = TasksOf(Without(world, EventKind::kDrift), tasks);
  world.events.front().until = world.events.front().at;
  const Environment abrupt = TasksOf(world, tasks);
  double apart = 0;
  for (std::size_t i = 0; i < tasks; ++i) {
    CAPTURE(i);
    if (i <= 200) CHECK(slow.tasks[i] == plain.tasks[i]);
    if (i < 200) CHECK(abrupt.tasks[i] == plain.tasks[i]);
    if (i >= 900) CHECK(slow.tasks[i] == abrupt.tasks[i]);
    if (i < 200) continue;
    apart += std::abs(abrupt.tasks[i].outcomes[0].expected_reward -
                      plain.tasks[i].outcomes[0].expected_reward);
  }
  CHECK(apart / 800 > 0.1);
}

TEST_CASE("clustered prompts lie around as many centres as the file says") {
  World world = WorldOf("clusters");
  world.reward.spread = 0.1;
  const Environment environment = TasksOf(world, 400);
  const auto cosine = [](const Task& a, const Task& b) {
    double sum = 0;
    for (std::size_t k = 0; k < a.embedding.size(); ++k) {
      sum += double{a.embedding[k]} * double{b.embedding[k]};
    }
    return sum;
  };
  // Each task joins the first one that is nearer to it than any two centres are.
  std::vector<std::size_t> firsts;
  for (std::size_t i = 0; i < environment.tasks.size(); ++i) {
    const bool near = std::ranges::any_of(firsts, [&](std::size_t first) {
      return cosine(environment.tasks[first], environment.tasks[i]) > 0.85;
    });
    if (!near) firsts.push_back(i);
  }
  CHECK(firsts.size() == world.reward.clusters);
}

TEST_CASE("curvature is what no linear model of the embedding can tell") {
  World world = WorldOf("nonlinear");
  // Share of the variance of an arm's mean reward that least squares explain.
  const auto explained = [&world] {
    const Environment environment = TasksOf(world, 2000);
    const auto n = static_cast<Eigen::Index>(environment.tasks.size());
    const auto d = static_cast<Eigen::Index>(environment.tasks.front().embedding.size());
    Eigen::MatrixXd x(n, d + 1);
    Eigen::VectorXd y(n);
    for (Eigen::Index i = 0; i < n; ++i) {
      const Task& task = environment.tasks[static_cast<std::size_t>(i)];
      x.row(i).head(d) = Eigen::Map<const Eigen::VectorXf>(task.embedding.data(), d).cast<double>();
      x(i, d) = 1;
      y(i) = task.outcomes.front().expected_reward;
    }
    const Eigen::VectorXd fit = x * x.colPivHouseholderQr().solve(y);
    const Eigen::VectorXd centred = y.array() - y.mean();
    return 1 - (y - fit).squaredNorm() / centred.squaredNorm();
  };
  CHECK(explained() < 0.7);
  world.reward.curvature = 0;
  CHECK(explained() > 0.99);
}

TEST_CASE("many routers in one process choose as each of them alone") {
  const World world = WorldOf("many");
  const std::size_t tasks = 400;
  std::vector<Environment> environments;
  for (std::size_t r = 0; r < world.routers.size(); ++r) {
    environments.push_back(TasksOf(world, world.routers[r], tasks, kSeed + r));
  }
  std::vector<Player> players;
  for (std::size_t r = 0; r < world.routers.size(); ++r) {
    players.push_back({environments[r], OptionsOf(world, world.routers[r], tasks)});
  }
  REQUIRE(players.size() >= 3);
  Progress silent(nullptr, "", 0);
  const auto together = RunTogether(players, silent);
  if (const auto* problem = std::get_if<std::string>(&together)) FAIL(*problem);
  for (std::size_t r = 0; r < players.size(); ++r) {
    CAPTURE(world.routers[r].name);
    const auto alone = RunExperiment(environments[r], players[r].options, silent);
    CHECK(std::get<0>(together)[r].choices == std::get<Choices>(alone));
  }
}

TEST_CASE("a restart leaves every choice that is not drawn as it would have been") {
  // Draws go on behind those of decisions that a crash may have lost, so that none is used twice:
  // with exploration the same distributions are drawn from with other numbers.
  const World world = WorldOf("restarts");
  const World steady = Without(Without(world, EventKind::kRestart), EventKind::kCheckpoint);
  REQUIRE(world.events.size() == steady.events.size() + 6);
  for (const char* policy : {"thompson", "linucb"}) {
    CAPTURE(policy);
    config::RouterOptions router = Greedy(RoutersOf(world).front());
    router.policy.kind = *policy::PolicyKindFromName(policy);
    const Course restarted = CourseOf(world, router, 1500);
    const Course uninterrupted = CourseOf(steady, router, 1500);
    CHECK((restarted.choices == uninterrupted.choices));
    CHECK(std::ranges::count(restarted.choices, restarted.choices.front()) < 1500);
    CHECK(restarted.told == uninterrupted.told);
  }
}

TEST_CASE("a restarted process has learnt what it had and only what the store holds") {
  const World world = WorldOf("tasks");
  const config::RouterOptions router = RoutersOf(world).front();
  const Environment environment = TasksOf(world, 300);
  Process process(router);
  REQUIRE_FALSE(process.Start());
  const std::string nothing = process.learner().State();
  for (std::size_t i = 0; i < environment.tasks.size(); ++i) {
    if (i == 100) REQUIRE_FALSE(process.Checkpoint());
    const auto reply = process.Route(environment.tasks[i]);
    REQUIRE(reply.index() == 0);
    const auto& answer = std::get<0>(reply);
    REQUIRE_FALSE(process.Report({i, 0, answer.decision_id}, environment.tasks[i].outcomes[0]));
    REQUIRE_FALSE(process.Learn());
  }
  const std::string learnt = process.learner().State();
  CHECK(learnt != nothing);
  const auto before = process.board().Latest();
  REQUIRE_FALSE(process.Restart());
  CHECK(process.board().Latest() != before);
  CHECK(process.learner().checkpoints().size() == 1);
  CHECK(process.learner().State() == learnt);
}

}  // namespace sluice::sim
