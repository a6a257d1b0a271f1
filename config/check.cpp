// Rules between fields of the whole file; those within a router have files of their own.
#include "config/check.h"

#include <algorithm>

#include "config/field.h"

namespace sluice::config {

namespace {

void CheckPlanes(const Options& options, Findings& findings) {
  const api::ServerOptions& data = options.data_plane;
  const api::ServerOptions& admin = options.admin_plane;
  if (data.port != 0 && data.host == admin.host && data.port == admin.port) {
    const bool admin_given = findings.Given("admin_plane.listen");
    findings.Add(admin_given ? "admin_plane.listen" : "data_plane.listen",
                 "both planes listen on port " + std::to_string(data.port) +
                     ": they must have different ports");
  }
  if (data.body_bytes_in_flight_max < data.body_bytes_max) {
    findings.Add("data_plane.body_bytes_in_flight_max",
                 "must be at least body_bytes_max, " + std::to_string(data.body_bytes_max));
  }
}

void CheckStore(const store::StoreOptions& store, Findings& findings) {
  if (store.batch_max > store.queue_max) {
    findings.Add("store.batch_max",
                 "must be at most queue_max, " + std::to_string(store.queue_max));
  }
}

// What is learnt goes into one checkpoint, which the store takes up to 1 GiB. Some room is left for
// what is not counted below.
constexpr std::size_t kLearntBytesMax = std::size_t{960} << 20;
constexpr std::size_t kGrams = 8192;       // numbers that a map of texts reads
constexpr std::size_t kRemembered = 300;   // contexts of each budget, with a bonus an arm
constexpr std::size_t kFloatsOfLine = 16;  // a map's rows are whole cache lines

bool IsFitted(const policy::ContextOptions& context) {
  return context.projection == policy::Projection::kFitted;
}

std::size_t LearntDimension(const policy::ContextOptions& context) {
  const std::size_t mapped = IsFitted(context) ? context.components : 0;
  return std::max(RawDimension(context), mapped) + context.features.size() + 1;
}

std::size_t MapBytes(const policy::ContextOptions& context) {
  if (!IsFitted(context)) return 0;
  const bool text = context.source == policy::ContextSource::kText;
  const std::size_t lines = (context.components + kFloatsOfLine - 1) / kFloatsOfLine;
  return (text ? kGrams : context.dimension) * lines * kFloatsOfLine * sizeof(float);
}

// Two triangular sums of doubles an arm, the quality's and the cost's; the map; what the pacers of
// the router and its plans remember.
std::size_t LearntBytes(const RouterOptions& router) {
  const std::size_t dimension = LearntDimension(router.context);
  const std::size_t sums = router.arms.size() * dimension * (dimension + 1) * sizeof(double);
  const std::size_t remembered =
      (1 + router.plans.size()) * kRemembered * (dimension + policy::kArmsMax) * sizeof(float);
  return sums + MapBytes(router.context) + remembered;
}

void CheckSize(const std::vector<RouterOptions>& routers, Findings& findings) {
  std::size_t bytes = 0;
  for (const RouterOptions& router : routers) bytes += LearntBytes(router);
  if (bytes <= kLearntBytesMax) return;
  findings.Add("router", "what all routers learn would take " + std::to_string(bytes >> 20) +
                             " MiB, and a checkpoint holds " +
                             std::to_string(kLearntBytesMax >> 20) +
                             ": have fewer routers, arms or dimensions, or a second daemon");
}

}  // namespace

void CheckRules(const Options& options, Findings& findings) {
  CheckPlanes(options, findings);
  CheckStore(options.store, findings);
  CheckUnique(options.routers, "router", findings);
  CheckSize(options.routers, findings);
  for (std::size_t i = 0; i < options.routers.size(); ++i) {
    CheckRouter(options.routers[i], Indexed("router", i), findings);
  }
}

}  // namespace sluice::config
