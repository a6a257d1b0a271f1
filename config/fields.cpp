// The table of fields. A setting that is not here does not exist: parsing, checking, printing and
// the reference page are made from these rows.
#include <limits>

#include "config/field.h"

namespace sluice::config {

namespace {

using policy::ContextOptions;
using policy::ExplorationOptions;
using policy::FeatureOptions;
using policy::ModelOptions;
using policy::PolicyOptions;
using enum Effect;

constexpr std::int64_t kMiB = 1024 * 1024;
constexpr Whole kTimeoutMs{10, 600'000};
constexpr double kRawMax = 1e12;  // of a declared feature, either side of 0
constexpr double kPriceMax = 1e6;
constexpr double kExplorationMax = 0.5;

// A listening address is one field of the file and two members of the options.
constexpr Access<api::ServerOptions> kListenAccess{
    [](const api::ServerOptions& server) -> Value {
      return FormatListen(server.host, server.port);
    },
    [](api::ServerOptions& server, const Value& value) {
      const auto parsed = ParseListen(std::get<std::string>(value), "listen");
      std::tie(server.host, server.port) = std::get<0>(parsed);
    }};

constexpr Field<Options> kTop[] = {
    {.key = "node",
     .shape = Whole{0, 65535},
     .at = At<&Options::node>(),
     .effect = kRestart,
     .doc = "Number of this daemon; it stands in every decision id."},
};

constexpr Field<api::ServerOptions> kDataPlaneRows[] = {
    {.key = "listen",
     .shape = Listen{},
     .at = kListenAccess,
     .effect = kRestart,
     .doc = "Address of the data plane. Port 0 takes any free port, which is printed at start."},
    {.key = "threads",
     .shape = Whole{0, 256},
     .at = At<&api::ServerOptions::threads>(),
     .effect = kRestart,
     .doc = "Serving threads; 0 is one a core."},
    {.key = "body_bytes_max",
     .shape = Whole{1024, 16 * kMiB},
     .at = At<&api::ServerOptions::body_bytes_max>(),
     .unit = "bytes",
     .effect = kRestart,
     .doc = "Largest request body; a larger one is answered 413."},
    {.key = "body_bytes_in_flight_max",
     .shape = Whole{1024, 16 * 1024 * kMiB},
     .at = At<&api::ServerOptions::body_bytes_in_flight_max>(),
     .unit = "bytes",
     .effect = kRestart,
     .doc = "Request bodies held at once by the whole plane; beyond it requests are answered 503."},
    {.key = "connections_max",
     .shape = Whole{1, 65536},
     .at = At<&api::ServerOptions::connections_max>(),
     .effect = kRestart,
     .doc = "Open connections; further ones are answered 503 and closed."},
    {.key = "header_timeout_ms",
     .shape = kTimeoutMs,
     .at = At<&api::ServerOptions::header_timeout>(),
     .unit = "ms",
     .effect = kRestart,
     .doc = "A request's header must be complete within this time; else 408."},
    {.key = "body_timeout_ms",
     .shape = kTimeoutMs,
     .at = At<&api::ServerOptions::body_timeout>(),
     .unit = "ms",
     .effect = kRestart,
     .doc = "A request's body must be complete within this time; else 408."},
    {.key = "idle_timeout_ms",
     .shape = kTimeoutMs,
     .at = At<&api::ServerOptions::idle_timeout>(),
     .unit = "ms",
     .effect = kRestart,
     .doc = "A connection without a request is closed after this time."},
    {.key = "write_timeout_ms",
     .shape = kTimeoutMs,
     .at = At<&api::ServerOptions::write_timeout>(),
     .unit = "ms",
     .effect = kRestart,
     .doc = "A caller that does not take its answer within this time is cut off."},
};

constexpr Field<api::ServerOptions> kAdminPlaneRows[] = {
    {.key = "listen",
     .shape = Listen{},
     .at = kListenAccess,
     .effect = kRestart,
     .doc = "Address of the admin plane. Port 0 takes any free port, which is printed at start."},
};

constexpr Field<store::StoreOptions> kStoreRows[] = {
    {.key = "directory",
     .shape = Path{},
     .at = At<&store::StoreOptions::directory>(),
     .effect = kRestart,
     .doc = "Where everything durable is kept; made when it is missing, held by one process."},
    {.key = "queue_max",
     .shape = Whole{256, 1 << 20},  // The largest feedback call fits.
     .at = At<&store::StoreOptions::queue_max>(),
     .unit = "records",
     .effect = kRestart,
     .doc = "Records that wait to be written. When it is full, routes are answered unlogged and "
            "feedback is answered 503."},
    {.key = "batch_max",
     .shape = Whole{1, 65536},
     .at = At<&store::StoreOptions::batch_max>(),
     .unit = "records",
     .effect = kRestart,
     .doc = "Records that are written and synced together, at most queue_max."},
};

constexpr Field<LearnerOptions> kLearnerRows[] = {
    {.key = "checkpoint_events",
     .shape = Whole{1, 1'000'000'000},
     .at = At<&LearnerOptions::checkpoint_events>(),
     .unit = "log entries",
     .effect = kRestart,
     .doc = "A checkpoint is written after so many entries; a restart reads at most these again."},
    {.key = "checkpoint_seconds",
     .shape = Whole{1, 86400},
     .at = At<&LearnerOptions::checkpoint_seconds>(),
     .unit = "s",
     .effect = kRestart,
     .doc = "A checkpoint is written after so long, when anything was learnt since the last."},
};

constexpr Field<RouterOptions> kRouterRows[] = {
    {.key = "name",
     .shape = Name{},
     .at = At<&RouterOptions::name>(),
     .effect = kNewRouter,
     .doc = "What requests call it; no two routers share a name."},
    {.key = "seed",
     .shape = Whole{0, std::numeric_limits<std::int64_t>::max()},
     .at = At<&RouterOptions::seed>(),
     .doc = "Keys the draws: the same seed and sequence number draw the same."},
    {.key = "policy",
     .shape = Choice{kPolicyNames},
     .at = At<&RouterOptions::policy, &PolicyOptions::kind>(),
     .doc = "How arms are ranked. uniform and fixed learn as well, but do not use it."},
    {.key = "alpha",
     .shape = Number{0, 10},
     .at = At<&RouterOptions::policy, &PolicyOptions::alpha>(),
     .unit = "standard deviations",
     .doc = "linucb: how far above its mean an arm is ranked."},
    {.key = "thompson_scale",
     .shape = Number{0.01, 10},
     .at = At<&RouterOptions::policy, &PolicyOptions::thompson_scale>(),
     .doc = "thompson: standard deviations are multiplied by this before they are drawn from."},
    {.key = "epsilon",
     .shape = Number{0, 1},
     .at = At<&RouterOptions::policy, &PolicyOptions::epsilon>(),
     .doc = "epsilon_greedy: share of requests that is spread evenly over the arms."},
    {.key = "fixed_arm",
     .shape = Name{},
     .at = At<&RouterOptions::fixed_arm>(),
     .doc = "fixed: the arm that is always taken while it is eligible.",
     .may_be_unset = true},
    {.key = "cost_weight",
     .shape = Number{0, 1e9},
     .at = At<&RouterOptions::policy, &PolicyOptions::cost_weight>(),
     .unit = "quality per USD",
     .doc = "What a dollar is worth: arms are compared by quality - cost_weight * cost_usd."},
    {.key = "fallback_arm",
     .shape = Name{},
     .at = At<&RouterOptions::fallback_arm>(),
     .doc = "Answered when a decision cannot be made. Not set: the arm of lowest tier.",
     .may_be_unset = true},
};

constexpr Field<ContextOptions> kContextRows[] = {
    {.key = "source",
     .shape = Choice{kSourceNames},
     .at = At<&ContextOptions::source>(),
     .effect = kNewRouter,
     .doc = "text: the built-in encoder reads the query. embedding: the caller sends a vector."},
    {.key = "dimension",
     .shape = Whole{1, 1024},
     .at = At<&ContextOptions::dimension>(),
     .effect = kNewRouter,
     .doc = "Length of the embedding; required with source embedding, and only there.",
     .may_be_unset = true},
};

constexpr Field<FeatureOptions> kFeatureRows[] = {
    {.key = "name",
     .shape = Name{},
     .at = At<&FeatureOptions::name>(),
     .effect = kNewRouter,
     .doc = "Its key in the request's features.",
     .required = true},
    {.key = "mean",
     .shape = Number{-kRawMax, kRawMax},
     .at = At<&FeatureOptions::mean>(),
     .effect = kNewRouter,
     .doc = "Its usual value."},
    {.key = "sd",
     .shape = Number{1e-12, kRawMax},
     .at = At<&FeatureOptions::sd>(),
     .effect = kNewRouter,
     .doc = "Its usual spread, a standard deviation."},
    {.key = "absent",
     .shape = Number{-kRawMax, kRawMax},
     .at = At<&FeatureOptions::absent>(),
     .effect = kNewRouter,
     .doc = "The value that stands in when a request does not send it."},
};

constexpr Field<ExplorationOptions> kExplorationRows[] = {
    {.key = "mode",
     .shape = Choice{policy::kExplorationModeNames},
     .at = At<&ExplorationOptions::mode>(),
     .doc =
         "cap: as the policy wants, within floor and cap. exact: epsilon. natural: as the policy "
         "wants; the only one for epsilon_greedy, uniform and fixed. off: never."},
    {.key = "cap",
     .shape = Number{0, kExplorationMax},
     .at = At<&ExplorationOptions::cap>(),
     .doc = "cap: largest probability of exploring."},
    {.key = "floor",
     .shape = Number{0, kExplorationMax},
     .at = At<&ExplorationOptions::floor>(),
     .doc = "cap: smallest probability of exploring, at most cap."},
    {.key = "epsilon",
     .shape = Number{0, kExplorationMax},
     .at = At<&ExplorationOptions::epsilon>(),
     .doc = "exact: probability of exploring."},
};

constexpr Field<ModelOptions> kPriorRows[] = {
    {.key = "feature_precision",
     .shape = Number{1e-6, 1e6},
     .at = At<&ModelOptions::feature_precision>(),
     .effect = kNewRouter,
     .doc = "How firmly each feature is believed to matter little. 50 with source text, 0.64 with "
            "embedding, when not given."},
    {.key = "bias_precision",
     .shape = Number{1e-6, 1e6},
     .at = At<&ModelOptions::bias_precision>(),
     .effect = kNewRouter,
     .doc = "How firmly quality_mean is believed, in observations."},
    {.key = "quality_mean",
     .shape = Number{0, 1},
     .at = At<&ModelOptions::quality_mean>(),
     .effect = kNewRouter,
     .doc = "Expected quality of an arm that nothing is known of."},
    {.key = "cost_log_ratio_mean",
     .shape = Number{-20, 20},
     .at = At<&ModelOptions::cost_log_ratio_mean>(),
     .effect = kNewRouter,
     .doc = "Expected ln(cost / blended list price of 1,000 tokens) of such an arm."},
    {.key = "noise_shape",
     .shape = Number{0.5, 1e6},
     .at = At<&ModelOptions::noise_shape>(),
     .effect = kNewRouter,
     .doc = "a0 of the inverse-gamma prior of the noise's variance."},
    {.key = "noise_scale",
     .shape = Number{1e-6, 1e6},
     .at = At<&ModelOptions::noise_scale>(),
     .effect = kNewRouter,
     .doc = "b0 of the same; b0 / a0 is the variance that is expected."},
};

constexpr Field<ArmOptions> kArmRows[] = {
    {.key = "name",
     .shape = Name{},
     .at = At<&ArmOptions::name>(),
     .doc = "What answers call it. A name keeps what was learnt of it; a new name starts anew.",
     .required = true},
    {.key = "model",
     .shape = Label{},
     .at = At<&ArmOptions::model>(),
     .doc = "The model that the caller is told to use.",
     .required = true},
    {.key = "tier",
     .shape = Whole{1, 16},
     .at = At<&ArmOptions::tier>(),
     .doc = "Rank from cheap to premium."},
    {.key = "price_input_per_million_usd",
     .shape = Number{0, kPriceMax},
     .at = At<&ArmOptions::price_input_per_million_usd>(),
     .unit = "USD per million tokens",
     .doc = "List price of input; one of the two prices is above 0."},
    {.key = "price_output_per_million_usd",
     .shape = Number{0, kPriceMax},
     .at = At<&ArmOptions::price_output_per_million_usd>(),
     .unit = "USD per million tokens",
     .doc = "List price of output."},
    {.key = "capabilities",
     .shape = Labels{},
     .at = At<&ArmOptions::capabilities>(),
     .doc = "What a request may need: \"vision\", \"tools\", ..."},
    {.key = "params",
     .shape = Scalars{},
     .at = At<&ArmOptions::params>(),
     .doc = "Handed to the caller with each answer: temperature, max_tokens, ..."},
};

}  // namespace

std::span<const Field<Options>> TopFields() {
  return kTop;
}
std::span<const Field<api::ServerOptions>> DataPlaneFields() {
  return kDataPlaneRows;
}
std::span<const Field<api::ServerOptions>> AdminPlaneFields() {
  return kAdminPlaneRows;
}
std::span<const Field<store::StoreOptions>> StoreFields() {
  return kStoreRows;
}
std::span<const Field<LearnerOptions>> LearnerFields() {
  return kLearnerRows;
}
std::span<const Field<RouterOptions>> RouterFields() {
  return kRouterRows;
}
std::span<const Field<policy::ContextOptions>> ContextFields() {
  return kContextRows;
}
std::span<const Field<policy::FeatureOptions>> FeatureFields() {
  return kFeatureRows;
}
std::span<const Field<policy::ExplorationOptions>> ExplorationFields() {
  return kExplorationRows;
}
std::span<const Field<policy::ModelOptions>> PriorFields() {
  return kPriorRows;
}
std::span<const Field<ArmOptions>> ArmFields() {
  return kArmRows;
}

}  // namespace sluice::config
