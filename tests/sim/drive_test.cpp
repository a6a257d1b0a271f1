#include "sim/drive.h"

#include <sstream>
#include <thread>

#include <catch2/catch.hpp>

#include "daemon/daemon.h"
#include "sim/command.h"
#include "sim/experiment.h"
#include "sim/world_file.h"
#include "tests/support/temporary_directory.h"

namespace sluice::sim {
namespace {

// A live daemon on loopback with a directory of its own.
class Live {
 public:
  explicit Live(config::RouterOptions router) {
    options_.routers = {std::move(router)};
    options_.store.directory = directory_.File("data");
    options_.data_plane.port = 0;
    options_.data_plane.threads = 2;
    options_.admin_plane.port = 0;
    Start();
    options_.data_plane.port = daemon_->data_port();
    options_.admin_plane.port = daemon_->admin_port();
  }
  ~Live() { Stop(); }
  Live(const Live&) = delete;
  Live& operator=(const Live&) = delete;

  // Stops it and starts another one on the same directory and ports.
  void Restart() {
    Stop();
    Start();
  }

  DriveOptions Options() const {
    const std::string host = "http://127.0.0.1:";
    return {.url = host + std::to_string(options_.data_plane.port),
            .admin_url = host + std::to_string(options_.admin_plane.port)};
  }

 private:
  void Start() {
    auto built = daemon::Daemon::Build(options_);
    if (!built) throw std::runtime_error(built.error().message);
    daemon_ = *std::move(built);
    daemon_->Start();
  }
  void Stop() {
    daemon_->Stop(std::chrono::milliseconds(1000));
    daemon_.reset();
  }

  tests::TemporaryDirectory directory_;
  config::Options options_ = config::Defaults();
  std::unique_ptr<daemon::Daemon> daemon_;
};

// A daemon draws the key of its n-grams, a run has a fixed one: named, it is the same for both.
config::RouterOptions TextRouter() {
  config::RouterOptions router = config::Defaults().routers.front();
  router.context.gram_seed = 7;
  return router;
}

config::RouterOptions EmbeddingRouter() {
  config::RouterOptions router = TextRouter();
  router.context.source = policy::ContextSource::kEmbedding;
  router.context.dimension = 8;
  router.context.projection = policy::Projection::kNone;
  return router;
}

Environment TasksOf(const config::RouterOptions& router, std::size_t tasks) {
  const RouterFacts facts = FactsOf(router);
  WorldOptions options{.name = std::string(DefaultWorld(facts)), .seed = 4, .tasks = tasks};
  return std::get<Environment>(MakeWorld(options, facts));
}

DriveResult Driven(const Environment& environment, const DriveOptions& options) {
  Progress silent(nullptr, "", 0);
  return Drive(environment, options, silent);
}

Choices Made(const Environment& environment, const ExperimentOptions& options) {
  Progress silent(nullptr, "", 0);
  return std::get<Choices>(RunExperiment(environment, options, silent));
}

}  // namespace

TEST_CASE("driving a fresh daemon in lockstep makes the choices of a run") {
  for (const config::RouterOptions& router : {TextRouter(), EmbeddingRouter()}) {
    for (const std::size_t delay : {std::size_t{0}, std::size_t{7}}) {
      CAPTURE(delay, router.context.dimension);
      const Environment world = TasksOf(router, 400);  // beyond the fit of a map
      const Live live(router);
      DriveOptions options = live.Options();
      options.lockstep = true;
      options.feedback_delay = delay;
      const DriveResult result = Driven(world, options);
      CHECK(result.traffic.complaints.empty());
      CHECK(result.traffic.failures() == 0);
      CHECK(result.choices == Made(world, {router, {delay}}));
    }
  }
}

TEST_CASE("what a daemon says about its router is what its configuration says") {
  for (const config::RouterOptions& router : {TextRouter(), EmbeddingRouter()}) {
    const Live live(router);
    const auto fetched = FetchRouter(live.Options());
    if (const auto* problem = std::get_if<std::string>(&fetched)) FAIL(*problem);
    const auto& facts = std::get<RouterFacts>(fetched);
    const RouterFacts expected = FactsOf(router);
    CHECK(facts.name == expected.name);
    CHECK(facts.policy == expected.policy);
    CHECK(facts.cost_weight == expected.cost_weight);
    CHECK(facts.source == expected.source);
    CHECK(facts.embedding_dimension == expected.embedding_dimension);
    CHECK(facts.arms == expected.arms);
  }
}

TEST_CASE("over several connections every outcome is reported once") {
  const Environment world = TasksOf(TextRouter(), 600);
  const Live live(TextRouter());
  DriveOptions options = live.Options();
  options.connections = 5;
  options.feedback_delay = 40;
  const DriveResult result = Driven(world, options);
  CHECK(result.traffic.routed == 600);
  CHECK(result.traffic.feedback_accepted == 600);
  CHECK(result.traffic.feedback_duplicates == 0);
  CHECK(result.traffic.failures() == 0);
  CHECK(std::count(result.choices.begin(), result.choices.end(), kNoArm) == 0);
  CHECK(result.traffic.route_p50_ms <= result.traffic.route_p99_ms);
}

TEST_CASE("a drive outlives a restart of the daemon") {
  const Environment world = TasksOf(TextRouter(), 400);
  Live live(TextRouter());
  DriveOptions options = live.Options();
  options.lockstep = true;
  options.feedback_delay = 10;
  std::thread operator_at_work([&live] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    live.Restart();
  });
  const DriveResult result = Driven(world, options);
  operator_at_work.join();
  for (const std::string& complaint : result.traffic.complaints) UNSCOPED_INFO(complaint);
  CHECK(result.traffic.failures() == 0);
  CHECK(result.traffic.routed == 400);
  CHECK(result.traffic.feedback_accepted + result.traffic.feedback_duplicates == 400);
}

TEST_CASE("refused requests are counted and after many in a row the drive gives up") {
  const Environment prompts = TasksOf(TextRouter(), 300);
  const Live live(EmbeddingRouter());
  const DriveResult result = Driven(prompts, live.Options());
  CHECK(result.traffic.routed == 0);
  CHECK(result.traffic.route_failed == 300);
  CHECK(result.choices == Choices(300, kNoArm));
  REQUIRE(result.traffic.complaints.size() == 1);
  CHECK(result.traffic.complaints.front().find("status 422") != std::string::npos);
}

TEST_CASE("a daemon that is not there is a sentence and not a table") {
  DriveCommandOptions options;
  options.drive.admin_url = "http://127.0.0.1:1";
  std::ostringstream out;
  std::ostringstream err;
  CHECK(Drive(options, {out, err}) == 2);
  CHECK(out.str().empty());
  CHECK(err.str().find("is sluiced running") != std::string::npos);
}

TEST_CASE("an address that is no URL is refused") {
  for (const char* url : {"127.0.0.1:8080", "ftp://127.0.0.1:8080", ""}) {
    CAPTURE(url);
    DriveOptions options;
    options.url = url;
    const auto fetched = FetchRouter(options);
    REQUIRE(fetched.index() == 1);
    CHECK(std::get<1>(fetched).find("is not a URL like") != std::string::npos);
  }
}

TEST_CASE("the drive command prints the table apart from what a clock says") {
  const Live live(TextRouter());
  DriveCommandOptions options;
  options.drive = live.Options();
  options.source.limit = 200;
  std::ostringstream out;
  std::ostringstream err;
  CHECK(Drive(options, {out, err}) == 0);
  CHECK(out.str().find("Sluice drive: world tasks, 200 requests, seed 1") != std::string::npos);
  CHECK(out.str().find("latency") == std::string::npos);
  CHECK(err.str().find("200 requests in ") != std::string::npos);
}

TEST_CASE("lockstep over several connections is refused") {
  DriveCommandOptions options;
  options.drive.lockstep = true;
  options.drive.connections = 2;
  std::ostringstream out;
  std::ostringstream err;
  CHECK(Drive(options, {out, err}) == 2);
  CHECK(err.str().find("--connections 1") != std::string::npos);
}

}  // namespace sluice::sim
