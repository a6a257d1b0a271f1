#include "sim/pairing.h"

#include <catch2/catch.hpp>

namespace sluice::sim {
namespace {

ArmFacts Arm(const std::string& name, const std::string& model, double price) {
  return {.name = name, .model = model, .price_output_per_million_usd = price};
}

RouterFacts ThreeTiers() {
  RouterFacts router;
  router.name = "default";
  router.arms = {Arm("premium", "big-1", 10), Arm("economy", "tiny-1", 0.1),
                 Arm("standard", "mid-1", 1)};
  return router;
}

// Models with one row whose costs are 1, 2, 3, ...
Environment Models(std::vector<ArmFacts> models) {
  Environment environment{.name = "data", .arms = std::move(models), .tasks = {}};
  Task task;
  for (std::size_t i = 0; i < environment.arms.size(); ++i) {
    const double value = static_cast<double>(i + 1);
    task.outcomes.push_back({0, value, 0, value});
  }
  environment.tasks = {task};
  return environment;
}

std::vector<Pair> Paired(const Environment& environment, const std::vector<Wish>& wishes = {}) {
  const auto pairs = PairArms(ThreeTiers(), environment, wishes);
  if (const auto* problem = std::get_if<std::string>(&pairs)) FAIL(*problem);
  return std::get<0>(pairs);
}

std::string Refused(const Environment& environment, const std::vector<Wish>& wishes = {}) {
  const auto pairs = PairArms(ThreeTiers(), environment, wishes);
  REQUIRE(pairs.index() == 1);
  return std::get<1>(pairs);
}

}  // namespace

TEST_CASE("arms meet models by model name or arm name with or without the owner before the slash") {
  const auto pairs = Paired(Models({Arm("org/tiny-1", "", 5), Arm("premium", "", 1),
                                    Arm("mid-1", "", 2), Arm("unused", "", 3)}));
  CHECK(pairs == std::vector<Pair>{
                     {0, 1, PairedBy::kName}, {1, 0, PairedBy::kName}, {2, 2, PairedBy::kName}});
}

TEST_CASE("arms without a name in common meet models in order of list price") {
  const auto pairs = Paired(Models({Arm("b", "", 7), Arm("c", "", 70), Arm("a", "", 0.7)}));
  CHECK(pairs == std::vector<Pair>{
                     {0, 1, PairedBy::kPrice}, {1, 2, PairedBy::kPrice}, {2, 0, PairedBy::kPrice}});
}

TEST_CASE("models without list prices are ordered by mean cost") {
  const auto pairs = Paired(Models({Arm("1", "", 0), Arm("2", "", 0), Arm("3", "", 0)}));
  CHECK(pairs == std::vector<Pair>{{0, 2, PairedBy::kMeanCost},
                                   {1, 0, PairedBy::kMeanCost},
                                   {2, 1, PairedBy::kMeanCost}});
}

TEST_CASE("what the user says comes first and the rest follows") {
  const auto pairs =
      Paired(Models({Arm("b", "", 7), Arm("c", "", 70), Arm("a", "", 0.7)}), {{"premium", "a"}});
  CHECK(pairs == std::vector<Pair>{
                     {0, 2, PairedBy::kUser}, {1, 0, PairedBy::kPrice}, {2, 1, PairedBy::kPrice}});
}

TEST_CASE("more models than arms are refused with what to pass") {
  const std::string text =
      Refused(Models({Arm("a", "", 1), Arm("b", "", 2), Arm("c", "", 3), Arm("d", "", 4)}));
  INFO(text);
  CHECK(text.find("3 arms of the router and 4 models of \"data\"") != std::string::npos);
  CHECK(text.find("--arm premium=a") != std::string::npos);
}

TEST_CASE("fewer models than arms are refused with what to configure") {
  const std::string text = Refused(Models({Arm("weak", "", 1), Arm("strong", "", 10)}));
  INFO(text);
  CHECK(text.find("3 arms of the router and 2 models of \"data\"") != std::string::npos);
  CHECK(text.find("--config") != std::string::npos);
  CHECK(text.find("models: weak, strong") != std::string::npos);
}

TEST_CASE("equal prices are refused and not guessed") {
  const std::string text = Refused(Models({Arm("a", "", 1), Arm("b", "", 1), Arm("c", "", 2)}));
  CHECK(text.find("cost the same") != std::string::npos);
}

TEST_CASE("a name that fits two models is refused") {
  const std::string text =
      Refused(Models({Arm("x/tiny-1", "", 1), Arm("y/tiny-1", "", 2), Arm("mid-1", "", 3)}));
  CHECK(text.find("\"economy\" could be more than one model") != std::string::npos);
}

TEST_CASE("wishes that name nothing or name it twice are refused") {
  const Environment models = Models({Arm("a", "", 1), Arm("b", "", 2), Arm("c", "", 3)});
  CHECK(Refused(models, {{"gold", "a"}}).find("no arm of that name") != std::string::npos);
  CHECK(Refused(models, {{"premium", "z"}}).find("no model of that name") != std::string::npos);
  CHECK(Refused(models, {{"premium", "a"}, {"economy", "a"}}).find("twice") != std::string::npos);
}

TEST_CASE("an arranged environment has the arms of the router in its order") {
  const Environment models = Models({Arm("b", "", 7), Arm("c", "", 70), Arm("a", "", 0.7)});
  const RouterFacts router = ThreeTiers();
  const Environment arranged = Arrange(models, router, Paired(models));
  CHECK(arranged.arms == router.arms);
  CHECK(arranged.tasks[0].outcomes[0].cost_usd == 2);
  CHECK(arranged.tasks[0].outcomes[1].cost_usd == 3);
  CHECK(arranged.tasks[0].outcomes[2].cost_usd == 1);
}

}  // namespace sluice::sim
