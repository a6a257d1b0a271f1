#include <algorithm>

#include <catch2/catch.hpp>

#include "policy/rng.h"
#include "sim/baselines/ours.h"
#include "sim/baselines/player.h"
#include "sim/pareto_entrants.h"
#include "sim/pareto_run.h"
#include "sim/report_contenders.h"

namespace sluice::sim {
namespace {

constexpr std::size_t kRows = 240;

// Rows of four arms whose rewards depend on the first of two features.
ParetoData SmallData() {
  ParetoData data;
  data.name = "small";
  data.arms = {{"a", "x/a", 1, 0.1, 0.1}, {"b", "x/b", 2, 0.5, 1.5}, {"c", "x/c", 3, 1.25, 10}};
  data.arms.push_back({"d", "x/d", 4, 0.3, 2.5});
  policy::Rng rng(21);
  for (std::size_t i = 0; i < kRows; ++i) {
    Task task;
    const double first = rng.Normal();
    task.embedding = {static_cast<float>(first), static_cast<float>(rng.Normal())};
    for (std::size_t a = 0; a < 4; ++a) {
      const double slope = a == 0 ? 0.15 : 0.02;
      const double mean = 0.75 + 0.05 * static_cast<double>(a) - slope * first;
      const double reward = std::clamp(mean + 0.1 * rng.Normal(), 0.0, 1.0);
      const double cost_usd = 3e-5 * static_cast<double>(1 + 20 * a * a) * (0.5 + rng.Uniform());
      task.outcomes.push_back({reward, cost_usd, reward, cost_usd});
    }
    data.rows.push_back(task);
  }
  return data;
}

ParetoStream StreamOf(std::uint64_t seed, std::size_t segments) {
  ParetoStream stream{seed, std::vector<std::vector<std::size_t>>(segments)};
  policy::Rng rng(seed);
  for (auto& segment : stream.segments) {
    for (std::size_t i = 0; i < 80; ++i) segment.push_back(rng.Below(kRows));
  }
  return stream;
}

ParetoPlayed PlayedBy(const ParetoRun& run) {
  Progress silent(nullptr, "", 0);
  const auto played = Play(run, silent);
  if (const auto* problem = std::get_if<std::string>(&played)) FAIL(*problem);
  return std::get<ParetoPlayed>(played);
}

bool Same(const ParetoPlayed& one, const ParetoPlayed& other) {
  return one.choices == other.choices && one.unserved_usd == other.unserved_usd;
}

// The product's router behind the interface of the baselines, through one run.
Choices ChoicesOfOurs(const ParetoRun& run) {
  const config::RouterOptions router = ParetoRouter(run);
  BaselinePlayer player(MakeOurs(router), {.context = router.context, .seed = run.stream.seed});
  Choices choices;
  for (std::size_t s = 0; s < run.stream.segments.size(); ++s) {
    const ParetoPhase phase = s == 0 ? ParetoPhase{} : run.parameters.phases[s - 1];
    const std::size_t count = s == 0 ? kParetoArms : run.parameters.arms();
    std::vector<ArmFacts> arms;
    for (std::size_t a = 0; a < count; ++a) arms.push_back(InPhase(phase, a, run.data.arms[a]));
    for (const std::size_t row : run.stream.segments[s]) {
      std::vector<Outcome> outcomes;
      for (std::size_t a = 0; a < count; ++a) {
        outcomes.push_back(InPhase(phase, a, run.data.rows[row].outcomes[a]));
      }
      const Answered answered =
          player.Ask(run.data.rows[row], outcomes, arms, policy::ArmSet::FirstN(count));
      player.Teach(answered, outcomes);
      choices.push_back(answered.called.back());
    }
  }
  return choices;
}

std::vector<ParetoEntrant> All() {
  auto entrants = ParetoEntrants({.policies = "all", .exploration = "", .features = true});
  if (const auto* problem = std::get_if<std::string>(&entrants)) FAIL(*problem);
  return std::get<std::vector<ParetoEntrant>>(entrants);
}

}  // namespace

TEST_CASE("all policies are those of the product and every baseline") {
  const auto entrants = All();
  CHECK(entrants.size() == 5 + Baselines().size());
  CHECK(entrants.front().name == "linucb");
  CHECK(entrants.front().policy.baseline.empty());
  CHECK(entrants.back().policy.baseline == entrants.back().name);
  const ParetoEntry unknown{.policies = "knn,nobody", .exploration = "", .features = false};
  const auto refused = ParetoEntrants(unknown);
  REQUIRE(std::holds_alternative<std::string>(refused));
  CHECK(std::get<std::string>(refused).find("nobody") != std::string::npos);
}

TEST_CASE("every baseline plays the four experiments alike on one thread and on two") {
  const ParetoData data = SmallData();
  for (const std::string_view experiment : ParetoExperiments()) {
    const ParetoCase parameters = ParetoCases(experiment).back();
    std::vector<ParetoStream> streams;
    for (const std::uint64_t seed : {1, 2}) {
      streams.push_back(StreamOf(seed, parameters.phases.size() + 1));
    }
    std::vector<ParetoRun> runs;
    for (const ParetoEntrant& entrant : All()) {
      if (entrant.policy.baseline.empty()) continue;
      for (const ParetoStream& stream : streams) {
        runs.push_back({data, parameters, stream, entrant.policy});
      }
    }
    Progress silent(nullptr, "", 0);
    const auto one = std::get<0>(PlayAll(runs, 1, silent));
    const auto two = std::get<0>(PlayAll(runs, 2, silent));
    REQUIRE(one.size() == runs.size());
    for (std::size_t i = 0; i < runs.size(); ++i) {
      CAPTURE(experiment, runs[i].policy.baseline);
      REQUIRE(one[i].choices.size() == runs[i].requests());
      CHECK(Same(one[i], two[i]));
      // Experiment 04's last case forces the first scored requests on the arm that joins.
      for (std::size_t k = 0; k < parameters.forced; ++k) {
        REQUIRE(one[i].choices[80 + k] == static_cast<std::int32_t>(kNewcomer));
      }
    }
  }
}

TEST_CASE("what a cascade pays beside its answer counts in the utilisation and nowhere else") {
  const ParetoData data = SmallData();
  const ParetoCase parameters = ParetoCases("01")[3];
  const ParetoStream stream = StreamOf(1, 2);
  ParetoPlayed played =
      PlayedBy({data, parameters, stream, {.features = true, .baseline = "cascade"}});
  const ParetoCell with = SummarisePareto(data, parameters, {stream}, {played}).cells.front();
  double unserved_usd = 0;
  for (std::size_t i = 80; i < 160; ++i) unserved_usd += played.unserved_usd[i] / 80;
  CHECK(unserved_usd > 0);
  played.unserved_usd.clear();
  const ParetoCell without = SummarisePareto(data, parameters, {stream}, {played}).cells.front();
  CHECK(with.rewards == without.rewards);
  CHECK(with.regrets == without.regrets);
  CHECK(with.utilisations[0] - without.utilisations[0] ==
        Approx(unserved_usd / parameters.budget_usd));
}

TEST_CASE("the product's router makes the same choices as a baseline") {
  const ParetoData data = SmallData();
  for (const char* experiment : {"01", "02", "04"}) {
    CAPTURE(experiment);
    const ParetoCase parameters = ParetoCases(experiment)[1];
    const ParetoStream stream = StreamOf(3, parameters.phases.size() + 1);
    const ParetoRun run{data, parameters, stream, {.features = true}};
    CHECK(ChoicesOfOurs(run) == PlayedBy(run).choices);
  }
}

TEST_CASE("the table of several policies has a row for each with the difference to the first") {
  ParetoCase parameters{.experiment = "01", .scenario = "stationary", .budget_usd = 1};
  ParetoCell cell{
      .phase = "all", .rewards = {0.5, 0.7}, .utilisations = {0.9, 1.1}, .regrets = {3, 5}};
  cell.blind_mix = 0.55;
  const ParetoHeading heading{"rows", "first", "off", ""};
  ParetoContender first{heading, {{parameters, {1, 2}, {cell}}}};
  ParetoContender second = first;
  second.heading.policy = "second";
  second.results[0].cells[0].rewards = {0.6, 0.7};
  second.results[0].cells[0].utilisations = {1.2, 1.2};
  const std::string table = RenderContenders({first, second});
  CHECK(table.find("Experiment 01, stationary: rows, 2 seeds, text\n") == 0);
  CHECK(table.find("\nfirst      0.6000 ±0.1000  [0.5000, 0.7000]") != std::string::npos);
  CHECK(table.find("\nsecond     0.6500 ±0.0500  [0.6000, 0.7000]") != std::string::npos);
  CHECK(table.find("1.20  1.20       4") != std::string::npos);
  CHECK(table.find("+0.0500 ±0.0500  [0.0000, 0.1000]\n") != std::string::npos);
  CHECK(RenderMeans({{first, second}}) ==
        "mean reward  01 stationary\n"
        "first               0.6000\n"
        "second              0.6500\n"
        "blind mix           0.5500\n");
}

}  // namespace sluice::sim
