// What operators ask for, as it is read.
#include <limits>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "api/wire.h"

namespace sluice::api {
namespace {

using nlohmann::json;

constexpr AdminOperation kOperations[] = {AdminOperation::kFreeze, AdminOperation::kUnfreeze,
                                          AdminOperation::kRollback, AdminOperation::kReset,
                                          AdminOperation::kRefit};

AdminRequest Accepted(AdminOperation operation, std::string_view body) {
  INFO(body);
  auto result = ParseAdmin(operation, body);
  if (const auto* problem = std::get_if<Problem>(&result)) {
    FAIL(problem->status << " " << problem->detail << " at " << problem->pointer);
  }
  return std::get<AdminRequest>(result);
}

Problem Refused(AdminOperation operation, std::string_view body) {
  INFO(body);
  auto result = ParseAdmin(operation, body);
  REQUIRE(std::holds_alternative<Problem>(result));
  return std::get<Problem>(result);
}

TEST_CASE("an operation without a body is the same as with an empty object") {
  for (const AdminOperation operation : kOperations) {
    for (const char* body : {"", "{}", " \r\n\t", " { } "}) {
      const AdminRequest request = Accepted(operation, body);
      CHECK(request.operation == operation);
      CHECK(request.router.empty());
      CHECK(request.arm.empty());
      CHECK_FALSE(request.position);
      CHECK_FALSE(ParseEmpty(body));
    }
  }
}

TEST_CASE("a rollback may name a position and a reset an arm") {
  CHECK(Accepted(AdminOperation::kRollback, R"({"position": 0})").position == 0U);
  CHECK(Accepted(AdminOperation::kRollback, R"({"position": 9223372036854775807})").position ==
        9223372036854775807U);
  CHECK(Accepted(AdminOperation::kReset, R"({"arm": "economy"})").arm == "economy");
}

TEST_CASE("an operation takes its own fields and no others") {
  const auto pointer = [](AdminOperation operation, std::string_view body) {
    const Problem problem = Refused(operation, body);
    CHECK(problem.status == 422);
    return problem.pointer;
  };
  for (const AdminOperation operation : kOperations) {
    CHECK(pointer(operation, R"({"router": "default"})") == "/router");
    CHECK(pointer(operation, "[]") == "");
    CHECK(pointer(operation, "null") == "");
    CHECK(Refused(operation, "{").status == 400);
    CHECK(Refused(operation, R"({"arm": "a", "arm": "b"})").status == 400);
    if (operation != AdminOperation::kRollback) {
      CHECK(pointer(operation, R"({"position": 1})") == "/position");
    }
    if (operation != AdminOperation::kReset) {
      CHECK(pointer(operation, R"({"arm": "a"})") == "/arm");
    }
  }
  for (const char* position : {"-1", "1.5", "\"1\"", "null", "9223372036854775808", "1e19"}) {
    INFO(position);
    CHECK(pointer(AdminOperation::kRollback, R"({"position": )" + std::string(position) + "}") ==
          "/position");
  }
  CHECK(pointer(AdminOperation::kReset, R"({"arm": ""})") == "/arm");
  CHECK(pointer(AdminOperation::kReset, R"({"arm": 1})") == "/arm");
}

TEST_CASE("a call that takes no fields refuses them") {
  REQUIRE(ParseEmpty(R"({"a": 1})"));
  CHECK(ParseEmpty(R"({"a": 1})")->pointer == "/a");
  CHECK(ParseEmpty("[]")->status == 422);
  CHECK(ParseEmpty("x")->status == 400);
}

// -- Arms -----------------------------------------------------------------------------------------

json GoodArm() {
  return json::parse(R"({"model": "small", "price_output_per_million_usd": 0.1})");
}

ArmPut AcceptedArm(std::string_view body) {
  INFO(body);
  auto result = ParseArm(body);
  if (const auto* problem = std::get_if<Problem>(&result)) {
    FAIL(problem->status << " " << problem->detail << " at " << problem->pointer);
  }
  return std::get<ArmPut>(result);
}

TEST_CASE("every field of an arm is read") {
  const ArmPut arm = AcceptedArm(R"({
    "model": "small-2", "tier": 16, "price_input_per_million_usd": 0.25,
    "price_output_per_million_usd": 1000000,
    "price_changes": [
      {"from": "2026-12-01T00:00:00Z", "input_per_million_usd": 0, "output_per_million_usd": 2},
      {"from": "2026-12-01T01:00:00.000001+01:00", "input_per_million_usd": 1,
       "output_per_million_usd": 0}],
    "capabilities": ["vision", "long context"],
    "params": {"z": 1, "a": 1.0, "m": "text", "b": false, "n": -9223372036854775808},
    "state": "paused", "start": "economy", "start_strength": 1, "statistics": "AP94"})");
  CHECK(arm.router.empty());
  CHECK(arm.arm.empty());
  CHECK(arm.model == "small-2");
  CHECK(arm.tier == 16);
  CHECK(arm.price_input_per_million_usd == 0.25);
  CHECK(arm.price_output_per_million_usd == 1e6);
  REQUIRE(arm.price_changes.size() == 2);
  CHECK(arm.price_changes[0].from_us == 1796083200000000U);
  CHECK(arm.price_changes[0].output_per_million_usd == 2);
  CHECK(arm.price_changes[1].from_us == 1796083200000001U);
  CHECK(arm.price_changes[1].input_per_million_usd == 1);
  CHECK(arm.capabilities == std::vector<std::string>{"vision", "long context"});
  CHECK(arm.params == Params{{"a", 1.0},
                             {"b", false},
                             {"m", std::string("text")},
                             {"n", std::numeric_limits<std::int64_t>::min()},
                             {"z", std::int64_t{1}}});
  CHECK(arm.state == "paused");
  CHECK(arm.start == "economy");
  CHECK(arm.start_strength == 1);
  CHECK(arm.statistics == std::string("\0\xFFx", 3));
}

TEST_CASE("a field of an arm that is not sent keeps its default") {
  const ArmPut arm = AcceptedArm(GoodArm().dump());
  CHECK(arm.tier == 1);
  CHECK(arm.price_input_per_million_usd == 0);
  CHECK(arm.price_changes.empty());
  CHECK(arm.capabilities.empty());
  CHECK(arm.params.empty());
  CHECK(arm.state == "active");
  CHECK(arm.start == "others");
  CHECK(arm.start_strength == 25);
  CHECK(arm.statistics.empty());
}

struct RefusalRow {
  const char* rule;
  json changes;  // merged into a good arm; null removes
  const char* pointer;
};

json Change(const char* from, double input, double output) {
  return {{"from", from}, {"input_per_million_usd", input}, {"output_per_million_usd", output}};
}

json Numbered(std::size_t count) {
  json list = json::array();
  for (std::size_t i = 0; i < count; ++i) {
    list.push_back("c" + std::to_string(i));
  }
  return list;
}

json NumberedParams(std::size_t count) {
  json params = json::object();
  for (std::size_t i = 0; i < count; ++i) {
    params["p" + std::to_string(i)] = i;
  }
  return params;
}

std::vector<RefusalRow> WrongValues() {
  const std::string long_name(kNameBytesMax + 1, 'x');
  return {
      {"an unknown field", {{"modle", "x"}}, "/modle"},
      {"the name is in the path", {{"name", "x"}}, "/name"},
      {"the owner is not for callers", {{"owner", "file"}}, "/owner"},
      {"model is there", {{"model", nullptr}}, "/model"},
      {"model is a string", {{"model", 1}}, "/model"},
      {"model is not empty", {{"model", ""}}, "/model"},
      {"model is short", {{"model", long_name}}, "/model"},
      {"model is ASCII", {{"model", "\xC3\xA9"}}, "/model"},
      {"model has no blank at its end", {{"model", "x "}}, "/model"},
      {"tier is at least one", {{"tier", 0}}, "/tier"},
      {"tier is at most sixteen", {{"tier", 17}}, "/tier"},
      {"tier is whole", {{"tier", 1.5}}, "/tier"},
      {"prices are not negative",
       {{"price_input_per_million_usd", -1}},
       "/price_input_per_million_usd"},
      {"prices are bounded",
       {{"price_output_per_million_usd", 1000000.5}},
       "/price_output_per_million_usd"},
      {"no arm is free", {{"price_output_per_million_usd", 0}}, "/price_output_per_million_usd"},
      {"capabilities are a list", {{"capabilities", "vision"}}, "/capabilities"},
      {"capabilities are strings", {{"capabilities", {"a", 1}}}, "/capabilities/1"},
      {"capabilities differ", {{"capabilities", {"a", "b", "a"}}}, "/capabilities/2"},
      {"capabilities are few", {{"capabilities", Numbered(65)}}, "/capabilities"},
      {"params are an object", {{"params", {1}}}, "/params"},
      {"params are few", {{"params", NumberedParams(33)}}, "/params"},
      {"params are scalars", {{"params", {{"stop", {"a"}}}}}, "/params/stop"},
      {"params have names", {{"params", {{"", 1}}}}, "/params/"},
      {"params have printable names", {{"params", {{"a\n", 1}}}}, "/params/a\n"},
      {"params are short", {{"params", {{"a", std::string(1025, 'x')}}}}, "/params/a"},
      {"params have 63 bits", {{"params", {{"a", 9223372036854775808U}}}}, "/params/a"},
      {"state is a known one", {{"state", "new"}}, "/state"},
      {"state is a string", {{"state", true}}, "/state"},
      {"start is a name", {{"start", "a b"}}, "/start"},
      {"start_strength is at least one", {{"start_strength", 0.5}}, "/start_strength"},
      {"start_strength is bounded", {{"start_strength", 1000001}}, "/start_strength"},
      {"statistics are base64", {{"statistics", "AAA"}}, "/statistics"},
      {"statistics have its alphabet", {{"statistics", "AA-A"}}, "/statistics"},
      {"statistics are not empty", {{"statistics", ""}}, "/statistics"},
      {"statistics are a string", {{"statistics", {1, 2}}}, "/statistics"},
  };
}

std::vector<RefusalRow> WrongPriceChanges() {
  const char* first = "2026-12-01T00:00:00Z";
  const json many = json(std::vector<json>(65, Change(first, 1, 1)));
  json lacking = Change(first, 1, 1);
  lacking.erase("from");
  json unknown = Change(first, 1, 1);
  unknown["to"] = first;
  return {
      {"price changes are a list", {{"price_changes", json::object()}}, "/price_changes"},
      {"price changes are few", {{"price_changes", many}}, "/price_changes"},
      {"price changes are objects", {{"price_changes", {1}}}, "/price_changes/0"},
      {"a price change is whole", {{"price_changes", json::array({lacking})}}, "/price_changes/0"},
      {"a price change has no other fields",
       {{"price_changes", json::array({unknown})}},
       "/price_changes/0/to"},
      {"a price change has a zone",
       {{"price_changes", json::array({Change("2026-12-01T00:00:00", 1, 1)})}},
       "/price_changes/0/from"},
      {"a changed price is not negative",
       {{"price_changes", json::array({Change(first, -1, 1)})}},
       "/price_changes/0/input_per_million_usd"},
      {"no price change makes an arm free",
       {{"price_changes", json::array({Change(first, 0, 0)})}},
       "/price_changes/0/output_per_million_usd"},
      {"times rise",
       {{"price_changes", json::array({Change(first, 1, 1), Change(first, 2, 1)})}},
       "/price_changes/1/from"},
  };
}

TEST_CASE("an arm that breaks a rule is unprocessable and pointed to") {
  std::vector<RefusalRow> rows = WrongValues();
  const std::vector<RefusalRow> prices = WrongPriceChanges();
  rows.insert(rows.end(), prices.begin(), prices.end());
  for (const RefusalRow& row : rows) {
    DYNAMIC_SECTION(row.rule) {
      json body = GoodArm();
      body.merge_patch(row.changes);
      const auto result = ParseArm(body.dump());
      REQUIRE(std::holds_alternative<Problem>(result));
      const auto& problem = std::get<Problem>(result);
      CHECK(problem.status == 422);
      CHECK(problem.pointer == row.pointer);
      CHECK_FALSE(problem.detail.empty());
    }
  }
}

TEST_CASE("an arm is taken at its limits") {
  json body = GoodArm();
  body["model"] = std::string(kNameBytesMax, 'm');
  body["capabilities"] = Numbered(kCapabilitiesMax);
  body["params"] = NumberedParams(kParamsMax - 1);
  body["params"]["text"] = std::string(kParamBytesMax, 'x');
  body["start_strength"] = kStartStrengthMax;
  body["price_changes"] = json::array();
  for (std::size_t i = 0; i < kPriceChangesMax; ++i) {
    const std::string from = std::to_string(2030 + i) + "-01-01T00:00:00Z";
    body["price_changes"].push_back(Change(from.c_str(), 1, 0));
  }
  CHECK(AcceptedArm(body.dump()).params.size() == kParamsMax);
}

TEST_CASE("an arm without a body is malformed") {
  CHECK(std::get<Problem>(ParseArm("")).status == 400);
  CHECK(std::get<Problem>(ParseArm("[]")).status == 422);
  CHECK(std::get<Problem>(ParseArm("{}")).pointer == "/model");
}

}  // namespace
}  // namespace sluice::api
