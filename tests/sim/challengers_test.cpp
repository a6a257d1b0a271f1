// A challenger beside the product's own router and learner, played through by the simulator.
#include <string>
#include <variant>

#include <catch2/catch.hpp>

#include "sim/experiment.h"
#include "sim/process.h"
#include "sim/world_file.h"

namespace sluice::sim {
namespace {

// Takes any arm; the challenger mostly the one that looks best. A token costs the same everywhere.
config::RouterOptions Challenged() {
  config::RouterOptions router = config::Defaults().routers.front();
  router.policy.kind = policy::PolicyKind::kUniform;
  router.policy.exploration.mode = policy::ExplorationMode::kNatural;
  for (config::ArmOptions& arm : router.arms) {
    arm.price_input_per_million_usd = 1;
    arm.price_output_per_million_usd = 1;
  }
  config::ChallengerOptions challenger;
  challenger.name = "keen";
  challenger.policy.kind = policy::PolicyKind::kEpsilonGreedy;
  challenger.policy.epsilon = 0.3;
  challenger.promotion.mode = policy::PromotionMode::kPromote;
  challenger.promotion.labels = policy::PromotionLabels::kAll;
  challenger.promotion.margin = 1;  // better answers are longer
  router.challengers = {challenger};
  return router;
}

void Play(Process& process, const Environment& world) {
  REQUIRE_FALSE(process.Start());
  for (std::size_t i = 0; i < world.tasks.size(); ++i) {
    const auto answer = process.Route(world.tasks[i]);
    REQUIRE(std::holds_alternative<api::RouteAnswer>(answer));
    const auto& route = std::get<api::RouteAnswer>(answer);
    for (std::size_t arm = 0; arm < world.arms.size(); ++arm) {
      if (world.arms[arm].name != route.arm) continue;
      const Outstanding due{.task = i, .arm = 0, .decision_id = route.decision_id};
      REQUIRE_FALSE(process.Report(due, world.tasks[i].outcomes[arm]));
    }
    REQUIRE_FALSE(process.Learn());
  }
}

}  // namespace

TEST_CASE("a simulated router promotes a challenger in the same way each time") {
  const config::RouterOptions router = Challenged();
  const auto made = MakeWorld({.name = "tasks", .seed = 3, .tasks = 9000}, FactsOf(router));
  const auto& world = std::get<Environment>(made);
  Process once(router);
  Play(once, world);
  const auto report = once.learner().Report().routers.at(0);
  REQUIRE(report.challengers.size() == 1);
  CHECK(report.challengers[0].state == daemon::ChallengerState::kPromoted);
  CHECK(once.board().Latest()->routers[0].definition->promoted == "keen");
  Process twice(router);
  Play(twice, world);
  CHECK((once.learner().State() == twice.learner().State()));
}

}  // namespace sluice::sim
