#include <cmath>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "api/wire.h"
#include "tests/support/wire_samples.h"

namespace sluice::api {
namespace {

using nlohmann::json;
using test::Base64;
using test::FloatBytes;

Problem Refused(std::string_view body) {
  INFO(body.substr(0, 300));
  auto result = ParseRoute(body);
  REQUIRE(std::holds_alternative<Problem>(result));
  return std::get<Problem>(result);
}

std::string Nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

struct RefusalRow {
  const char* rule;
  std::string body;
  int status;
  const char* pointer;
};

TEST_CASE("a body that is not JSON is malformed") {
  const RefusalRow rows[] = {
      {"empty", "", 400, ""},
      {"blank", "  \n", 400, ""},
      {"not JSON", "query=hello", 400, ""},
      {"cut off", R"({"query": "x")", 400, ""},
      {"bytes behind it", R"({"query": "x"} x)", 400, ""},
      {"a second document", "{}{}", 400, ""},
      {"byte order mark", "\xEF\xBB\xBF{}", 400, ""},
      {"bad UTF-8 in a string", "{\"query\": \"\xC3\x28\"}", 400, ""},
      {"bad UTF-8 in a key", "{\"\xFF\": 1}", 400, ""},
      {"encoded surrogate", "{\"query\": \"\xED\xA0\x80\"}", 400, ""},
      {"lone high surrogate", R"({"query": "\ud800"})", 400, ""},
      {"lone low surrogate", R"({"query": "\udc00"})", 400, ""},
      {"high surrogate and no low one", R"({"query": "\ud800\u0041"})", 400, ""},
      {"NaN", R"({"embedding": [NaN]})", 400, ""},
      {"Infinity", R"({"embedding": [Infinity]})", 400, ""},
      {"leading zero", R"({"input_tokens": 01})", 400, ""},
      {"leading plus", R"({"input_tokens": +1})", 400, ""},
      {"comment", "{} // x", 400, ""},
      {"trailing comma", R"({"query": "x",})", 400, ""},
      {"control character in a string", "{\"query\": \"a\nb\"}", 400, ""},
      {"same key twice", R"({"query": "a", "query": "b"})", 400, ""},
      {"same key twice when escaped", R"({"query": "a", "qu\u0065ry": "b"})", 400, ""},
      {"same key twice further in", R"({"features": {"a": 1, "a": 2}})", 400, ""},
      {"one level too deep", R"({"query": )" + Nested(64) + "}", 400, ""},
      {"depth of 100000", std::string(100000, '['), 400, ""},
      {"depth of 100000 in objects",
       [] {
         std::string text;
         for (int i = 0; i < 100000; ++i) {
           text += "{\"a\":";
         }
         return text;
       }(),
       400, ""},
  };
  for (const RefusalRow& row : rows) {
    DYNAMIC_SECTION(row.rule) {
      const Problem problem = Refused(row.body);
      CHECK(problem.status == row.status);
      CHECK_FALSE(problem.title.empty());
      CHECK_FALSE(problem.detail.empty());
    }
  }
}

TEST_CASE("a number that no type holds is unprocessable and pointed to") {
  const RefusalRow rows[] = {
      {"1e400", R"({"embedding": [1, 1e400]})", 422, "/embedding/1"},
      {"-1e400 in features", R"({"features": {"a/b": 2, "x": -1e400}})", 422, "/features/x"},
      {"an integer beyond 64 bits", R"({"tags": [], "input_tokens": 99999999999999999999})", 422,
       "/input_tokens"},
      {"in a list of lists", R"({"a": [[1, 2], [3, 1e999]]})", 422, "/a/1/1"},
  };
  for (const RefusalRow& row : rows) {
    DYNAMIC_SECTION(row.rule) {
      const Problem problem = Refused(row.body);
      CHECK(problem.status == row.status);
      CHECK(problem.pointer == row.pointer);
    }
  }
}

std::string TextOf(std::size_t bytes) {
  return std::string(bytes, 'x');
}

std::string With(const std::string& field, const json& value) {
  return json{{field, value}}.dump();
}

// What is routed: text, messages, embeddings; and objects that are no request at all.
std::vector<RefusalRow> BodiesWithoutMeaning() {
  return {
      {"not an object", "[]", 422, ""},
      {"a number", "3", 422, ""},
      {"null", "null", 422, ""},
      {"unknown field", R"({"qeury": "x"})", 422, "/qeury"},
      {"unknown field with a slash", R"({"a/b~c": "x"})", 422, "/a~1b~0c"},
      {"unknown empty field", R"({"": 1})", 422, "/"},
      {"session_id is text", R"({"session_id": 7})", 422, "/session_id"},
      {"user is an object", R"({"user": "u"})", 422, "/user"},
      {"user.id is for later", R"({"user": {"plan": "free", "id": "u"}})", 422, "/user/id"},
      {"an unknown field of a user", R"({"user": {"paln": "free"}})", 422, "/user/paln"},
      {"a plan is a string", R"({"user": {"plan": 1}})", 422, "/user/plan"},
      {"a plan is not empty", R"({"user": {"plan": ""}})", 422, "/user/plan"},
      {"a plan is short", With("user", {{"plan", TextOf(kNameBytesMax + 1)}}), 422, "/user/plan"},
      {"null is no value", R"({"router": null})", 422, "/router"},
      {"router is a string", R"({"router": 1})", 422, "/router"},
      {"router is not empty", R"({"router": ""})", 422, "/router"},
      {"router is short", With("router", TextOf(kNameBytesMax + 1)), 422, "/router"},
      {"router has no control characters", R"({"router": "a\u0000b"})", 422, "/router"},
      {"query is a string", R"({"query": ["x"]})", 422, "/query"},
      {"query or messages", R"({"query": "x", "messages": []})", 422, "/messages"},
      {"messages or query", R"({"messages": [{"role":"user","content":"x"}], "query": "x"})", 422,
       "/query"},
      {"text or embedding", R"({"query": "x", "embedding": [1]})", 422, "/embedding"},
      {"embedding is not a number", R"({"embedding": 1})", 422, "/embedding"},
      {"embedding is not empty", R"({"embedding": []})", 422, "/embedding"},
      {"embedding has numbers", R"({"embedding": [1, "2"]})", 422, "/embedding/1"},
      {"embedding has no nulls", R"({"embedding": [null]})", 422, "/embedding/0"},
      {"embedding fits float32", R"({"embedding": [1, 2, 1e39]})", 422, "/embedding/2"},
      {"embedding is bounded", With("embedding", std::vector<int>(kEmbeddingMax + 1, 1)), 422,
       "/embedding"},
      {"an embedding's model is a string", R"({"embedding": [1], "embedding_model": 3})", 422,
       "/embedding_model"},
      {"an embedding's model is not empty", R"({"embedding": [1], "embedding_model": ""})", 422,
       "/embedding_model"},
      {"text has no embedding's model", R"({"embedding_model": "m", "query": "x"})", 422,
       "/embedding_model"},
      {"nothing has no embedding's model", R"({"embedding_model": "m"})", 422, "/embedding_model"},
      {"base64 is not empty", R"({"embedding": ""})", 422, "/embedding"},
      {"base64 has its alphabet", R"({"embedding": "AACA-w=="})", 422, "/embedding"},
      {"base64 is padded", R"({"embedding": "AACAPw"})", 422, "/embedding"},
      {"base64 is not padding", R"({"embedding": "===="})", 422, "/embedding"},
      {"base64 holds whole floats", R"({"embedding": "AACA"})", 422, "/embedding"},
      {"base64 is bounded",
       With("embedding", Base64(FloatBytes(std::vector<float>(kEmbeddingMax + 1, 1)))), 422,
       "/embedding"},
      {"base64 has no NaN", With("embedding", Base64(FloatBytes({1.0F, std::nanf("")}))), 422,
       "/embedding"},
      {"base64 has no infinity", With("embedding", Base64(FloatBytes({-INFINITY}))), 422,
       "/embedding"},
  };
}

// How it is to be routed.
std::vector<RefusalRow> BodiesWithWrongWishes() {
  return {
      {"request_id is not empty", R"({"request_id": ""})", 422, "/request_id"},
      {"request_id is short", With("request_id", TextOf(kIdBytesMax + 1)), 422, "/request_id"},
      {"tags are a list", R"({"tags": "a"})", 422, "/tags"},
      {"tags are strings", R"({"tags": ["a", 1]})", 422, "/tags/1"},
      {"tags are few", With("tags", std::vector<std::string>(kTagsMax + 1, "t")), 422, "/tags"},
      {"allow is a list", R"({"allow": {}})", 422, "/allow"},
      {"allow is bounded", With("allow", std::vector<std::string>(kNamesMax + 1, "a")), 422,
       "/allow"},
      {"deny has names", R"({"deny": [""]})", 422, "/deny/0"},
      {"needs has strings", R"({"needs": [true]})", 422, "/needs/0"},
      {"override is a string", R"({"override": ["a"]})", 422, "/override"},
      {"baseline is a string", R"({"baseline": {}})", 422, "/baseline"},
      {"max_cost_usd is a number", R"({"max_cost_usd": "1"})", 422, "/max_cost_usd"},
      {"max_cost_usd is above zero", R"({"max_cost_usd": 0})", 422, "/max_cost_usd"},
      {"max_cost_usd is not negative", R"({"max_cost_usd": -0.1})", 422, "/max_cost_usd"},
      {"max_cost_usd is above what counts", R"({"max_cost_usd": 1e-320})", 422, "/max_cost_usd"},
      {"max_latency_ms is a number", R"({"max_latency_ms": true})", 422, "/max_latency_ms"},
      {"max_latency_ms is above zero", R"({"max_latency_ms": 0})", 422, "/max_latency_ms"},
      {"max_latency_ms is not negative", R"({"max_latency_ms": -5})", 422, "/max_latency_ms"},
      {"max_latency_ms is above what counts", R"({"max_latency_ms": 1e-31})", 422,
       "/max_latency_ms"},
      {"active is a boolean", R"({"active": "no"})", 422, "/active"},
      {"input_tokens is an integer", R"({"input_tokens": 1.5})", 422, "/input_tokens"},
      {"input_tokens is not negative", R"({"input_tokens": -1})", 422, "/input_tokens"},
      {"input_tokens has 32 bits", R"({"input_tokens": 4294967296})", 422, "/input_tokens"},
      {"input_tokens is no large float", R"({"input_tokens": 1e30})", 422, "/input_tokens"},
      {"output_tokens_max has 32 bits", R"({"output_tokens_max": 18446744073709551615})", 422,
       "/output_tokens_max"},
      {"features is an object", R"({"features": [1]})", 422, "/features"},
      {"features are numbers", R"({"features": {"a": "1"}})", 422, "/features/a"},
      {"features have names", R"({"features": {"": 1}})", 422, "/features/"},
      {"explain is a boolean", R"({"explain": 1})", 422, "/explain"},
      {"messages is a list", R"({"messages": "x"})", 422, "/messages"},
      {"messages has a user turn", R"({"messages": []})", 422, "/messages"},
      {"messages has roles", R"({"messages": [{"content": "x"}]})", 422, "/messages/0"},
      {"messages are objects", R"({"messages": ["x"]})", 422, "/messages/0"},
      {"messages is bounded",
       With("messages", std::vector<json>(kMessagesMax + 1, {{"role", "user"}})), 422, "/messages"},
      {"a user turn has content", R"({"messages": [{"role": "user"}]})", 422,
       "/messages/0/content"},
      {"content is a text or parts", R"({"messages": [{"role": "user", "content": 1}]})", 422,
       "/messages/0/content"},
      {"parts have a type", R"({"messages": [{"role": "user", "content": [{}]}]})", 422,
       "/messages/0/content/0"},
      {"text parts have a text",
       R"({"messages": [{"role": "user", "content": [{"type": "text"}]}]})", 422,
       "/messages/0/content/0"},
  };
}

TEST_CASE("JSON that means nothing here is unprocessable and pointed to") {
  std::vector<RefusalRow> rows = BodiesWithoutMeaning();
  const std::vector<RefusalRow> wishes = BodiesWithWrongWishes();
  rows.insert(rows.end(), wishes.begin(), wishes.end());
  for (const RefusalRow& row : rows) {
    DYNAMIC_SECTION(row.rule) {
      const Problem problem = Refused(row.body);
      CHECK(problem.status == row.status);
      CHECK(problem.pointer == row.pointer);
      CHECK_FALSE(problem.detail.empty());
    }
  }
}

TEST_CASE("a field for later is told from an unknown one") {
  CHECK(Refused(R"({"sessionid": "s"})").detail == "there is no such field");
  CHECK(Refused(R"({"user": {"id": "u"}})").detail ==
        "this field is not supported by this version");
}

TEST_CASE("an object may have only so many fields") {
  json features;
  for (int i = 0; i < 1024; ++i) {
    features["f" + std::to_string(i)] = i;
  }
  CHECK(std::holds_alternative<RouteRequest>(ParseRoute(With("features", features))));
  features["one more"] = 1;
  CHECK(Refused(With("features", features)).status == 400);
}

TEST_CASE("no refusal repeats what was sent") {
  const std::string secret = "hunter2";
  for (const std::string& body :
       {With("query", json::array({secret})), With("router", secret + TextOf(200)),
        With("source", secret), With("tags", json::array({json::array({secret})})),
        "{\"query\": \"" + secret, With("embedding", secret)}) {
    const Problem problem = Refused(body);
    CHECK(problem.detail.find(secret) == std::string::npos);
    CHECK(problem.pointer.find(secret) == std::string::npos);
  }
}

TEST_CASE("a pointer stays short and well-formed whatever the field is called") {
  std::string name;
  while (name.size() < 5000) {
    name += "\xE2\x82\xAC";
  }
  const Problem problem = Refused(With(name, 1));
  CHECK(problem.pointer.size() <= 65);
  CHECK_NOTHROW(json(problem.pointer).dump());
}

}  // namespace
}  // namespace sluice::api
