#include <utility>

#include "api/problem.h"
#include "api/wire.h"
#include "api/wire_context.h"
#include "api/wire_fields.h"
#include "api/wire_json.h"

namespace sluice::api {
namespace {

Fault ReadFeatures(const JsonValue& value, const Place& place, std::map<std::string, double>& out) {
  if (!value.IsObject()) {
    return Invalid(place, "an object of numbers was expected");
  }
  for (JsonCursor field(value); field.Next();) {
    const Place at = place.Field(field.key());
    if (field.key().empty() || field.key().size() > kNameBytesMax) {
      return Invalid(at, "a feature's name has 1 to 128 bytes");
    }
    if (Fault fault = ReadNumber(field.value(), at, {}, out[std::string(field.key())])) {
      return fault;
    }
  }
  return std::nullopt;
}

Fault ReadPositive(const JsonValue& value, const Place& place, double& out) {
  if (Fault fault = ReadNumber(value, place, {.min = 0}, out)) {
    return fault;
  }
  return out == 0 ? Invalid(place, "a number above 0 was expected") : std::nullopt;
}

Fault TakeText(const JsonValue& value, const Place& place, RouteRequest& out) {
  return out.text ? Invalid(place, "query and messages exclude each other")
                  : ReadText(value, place, out.text.emplace());
}

Fault TakeMessages(const JsonValue& value, const Place& place, RouteRequest& out) {
  return out.text ? Invalid(place, "query and messages exclude each other")
                  : ReadLastUserText(value, place, out.text.emplace());
}

using Out = RouteRequest;
using Value = const JsonValue&;
using At = const Place&;

constexpr FieldRule<RouteRequest> kUserFields[] = {
    {"plan", [](Value v, At at, Out& out) { return ReadName(v, at, out.plan); }},
};

// Of later versions of the wire, and refused until the capability behind them is there.
constexpr std::string_view kLaterUserFields[] = {"id"};

constexpr ObjectRules<RouteRequest> kUserRules{kUserFields, kLaterUserFields};

constexpr FieldRule<RouteRequest> kRouteFields[] = {
    {"router", [](Value v, At at, Out& out) { return ReadName(v, at, out.router); }},
    {"query", TakeText},
    {"messages", TakeMessages},
    {"embedding",
     [](Value v, At at, Out& out) { return ReadEmbedding(v, at, out.embedding.emplace()); }},
    {"embedding_model",
     [](Value v, At at, Out& out) { return ReadName(v, at, out.embedding_model); }},
    {"request_id", [](Value v, At at, Out& out) { return ReadId(v, at, out.request_id); }},
    {"session_id", [](Value v, At at, Out& out) { return ReadId(v, at, out.session_id); }},
    {"tags", [](Value v, At at, Out& out) { return ReadNames(v, at, kTagsMax, out.tags); }},
    {"allow",
     [](Value v, At at, Out& out) { return ReadNames(v, at, kNamesMax, out.allow.emplace()); }},
    {"deny", [](Value v, At at, Out& out) { return ReadNames(v, at, kNamesMax, out.deny); }},
    {"needs", [](Value v, At at, Out& out) { return ReadNames(v, at, kNamesMax, out.needs); }},
    {"override",
     [](Value v, At at, Out& out) { return ReadName(v, at, out.override_arm.emplace()); }},
    {"baseline", [](Value v, At at, Out& out) { return ReadName(v, at, out.baseline.emplace()); }},
    {"user", [](Value v, At at, Out& out) { return ReadObject(v, at, kUserRules, out); }},
    {"max_cost_usd",
     [](Value v, At at, Out& out) { return ReadPositive(v, at, out.max_cost_usd.emplace()); }},
    {"max_latency_ms",
     [](Value v, At at, Out& out) { return ReadPositive(v, at, out.max_latency_ms.emplace()); }},
    {"input_tokens",
     [](Value v, At at, Out& out) { return ReadUint32(v, at, out.input_tokens.emplace()); }},
    {"output_tokens_max",
     [](Value v, At at, Out& out) { return ReadUint32(v, at, out.output_tokens_max.emplace()); }},
    {"features", [](Value v, At at, Out& out) { return ReadFeatures(v, at, out.features); }},
    {"active", [](Value v, At at, Out& out) { return ReadBoolean(v, at, out.active); }},
    {"explain", [](Value v, At at, Out& out) { return ReadBoolean(v, at, out.explain); }},
};

constexpr ObjectRules<RouteRequest> kRouteRules{kRouteFields, {}};

RouteItem ReadRoute(const JsonValue& value, const Place& place) {
  RouteRequest request;
  if (Fault fault = ReadObject(value, place, kRouteRules, request)) {
    return *std::move(fault);
  }
  if (request.text && request.embedding) {
    return *Invalid(place.Field("embedding"), "text and embedding exclude each other");
  }
  if (!request.embedding_model.empty() && !request.embedding) {
    return *Invalid(place.Field("embedding_model"), "embedding_model goes with an embedding");
  }
  return request;
}

// -- route:chat -----------------------------------------------------------------------------------

struct ChatBody {
  RouteRequest request;
  std::optional<std::uint32_t> completion_tokens_max;
  std::optional<std::uint32_t> tokens_max;  // the field's older name
};

// OpenAI's clients write null for "not set".
Fault ReadTokenLimit(Value value, At place, std::optional<std::uint32_t>& out) {
  return value.IsNull() ? std::nullopt : ReadUint32(value, place, out.emplace());
}

constexpr FieldRule<ChatBody> kChatFields[] = {
    {"messages", [](Value v, At at,
                    ChatBody& out) { return ReadLastUserText(v, at, out.request.text.emplace()); }},
    {"max_completion_tokens",
     [](Value v, At at, ChatBody& out) {
       return ReadTokenLimit(v, at, out.completion_tokens_max);
     }},
    {"max_tokens",
     [](Value v, At at, ChatBody& out) { return ReadTokenLimit(v, at, out.tokens_max); }},
};

constexpr ObjectRules<ChatBody> kChatRules{kChatFields, {}, UnknownFields::kIgnore};

}  // namespace

std::variant<RouteRequest, Problem> ParseRoute(std::string_view body) {
  auto document = ParseJson(body);
  if (auto* problem = std::get_if<Problem>(&document)) {
    return std::move(*problem);
  }
  RouteItem item = ReadRoute(std::get<JsonValue>(document), Place());
  if (auto* request = std::get_if<RouteRequest>(&item)) {
    request->body_digest = BodyDigest(body);
  }
  return item;
}

std::variant<std::vector<RouteItem>, Problem> ParseRouteBatch(std::string_view body) {
  auto document = ParseJson(body);
  if (auto* problem = std::get_if<Problem>(&document)) {
    return std::move(*problem);
  }
  const JsonValue& root = std::get<JsonValue>(document);
  const std::vector<std::string_view> texts =
      root.IsArray() ? SplitArray(body) : std::vector<std::string_view>();
  if (texts.empty() || texts.size() > kBatchMax) {
    return MakeProblem(422, "an array of 1 to 256 route requests was expected");
  }
  std::vector<RouteItem> items;
  items.reserve(texts.size());
  const Place place;
  for (JsonCursor item(root); item.Next();) {
    items.push_back(ReadRoute(item.value(), place.Item(items.size())));
    if (auto* request = std::get_if<RouteRequest>(&items.back())) {
      request->body_digest = BodyDigest(texts[items.size() - 1]);
    }
  }
  return items;
}

std::variant<RouteRequest, Problem> ParseChat(std::string_view body) {
  auto document = ParseJson(body);
  if (auto* problem = std::get_if<Problem>(&document)) {
    return std::move(*problem);
  }
  ChatBody chat;
  const Place place;
  if (Fault fault = ReadObject(std::get<JsonValue>(document), place, kChatRules, chat)) {
    return *std::move(fault);
  }
  if (!chat.request.text) {
    return *Invalid(place.Field("messages"), "messages are missing");
  }
  chat.request.output_tokens_max =
      chat.completion_tokens_max ? chat.completion_tokens_max : chat.tokens_max;
  chat.request.body_digest = BodyDigest(body);
  return std::move(chat.request);
}

}  // namespace sluice::api
