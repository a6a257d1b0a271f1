#include "sim/dataset.h"

#include <sstream>

#include <catch2/catch.hpp>

#include "api/service.h"

namespace sluice::sim {
namespace {

config::Checked<Environment> Read(const std::string& text) {
  std::istringstream in(text);
  return ReadDataset(in, "mine.jsonl");
}

Environment Good(const std::string& text) {
  auto read = Read(text);
  if (auto* problems = std::get_if<1>(&read)) INFO(config::ToString(problems->front()));
  REQUIRE(read.index() == 0);
  return std::get<Environment>(std::move(read));
}

// Every problem as one line.
std::vector<std::string> Bad(const std::string& text) {
  const auto read = Read(text);
  REQUIRE(read.index() == 1);
  std::vector<std::string> lines;
  for (const config::Problem& problem : std::get<1>(read)) {
    lines.push_back(config::ToString(problem));
  }
  return lines;
}

constexpr const char* kMeta =
    R"({"meta": {"name": "mine", "arms": ["small", "large"],)"
    R"( "list_price_usd_per_m_in_out": {"small": [0.1, 0.2], "large": [1, 10], "x": [1, 1]}}})"
    "\n";

}  // namespace

TEST_CASE("a data set is read with its arms and prices and rows") {
  const Environment environment =
      Good(std::string(kMeta) + R"({"prompt": "hello", "r": [0.5, 1], "c": [0.1, 2], "id": "a"})" +
           "\n\n" + R"({"prompt": "h\u00e9", "r": [0, 0.25], "c": [0, 1e-5]})");
  CHECK(environment.name == "mine");
  CHECK_FALSE(environment.expectations_known);
  REQUIRE(environment.arms.size() == 2);
  CHECK(environment.arms[1].name == "large");
  CHECK(environment.arms[0].price_output_per_million_usd == 0.2);
  CHECK(environment.arms[1].price() == 11);
  REQUIRE(environment.tasks.size() == 2);
  CHECK(environment.tasks[0].text == "hello");
  CHECK(environment.tasks[1].text == "h\xc3\xa9");
  CHECK(environment.tasks[0].outcomes[1] == Outcome{1, 2, 1, 2});
  CHECK(environment.tasks[1].outcomes[1].cost_usd == 1e-5);
}

TEST_CASE("a data set needs no meta line and then numbers its arms") {
  const Environment environment = Good(R"({"prompt": "a", "r": [1, 0, 1], "c": [1, 2, 3]})");
  CHECK(environment.name == "mine.jsonl");
  REQUIRE(environment.arms.size() == 3);
  CHECK(environment.arms[2].name == "3");
  CHECK(environment.arms[2].price() == 0);
}

TEST_CASE("arms_k3 names the arms when arms is missing") {
  const Environment environment =
      Good(R"({"meta": {"arms_k3": ["a", "b"], "arms_k4": ["a", "b", "c"]}})"
           "\n"
           R"({"prompt": "p", "r": [1, 0], "c": [1, 2], "flash": [1, 1]})");
  REQUIRE(environment.arms.size() == 2);
  CHECK(environment.arms[0].name == "a");
}

TEST_CASE("rows with embeddings need no prompt") {
  const Environment environment =
      Good(R"({"embedding": [0.5, -1], "r": [1], "c": [1]})"
           "\n"
           R"({"embedding": [1, 2], "prompt": "both", "r": [1], "c": [1]})");
  CHECK(environment.tasks[0].embedding == std::vector<float>{0.5F, -1.0F});
  CHECK(environment.tasks[1].text == "both");
}

TEST_CASE("a prompt is cut to what a router reads and never inside a character") {
  std::string prompt(api::kQueryBytesRead - 1, 'a');
  const Environment environment =
      Good(R"({"prompt": ")" + prompt + "\xc3\xa9" + R"(tail", "r": [1], "c": [1]})");
  CHECK(environment.tasks[0].text == prompt);
}

TEST_CASE("wrong lines are named with what would be right") {
  const std::vector<std::string> problems = Bad(std::string(kMeta) +
                                                R"({"prompt": "a", "r": [1], "c": [1, 2]}
{"prompt": "a", "r": [1, 1.5], "c": [1, 2]}
not json
{"prompt": "a", "r": [1, 1], "c": [1, -2]}
{"prompt": 5, "r": [1, 1], "c": [1, 2]}
{"r": [1, 1], "c": [1, 2]}
{"prompt": "a", "c": [1, 2]}
[1, 2]
{"meta": {}}
{"prompt": "a", "r": [1, "x"], "c": [1, 2]}
{"prompt": "fine", "r": [1, 1], "c": [1, 2]})");
  const std::vector<std::string> expected = {
      "mine.jsonl:2: r: has 1 numbers; the data set has 2 arms, so it must have 2",
      "mine.jsonl:3: r: must be an array of rewards in [0, 1], one for every arm",
      "mine.jsonl:4: is not JSON in UTF-8: something is wrong at byte 2",
      "mine.jsonl:5: c: must be an array of costs in USD, 0 or more, one for every arm",
      "mine.jsonl:6: prompt: must be text",
      "mine.jsonl:7: prompt: is missing; every row has a \"prompt\" (text) or an \"embedding\"",
      "mine.jsonl:8: r: is missing; it holds the rewards in [0, 1], one for every arm",
      "mine.jsonl:9: is not a JSON object; a row is {\"prompt\": \"...\", \"r\": [...], \"c\": "
      "[...]}",
      "mine.jsonl:10: meta: stands before all rows, on the first line",
      "mine.jsonl:11: r: must be an array of rewards in [0, 1], one for every arm"};
  CHECK(problems == expected);
}

TEST_CASE("embeddings of different lengths are named") {
  CHECK(Bad(R"({"embedding": [1, 2], "r": [1], "c": [1]})"
            "\n"
            R"({"embedding": [1], "r": [1], "c": [1]})") ==
        std::vector<std::string>{
            "mine.jsonl:2: embedding: has 1 numbers where the rows before have 2"});
  CHECK(Bad(R"({"embedding": [], "r": [1], "c": [1]})") ==
        std::vector<std::string>{"mine.jsonl:1: embedding: must be 1 to 1024 numbers"});
}

TEST_CASE("a meta line that means nothing is refused") {
  const std::string row =
      "\n"
      R"({"prompt": "a", "r": [1], "c": [1]})";
  CHECK(Bad(R"({"meta": []})" + row) ==
        std::vector<std::string>{"mine.jsonl:1: meta: must be an object"});
  CHECK(Bad(R"({"meta": {"arms": ["a", "a"]}})" + row).front() ==
        "mine.jsonl:1: meta.arms: must be an array of different names");
  CHECK(Bad(R"({"meta": {"arms": ["a"], "list_price_usd_per_m_in_out": {"a": [1]}}})" + row)
            .front() ==
        "mine.jsonl:1: meta.list_price_usd_per_m_in_out: of \"a\" must be two numbers, input and "
        "output, 0 or more");
}

TEST_CASE("an empty data set is refused") {
  CHECK(Bad("") == std::vector<std::string>{"mine.jsonl: has no rows; a row is {\"prompt\": "
                                            "\"...\", \"r\": [...], \"c\": [...]}"});
}

TEST_CASE("the report of problems is bounded and says how many more there are") {
  std::string text;
  for (std::size_t i = 0; i < kProblemsMax + 7; ++i) text += "x\n";
  const std::vector<std::string> problems = Bad(text);
  REQUIRE(problems.size() == kProblemsMax + 1);
  CHECK(problems.back() == "mine.jsonl: and 7 more");
}

TEST_CASE("a file that is not there is named") {
  const auto loaded = LoadDataset("no-such-folder/no-such-file.jsonl");
  REQUIRE(loaded.index() == 1);
  CHECK(config::ToString(std::get<1>(loaded).front()) ==
        "no-such-folder/no-such-file.jsonl: cannot be opened for reading");
}

}  // namespace sluice::sim
