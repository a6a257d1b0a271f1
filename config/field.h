// One row of the configuration's table: what a field is called, what it may be, what it is for and
// when a change takes effect. Private to config/; the rows are in fields*.cpp, the order of the
// tables in a file in layout.h.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "config/choices.h"
#include "config/config.h"

namespace sluice::config {

// When a changed value takes effect.
enum class Effect {
  kLive,       // at the next reload (SIGHUP)
  kRestart,    // when the daemon starts
  kRebuild,    // at the next reload: what was learnt is folded again from the log
  kNewRouter,  // only in a router of another name: what was learnt would not fit
};

// A field's value as the file has it. A choice is its enum's value, a moment the microseconds since
// the epoch; nothing stands for an optional member that is not set.
using Value = std::variant<std::monostate, bool, std::int64_t, double, std::string,
                           std::vector<std::string>, std::vector<double>, Params>;

// -- What a value may be. Bounds are inclusive. ---------------------------------------------------
struct Whole {
  std::int64_t min;
  std::int64_t max;
};
struct Number {
  double min;
  double max;
};
struct Choice {
  std::span<const std::string_view> names;
  std::int64_t first = 0;  // the enum's value that the first name stands for
};
struct Flag {};    // true or false
struct Moment {};  // an offset date-time, 1970..9999
struct Name {};    // [A-Za-z0-9._-]{1,128}
struct Label {};   // 1..128 printable ASCII characters, no blank at either end: it goes in headers
struct Path {};    // 1..4096 bytes without control characters
struct Listen {};  // HOST:PORT on loopback
struct Labels {};  // an array of different Labels
struct Numbers {   // an array of at most so many numbers
  double min;
  double max;
  std::size_t size_max;
};
struct Scalars {};  // an inline table of bool, integer, finite number or string
using Shape = std::variant<Whole, Number, Choice, Flag, Moment, Name, Label, Path, Listen, Labels,
                           Numbers, Scalars>;

inline constexpr std::size_t kPathBytesMax = 4096;
inline constexpr std::size_t kLabelsMax = 64;
inline constexpr std::size_t kParamsMax = 32;
inline constexpr std::size_t kParamBytesMax = 1024;

// What is wrong with a value, as "must be ...": empty when it fits. [shape.cpp]
std::optional<std::string> Complaint(const Shape& shape, const Value& value);
// What may stand there: "0..0.5", "one of ...". [shape.cpp]
std::string Describe(const Shape& shape);
// A value as a file says it. [value.cpp]
std::string ToToml(const Shape& shape, const Value& value);
// Nothing, the empty text or 0. [value.cpp]
bool IsUnset(const Value& value);

template <typename Owner>
struct Access {
  Value (*get)(const Owner&);
  void (*set)(Owner&, const Value&);
};

template <typename Owner>
struct Field {
  std::string_view key;
  Shape shape;
  Access<Owner> at;
  std::string_view unit = {};  // empty: none
  Effect effect = Effect::kLive;
  std::string_view doc;
  bool required = false;
  // Nothing, the empty text or 0 means "not set"; such a field is left out when printed.
  bool may_be_unset = false;
  // For the event log's text alone, and there only where it is not as in a silent file.
  bool log_only = false;
};

// -- A row's access to its member, through a path of members --------------------------------------

template <typename Owner, typename Member>
Owner OwnerOf(Member Owner::*);

template <auto First, auto... Rest>
auto& Follow(auto& owner) {
  if constexpr (sizeof...(Rest) == 0) {
    return owner.*First;
  } else {
    return Follow<Rest...>(owner.*First);
  }
}

template <typename Member>
inline constexpr bool kIsOptional = false;
template <typename Member>
inline constexpr bool kIsOptional<std::optional<Member>> = true;

template <typename Member>
Value ToValue(const Member& member) {
  if constexpr (kIsOptional<Member>) {
    return member ? ToValue(*member) : Value{};
  } else if constexpr (std::is_same_v<Member, bool>) {
    return member;
  } else if constexpr (std::is_enum_v<Member> || std::is_integral_v<Member>) {
    return static_cast<std::int64_t>(member);
  } else if constexpr (std::is_same_v<Member, std::chrono::milliseconds>) {
    return static_cast<std::int64_t>(member.count());
  } else {
    return member;
  }
}

template <typename Member>
void FromValue(const Value& value, Member& member) {
  if constexpr (kIsOptional<Member>) {
    FromValue(value, member.emplace());
  } else if constexpr (std::is_same_v<Member, bool>) {
    member = std::get<bool>(value);
  } else if constexpr (std::is_enum_v<Member> || std::is_integral_v<Member>) {
    member = static_cast<Member>(std::get<std::int64_t>(value));
  } else if constexpr (std::is_same_v<Member, std::chrono::milliseconds>) {
    member = std::chrono::milliseconds(std::get<std::int64_t>(value));
  } else {
    member = std::get<Member>(value);
  }
}

template <auto First, auto... Rest>
constexpr auto At() {
  using Owner = decltype(OwnerOf(First));
  return Access<Owner>{
      [](const Owner& owner) { return ToValue(Follow<First, Rest...>(owner)); },
      [](Owner& owner, const Value& value) { FromValue(value, Follow<First, Rest...>(owner)); }};
}

// -- The rows ------------------------------------------------------------------------------------

// The daemon's. [fields.cpp]
std::span<const Field<Options>> TopFields();
std::span<const Field<api::ServerOptions>> DataPlaneFields();
std::span<const Field<api::ServerOptions>> AdminPlaneFields();
std::span<const Field<store::StoreOptions>> StoreFields();
std::span<const Field<LearnerOptions>> LearnerFields();
// How a router chooses and what it may spend. [fields_router.cpp]
std::span<const Field<RouterOptions>> RouterFields();
std::span<const Field<policy::ObjectiveOptions>> ObjectiveFields();
std::span<const Field<RouterOptions>> ExplorationFields();
std::span<const Field<RouterOptions>> GateFields();
std::span<const Field<RouterOptions>> GuardFields();
std::span<const Field<RouterOptions>> CeilingFields();
std::span<const Field<PlanOptions>> PlanFields();  // without the objective
// What was made offline. [fields_fitted.cpp]
std::span<const Field<RuleOptions>> RuleFields();
std::span<const Field<ClusterOptions>> ClusterFields();
std::span<const Field<FittedArmOptions>> FittedArmFields();
// What it sees and learns from. [fields_learning.cpp]
std::span<const Field<policy::ContextOptions>> ContextFields();
std::span<const Field<policy::FeatureOptions>> FeatureFields();
std::span<const Field<FeedbackOptions>> FeedbackFields();
std::span<const Field<SourceOptions>> SourceFields();
std::span<const Field<RouterOptions>> DriftFields();
std::span<const Field<policy::ModelOptions>> PriorFields();
// What it chooses among. [fields_arm.cpp]
std::span<const Field<ArmOptions>> ArmFields();
std::span<const Field<PriceChange>> PriceFields();

// The inverse of ParseListen. [listen.cpp]
std::string FormatListen(std::string_view host, std::uint16_t port);

// The values that hold where the file is silent; those of a router depend on what its context says
// elsewhere. [defaults.cpp]
RouterOptions StandardRouter(const policy::ContextOptions& context);  // without arms
PlanOptions StandardPlan(const RouterOptions& router);
std::vector<ArmOptions> StandardArms();
inline constexpr std::string_view kStandardFallback = "standard";

}  // namespace sluice::config
