// Warm-start files: read back as they were written, refused with a reason, and what starts from
// them needs no file any more.
#include "daemon/warm_start.h"

#include <fstream>

#include <catch2/catch.hpp>

#include "tests/support/event_log.h"
#include "tests/support/policy_fixtures.h"
#include "tests/support/process_in_memory.h"
#include "tests/support/temporary_directory.h"

namespace sluice::daemon {

namespace {

using tests::ProcessInMemory;

std::shared_ptr<const RouterDefinition> DefinitionOf(const config::RouterOptions& router) {
  return *MakeDefinition(*MakeRecord(router, 0, nullptr));
}

// Of a model that says .9 of the first arm of the router and .2 of the second.
WarmStartFile FileFor(const config::RouterOptions& router) {
  const auto definition = DefinitionOf(router);
  policy::Model model(definition->model);
  policy::Rng rng(1);
  for (int arm = 0; arm < 2; ++arm) model.AddArm();
  for (int i = 0; i < 1000; ++i) {
    const auto context = test::RandomContext(rng, definition->model.dimension);
    for (policy::ArmId arm = 0; arm < 2; ++arm) {
      test::Teach(model, {.arm = arm,
                          .context = &context,
                          .quality = arm == 0 ? 0.9 : 0.2,
                          .cost_log_ratio = -1.0});
    }
  }
  WarmStartFile file{.context_id = definition->context.id(),
                     .dimension = static_cast<std::uint32_t>(definition->model.dimension),
                     .arms = {}};
  for (policy::ArmId arm = 0; arm < 2; ++arm) {
    file.arms.push_back({definition->arm_names[arm], model.ArmStatistics(arm)});
  }
  return file;
}

struct Place {
  std::string Put(const std::string& bytes) const {
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  tests::TemporaryDirectory directory;
  std::string path = directory.File("warm");
};

// A process whose log begins with what Changes brings into force.
struct Started {
  explicit Started(const config::RouterOptions& router) : process(Without()) {
    const auto applied = process.changes().Apply({router});
    if (!applied.ok()) refusal = applied.error().message;
  }
  static config::Options Without() {
    config::RouterOptions other = config::Defaults().routers[0];
    other.name = "first";
    return tests::With(other);
  }
  double Mean(policy::ArmId arm) {
    policy::Context context = policy::Context::Zero(tests::kLogDimension + 1);
    context[tests::kLogDimension] = 1;
    return process.board()
        .Latest()
        ->Find("default")
        ->posterior
        ->Predict(arm, context, {.list_price_usd = 1, .cost_usd_min = 0, .cost_usd_max = 0})
        .mean;
  }
  ProcessInMemory process;
  std::string refusal;
};

}  // namespace

TEST_CASE("a warm-start file is read as it was written") {
  const WarmStartFile file = FileFor(tests::SmallRouter());
  const std::string bytes = EncodeWarmStart(file);
  const auto back = DecodeWarmStart(bytes);
  REQUIRE(back.ok());
  CHECK((*back == file));
  CHECK((EncodeWarmStart(*back) == bytes));
}

TEST_CASE("no damaged file is taken for one") {
  WarmStartFile file = FileFor(tests::SmallRouter());
  for (auto& arm : file.arms) arm.statistics.resize(40);
  const std::string bytes = EncodeWarmStart(file);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    CAPTURE(i);
    REQUIRE_FALSE(DecodeWarmStart(bytes.substr(0, i)).ok());
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    REQUIRE_FALSE(DecodeWarmStart(damaged).ok());
  }
  CHECK_FALSE(DecodeWarmStart(bytes + "x").ok());
  file.arms.clear();
  CHECK_FALSE(DecodeWarmStart(EncodeWarmStart(file)).ok());
}

TEST_CASE("a new router starts from its file and needs it no more") {
  config::RouterOptions router = tests::SmallRouter();
  const Place place;
  router.warm_start = place.Put(EncodeWarmStart(FileFor(router)));
  Started started(router);
  REQUIRE(started.refusal.empty());
  CHECK(started.Mean(0) == Approx(0.9).margin(0.01));
  CHECK(started.Mean(1) == Approx(0.2).margin(0.01));
  // The one that is not in the file starts from the others.
  CHECK(started.Mean(2) == Approx((started.Mean(0) + started.Mean(1)) / 2).epsilon(1e-4));
  std::filesystem::remove(place.path);
  auto& process = started.process;
  CHECK((tests::FoldedFromNothing(process.store()) == process.learner().State()));
  REQUIRE(process.learner().SaveCheckpoint().ok());
  tests::LearnerOver again(process.store());
  REQUIRE(again.ok);
  CHECK((again->State() == process.learner().State()));
  // A restart applies the same file of options; a reload changes something else.
  REQUIRE(process.changes().Apply({router}).ok());
  router.objective.cost_weight = 3;
  REQUIRE(process.changes().Apply({router}).ok());
  CHECK(started.Mean(0) == Approx(0.9).margin(0.01));
}

TEST_CASE("a file counts as so many observations as its strength says at most") {
  config::RouterOptions router = tests::SmallRouter();
  const Place place;
  router.warm_start = place.Put(EncodeWarmStart(FileFor(router)));
  const auto mean = [&](double strength) {
    router.warm_start_strength = strength;
    Started started(router);
    REQUIRE(started.refusal.empty());
    return started.Mean(0);
  };
  CHECK(mean(1) == Approx(0.8).margin(0.01));  // as much as the prior, whose mean is .7
  CHECK(mean(3) == Approx(0.85).margin(0.01));
  CHECK(mean(1000) == Approx(mean(1e6)));  // there are no more
  router.arms[0].warm_start_strength = 1;
  CHECK(mean(1e6) == Approx(0.8).margin(0.01));
}

TEST_CASE("an arm that a reload brings starts from its file and changes no other") {
  config::RouterOptions router = tests::SmallRouter();
  Started started(router);
  REQUIRE(started.refusal.empty());
  const double before = started.Mean(0);
  WarmStartFile file = FileFor(router);
  file.arms[0].name = "fresh";
  const Place place;
  config::ArmOptions arm = router.arms[1];
  arm.name = "fresh";
  arm.warm_start = place.Put(EncodeWarmStart(file));
  router.arms.push_back(arm);
  REQUIRE(started.process.changes().Apply({router}).ok());
  CHECK(started.Mean(3) == Approx(0.9).margin(0.01));
  CHECK(started.Mean(0) == before);
  CHECK((tests::FoldedFromNothing(started.process.store()) == started.process.learner().State()));
}

TEST_CASE("a file that does not fit is refused in a sentence and nothing comes into force") {
  config::RouterOptions router = tests::SmallRouter();
  const Place place;
  const WarmStartFile good = FileFor(router);
  const auto refusal = [&](const WarmStartFile& file) {
    router.warm_start = place.Put(EncodeWarmStart(file));
    Started started(router);
    CHECK(started.process.board().Latest()->Find("default") == nullptr);
    return started.refusal;
  };
  const std::string begin = "router 'default', warm_start: ";
  WarmStartFile file = good;
  file.context_id = "text-scalars/1;d=36";
  CHECK(refusal(file) == begin +
                             "it was made of contexts 'text-scalars/1;d=36', and this router makes "
                             "'embedding-l2/1;d=8'");
  file = good;
  file.dimension = 10;
  CHECK(refusal(file) ==
        begin + "it was made of contexts of dimension 10, and this router's have 9");
  file = good;
  file.arms[0].statistics.pop_back();
  CHECK(refusal(file) == begin + "the statistics of arm 'economy' are damaged");
  file = good;
  file.arms.resize(1);
  file.arms[0].name = "other";
  CHECK(refusal(file) == begin + "it holds none of the router's arms, but other");
  router.warm_start = place.Put("no such thing");
  CHECK(Started(router).refusal == begin + "it is not a warm-start file of this version");
  router.warm_start = place.directory.File("missing");
  CHECK(Started(router).refusal == begin + "the file cannot be opened");
  router.warm_start.clear();
  router.arms[2].warm_start = place.Put(EncodeWarmStart(good));
  CHECK(Started(router).refusal ==
        "router 'default', warm_start of arm 'premium': it holds no such arm, but economy, "
        "standard");
}

}  // namespace sluice::daemon
