// Rules between fields.
#include <algorithm>
#include <map>

#include "config/field.h"
#include "config/findings.h"
#include "config/format.h"
#include "config/suggest.h"

namespace sluice::config {

namespace {

using policy::ContextSource;
using policy::ExplorationMode;
using policy::PolicyKind;

// The second and later owners of a name are refused, with the line of the first.
template <typename Owner>
void CheckUnique(const std::vector<Owner>& owners, const std::string& path, Findings& findings) {
  std::map<std::string, std::size_t> first;
  for (std::size_t i = 0; i < owners.size(); ++i) {
    const std::string field = Indexed(path, i) + ".name";
    if (!findings.Sound(field)) continue;
    const auto [known, is_new] = first.emplace(owners[i].name, i);
    if (is_new) continue;
    const std::string other = Indexed(path, known->second);
    findings.Add(field, Quote(owners[i].name) + " is taken by " + other + " (line " +
                            std::to_string(findings.LineOf(other + ".name")) +
                            "): names must differ");
  }
}

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

void CheckContext(const policy::ContextOptions& context, const std::string& path,
                  Findings& findings) {
  const std::string dimension = path + ".dimension";
  const bool embedding = context.source == ContextSource::kEmbedding;
  if (embedding && !findings.Given(dimension)) {
    findings.Add(dimension, "is missing: source \"embedding\" needs a dimension, 1..1024");
  }
  if (!embedding && findings.Given(dimension) && findings.Sound(path + ".source")) {
    findings.Add(dimension,
                 "does not go with source \"text\", whose dimension follows from the encoder: "
                 "leave it out, or set source = \"embedding\"");
  }
  CheckUnique(context.features, path + ".feature", findings);
  const std::size_t raw = embedding ? context.dimension : policy::kScalarFeatures;
  if (raw + context.features.size() + 1 > policy::kContextMax) {
    findings.Add(path + ".feature", "dimension and features must be at most " +
                                        std::to_string(policy::kContextMax - 1) +
                                        " together, not " +
                                        std::to_string(raw + context.features.size()));
  }
}

void CheckExploration(const policy::PolicyOptions& policy, const std::string& path,
                      Findings& findings) {
  const auto& exploration = policy.exploration;
  if (exploration.floor > exploration.cap) {
    findings.Add(path + (findings.Given(path + ".floor") ? ".floor" : ".cap"),
                 "floor must be at most cap, but " + FormatNumber(exploration.floor) + " > " +
                     FormatNumber(exploration.cap));
  }
  const bool ranks = policy.kind == PolicyKind::kLinUcb || policy.kind == PolicyKind::kThompson;
  if (!ranks && exploration.mode != ExplorationMode::kNatural) {
    findings.Add(path + ".mode",
                 "must be \"natural\", or left out, with policy " +
                     Quote(kPolicyNames[static_cast<std::size_t>(policy.kind)]) +
                     ": it has a distribution of its own, which another mode would replace");
  }
}

void CheckArmName(const RouterOptions& router, const std::string& name, const std::string& field,
                  Findings& findings) {
  if (name.empty() || !findings.Sound(field)) return;
  const auto called = [&](const ArmOptions& arm) { return arm.name == name; };
  if (std::ranges::any_of(router.arms, called)) return;
  std::vector<std::string_view> names;
  for (const ArmOptions& arm : router.arms) names.push_back(arm.name);
  const std::string_view nearest = Nearest(name, names);
  const std::string hint = nearest.empty() ? "" : "; did you mean " + Quote(nearest) + "?";
  findings.Add(field, "this router has no arm " + Quote(name) + hint);
}

void CheckArms(const RouterOptions& router, const std::string& path, Findings& findings) {
  CheckUnique(router.arms, path + ".arm", findings);
  for (std::size_t i = 0; i < router.arms.size(); ++i) {
    const ArmOptions& arm = router.arms[i];
    const std::string price = Indexed(path + ".arm", i) + ".price_output_per_million_usd";
    if (arm.price_input_per_million_usd == 0 && arm.price_output_per_million_usd == 0 &&
        findings.Sound(price) &&
        findings.Sound(Indexed(path + ".arm", i) + ".price_input_per_million_usd")) {
      findings.Add(price,
                   "one of price_input_per_million_usd and price_output_per_million_usd must be "
                   "above 0: costs are learnt as a multiple of the list price");
    }
  }
  CheckArmName(router, router.fallback_arm, path + ".fallback_arm", findings);
  if (router.policy.kind == PolicyKind::kFixed && router.fixed_arm.empty() &&
      findings.Sound(path + ".fixed_arm")) {
    findings.Add(path + ".fixed_arm", "is missing: policy \"fixed\" needs the name of an arm");
  }
  CheckArmName(router, router.fixed_arm, path + ".fixed_arm", findings);
}

// What is learnt goes into one checkpoint, which the store takes up to 1 GiB: two triangular sums
// of doubles an arm, the quality's and the cost's. Some room is left for the rest of it.
constexpr std::size_t kLearntBytesMax = std::size_t{960} << 20;

std::size_t LearntBytes(const RouterOptions& router) {
  const bool embedding = router.context.source == ContextSource::kEmbedding;
  const std::size_t raw = embedding ? router.context.dimension : policy::kScalarFeatures;
  const std::size_t dimension = raw + router.context.features.size() + 1;
  return router.arms.size() * dimension * (dimension + 1) * sizeof(double);
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
    const RouterOptions& router = options.routers[i];
    const std::string path = Indexed("router", i);
    CheckContext(router.context, path + ".context", findings);
    CheckExploration(router.policy, path + ".exploration", findings);
    if (findings.Sound(path + ".arm")) CheckArms(router, path, findings);
  }
}

}  // namespace sluice::config
