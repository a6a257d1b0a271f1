// Warm-start files of routers whose contexts a fitted map makes: the file brings the map, and what
// it says is about that map alone.
#include <fstream>

#include <catch2/catch.hpp>

#include "daemon/warm_start.h"
#include "store/bytes.h"
#include "store/crc32c.h"
#include "tests/support/event_log.h"
#include "tests/support/process_in_memory.h"
#include "tests/support/questions.h"
#include "tests/support/survives_restart.h"
#include "tests/support/temporary_directory.h"

namespace sluice::daemon {

namespace {

using tests::ProcessInMemory;
using tests::Question;

constexpr std::uint32_t kFileSeed = 11;  // the process draws 7

config::RouterOptions TextRouter() {
  config::RouterOptions router = config::Defaults().routers[0];
  router.context.components = 10;
  router.prior.drift.detect = false;
  return router;
}

std::shared_ptr<const RouterDefinition> DefinitionOf(const config::RouterOptions& router) {
  return *MakeDefinition(*MakeRecord(router, 0, nullptr, kFileSeed));
}

// Of a model that says .9 of the router's first arm and .2 of its second, in the space of a map
// that was fitted on 200 questions.
WarmStartFile FileFor(const config::RouterOptions& router, std::uint64_t seed = 5) {
  const auto definition = DefinitionOf(router);
  policy::Rng rng(seed);
  std::vector<policy::Context> contexts;
  std::vector<policy::ContextBuilder::Raw> raws;
  for (int i = 0; i < 200; ++i) {
    const auto encoded = definition->context.FromText(Question(rng), {});
    contexts.push_back(encoded.context);
    raws.push_back(definition->context.RawOf(encoded.context, 0, encoded.kept));
  }
  const auto map = definition->context.FitMap(raws, {.components = 10});
  REQUIRE(map != nullptr);
  policy::Model model(ModelOptionsOf(*definition, map->components()));
  for (int arm = 0; arm < 2; ++arm) model.AddArm();
  for (std::size_t i = 0; i < raws.size(); ++i) {
    const auto context = definition->context.Mapped(raws[i], contexts[i], *map);
    for (policy::ArmId arm = 0; arm < 2; ++arm) {
      model.Learn({.arm = arm, .context = &context, .value = arm == 0 ? 0.9 : 0.2});
      model.LearnCost({.arm = arm, .context = &context, .log_ratio = -1});
    }
  }
  WarmStartFile file{.context_id = definition->context.id(),
                     .dimension = static_cast<std::uint32_t>(map->components() + 1),
                     .gram_seed = kFileSeed,
                     .context_map = {},
                     .arms = {}};
  map->Serialise(file.context_map);
  for (policy::ArmId arm = 0; arm < 2; ++arm) {
    file.arms.push_back({definition->arm_names[arm], model.ArmStatistics(arm)});
  }
  return file;
}

struct Place {
  std::string Put(const WarmStartFile& file) const {
    std::ofstream(path, std::ios::binary) << EncodeWarmStart(file);
    return path;
  }
  tests::TemporaryDirectory directory;
  std::string path = directory.File("warm");
};

// A process whose log begins with another router.
struct Started {
  explicit Started(const config::RouterOptions& router) : process(Without()) { Apply(router); }

  static config::Options Without() {
    config::RouterOptions other = config::Defaults().routers[0];
    other.name = "first";
    return tests::With(other);
  }
  void Apply(const config::RouterOptions& router) {
    const auto applied = process.changes().Apply({router});
    refusal = applied.ok() ? "" : applied.error().message;
  }
  const RouterView* View() { return process.board().Latest()->Find("default"); }
  // Over some questions.
  double Mean(policy::ArmId arm) {
    const auto snapshot = process.board().Latest();
    const RouterView& view = *snapshot->Find("default");
    policy::Rng rng(77);
    double sum = 0;
    for (int i = 0; i < 50; ++i) {
      const auto encoded = view.definition->context.FromText(Question(rng), {}, view.map.get());
      sum += view.posterior
                 ->Predict(arm, encoded.context,
                           {.list_price_usd = 1, .cost_usd_min = 0, .cost_usd_max = 0})
                 .mean;
    }
    return sum / 50;
  }
  store::DecisionRecord Decide(policy::Rng& rng) {
    const std::string id = process.RouteText(Question(rng)).decision_id;
    REQUIRE(process.learner().Step().ok());
    return (*process.store().FindDecision(*ParseId(id)))->decision;
  }
  void SurvivesRestart() { tests::SurvivesRestart(process); }

  ProcessInMemory process;
  std::string refusal;
};

}  // namespace

TEST_CASE("a new router begins with its file's map and what the file says") {
  config::RouterOptions router = TextRouter();
  const Place place;
  router.warm_start = place.Put(FileFor(router));
  Started started(router);
  REQUIRE(started.refusal.empty());
  std::filesystem::remove(place.path);
  REQUIRE(started.View()->map != nullptr);
  CHECK(started.View()->definition->gram_seed == kFileSeed);
  CHECK(started.Mean(0) == Approx(0.9).margin(0.01));
  CHECK(started.Mean(1) == Approx(0.2).margin(0.01));
  CHECK(started.Mean(2) == Approx(0.55).margin(0.02));  // from the others
  policy::Rng rng(1);
  const store::DecisionRecord first = started.Decide(rng);
  CHECK(first.map_version == 1);
  CHECK(first.context.size() == 11);
  // Three hundred distinct queries make no other map.
  for (int i = 0; i < 320; ++i) started.Decide(rng);
  CHECK(started.View()->map->version() == 1);
  started.SurvivesRestart();
}

TEST_CASE("what a file says outlives its map") {
  config::RouterOptions router = TextRouter();
  const Place place;
  router.warm_start = place.Put(FileFor(router));
  Started started(router);
  policy::Rng rng(2);
  for (int i = 0; i < 60; ++i) started.Decide(rng);
  const std::uint64_t before = started.View()->map->fingerprint();
  REQUIRE(std::holds_alternative<api::AdminAnswer>(
      started.process.changes().Operate({"default", api::AdminOperation::kRefit, {}, ""})));
  CHECK(started.View()->map->version() == 2);
  CHECK(started.View()->map->fingerprint() != before);
  CHECK(started.Mean(0) == Approx(0.9).margin(0.03));
  CHECK(started.Mean(1) == Approx(0.2).margin(0.05));
  started.SurvivesRestart();
  // What folds the log again does not lose it, though the configuration names no file any more.
  router.warm_start.clear();
  router.prior.half_life = 100000;
  started.Apply(router);
  REQUIRE(started.refusal.empty());
  CHECK(started.View()->map->version() == 2);
  CHECK(started.Mean(0) == Approx(0.9).margin(0.03));
  CHECK(started.Mean(1) == Approx(0.2).margin(0.05));
  started.SurvivesRestart();
}

TEST_CASE("a map that was brought stays until there are as many inputs as one is learnt from") {
  config::RouterOptions router = TextRouter();
  const Place place;
  router.warm_start = place.Put(FileFor(router));
  Started started(router);
  // Other queries than the file's, always the same few.
  for (int i = 0; i < 1500; ++i) {
    started.process.RouteText("aaaa bbbb " + std::to_string(i % 4));
  }
  REQUIRE(started.process.learner().Step().ok());
  CHECK(started.process.learner().Report().routers.at(1).input_shift > 0.25);
  CHECK(started.View()->map->version() == 1);
  for (int i = 0; i < 400; ++i) started.process.RouteText("aaaa bbbb " + std::to_string(i));
  REQUIRE(started.process.learner().Step().ok());
  CHECK(started.View()->map->version() == 2);
}

TEST_CASE("an arm that comes later starts from a file of the map that stands, and of no other") {
  config::RouterOptions router = TextRouter();
  const Place place;
  WarmStartFile file = FileFor(router);
  router.warm_start = place.Put(file);
  Started started(router);
  REQUIRE(started.refusal.empty());
  file.arms[0].name = "fresh";
  config::ArmOptions arm = router.arms[1];
  arm.name = "fresh";
  arm.warm_start = place.Put(file);
  router.arms.push_back(arm);
  started.Apply(router);
  REQUIRE(started.refusal.empty());
  CHECK(started.Mean(3) == Approx(0.9).margin(0.01));
  started.SurvivesRestart();

  // From the router's own file as well; from another map's not, but nothing is refused.
  const Place second;
  file.arms[0].name = "late";
  router.warm_start = second.Put(file);
  arm.name = "late";
  arm.warm_start.clear();
  router.arms.push_back(arm);
  started.Apply(router);
  CHECK(started.Mean(4) == Approx(0.9).margin(0.01));
  WarmStartFile of_another = FileFor(router, 6);
  of_another.arms[0].name = "later";
  router.warm_start = second.Put(of_another);
  arm.name = "later";
  router.arms.push_back(arm);
  started.Apply(router);
  REQUIRE(started.refusal.empty());
  CHECK(started.Mean(5) < 0.85);

  WarmStartFile other = FileFor(router, 6);
  other.arms[0].name = "other";
  arm.name = "other";
  arm.warm_start = place.Put(other);
  router.arms.push_back(arm);
  started.Apply(router);
  CHECK(started.refusal ==
        "router 'default', warm_start of arm 'other': the router's context map is another than the "
        "file's by now: fit it from this router's log");
}

TEST_CASE("a file whose map is not the router's is refused in a sentence") {
  const config::RouterOptions router = TextRouter();
  const Place place;
  const WarmStartFile good = FileFor(router);
  const auto refusal = [&](const WarmStartFile& file, config::RouterOptions asked) {
    asked.warm_start = place.Put(file);
    Started started(asked);
    CHECK(started.View() == nullptr);
    return started.refusal;
  };
  const std::string begin = "router 'default', warm_start: ";
  const std::string damaged =
      begin + "its context map is damaged, or of other inputs than this router's";
  WarmStartFile file = good;
  file.context_map.pop_back();
  CHECK(refusal(file, router) == damaged);
  file.context_map = good.context_map + "x";
  CHECK(refusal(file, router) == damaged);
  file.context_map.clear();
  CHECK(refusal(file, router) == begin +
                                     "it was made for a router without a fitted context map: fit "
                                     "it with this router's configuration");
  file = good;
  file.dimension = 12;
  CHECK(refusal(file, router) ==
        begin + "it was made of contexts of dimension 12, and this router's have 11");
  config::RouterOptions plain = router;
  plain.context.projection = policy::Projection::kNone;
  CHECK(refusal(good, plain) == begin +
                                    "it was made for a router with a fitted context map: fit it "
                                    "with this router's configuration");
  config::RouterOptions keyed = router;
  keyed.context.gram_seed = kFileSeed + 1;
  CHECK(refusal(good, keyed) ==
        begin + "it was made under another context.gram_seed than the router's");
  keyed.context.gram_seed = kFileSeed;
  keyed.warm_start = place.Put(good);
  CHECK(Started(keyed).refusal.empty());
  const Place second;
  keyed.arms[0].warm_start = second.Put(FileFor(router, 6));
  CHECK(Started(keyed).refusal ==
        begin +
            "its context map is another than that of the router's other files: fit them at once, "
            "or of one context.gram_seed and one data set");
}

TEST_CASE("a file of the first version is read") {
  WarmStartFile file = FileFor(TextRouter());
  file.gram_seed = 0;
  file.context_map.clear();
  std::string bytes = EncodeWarmStart(file);
  bytes[4] = 1;
  // Behind magic, version, context id and dimension: what came later.
  bytes.erase(4 + 4 + 4 + file.context_id.size() + 4, 8);
  bytes.resize(bytes.size() - 4);
  store::ByteWriter checksum(4);
  checksum.Put(store::Crc32c(bytes));
  const auto read = DecodeWarmStart(bytes + std::move(checksum).Take());
  REQUIRE(read.ok());
  CHECK((*read == file));
}

}  // namespace sluice::daemon
