// What the wire asks of the product: the interface that daemon/ implements and both planes call,
// in plain values. Names and meanings are those of openapi.yaml.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace sluice::api {

// An RFC 9457 problem. `pointer` is a JSON pointer into the body that was sent.
struct Problem {
  int status = 500;
  std::string title;    // short and constant for its kind
  std::string detail;   // what was wrong and what would be right; never a query, a key or a path
  std::string pointer;
  std::optional<int> retry_after_s;
  bool operator==(const Problem&) const = default;
};

// -- Limits of single values on the wire ----------------------------------------------------------
inline constexpr std::size_t kNameBytesMax = 128;      // router, arm, model, source, tag
inline constexpr std::size_t kIdBytesMax = 256;        // request_id, event_id
inline constexpr std::size_t kQueryBytesRead = 16384;  // encoded; the rest is ignored
inline constexpr std::size_t kTagsMax = 8;
inline constexpr std::size_t kEmbeddingMax = 1024;
inline constexpr std::size_t kBatchMax = 256;          // route requests or feedback events
inline constexpr std::size_t kMessagesMax = 4096;

// -- POST /v1/route -------------------------------------------------------------------------------

struct RouteRequest {
  std::string router = "default";
  // At most one of the two is present; `messages` has already become the text of the last user
  // turn. Text is at most kQueryBytesRead bytes.
  std::optional<std::string> text;
  std::optional<std::vector<float>> embedding;  // finite, 1..kEmbeddingMax
  std::string request_id;                       // empty: none
  std::uint64_t body_digest = 0;                // of the request as sent, to tell a retry from a clash
  std::vector<std::string> tags;
  std::optional<std::vector<std::string>> allow;
  std::vector<std::string> deny;
  std::vector<std::string> needs;               // capabilities
  std::optional<std::string> override_arm;      // wire: "override"
  std::optional<std::string> baseline;
  std::optional<double> max_cost_usd;           // > 0
  std::optional<std::uint32_t> input_tokens;
  std::optional<std::uint32_t> output_tokens_max;
  std::map<std::string, double> features;       // finite
  bool explain = false;
};

// The order is on disk (store::DecisionRecord::reason): append only.
enum class Reason : std::uint8_t {
  kPolicy,    // the policy's greedy arm
  kExplore,   // another arm than the greedy one, drawn
  kRule,      // allow, deny or needs left one arm
  kSession,   // (later)
  kOverride,  // the caller decided
  kConfidence,  // (later)
  kBudget,    // (later)
  kLimits,    // max_cost_usd left one arm
  kEscalate,  // (later)
  kObserve,   // (later)
  kFallback,  // an invariant failed: the router's fallback arm
};

// What narrowed the arms. The order is on disk (bit number): append only.
enum class Narrowing : std::uint8_t { kAllow, kDeny, kNeeds, kMaxCost };

const char* ReasonName(Reason reason);
const char* NarrowingName(Narrowing narrowing);

// An arm's own parameters, echoed to the caller.
using Scalar = std::variant<bool, std::int64_t, double, std::string>;
using Params = std::vector<std::pair<std::string, Scalar>>;

struct ArmExplanation {
  std::string arm;
  double mean = 0;
  double width = 0;
  double expected_cost_usd = 0;
  double score = 0;
  double probability = 0;
  bool operator==(const ArmExplanation&) const = default;
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
  bool logged = true;
  std::vector<ArmExplanation> explanation;  // empty unless asked for
  bool operator==(const RouteAnswer&) const = default;
};

using RouteReply = std::variant<RouteAnswer, Problem>;

// -- POST /v1/feedback ----------------------------------------------------------------------------

struct FeedbackEvent {
  std::string decision_id;  // or, when empty:
  std::string request_id;   // of `router`
  std::string router = "default";
  std::string event_id;     // not empty
  std::string source = "user";
  std::optional<std::string> served_arm;
  std::optional<std::uint64_t> occurred_us;
  std::optional<double> reward;   // in [0, 1]; never together with quality signals
  std::optional<int> thumb;       // -1, 0, 1
  std::optional<double> score;    // in [0, 1]
  std::optional<bool> task_success;
  std::optional<bool> regenerated;
  std::optional<double> cost_usd; // >= 0
  std::optional<double> latency_ms;
  std::optional<std::uint32_t> input_tokens;
  std::optional<std::uint32_t> cached_input_tokens;
  std::optional<std::uint32_t> output_tokens;
  std::optional<std::uint32_t> reasoning_tokens;
  std::optional<int> status;      // HTTP status of the model's answer, 100..599
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

// -- Admin plane ----------------------------------------------------------------------------------

struct Readiness {
  bool route = false;     // a snapshot is present
  bool feedback = false;  // the log is writable as well
  std::string detail;     // why not, for the operator
};

struct ArmReport {
  std::string name;
  std::string model;
  int tier = 0;
  double price_input_per_million_usd = 0;
  double price_output_per_million_usd = 0;
  std::uint64_t decisions = 0;
  std::uint64_t rewards = 0;      // outcomes that taught quality
  double reward_mean = 0;         // of those; 0 when there is none
  std::uint64_t costs = 0;
  double cost_usd_total = 0;
};

struct RouterReport {
  std::string name;
  std::string policy;
  std::string exploration_mode;
  double cost_weight = 0;
  std::string context_source;
  std::size_t context_dimension = 0;  // with features and bias
  std::string context_id;
  std::uint64_t snapshot_version = 0;
  std::uint64_t applied_position = 0;  // of the log, in the snapshot that requests read
  std::uint64_t log_position = 0;      // last in the log
  double lag_s = 0;
  std::uint64_t decisions = 0;
  double exploration_expected = 0;     // mean P(other than greedy) over the decisions
  double exploration_realised = 0;     // share of decisions that took another arm
  std::size_t quarantined_arms = 0;
  std::vector<ArmReport> arms;
};

struct OutcomeReport {
  std::string event_id;
  std::string source;
  std::uint64_t received_us = 0;
  std::vector<std::pair<std::string, Scalar>> facts;  // what was reported, by its wire name
  bool learnt_quality = false;
  bool learnt_cost = false;
};

struct DecisionReport {
  std::string decision_id;
  std::uint64_t position = 0;
  std::uint64_t time_us = 0;
  std::string router;
  std::string arm;
  std::string greedy_arm;
  Reason reason = Reason::kPolicy;
  std::vector<Narrowing> narrowed_by;
  double propensity = 1;
  double exploration = 0;
  double cost_weight = 0;
  std::uint64_t sequence = 0;
  std::string policy_kind;
  std::uint64_t policy_version = 0;
  std::string request_id;
  std::vector<std::string> tags;
  std::string baseline;
  std::vector<ArmExplanation> arms;   // the eligible ones
  std::vector<float> context;
  std::vector<OutcomeReport> outcomes;
};

// Implemented once, by daemon/router. `reader` is the serving thread's number, 0..threads-1: a
// thread passes its own and no other. All calls but Route may take locks or read the disk.
class Service {
 public:
  virtual ~Service() = default;

  // Never waits for the disk, the learner or a lock that one of them holds.
  virtual RouteReply Route(const RouteRequest& request, std::size_t reader) = 0;

  // `done` is called exactly once: before this returns, or later on another thread. After it has
  // said "accepted" the events are on disk and synced. Items that are already Problems are reported
  // in their place.
  virtual void Feedback(std::vector<FeedbackItem> items, std::size_t reader, FeedbackDone done) = 0;

  virtual Readiness Ready() const = 0;
  virtual std::string Metrics() const = 0;  // Prometheus text format 0.0.4
  virtual std::vector<RouterReport> Routers() const = 0;
  virtual std::variant<RouterReport, Problem> RouterByName(const std::string& name) const = 0;
  virtual std::variant<DecisionReport, Problem> DecisionById(const std::string& id) const = 0;
};

}  // namespace sluice::api
