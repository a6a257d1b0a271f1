// Random damage to good bodies: whatever comes out, nothing crashes, and what is accepted keeps the
// promises of the types it is read into.
#include <cmath>
#include <iterator>
#include <random>

#include <catch2/catch.hpp>

#include "api/wire.h"

namespace sluice::api {
namespace {

constexpr const char* kBodies[] = {
    R"({"router":"default","query":"Why \u00e9 \ud83d\ude00?","request_id":"r","tags":["a","b"]})",
    R"({"embedding":[0.5,-1e-3,1e20],"allow":["x"],"deny":[],"max_cost_usd":1,"explain":true})",
    R"({"embedding":"AACAPwAAAEA=","features":{"a":1.5,"b":-2},"input_tokens":12})",
    R"({"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}],"max_tokens":5})",
    R"([{"query":"a"},{"query":"b","override":"p"},{"embedding":[1,2,3]}])",
    R"({"decision_id":"d","event_id":"e","source":"judge","reward":0.5,"signals":{"cost_usd":1}})",
    R"({"events":[{"request_id":"r","event_id":"1","signals":{"thumb":1,"status":200}},
       {"decision_id":"d","event_id":"2","occurred_at":"2026-01-31T12:00:00.5Z","reward":1}]})",
    R"({"embedding":[1],"embedding_model":"m","user":{"plan":"p"},"max_latency_ms":5,
       "active":false})",
    R"({"decision_id":"d","event_id":"e","source":"crm","seq":2,"revoked":true,"activate":false})",
    R"({"model":"m","tier":2,"price_output_per_million_usd":1.5,"capabilities":["a","b"],
       "params":{"b":1,"a":0.5,"c":"x"},"state":"paused","start":"prior","statistics":"AAECAw=="})",
    R"({"model":"m","price_input_per_million_usd":1,"price_changes":[
       {"from":"2026-12-01T00:00:00Z","input_per_million_usd":1,"output_per_million_usd":2}]})",
    R"({"position":12})",
    R"({"arm":"economy"})",
};

constexpr const char* kPieces[] = {
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\\u",
    "\\ud800",
    "null",
    "true",
    "1e400",
    "-",
    "99999999999999999999",
    "1e-320",
    "\xFF",
    "\xC3",
    "\xEF\xBB\xBF",
    "NaN",
    "0",
    "\"a\":1,",
    "[[[[[[[[",
    "\n",
    "AAAA",
    "==",
};

class Damage {
 public:
  explicit Damage(std::uint64_t seed) : random_(seed) {}

  std::string Next() {
    std::string body = kBodies[Below(std::size(kBodies))];
    for (std::size_t i = 0, times = 1 + Below(4); i < times; ++i) {
      Strike(body);
    }
    return body;
  }

 private:
  std::size_t Below(std::size_t bound) { return random_() % bound; }

  void Strike(std::string& body) {
    const std::size_t at = Below(body.size() + 1);
    switch (Below(6)) {
      case 0:
        body.insert(at, kPieces[Below(std::size(kPieces))]);
        break;
      case 1:
        body.erase(at, 1 + Below(8));
        break;
      case 2:
        body.resize(at);
        break;
      case 3:
        if (at < body.size()) {
          body[at] = static_cast<char>(Below(256));
        }
        break;
      case 4:
        body.insert(at, body.substr(Below(body.size() + 1), 1 + Below(20)));
        break;
      default:
        body.replace(at, 1 + Below(3), kPieces[Below(std::size(kPieces))]);
        break;
    }
  }

  std::mt19937_64 random_;
};

bool IsSound(const Problem& problem) {
  return (problem.status == 400 || problem.status == 422) && !problem.detail.empty() &&
         (problem.pointer.empty() || problem.pointer.front() == '/');
}

bool IsSound(const RouteRequest& request) {
  bool sound = !request.router.empty() && !(request.text && request.embedding) &&
               request.body_digest != 0 && request.tags.size() <= kTagsMax;
  for (const float entry : request.embedding.value_or(std::vector<float>{1})) {
    sound = sound && std::isfinite(entry) && (entry == 0 || std::abs(entry) > 9e-31F);
  }
  for (const auto& [name, value] : request.features) {
    sound = sound && !name.empty() && std::isfinite(value);
  }
  return sound && request.max_cost_usd.value_or(1) > 0 && request.max_latency_ms.value_or(1) > 0 &&
         (request.embedding_model.empty() || request.embedding);
}

bool IsSound(const FeedbackEvent& event) {
  const double reward = event.reward.value_or(0);
  const bool both = event.reward && (event.thumb || event.score);
  return !event.event_id.empty() && event.decision_id.empty() != event.request_id.empty() &&
         reward >= 0 && reward <= 1 && !both && event.cost_usd.value_or(0) >= 0 &&
         IsPlainName(event.source) && event.source != "sluice" &&
         !(event.revoked && (event.reward || event.cost_usd || event.thumb || event.activate));
}

bool IsPrice(double input, double output) {
  return input >= 0 && output >= 0 && input + output > 0 && input <= kPriceMax &&
         output <= kPriceMax;
}

bool IsSound(const ArmPut& arm) {
  bool sound = !arm.model.empty() && arm.tier >= 1 && arm.tier <= kTierMax &&
               IsPrice(arm.price_input_per_million_usd, arm.price_output_per_million_usd) &&
               arm.capabilities.size() <= kCapabilitiesMax && arm.params.size() <= kParamsMax &&
               IsPlainName(arm.start) && arm.start_strength >= 1;
  for (const ArmPut::Price& price : arm.price_changes) {
    sound = sound && IsPrice(price.input_per_million_usd, price.output_per_million_usd);
  }
  for (std::size_t i = 1; i < arm.params.size(); ++i) {
    sound = sound && arm.params[i - 1].first < arm.params[i].first;
  }
  return sound && (arm.state == "active" || arm.state == "paused" || arm.state == "draining");
}

bool IsSound(const AdminRequest& request) {
  const bool is_rollback = request.operation == AdminOperation::kRollback;
  return (is_rollback || !request.position) && (!is_rollback || request.arm.empty());
}

template <class Value>
bool IsSound(const std::vector<Value>& values);
bool IsSound(const FeedbackBody& body);

template <class... Values>
bool IsSound(const std::variant<Values...>& value) {
  return std::visit([](const auto& held) { return IsSound(held); }, value);
}

template <class Value>
bool IsSound(const std::vector<Value>& values) {
  bool sound = !values.empty() && values.size() <= kBatchMax;
  for (const Value& value : values) {
    sound = sound && IsSound(value);
  }
  return sound;
}

bool IsSound(const FeedbackBody& body) {
  return IsSound(body.items);
}

TEST_CASE("damaged bodies are refused or read into sound values") {
  const std::uint64_t seed = std::random_device()();
  Damage damage(seed);
  for (int i = 0; i < 40000; ++i) {
    const std::string body = damage.Next();
    INFO("seed " << seed << ", step " << i << ": " << body);
    REQUIRE(IsSound(ParseRoute(body)));
    REQUIRE(IsSound(ParseRouteBatch(body)));
    REQUIRE(IsSound(ParseChat(body)));
    REQUIRE(IsSound(ParseFeedback(body)));
    REQUIRE(IsSound(ParseArm(body)));
    REQUIRE(IsSound(ParseAdmin(AdminOperation::kRollback, body)));
    REQUIRE(IsSound(ParseAdmin(AdminOperation::kReset, body)));
    REQUIRE(IsSound(ParseEmpty(body).value_or(Problem{.status = 422, .detail = "-"})));
  }
}

}  // namespace
}  // namespace sluice::api
