#include <cmath>
#include <cstring>
#include <limits>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "api/wire.h"
#include "api/wire_context.h"

namespace sluice::api {
namespace {

using nlohmann::json;

RouteRequest Accepted(std::string_view body) {
  INFO(body.substr(0, 300));
  auto result = ParseRoute(body);
  if (const auto* problem = std::get_if<Problem>(&result)) {
    FAIL(problem->status << " " << problem->detail << " at " << problem->pointer);
  }
  return std::get<RouteRequest>(result);
}

Problem Refused(std::string_view body) {
  INFO(body.substr(0, 300));
  auto result = ParseRoute(body);
  REQUIRE(std::holds_alternative<Problem>(result));
  return std::get<Problem>(result);
}

std::string Base64(const std::string& bytes) {
  constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      text += i + k > bytes.size() ? '=' : kAlphabet[group >> (18 - 6 * k) & 63];
    }
  }
  return text;
}

std::string FloatBytes(const std::vector<float>& values) {
  std::string bytes(values.size() * sizeof(float), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

std::string Nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

TEST_CASE("every field of a route request is read") {
  const RouteRequest request = Accepted(R"({
    "router": "chat", "query": "Why is the sky blue?", "request_id": "r-1",
    "tags": ["a", "b"], "allow": ["economy", "premium"], "deny": ["standard"],
    "needs": ["vision"], "override": "premium", "baseline": "standard", "max_cost_usd": 0.25,
    "input_tokens": 12, "output_tokens_max": 4294967295, "features": {"hour": 13, "vip": 0.5},
    "explain": true})");
  CHECK(request.router == "chat");
  CHECK(request.text == "Why is the sky blue?");
  CHECK_FALSE(request.embedding);
  CHECK(request.request_id == "r-1");
  CHECK(request.tags == std::vector<std::string>{"a", "b"});
  CHECK(request.allow == std::vector<std::string>{"economy", "premium"});
  CHECK(request.deny == std::vector<std::string>{"standard"});
  CHECK(request.needs == std::vector<std::string>{"vision"});
  CHECK(request.override_arm == "premium");
  CHECK(request.baseline == "standard");
  CHECK(request.max_cost_usd == 0.25);
  CHECK(request.input_tokens == 12U);
  CHECK(request.output_tokens_max == 4294967295U);
  CHECK(request.features == std::map<std::string, double>{{"hour", 13}, {"vip", 0.5}});
  CHECK(request.explain);
  CHECK(request.body_digest != 0);
}

TEST_CASE("a field that is not sent keeps its default") {
  const RouteRequest request = Accepted("{}");
  CHECK(request.router == "default");
  CHECK_FALSE(request.text);
  CHECK_FALSE(request.embedding);
  CHECK(request.request_id.empty());
  CHECK_FALSE(request.allow);
  CHECK_FALSE(request.override_arm);
  CHECK_FALSE(request.max_cost_usd);
  CHECK_FALSE(request.explain);
}

TEST_CASE("an integer may be written with a fraction of zero") {
  CHECK(Accepted(R"({"input_tokens": 100.0})").input_tokens == 100U);
}

TEST_CASE("an embedding is the same as numbers and as base64") {
  const std::vector<float> values = {0.25F, -1.5F, 3.0e-5F, 1e20F, 0.0F};
  json body;
  body["embedding"] = values;
  CHECK(Accepted(body.dump()).embedding == values);
  body["embedding"] = Base64(FloatBytes(values));
  CHECK(Accepted(body.dump()).embedding == values);
}

TEST_CASE("an embedding of every size up to the largest is read from base64") {
  for (std::size_t size = 1; size <= kEmbeddingMax; size += size < 8 ? 1 : 127) {
    std::vector<float> values(size);
    for (std::size_t i = 0; i < size; ++i) {
      values[i] = static_cast<float>(i) - 0.5F;
    }
    json body;
    body["embedding"] = Base64(FloatBytes(values));
    CHECK(Accepted(body.dump()).embedding == values);
  }
}

TEST_CASE("numbers too small to matter are read as zero") {
  const auto request = Accepted(
      R"({"embedding": [1e-31, -1e-320, 4.9e-324, 1e-400, -0.0, 1e-29], "features": {"f": 1e-310}})");
  CHECK(request.embedding == std::vector<float>{0, 0, 0, 0, 0, 1e-29F});
  CHECK(request.features.at("f") == 0);
  json body;
  body["embedding"] = Base64(FloatBytes({1e-31F, std::numeric_limits<float>::denorm_min(), 1.0F}));
  CHECK(Accepted(body.dump()).embedding == std::vector<float>{0, 0, 1});
}

TEST_CASE("a long text is cut where a character ends") {
  json body;
  std::string text = "x";
  while (text.size() < 2 * kQueryBytesRead) {
    text += "\xE2\x82\xAC";  // The euro sign: three bytes.
  }
  body["query"] = text;
  const std::string read = *Accepted(body.dump()).text;
  CHECK(read == text.substr(0, read.size()));
  CHECK(read.size() <= kQueryBytesRead);
  CHECK(read.size() > kQueryBytesRead - 3);
  CHECK((read.size() - 1) % 3 == 0);
  CHECK(CutText("abc", 2) == "ab");
  CHECK(CutText("abc", 3) == "abc");
}

TEST_CASE("of messages the text of the last user turn is read") {
  const auto request = Accepted(R"({"messages": [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": "first"},
    {"role": "assistant", "content": null, "tool_calls": []},
    {"role": "user", "name": "ann", "content": [
      {"type": "text", "text": "second"},
      {"type": "image_url", "image_url": {"url": "data:"}},
      {"type": "text", "text": "third"}]},
    {"role": "assistant", "content": "an answer"}]})");
  CHECK(request.text == "second\nthird");
}

TEST_CASE("a user turn without text is an empty text") {
  CHECK(Accepted(R"({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]})").text ==
        "");
}

TEST_CASE("parts are cut to the same length as one text") {
  json body;
  const json part = {{"type", "text"}, {"text", std::string(10000, 'a')}};
  body["messages"] = json::array({{{"role", "user"}, {"content", json::array({part, part})}}});
  CHECK(Accepted(body.dump()).text->size() == kQueryBytesRead);
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

std::vector<RefusalRow> MeaninglessBodies() {
  return {
      {"not an object", "[]", 422, ""},
      {"a number", "3", 422, ""},
      {"null", "null", 422, ""},
      {"unknown field", R"({"qeury": "x"})", 422, "/qeury"},
      {"unknown field with a slash", R"({"a/b~c": "x"})", 422, "/a~1b~0c"},
      {"unknown empty field", R"({"": 1})", 422, "/"},
      {"session_id is for later", R"({"session_id": "s"})", 422, "/session_id"},
      {"user is for later", R"({"user": {"id": "u"}})", 422, "/user"},
      {"max_latency_ms is for later", R"({"max_latency_ms": 5})", 422, "/max_latency_ms"},
      {"active is for later", R"({"active": true})", 422, "/active"},
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
  for (const RefusalRow& row : MeaninglessBodies()) {
    DYNAMIC_SECTION(row.rule) {
      const Problem problem = Refused(row.body);
      CHECK(problem.status == row.status);
      CHECK(problem.pointer == row.pointer);
      CHECK_FALSE(problem.detail.empty());
    }
  }
}

TEST_CASE("a field for later is told from an unknown one") {
  CHECK(Refused(R"({"session_id": "s"})").detail == "this field is not supported by this version");
  CHECK(Refused(R"({"sessionid": "s"})").detail == "there is no such field");
}

TEST_CASE("an object may have only so many fields") {
  json features;
  for (int i = 0; i < 1024; ++i) {
    features["f" + std::to_string(i)] = i;
  }
  CHECK(Accepted(With("features", features)).features.size() == 1024);
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

// -- route:batch ----------------------------------------------------------------------------------

TEST_CASE("a wrong item of a batch stands in its place and the others are read") {
  auto result = ParseRouteBatch(R"([{"query": "a, [b]"}, {"tags": [1]}, 7, {"router": "r}"}])");
  const auto& items = std::get<std::vector<RouteItem>>(result);
  REQUIRE(items.size() == 4);
  CHECK(std::get<RouteRequest>(items[0]).text == "a, [b]");
  CHECK(std::get<Problem>(items[1]).pointer == "/1/tags/0");
  CHECK(std::get<Problem>(items[2]).pointer == "/2");
  CHECK(std::get<RouteRequest>(items[3]).router == "r}");
}

TEST_CASE("an item of a batch has the digest of the same text sent alone") {
  const std::string first = R"({"query": "say \"hi]\" \\", "tags": ["a", "b"]})";
  const std::string second = R"({"query":"}{,"})";
  auto result = ParseRouteBatch("[ " + first + " ,\n" + second + "]");
  const auto& items = std::get<std::vector<RouteItem>>(result);
  REQUIRE(items.size() == 2);
  CHECK(std::get<RouteRequest>(items[0]).body_digest == Accepted(first).body_digest);
  CHECK(std::get<RouteRequest>(items[1]).body_digest == Accepted(second).body_digest);
}

TEST_CASE("a batch is a list of bounded length") {
  const auto status = [](const std::string& body) {
    const auto result = ParseRouteBatch(body);
    const auto* problem = std::get_if<Problem>(&result);
    return problem == nullptr ? 200 : problem->status;
  };
  CHECK(status("{}") == 422);
  CHECK(status("[]") == 422);
  CHECK(status(" [ ] ") == 422);
  CHECK(status("[") == 400);
  CHECK(status(json(std::vector<json>(kBatchMax, json::object())).dump()) == 200);
  CHECK(status(json(std::vector<json>(kBatchMax + 1, json::object())).dump()) == 422);
}

// -- route:chat -----------------------------------------------------------------------------------

TEST_CASE("a chat-completion body is taken as it is") {
  auto result = ParseChat(R"({
    "model": "gpt-4o", "temperature": 0.2, "stream": true, "logit_bias": {"50256": -100},
    "messages": [{"role": "user", "content": "hello"}],
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
    "max_tokens": 100, "query": 7, "tags": "not ours"})");
  const auto& request = std::get<RouteRequest>(result);
  CHECK(request.text == "hello");
  CHECK(request.output_tokens_max == 100U);
  CHECK(request.router == "default");
  CHECK(request.tags.empty());
  CHECK(request.body_digest != 0);
}

TEST_CASE("the newer limit of a chat body stands over the older one") {
  auto result = ParseChat(
      R"({"max_completion_tokens": 7, "max_tokens": 9, "messages": [{"role":"user","content":""}]})");
  CHECK(std::get<RouteRequest>(result).output_tokens_max == 7U);
  result = ParseChat(
      R"({"max_completion_tokens": null, "max_tokens": 9, "messages": [{"role":"user","content":""}]})");
  CHECK(std::get<RouteRequest>(result).output_tokens_max == 9U);
}

TEST_CASE("a chat body without usable messages is refused") {
  const auto refused = [](std::string_view body) {
    const auto result = ParseChat(body);
    return std::get<Problem>(result);
  };
  CHECK(refused("{}").pointer == "/messages");
  CHECK(refused("{}").status == 422);
  CHECK(refused("[]").status == 422);
  CHECK(refused("{").status == 400);
  CHECK(refused(R"({"messages": [{"role": "system", "content": "x"}]})").status == 422);
  CHECK(refused(R"({"messages": [{"role": "user", "content": "x"}], "max_tokens": "9"})").pointer ==
        "/max_tokens");
}

// -- Digest ---------------------------------------------------------------------------------------

TEST_CASE("the digest of a body never changes from one version to the next") {
  // On disk beside request ids. If this fails, retries across an upgrade become clashes.
  CHECK(BodyDigest("") == BodyDigest(" \n"));
  CHECK(BodyDigest("{}") == 0x496929aff201f34f);
  CHECK(BodyDigest(R"({"query": "Why is the sky blue?", "request_id": "r-1"})") ==
        0x185fcec0841bc626);
}

TEST_CASE("bodies that differ have digests that differ") {
  std::map<std::uint64_t, std::string> seen;
  std::string text = R"({"query":"The_quick_brown_fox_jumps_over_the_lazy_dog."})";
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string other = text;
      other[i] = static_cast<char>(other[i] ^ (1 << bit));
      seen[BodyDigest(other)] = other;
    }
    seen[BodyDigest(text.substr(0, i))] = text.substr(0, i);
  }
  CHECK(seen.size() == text.size() * 9);
}

}  // namespace
}  // namespace sluice::api
