// What a user may set: one TOML file, every field optional. Parsing, checking, printing and the
// reference come from one table of fields (name, doc, unit, default, bounds, when it takes effect).
// Values only; nothing here starts anything.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "api/http_server.h"
#include "policy/context.h"
#include "policy/model.h"
#include "policy/policy.h"
#include "store/store.h"

namespace sluice::config {

inline constexpr std::size_t kRoutersMax = 64;
inline constexpr std::size_t kFileBytesMax = 4 * 1024 * 1024;

// What a dollar is worth in quality where nothing else is said.
inline constexpr double kCostWeightDefault = 40;

// Same type as api::Params: an arm's own parameters, echoed to the caller. Sorted by key.
using Scalar = std::variant<bool, std::int64_t, double, std::string>;
using Params = std::vector<std::pair<std::string, Scalar>>;

struct ArmOptions {
  std::string name;
  std::string model;
  int tier = 1;  // rank from cheap to premium, 1..16
  double price_input_per_million_usd = 0;
  double price_output_per_million_usd = 0;
  std::vector<std::string> capabilities = {};
  Params params = {};
  bool operator==(const ArmOptions&) const = default;
};

struct RouterOptions {
  std::string name = "default";
  std::uint64_t seed = 1;
  policy::PolicyOptions policy;  // fixed_arm is by name below; its id comes with the roster
  std::string fixed_arm;         // policy "fixed" only
  std::string fallback_arm;      // empty: the arm of lowest tier
  policy::ContextOptions context;
  policy::ModelOptions prior;  // dimension is filled in with the roster, 0 here
  std::vector<ArmOptions> arms;
  bool operator==(const RouterOptions&) const = default;
};

struct LearnerOptions {
  std::uint64_t checkpoint_events = 20000;  // a checkpoint after so many log entries ...
  std::uint32_t checkpoint_seconds = 30;    // ... or so long, when anything was folded
  bool operator==(const LearnerOptions&) const = default;
};

struct Options {
  api::ServerOptions data_plane;   // 127.0.0.1:8080; threads 0 means one a core
  api::ServerOptions admin_plane;  // 127.0.0.1:8081
  store::StoreOptions store;
  LearnerOptions learner;
  std::uint16_t node = 1;  // stands in every decision id
  std::vector<RouterOptions> routers;
};

// One thing that is wrong with a file, and what would be right.
struct Problem {
  std::string file;
  int line = 0;       // 1-based; 0 when it is about no line
  std::string field;  // "router[0].exploration.cap"
  std::string text;
};
std::string ToString(const Problem& problem);  // file:line: field: text

template <typename T>
using Checked = std::variant<T, std::vector<Problem>>;

// The embedded defaults: one router "default" on text; arms economy, standard, premium.
Options Defaults();

// All problems of a file are reported together. `file` names the text in them.
Checked<Options> Parse(std::string_view toml, std::string_view file);
Checked<Options> Load(const std::string& path);

// "HOST:PORT", the host a loopback address in digits ("[::1]:8080") or "localhost". The host comes
// back in digits and without brackets.
Checked<std::pair<std::string, std::uint16_t>> ParseListen(std::string_view text,
                                                           std::string_view field);

// The fields that differ and take effect only when the daemon starts: "data_plane.listen".
std::vector<std::string> RestartDifferences(const Options& now, const Options& wanted);

// The whole configuration as TOML, each field with its doc, unit and bounds. Parse(Print(o)) == o.
std::string Print(const Options& options);

// One router's canonical text, without comments: equal routers print equal bytes, numbers survive
// to the bit, and ParseRouter gives the router back. This is what the event log keeps.
std::string PrintRouter(const RouterOptions& router);
Checked<RouterOptions> ParseRouter(std::string_view toml);

}  // namespace sluice::config
