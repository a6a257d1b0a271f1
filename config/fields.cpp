// The table of fields: the daemon's. A setting that is not in fields*.cpp does not exist: parsing,
// checking, printing, comparing and the reference page are made from these rows.
#include <tuple>

#include "config/field.h"

namespace sluice::config {

namespace {

using enum Effect;

constexpr std::int64_t kMiB = 1024 * 1024;
constexpr Whole kTimeoutMs{10, 600'000};

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

}  // namespace sluice::config
