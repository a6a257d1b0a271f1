#include <limits>
#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "api/wire.h"
#include "api/wire_context.h"
#include "tests/support/wire_samples.h"

namespace sluice::api {
namespace {

using nlohmann::json;
using test::Base64;
using test::FloatBytes;

RouteRequest Accepted(std::string_view body) {
  INFO(body.substr(0, 300));
  auto result = ParseRoute(body);
  if (const auto* problem = std::get_if<Problem>(&result)) {
    FAIL(problem->status << " " << problem->detail << " at " << problem->pointer);
  }
  return std::get<RouteRequest>(result);
}

TEST_CASE("every field of a route request is read") {
  const RouteRequest request = Accepted(R"({
    "router": "chat", "query": "Why is the sky blue?", "request_id": "r-1",
    "session_id": "s-1", "tags": ["a", "b"], "allow": ["economy", "premium"], "deny": ["standard"],
    "needs": ["vision"], "override": "premium", "baseline": "standard", "max_cost_usd": 0.25,
    "user": {"plan": "free"}, "max_latency_ms": 1500, "active": false,
    "input_tokens": 12, "output_tokens_max": 4294967295, "features": {"hour": 13, "vip": 0.5},
    "explain": true})");
  CHECK(request.router == "chat");
  CHECK(request.text == "Why is the sky blue?");
  CHECK_FALSE(request.embedding);
  CHECK(request.request_id == "r-1");
  CHECK(request.session_id == "s-1");
  CHECK(request.tags == std::vector<std::string>{"a", "b"});
  CHECK(request.allow == std::vector<std::string>{"economy", "premium"});
  CHECK(request.deny == std::vector<std::string>{"standard"});
  CHECK(request.needs == std::vector<std::string>{"vision"});
  CHECK(request.override_arm == "premium");
  CHECK(request.baseline == "standard");
  CHECK(request.plan == "free");
  CHECK(request.max_cost_usd == 0.25);
  CHECK(request.max_latency_ms == 1500);
  CHECK_FALSE(request.active);
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
  CHECK(request.session_id.empty());
  CHECK_FALSE(request.allow);
  CHECK_FALSE(request.override_arm);
  CHECK(request.embedding_model.empty());
  CHECK(request.plan.empty());
  CHECK_FALSE(request.max_cost_usd);
  CHECK_FALSE(request.max_latency_ms);
  CHECK(request.active);
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

TEST_CASE("an embedding may say which model made it") {
  const auto request = Accepted(
      R"({"embedding_model": "sentence-transformers/all-MiniLM-L6-v2", "embedding": [1]})");
  CHECK(request.embedding_model == "sentence-transformers/all-MiniLM-L6-v2");
}

TEST_CASE("a user of whom nothing is said has no plan") {
  CHECK(Accepted(R"({"user": {}})").plan.empty());
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
      R"({"embedding": [1e-31, -1e-320, 4.9e-324, 1e-400, -0.0, 1e-29],
          "features": {"f": 1e-310}})");
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
      R"({"max_completion_tokens": 7, "max_tokens": 9,
          "messages": [{"role": "user", "content": ""}]})");
  CHECK(std::get<RouteRequest>(result).output_tokens_max == 7U);
  result = ParseChat(
      R"({"max_completion_tokens": null, "max_tokens": 9,
          "messages": [{"role": "user", "content": ""}]})");
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
