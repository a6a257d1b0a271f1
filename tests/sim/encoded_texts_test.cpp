#include "sim/encoded_texts.h"

#include <catch2/catch.hpp>

#include "sim/experiment.h"
#include "sim/process.h"
#include "sim/world_file.h"

namespace sluice::sim {
namespace {

using policy::ContextBuilder;

config::RouterOptions TextRouter() {
  return config::Defaults().routers.front();
}

Environment Tasks(std::size_t count) {
  return std::get<Environment>(
      MakeWorld({.name = "tasks", .seed = 3, .tasks = count}, FactsOf(TextRouter())));
}

std::vector<ContextBuilder::Raw> Raws(const Environment& environment, std::size_t count) {
  const ContextBuilder builder({}, 9);
  std::vector<ContextBuilder::Raw> raws;
  for (std::size_t i = 0; i < count; ++i) {
    const auto part = ContextBuilder::Part::kGrams;
    raws.push_back(ContextBuilder::RawText{builder.Encode(environment.tasks[i].text, part).grams});
  }
  return raws;
}

}  // namespace

TEST_CASE("what is remembered of a text is what a builder makes of it") {
  const Environment environment = Tasks(20);
  const config::RouterOptions router = TextRouter();
  const EncodedTexts memory(environment.tasks, router);
  const std::uint32_t seed = GramSeedOf(router);
  const ContextBuilder builder(router.context, seed);
  const ContextBuilder remembering(router.context, seed, &memory);
  for (const Task& task : environment.tasks) {
    REQUIRE(memory.Find(task.text, seed) != nullptr);
    const auto fresh = builder.FromText(task.text, {});
    const auto remembered = remembering.FromText(task.text, {});
    CHECK(fresh.context == remembered.context);
    CHECK(fresh.kept == remembered.kept);
  }
  CHECK(memory.Find("another text", seed) == nullptr);
  CHECK(memory.Find(environment.tasks[0].text, seed + 1) == nullptr);
  CHECK(remembering.FromText("another text", {}).context ==
        builder.FromText("another text", {}).context);
}

TEST_CASE("a context map is fitted once for the same rows and anew for others") {
  const Environment environment = Tasks(60);
  const EncodedTexts memory(environment.tasks);
  const auto raws = Raws(environment, 50);
  const auto map = memory.FitMap(raws, {.components = 5});
  REQUIRE(map != nullptr);
  CHECK(map->fingerprint() == policy::FitContextMap(raws, {.components = 5})->fingerprint());
  CHECK(memory.FitMap(raws, {.components = 5}) == map);
  CHECK(memory.FitMap(raws, {.components = 6}) != map);
  CHECK(memory.FitMap(raws, {.components = 5, .version = 2}) != map);
  CHECK(memory.FitMap(Raws(environment, 49), {.components = 5}) != map);
}

TEST_CASE("a course that remembers its texts makes the same choices") {
  const Environment environment = Tasks(700);
  const config::RouterOptions router = TextRouter();
  const EncodedTexts memory(environment.tasks, router);
  Progress silent(nullptr, "", 0);
  const auto fresh = RunExperiment(environment, {.router = router}, silent);
  const auto remembered = RunExperiment(environment, {.router = router, .memory = &memory}, silent);
  REQUIRE(fresh.index() == 0);
  CHECK(fresh == remembered);
}

}  // namespace sluice::sim
