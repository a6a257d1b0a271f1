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
#include "config/router_options.h"
#include "store/store.h"

namespace sluice::config {

inline constexpr std::size_t kRoutersMax = 64;
inline constexpr std::size_t kFileBytesMax = 4 * 1024 * 1024;

// What a dollar is worth in quality where nothing else is said.
inline constexpr double kCostWeightDefault = 40;

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

// How far a change of a router's definition reaches into what was learnt.
enum class Reach : std::uint8_t {
  kLive,       // from the next decision on
  kRebuild,    // what was learnt is folded again from the log at one position
  kNewRouter,  // it would not fit
};
struct Difference {
  std::string field;  // "exploration.cap", "arm[standard].price_input_per_million_usd"
  std::string from;   // as the file would say it; empty: was not there
  std::string to;
  Reach reach = Reach::kLive;
};
// By the table of fields; arms, plans and sources are compared by name.
std::vector<Difference> RouterDifferences(const RouterOptions& now, const RouterOptions& wanted);

}  // namespace sluice::config
