#include "daemon/learner.h"

#include <limits>

#include <catch2/catch.hpp>

#include "policy/rng.h"
#include "tests/support/process_in_memory.h"

namespace sluice::daemon {

namespace {

using tests::ProcessInMemory;

// Requests with feedback for most of them, some late, some twice.
void Live(ProcessInMemory& process, int requests, std::uint64_t seed) {
  policy::Rng rng(seed);
  std::vector<std::string> open;
  for (int i = 0; i < requests; ++i) {
    open.push_back(
        process.RouteText("question " + std::to_string(rng.Below(1000)) + "?").decision_id);
    if (rng.Uniform() < 0.7) {
      const std::string& decision = open[rng.Below(open.size())];
      process.Reward(decision, rng.Uniform() < 0.5 ? 0.25 : 1.0, 1e-4 * (1 + rng.Uniform()));
    }
    if (rng.Uniform() < 0.3) REQUIRE(process.learner().Step().ok());
  }
  REQUIRE(process.learner().Step().ok());
}

// Another learner over the same log, from nothing or from its checkpoints.
std::string FoldAgain(store::Store& store, Metrics& metrics) {
  SnapshotBoard board(1);
  Learner learner(store, board, metrics, {}, SystemClock());
  REQUIRE(learner.Recover().ok());
  return learner.State();
}

}  // namespace

TEST_CASE("folding the log again gives the same state to the bit") {
  ProcessInMemory process;
  Live(process, 600, 1);
  Metrics metrics(1);
  CHECK((FoldAgain(process.store(), metrics) == process.learner().State()));
}

TEST_CASE("a checkpoint and what came after it give the same state as the whole log") {
  ProcessInMemory process;
  Live(process, 300, 2);
  REQUIRE(process.learner().SaveCheckpoint().ok());
  Live(process, 300, 3);
  Metrics metrics(1);
  CHECK((FoldAgain(process.store(), metrics) == process.learner().State()));
}

TEST_CASE("a checkpoint that does not hold is set aside and the log is folded instead") {
  ProcessInMemory process;
  Live(process, 200, 4);
  const std::string state = process.learner().State();
  std::string broken = state;
  SECTION("cut short") {
    broken.resize(broken.size() / 2);
  }
  SECTION("a sum that is no number") {
    const double sum = process.learner().Report().routers.at(0).tally.arms.at(0).cost_usd_sum;
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const auto place = broken.find(std::string(reinterpret_cast<const char*>(&sum), sizeof sum));
    REQUIRE(place != std::string::npos);
    broken.replace(place, sizeof nan, reinterpret_cast<const char*>(&nan), sizeof nan);
  }
  SECTION("another format") {
    broken[0] = 99;
  }
  SECTION("nothing") {
    broken.clear();
  }
  REQUIRE(process.store().SaveCheckpoint({process.store().last_position(), broken}).ok());
  Metrics metrics(1);
  CHECK((FoldAgain(process.store(), metrics) == state));
  CHECK(metrics.Render(nullptr, {}).find("sluice_checkpoints_set_aside_total 1") !=
        std::string::npos);
}

TEST_CASE("a snapshot stands for the log position that it names") {
  ProcessInMemory process;
  Live(process, 100, 6);
  CHECK(process.board().Latest()->position == process.store().last_position());
  CHECK(process.learner().Report().applied == process.store().last_position());
}

TEST_CASE("decisions alone publish no snapshot") {
  ProcessInMemory process;
  const auto before = process.board().Latest();
  for (int i = 0; i < 50; ++i) process.RouteText("q");
  REQUIRE(process.learner().Step().ok());
  CHECK(process.board().Latest() == before);
  CHECK(process.learner().Report().applied == process.store().last_position());
}

TEST_CASE("a changed definition goes into force through the log and keeps what was learnt") {
  ProcessInMemory process;
  Live(process, 200, 7);
  const auto before = process.board().Latest()->routers[0];
  config::RouterOptions wanted = before.definition->options;
  wanted.objective.cost_weight *= 2;
  wanted.arms.erase(wanted.arms.begin());
  wanted.arms.push_back({.name = "new",
                         .model = "m",
                         .tier = 4,
                         .price_input_per_million_usd = 1,
                         .price_output_per_million_usd = 2,
                         .start = "prior"});
  const auto record = MakeRecord(wanted, 0, before.definition.get());
  REQUIRE(record.ok());
  CHECK(record->arm_names == std::vector<std::string>{"economy", "standard", "premium", "new"});
  REQUIRE(process.store().AppendRouter(*record).ok());
  REQUIRE(process.learner().Step().ok());
  const auto after = process.board().Latest()->routers[0];
  CHECK(after.scopes[0].cost_weight == wanted.objective.cost_weight);
  CHECK_FALSE(after.definition->configured.Has(0));
  CHECK(after.definition->configured.Has(3));
  for (policy::ArmId arm = 0; arm < 3; ++arm) {
    CHECK(after.posterior->arm(arm).quality == before.posterior->arm(arm).quality);
  }
  for (int i = 0; i < 100; ++i) CHECK(process.RouteText("q").arm != "economy");
  REQUIRE(process.learner().Step().ok());
  Metrics metrics(1);
  CHECK((FoldAgain(process.store(), metrics) == process.learner().State()));
}

TEST_CASE("a change that would not fit what was learnt asks for a new router") {
  ProcessInMemory process;
  const auto definition = process.board().Latest()->routers[0].definition;
  config::RouterOptions other_context = definition->options;
  other_context.context = {.source = policy::ContextSource::kEmbedding, .dimension = 8};
  CHECK_FALSE(MakeRecord(other_context, 0, definition.get()).ok());
  config::RouterOptions other_projection = definition->options;
  other_projection.context.projection = policy::Projection::kNone;
  CHECK_FALSE(MakeRecord(other_projection, 0, definition.get()).ok());
  config::RouterOptions many = definition->options;
  for (int i = 0; i < 62; ++i) {
    many.arms.push_back(many.arms[0]);
    many.arms.back().name = "arm" + std::to_string(i);
  }
  CHECK_FALSE(MakeRecord(many, 0, definition.get()).ok());
}

TEST_CASE("a state restores to the same bytes") {
  ProcessInMemory process;
  Live(process, 200, 8);
  REQUIRE(process.learner().SaveCheckpoint().ok());
  SnapshotBoard board(1);
  Metrics metrics(1);
  Learner learner(process.store(), board, metrics, {}, SystemClock());
  REQUIRE(learner.Recover().ok());
  CHECK((learner.State() == process.learner().State()));
  CHECK(metrics.Render(nullptr, {}).find("sluice_checkpoints_set_aside_total 0") !=
        std::string::npos);
}

}  // namespace sluice::daemon
