#include "sim/command.h"

#include <fstream>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/support/printed.h"
#include "tests/support/temporary_directory.h"

namespace sluice::sim {
namespace {

using nlohmann::json;

using tests::Contents;
using tests::Printed;

Printed RunIt(const RunOptions& options) {
  return tests::RunCommand(Run, options);
}

void Write(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

// 60 rows: the cheap model answers short prompts only.
std::string DataSet(const std::string& models) {
  std::string text = R"({"meta": {"name": "mine", "arms": )" + models + "}}\n";
  for (int i = 0; i < 60; ++i) {
    const bool hard = i % 2 == 1;
    text += json{{"prompt", std::string(hard ? 400 : 20, 'a') + std::to_string(i)},
                 {"r", {hard ? 0.1 : 0.9, 0.9, 1.0}},
                 {"c", {1e-5, 1e-4, 2e-3}}}
                .dump() +
            "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("the same run gives the same bytes on paper and in JSON") {
  const tests::TemporaryDirectory directory;
  RunOptions options;
  options.source.limit = 500;
  options.feedback_delay = 20;
  options.json = directory.File("first.json");
  const Printed first = RunIt(options);
  options.json = directory.File("second.json");
  const Printed second = RunIt(options);
  CHECK(first.code == 0);
  CHECK(first.err.empty());
  CHECK(first.out == second.out);
  const std::string bytes = Contents(directory.File("first.json"));
  CHECK_FALSE(bytes.empty());
  CHECK(bytes == Contents(directory.File("second.json")));
  options.source.seed = 2;
  CHECK(RunIt(options).out != first.out);
}

TEST_CASE("the JSON says what the table says") {
  const tests::TemporaryDirectory directory;
  RunOptions options;
  options.source.limit = 300;
  options.cost_weight = 12.5;
  options.policy = "linucb";
  options.json = directory.File("run.json");
  const Printed printed = RunIt(options);
  REQUIRE(printed.code == 0);
  const json report = json::parse(Contents(options.json));
  CHECK(report["cost_weight"] == 12.5);
  CHECK(report["policy"] == "linucb");
  CHECK(report["requests"] == 300);
  CHECK(report["choices"].size() == 300);
  CHECK_FALSE(report.contains("traffic"));
  CHECK(printed.out.find("policy linucb, cost weight 12.5 per USD") != std::string::npos);
  char reward[32];
  std::snprintf(reward, sizeof reward, "%.4f", report["whole"]["ours"]["reward"].get<double>());
  CHECK(printed.out.find(reward) != std::string::npos);
}

TEST_CASE("a data set of ones own is paired and the pairing is printed first") {
  const tests::TemporaryDirectory directory;
  RunOptions options;
  options.source.data = directory.File("mine.jsonl");
  Write(options.source.data, DataSet(R"(["b", "org/premium", "c"])"));
  options.source.arms = {{"economy", "c"}};
  const Printed printed = RunIt(options);
  INFO(printed.err);
  REQUIRE(printed.code == 0);
  const std::string pairing = printed.out.substr(0, printed.out.find("\n\n"));
  CHECK(pairing.find("is c (by --arm)") != std::string::npos);
  CHECK(pairing.find("is b (by order of mean cost)") != std::string::npos);
  CHECK(pairing.find("is org/premium (by name)") != std::string::npos);
  CHECK(printed.out.find("data set mine, 60 requests") != std::string::npos);
}

TEST_CASE("what cannot be run is refused with exit code 2 and the reason") {
  const tests::TemporaryDirectory directory;
  const std::string two = directory.File("two.jsonl");
  Write(two, R"({"prompt": "a", "r": [1, 0], "c": [1, 2]})");
  const auto refusal = [](const RunOptions& options) {
    const Printed printed = RunIt(options);
    CHECK(printed.code == 2);
    return printed.err;
  };
  RunOptions options;
  options.source.data = two;
  CHECK(refusal(options).find("3 arms of the router and 2 models") != std::string::npos);
  options.source.data = directory.File("absent.jsonl");
  CHECK(refusal(options).find("cannot be opened") != std::string::npos);
  options = {};
  options.router = "other";
  CHECK(refusal(options).find("no router \"other\"") != std::string::npos);
  options = {};
  options.policy = "magic";
  CHECK(refusal(options).find("no policy \"magic\"") != std::string::npos);
  options = {};
  options.cost_weight = -1;
  CHECK(refusal(options).find("cost_weight") != std::string::npos);
  options = {};
  options.source.arms = {{"premium", "x"}};
  CHECK(refusal(options).find("a world has none") != std::string::npos);
  options = {};
  options.source.world = "linear";
  options.config = directory.File("text.toml");
  Write(options.config, "[[router]]\n");
  CHECK(refusal(options).find("--world tasks") != std::string::npos);
  options = {};
  options.source.world = directory.File("absent.toml");
  CHECK(refusal(options).find("cannot be opened") != std::string::npos);
}

TEST_CASE("baseline policies run with their own distribution") {
  for (const char* policy : {"uniform", "epsilon_greedy", "thompson", "linucb"}) {
    CAPTURE(policy);
    RunOptions options;
    options.source.limit = 200;
    options.policy = policy;
    const Printed printed = RunIt(options);
    INFO(printed.err);
    CHECK(printed.code == 0);
  }
}

TEST_CASE("several orders give one line each and their mean") {
  RunOptions options;
  options.source.limit = 100;
  options.source.seed = 5;
  options.orders = 3;
  const Printed printed = RunIt(options);
  REQUIRE(printed.code == 0);
  for (const char* start : {"\n5 ", "\n6 ", "\n7 ", "\nmean "}) {
    CHECK(printed.out.find(start) != std::string::npos);
  }
}

TEST_CASE("several orders give the same bytes on one core and on two") {
  RunOptions options;
  options.source.limit = 200;
  options.orders = 4;
  options.threads = 1;
  const Printed one = RunIt(options);
  options.threads = 2;
  const Printed two = RunIt(options);
  CHECK(one.code == 0);
  CHECK(one.out == two.out);
}

TEST_CASE("a configured router of embeddings is given embeddings") {
  const tests::TemporaryDirectory directory;
  RunOptions options;
  options.config = directory.File("config.toml");
  options.router = "vectors";
  options.source.limit = 50;
  Write(options.config,
        "[[router]]\nname = \"vectors\"\n[router.context]\nsource = \"embedding\"\n"
        "dimension = 8\n");
  const Printed printed = RunIt(options);
  INFO(printed.err);
  CHECK(printed.code == 0);
  CHECK(printed.out.find("world linear") != std::string::npos);
}

}  // namespace sluice::sim
