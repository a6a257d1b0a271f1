#include "sim/offline.h"

#include <cmath>
#include <fstream>
#include <map>
#include <numeric>
#include <set>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "sim/bench_offline.h"
#include "sim/frontier.h"
#include "sim/numpy_permutation.h"
#include "sim/ranking.h"
#include "tests/support/printed.h"
#include "tests/support/temporary_directory.h"

namespace sluice::sim {
namespace {

using nlohmann::json;
using Bench = int (*)(const OfflineBenchOptions&, const Streams&);

using tests::Contents;
using tests::Printed;

Printed RunIt(Bench bench, const OfflineBenchOptions& options) {
  return tests::RunCommand(bench, options);
}

json JsonIn(const std::string& path) {
  return json::parse(Contents(path));
}

// The small model fails on the prompts with numbers, which are every third one.
bool IsHard(std::size_t row) {
  return row % 3 == 0;
}

void WriteTwoModels(const std::string& path) {
  std::ofstream file(path, std::ios::binary);
  file << R"({"meta": {"name": "two", "arms": ["small", "large"]}})"
       << "\n";
  for (std::size_t i = 0; i < 90; ++i) {
    const std::string prompt =
        (IsHard(i) ? "Compute 17 * 23 + " : "Who wrote the book of ") + std::to_string(i) + "?";
    const json row{{"prompt", prompt}, {"r", {IsHard(i) ? 0 : 1, 1}}, {"c", {1e-4, 1e-2}}};
    file << row.dump() << "\n";
  }
}

void WriteTwoModelsCsv(const std::string& path) {
  std::ofstream file(path, std::ios::binary);
  file << "prompt,small,large,small|total_cost,large|total_cost\n";
  for (std::size_t i = 0; i < 90; ++i) {
    file << "\"" << (IsHard(i) ? "Compute 17 * 23 + " : "Who wrote the book of ") << i << "?\","
         << (IsHard(i) ? "0.0" : "1.0") << ",1.0,1e-4,1e-2\n";
  }
}

}  // namespace

TEST_CASE("a permutation is the one that numpy draws") {
  NumpyGenerator generator(42);
  CHECK(generator.Permutation(10) == std::vector<std::size_t>{5, 6, 0, 7, 3, 2, 4, 9, 1, 8});
  CHECK(NumpyGenerator(1).Permutation(0).empty());
  const auto order = NumpyGenerator(7).Permutation(5000);
  CHECK(std::set(order.begin(), order.end()).size() == 5000);
}

TEST_CASE("halves share no row and hold them all") {
  const Halves halves = HalvesOf(11, 42);
  CHECK(halves.fit.size() == 5);
  std::set<std::size_t> all(halves.fit.begin(), halves.fit.end());
  all.insert(halves.score.begin(), halves.score.end());
  CHECK(all.size() == 11);
}

TEST_CASE("the recovered share of the gap is measured as RouteLLM does") {
  const std::vector<double> gains{0, 1, 1, -1};
  // Rows 1 0 3 2: PGR is 0 1 1 0 1.
  const auto good = FiguresOf({.7, .9, .1, .5}, gains);
  REQUIRE(good);
  CHECK(good->apgr == Approx(.625).epsilon(1e-12));
  CHECK(good->shares == std::array<double, 3>{.25, .25, .25});
  // Rows 0 1 3 2, because equal ones keep their order: PGR is 0 0 1 0 1.
  const auto late = FiguresOf({1, 1, .1, 1}, gains);
  CHECK(late->apgr == Approx(.375).epsilon(1e-12));
  CHECK(late->shares == std::array<double, 3>{.5, .5, .5});
  const auto even = FiguresOf({4, 3, 2, 1}, {1, 1, 1, 1});
  CHECK(even->apgr == Approx(.5).epsilon(1e-12));
  CHECK(even->shares == std::array<double, 3>{.25, .5, 1});
  CHECK_FALSE(FiguresOf({1, 2}, {1, -1}));
}

TEST_CASE("the area under a frontier is that of its rising concave envelope") {
  const std::vector<Mean> points{{.reward = .8, .cost_usd = 4},
                                 {.reward = .5, .cost_usd = 3},
                                 {.reward = .2, .cost_usd = 1},
                                 {.reward = .6, .cost_usd = 2},
                                 {.reward = .4, .cost_usd = 2}};
  const auto envelope = EnvelopeOf(points);
  REQUIRE(envelope.size() == 3);
  CHECK(envelope[1].reward == .6);
  for (double cost = .5; cost < 6; cost += .25) {
    CHECK(RewardAt(envelope, cost) == Approx(BlindMix(points, cost)).epsilon(1e-12));
  }
  CHECK(MeanOverCost(envelope, {1, 4}) == Approx(.6).epsilon(1e-12));
  CHECK(MeanOverCost(envelope, {1, 8}) == Approx(5.0 / 7).epsilon(1e-12));
  CHECK(MeanOverLogCost(envelope, {1, 4}) == Approx(.1 + .3 / std::log(2.0)).epsilon(1e-12));
}

TEST_CASE("what separates two kinds of prompts is learnt and nothing beats the oracle") {
  const tests::TemporaryDirectory directory;
  WriteTwoModels(directory.File("routellm_two.jsonl"));
  OfflineBenchOptions options{.data_dir = directory.File(""), .seeds = 4};
  options.json = directory.File("a.json");
  const Printed printed = RunIt(BenchRouteLlm, options);
  CHECK(printed.err.empty());
  REQUIRE(printed.code == 0);
  const json rows = JsonIn(options.json);
  REQUIRE(rows.size() == 4);
  const json& oracle = rows.back();
  for (std::size_t s = 0; s < 4; ++s) {
    const Halves halves = HalvesOf(90, 42 + s);
    const auto hard = static_cast<double>(std::ranges::count_if(halves.score, IsHard));
    // PGR rises evenly to 1 at the last hard prompt and stays there.
    CHECK(oracle["apgr_by_seed"][s] == Approx(1 - hard / 45 / 2).epsilon(1e-9));
    CHECK(rows[0]["apgr_by_seed"][s] <= oracle["apgr_by_seed"][s]);
  }
  CHECK(rows[0]["policy"] == "map");
  CHECK(rows[1]["policy"] == "scalars");
  CHECK(rows[0]["apgr"] > .8);
  CHECK(rows[1]["apgr"] > .8);
  CHECK(rows[2]["apgr"] == .5);
}

TEST_CASE("routers of the literature that predict quality are ranked by the same measures") {
  const tests::TemporaryDirectory directory;
  WriteTwoModels(directory.File("routellm_two.jsonl"));
  OfflineBenchOptions options{.data_dir = directory.File(""), .policies = "all", .seeds = 2};
  options.json = directory.File("all.json");
  const Printed printed = RunIt(BenchRouteLlm, options);
  CHECK(printed.err.empty());
  REQUIRE(printed.code == 0);
  std::map<std::string, double> apgr;
  for (const json& row : JsonIn(options.json)) apgr[row["policy"]] = row["apgr"];
  for (const char* name : {"map", "scalars", "knn", "mf", "metallm", "mixllm", "conformal"}) {
    CAPTURE(name);
    CHECK(apgr.at(name) > .7);
  }
  // What does not look at the prompt ranks nothing.
  CHECK(apgr.at("static") == Approx(.5).margin(.1));
  CHECK(apgr.count("cascade") == 0);
  options.policies = "knn,thresholds";
  CHECK(RunIt(BenchRouteLlm, options).err.find("no policy \"thresholds\" that predicts") !=
        std::string::npos);
}

TEST_CASE("the measures are the same bytes on one thread and on two") {
  const tests::TemporaryDirectory directory;
  WriteTwoModels(directory.File("two.jsonl"));
  for (const Bench bench : {&BenchRouteLlm, &BenchRouterBench}) {
    OfflineBenchOptions options{.data = directory.File("two.jsonl"), .seeds = 3, .threads = 1};
    options.json = directory.File("one.json");
    const Printed one = RunIt(bench, options);
    options.threads = 2;
    options.json = directory.File("two.json");
    const Printed two = RunIt(bench, options);
    CHECK(one.code == 0);
    CHECK(one.out == two.out);
    CHECK(Contents(directory.File("one.json")) == Contents(directory.File("two.json")));
  }
}

TEST_CASE("areas of a table of RouterBench are between the blind mix and the oracle") {
  const tests::TemporaryDirectory directory;
  WriteTwoModelsCsv(directory.File("bench.csv"));
  OfflineBenchOptions options{.data = directory.File("bench.csv"), .seeds = 1};
  options.json = directory.File("a.json");
  const Printed printed = RunIt(BenchRouterBench, options);
  REQUIRE(printed.code == 0);
  CHECK(printed.out.find("RouterBench CSV, 2 models, recorded costs") != std::string::npos);
  const json rows = JsonIn(options.json);
  REQUIRE(rows.size() == 6);
  const Halves halves = HalvesOf(90, 42);
  const double hard = static_cast<double>(std::ranges::count_if(halves.score, IsHard)) / 45;
  // Two arms: a line from 1 - hard to 1. The oracle gets there once all hard prompts are paid for.
  CHECK(rows[2]["policy"] == "blind mix");
  CHECK(rows[2]["aiq"] == Approx(1 - hard / 2).epsilon(1e-9));
  CHECK(rows[3]["policy"] == "oracle");
  CHECK(rows[3]["aiq"] == Approx(1 - hard * hard / 2).epsilon(1e-9));
  CHECK(rows[3]["gap_closed"] == Approx(1));
  CHECK(rows[2]["gap_closed"] == Approx(0).margin(1e-12));
  CHECK(rows[0]["aiq"] > rows[2]["aiq"]);
  CHECK(rows[0]["aiq"] <= rows[3]["aiq"]);
  CHECK(rows[4]["policy"] == "arm small");
  CHECK(rows[5]["cost"] == Approx(1e-2));
}

TEST_CASE("what the measures cannot be taken of is refused with a sentence") {
  const tests::TemporaryDirectory directory;
  const auto refusal = [&](Bench bench, OfflineBenchOptions options, const std::string& text) {
    if (!text.empty()) {
      options.data = directory.File("some.jsonl");
      std::ofstream(options.data) << text;
    }
    const Printed printed = RunIt(bench, options);
    CHECK(printed.code == 2);
    return printed.err;
  };
  CHECK(refusal(BenchRouteLlm, {.data_dir = directory.File("")}, "").find("has no routellm_") !=
        std::string::npos);
  CHECK(refusal(BenchRouterBench, {}, "").find("pass --data FILE") != std::string::npos);
  std::string three;
  std::string equal;
  for (int i = 0; i < 8; ++i) {
    three += R"({"prompt": "p", "r": [1, 0, 1], "c": [1, 2, 3]})"
             "\n";
    equal += R"({"prompt": "p", "r": [1, 1], "c": [1, 1]})"
             "\n";
  }
  CHECK(refusal(BenchRouteLlm, {}, three).find("are of two models, not 3") != std::string::npos);
  CHECK(refusal(BenchRouteLlm, {}, equal).find("no model is better") != std::string::npos);
  CHECK(refusal(BenchRouterBench, {}, equal).find("different costs") != std::string::npos);
  CHECK(refusal(BenchRouterBench, {.policies = "none"}, three).find("no policy \"none\"") !=
        std::string::npos);
}

}  // namespace sluice::sim
