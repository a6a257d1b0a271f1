// What goes over the data plane's wire, as plain values. Names and meanings are those of
// openapi.yaml.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace sluice::api {

// An RFC 9457 problem. `pointer` is a JSON pointer into the body that was sent.
struct Problem {
  int status = 500;
  std::string title;   // short and constant for its kind
  std::string detail;  // what was wrong and what would be right; never a query, a key or a path
  std::string pointer;
  std::optional<int> retry_after_s;
  bool operator==(const Problem&) const = default;
};

// -- Limits of single values on the wire ----------------------------------------------------------
inline constexpr std::size_t kNameBytesMax = 128;      // router, arm, model, source, tag
inline constexpr std::size_t kIdBytesMax = 256;        // request_id, event_id
inline constexpr std::size_t kQueryBytesRead = 16384;  // encoded; the rest is ignored
inline constexpr std::size_t kTagsMax = 8;
inline constexpr std::size_t kNamesMax = 64;  // of allow, deny, needs
inline constexpr std::size_t kEmbeddingMax = 1024;
inline constexpr std::size_t kBatchMax = 256;  // route requests or feedback events
inline constexpr std::size_t kMessagesMax = 4096;
inline constexpr double kCostUsdMax = 1e6;  // of one answer

// Names as the configuration writes them, of routers, arms and sources: 1 to kNameBytesMax of
// A-Z a-z 0-9 . _ -
bool IsPlainName(std::string_view text);

// -- POST /v1/route -------------------------------------------------------------------------------

struct RouteRequest {
  std::string router = "default";
  // At most one of the two is present; `messages` has already become the text of the last user
  // turn. Text is at most kQueryBytesRead bytes.
  std::optional<std::string> text;
  std::optional<std::vector<float>> embedding;  // finite, 1..kEmbeddingMax
  std::string embedding_model;                  // what made it, as the caller says; empty: not said
  std::string request_id;                       // empty: none
  std::uint64_t body_digest = 0;  // of the request as sent, to tell a retry from a clash
  std::string session_id;         // empty: not said; decisions of one session are judged as one
  std::vector<std::string> tags;
  std::optional<std::vector<std::string>> allow;
  std::vector<std::string> deny;
  std::vector<std::string> needs;           // capabilities
  std::optional<std::string> override_arm;  // wire: "override"
  std::optional<std::string> baseline;
  std::string plan;                      // wire: user.plan; empty: not said
  std::optional<double> max_cost_usd;    // > 0
  std::optional<double> max_latency_ms;  // > 0
  std::optional<std::uint32_t> input_tokens;
  std::optional<std::uint32_t> output_tokens_max;
  std::map<std::string, double> features;  // finite
  bool active = true;                      // false: no default reward until an event activates it
  bool explain = false;
};

// The order is on disk (store::DecisionRecord::reason): append only.
enum class Reason : std::uint8_t {
  kPolicy,      // what the policy ranks first
  kExplore,     // another arm than the greedy one, drawn
  kRule,        // allow, deny or needs left one arm
  kSession,     // (later)
  kOverride,    // the caller decided
  kConfidence,  // the gate was not sure enough of a cheaper arm
  kBudget,      // a ceiling left one arm
  kLimits,      // max_cost_usd or max_latency_ms left one arm
  kEscalate,    // (later)
  kObserve,     // the caller's baseline; what the policy would have taken is logged
  kFallback,    // an invariant failed: the router's fallback arm
};

// What narrowed the arms. The order is on disk (bit number): append only.
enum class Narrowing : std::uint8_t { kAllow, kDeny, kNeeds, kMaxCost, kMaxLatency, kCeiling };

const char* ReasonName(Reason reason);
const char* NarrowingName(Narrowing narrowing);

// An arm's own parameters, echoed to the caller.
using Scalar = std::variant<bool, std::int64_t, double, std::string>;
using Params = std::vector<std::pair<std::string, Scalar>>;

// What would have to change, alone, for this arm to be ranked first.
struct ArmToWin {
  double mean_by = 0;                 // quality above what is expected
  std::optional<double> cost_usd_by;  // dollars below what is expected; none: not by price alone
  std::optional<double> cost_weight;  // the lambda at which it ties; none: there is none >= 0
  bool operator==(const ArmToWin&) const = default;
};

struct ArmExplanation {
  std::string arm;
  double mean = 0;
  double width = 0;
  double expected_cost_usd = 0;
  std::optional<double> expected_latency_ms;  // once known
  double score = 0;
  double probability = 0;
  std::optional<ArmToWin> to_win;  // none: it is ranked first
  bool operator==(const ArmExplanation&) const = default;
};

// Beside the arms: what the choice was made with.
struct Explanation {
  double cost_weight = 0;     // lambda
  double latency_weight = 0;  // mu
  double exploration = 0;     // P(another arm than the one ranked first)
  std::uint32_t map_version = 0;
  std::string greedy_arm;
  std::string observed_arm;        // observe mode: what the policy drew; empty: not observing
  std::vector<std::string> notes;  // "exploration_limited", "alarm_cap", "new_arm_bound", ...
  std::vector<ArmExplanation> arms;
  bool operator==(const Explanation&) const = default;
};

struct RouteAnswer {
  std::string decision_id;
  std::string arm;
  std::string model;
  Params params;
  int tier = 0;
  Reason reason = Reason::kPolicy;
  std::vector<Narrowing> narrowed_by;
  double propensity = 1;
  std::string policy_kind;
  std::uint64_t policy_version = 0;
  std::vector<std::string> fallbacks;
  bool audit = false;  // a judgement of this answer is asked for
  bool logged = true;
  std::optional<Explanation> explanation;  // when asked for
  bool operator==(const RouteAnswer&) const = default;
};

using RouteReply = std::variant<RouteAnswer, Problem>;

// -- POST /v1/feedback ----------------------------------------------------------------------------

struct FeedbackEvent {
  std::string decision_id;  // or, when empty:
  std::string request_id;   // of `router`
  std::string router = "default";
  std::string event_id;         // not empty
  std::string source = "user";  // user, judge, gateway, or a name that a router configures
  std::uint32_t seq = 0;        // a higher one of the same source revises
  bool revoked = false;         // withdraws what the source said up to seq; says nothing itself
  bool activate = false;
  std::optional<std::string> served_arm;
  std::optional<std::uint64_t> occurred_us;
  std::optional<double> reward;  // in [0, 1]; never together with quality signals
  std::optional<int> thumb;      // -1, 0, 1
  std::optional<double> score;   // in [0, 1]
  std::optional<bool> task_success;
  std::optional<bool> regenerated;
  std::optional<double> cost_usd;  // 0..kCostUsdMax
  std::optional<double> latency_ms;
  std::optional<std::uint32_t> input_tokens;
  std::optional<std::uint32_t> cached_input_tokens;
  std::optional<std::uint32_t> output_tokens;
  std::optional<std::uint32_t> reasoning_tokens;
  std::optional<int> status;  // HTTP status of the model's answer, 100..599
};

// One event as it came: its value, or why it was refused while reading.
using FeedbackItem = std::variant<FeedbackEvent, Problem>;

struct FeedbackRejection {
  std::size_t index = 0;
  Problem problem;
};

struct FeedbackAnswer {
  std::size_t accepted = 0;
  std::size_t duplicates = 0;
  std::vector<FeedbackRejection> rejected;  // by index
};

using FeedbackReply = std::variant<FeedbackAnswer, Problem>;
using FeedbackDone = std::function<void(FeedbackReply)>;

}  // namespace sluice::api
