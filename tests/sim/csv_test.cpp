#include "sim/csv.h"

#include <sstream>

#include <catch2/catch.hpp>

#include "sim/dataset.h"
#include "sim/dataset_csv.h"

namespace sluice::sim {
namespace {

using Records = std::vector<std::vector<std::string>>;

struct Parsed {
  Records records;
  std::vector<int> lines;
  std::string problem;
  int problem_line = 0;
};

Parsed Parse(const std::string& text) {
  std::istringstream in(text);
  CsvReader reader(in);
  Parsed parsed;
  std::vector<std::string> record;
  while (reader.Next(record)) {
    parsed.records.push_back(record);
    parsed.lines.push_back(reader.line());
  }
  parsed.problem = reader.problem();
  parsed.problem_line = reader.line();
  return parsed;
}

Environment Good(const std::string& text, const std::vector<ListPrice>& prices = {}) {
  std::istringstream in(text);
  auto read = ReadCsvDataset(in, "mine.csv", prices);
  if (const auto* problems = std::get_if<1>(&read)) FAIL(config::ToString(problems->front()));
  return std::get<Environment>(std::move(read));
}

std::vector<std::string> Bad(const std::string& text) {
  std::istringstream in(text);
  const auto read = ReadCsvDataset(in, "mine.csv", {});
  REQUIRE(read.index() == 1);
  std::vector<std::string> lines;
  for (const config::Problem& problem : std::get<1>(read)) {
    lines.push_back(config::ToString(problem));
  }
  return lines;
}

constexpr const char* kRouterBench =
    "sample_id,prompt,eval_name,claude-v1,meta/llama-2-70b-chat,claude-v1|model_response,"
    "claude-v1|total_cost,meta/llama-2-70b-chat|total_cost,oracle_model_to_route_to\r\n";
constexpr const char* kRouteLlm = "prompt,mixtral-8x7b-instruct-v0.1,gpt-4-1106-preview\n";

}  // namespace

TEST_CASE("a record of comma-separated values is what its fields say") {
  const Parsed parsed = Parse("a,b,\n\"x,\"\"y\"\"\nz\",\"\",c\r\n\n,\"last\"");
  CHECK(parsed.records == Records{{"a", "b", ""}, {"x,\"y\"\nz", "", "c"}, {"", "last"}});
  CHECK(parsed.lines == std::vector<int>{1, 2, 5});
  CHECK(parsed.problem.empty());
  CHECK(Parse("").records.empty());
  CHECK(Parse("\xef\xbb\xbfprompt,a\n").records == Records{{"prompt", "a"}});
  CHECK(Parse("a\rb,c\n").records == Records{{"a\rb", "c"}});
}

TEST_CASE("what is no record ends the reading and is named with its line") {
  const Parsed open = Parse("a,b\n1,\"2\n3\n");
  CHECK(open.records == Records{{"a", "b"}});
  CHECK(open.problem == "opens a quote that nothing closes");
  CHECK(open.problem_line == 2);
  CHECK(Parse("a\nb\"c\n").problem == "has a quote inside a field that does not begin with one");
  CHECK(Parse("\"a\"b\n").problem == "goes on after a quote that closes its field");
  CHECK(Parse("\"a\n" + std::string(kCsvRecordBytesMax, 'x') + "\"\n").problem == "is too long");
  CHECK(Parse(std::string(kCsvFieldsMax, ',')).problem == "has more than 4096 fields");
}

TEST_CASE("RouterBench has its scores and costs and prompts that are Python lists") {
  const Environment environment =
      Good(std::string(kRouterBench) +
           "mmlu.1,\"['Which? \"\"A\"\" or\\nB\\\\', 'it\\'s B']\",mmlu,1.0,0.25,['A'],0.00059,"
           "6.57e-05,claude-v1\r\n"
           "gsm.2,plain [text],gsm,0,1,,0,0.5,no_model_correct\r\n"
           "x.3,\"['\\xe9 \\u20ac \\U0001f600']\",x,0,1,,0,0.5,\r\n");
  CHECK(environment.layout == "RouterBench CSV, 2 models, recorded costs");
  REQUIRE(environment.arms.size() == 2);
  CHECK(environment.arms[1].name == "meta/llama-2-70b-chat");
  CHECK(environment.arms[1].price() == 0);
  REQUIRE(environment.tasks.size() == 3);
  CHECK(environment.tasks[2].text == "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
  CHECK(environment.tasks[0].text == "Which? \"A\" or\nB\\\nit's B");
  CHECK(environment.tasks[0].outcomes[0] == Outcome{1, .00059, 1, .00059});
  CHECK(environment.tasks[0].outcomes[1] == Outcome{.25, 6.57e-05, .25, 6.57e-05});
  CHECK(environment.tasks[1].text == "plain [text]");
}

TEST_CASE("RouteLLM has list prices times tokens for its costs") {
  const Environment environment =
      Good(std::string(kRouteLlm) + "\"Q?\nA. 0\nAnswer:\",True,False\n\xc3\xa9,0,1\n");
  CHECK(environment.layout ==
        "RouteLLM CSV, costs from tokens (four characters each; 100 assumed of answers) at list "
        "prices in/out per million: mixtral-8x7b-instruct-v0.1 0.60/0.60 gpt-4-1106-preview "
        "10.00/30.00");
  CHECK(environment.tasks[0].text == "Q?\nA. 0");
  // 15 characters are 4 tokens; the answer has 100.
  CHECK(environment.tasks[0].outcomes[0].cost_usd == Approx(.6e-6 * 104).epsilon(1e-12));
  CHECK(environment.tasks[0].outcomes[1].cost_usd == Approx(4e-5 + 3e-3).epsilon(1e-12));
  CHECK(environment.tasks[0].outcomes[0].reward == 1);
  CHECK(environment.tasks[0].outcomes[1].reward == 0);
  CHECK(environment.tasks[1].outcomes[1].cost_usd == Approx(1e-5 + 3e-3).epsilon(1e-12));
}

TEST_CASE("RouteLLM with answers counts their tokens at the prices that were passed") {
  const std::vector<ListPrice> prices{{"a/b", 1, 2}, {"c", 10, 20}};
  const Environment environment =
      Good("prompt,a/b,c,a/b_response,c_response\nword,True,True,12345,\n", prices);
  CHECK(environment.tasks[0].outcomes[0].cost_usd == Approx(1e-6 + 4e-6).epsilon(1e-12));
  CHECK(environment.tasks[0].outcomes[1].cost_usd == Approx(1e-5).epsilon(1e-12));
  CHECK(environment.layout.find("answers as recorded") != std::string::npos);
}

TEST_CASE("wrong rows of a table are named with what would be right") {
  CHECK(Bad(std::string(kRouterBench) + "1,p,e,1.5,0,r,1,1,x\n1,p,e,1,0,r,,-1,x\n1,p\n") ==
        std::vector<std::string>{
            "mine.csv:2: claude-v1: must be a score in [0, 1]",
            "mine.csv:3: claude-v1|total_cost: must be USD, 0 or more",
            "mine.csv:3: meta/llama-2-70b-chat|total_cost: must be USD, 0 or more",
            "mine.csv:4: has 2 fields where the header has 9"});
  CHECK(Bad(std::string(kRouteLlm) + "p,yes,True\n").front() ==
        "mine.csv:2: mixtral-8x7b-instruct-v0.1: must be True, False or a score in [0, 1]");
  CHECK(Bad("prompt,mine,other\np,True,True\n").front() ==
        "mine.csv:1: mine: has no list price, which its costs are made of; pass --price "
        "\"mine=IN/OUT\" in USD per million tokens");
  CHECK(Bad("a,b\n").front().find("mine.csv:1: is no header that is known") == 0);
  CHECK(Bad(kRouteLlm) == std::vector<std::string>{"mine.csv: has no rows after its header"});
  CHECK(Bad(std::string(kRouteLlm) + "p,True,True\n\"p\n") ==
        std::vector<std::string>{"mine.csv:3: opens a quote that nothing closes"});
}

TEST_CASE("a price on the command line names a model that may hold a slash") {
  const auto price = ParseListPrice("mistralai/Mixtral=0.6/1.5");
  REQUIRE(price);
  CHECK(price->model == "mistralai/Mixtral");
  CHECK(price->input_usd == .6);
  CHECK(price->output_usd == 1.5);
  for (const char* wrong : {"", "a", "a=1", "=1/2", "a=1/", "a=x/2", "a=-1/2", "a/b"}) {
    CHECK_FALSE(ParseListPrice(wrong));
  }
}

}  // namespace sluice::sim
