// Reads single JSON values into typed fields, with bounds, and says where one is wrong. Private to
// the wire files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/messages.h"
#include "api/wire_json.h"

namespace sluice::api {

// Where a value stands in the body: a chain on the stack, made into text only when it is needed.
class Place {
 public:
  Place() = default;  // the body itself
  Place Field(std::string_view key) const { return Place(this, key, 0); }
  Place Item(std::size_t index) const { return Place(this, {}, index); }
  std::string Pointer() const;  // RFC 6901, of bounded length

 private:
  Place(const Place* parent, std::string_view key, std::size_t index)
      : parent_(parent), key_(key), index_(index), is_item_(key.data() == nullptr) {}

  const Place* parent_ = nullptr;
  std::string_view key_;
  std::size_t index_ = 0;
  bool is_item_ = false;
};

// Appends "/step", escaped and cut to a bounded length.
void AppendPointerStep(std::string_view step, std::string& pointer);

// What is wrong with a value, or nothing.
using Fault = std::optional<Problem>;

Fault Invalid(const Place& place, std::string detail);  // 422

// Numbers nearer to 0 are read as 0: arithmetic on denormals is slow, and they mean nothing here.
inline constexpr double kSmallestNumber = 1e-30;

struct NumberRange {
  double min = -std::numeric_limits<double>::max();
  double max = std::numeric_limits<double>::max();
};

// Names and ids: not empty, at most bytes_max, no control characters.
Fault ReadToken(const JsonValue& value, const Place& place, std::size_t bytes_max,
                std::string& out);
Fault ReadName(const JsonValue& value, const Place& place, std::string& out);
Fault ReadId(const JsonValue& value, const Place& place, std::string& out);
// A name as the configuration writes them: only letters, digits and . _ -
Fault ReadPlainName(const JsonValue& value, const Place& place, std::string& out);
Fault ReadNames(const JsonValue& value, const Place& place, std::size_t count_max,
                std::vector<std::string>& out);
// Microseconds since 1970, of RFC 3339.
Fault ReadTime(const JsonValue& value, const Place& place, std::uint64_t& out_us);
Fault ReadBoolean(const JsonValue& value, const Place& place, bool& out);
Fault ReadNumber(const JsonValue& value, const Place& place, const NumberRange& range, double& out);
Fault ReadInteger(const JsonValue& value, const Place& place, const NumberRange& range, int& out);
Fault ReadChoice(const JsonValue& value, const Place& place,
                 std::span<const std::string_view> names, std::string& out);
Fault ReadUint32(const JsonValue& value, const Place& place, std::uint32_t& out);

// One field of an object that is read into an Out.
template <class Out>
struct FieldRule {
  std::string_view name;
  Fault (*read)(const JsonValue& value, const Place& place, Out& out);
};

// What to do with fields that no rule names.
enum class UnknownFields { kRefuse, kIgnore };

Fault RefuseField(std::string_view name, const Place& place,
                  std::span<const std::string_view> later);

// Reads an object field by field. `later` are names that this version does not know yet.
template <class Out>
struct ObjectRules {
  std::span<const FieldRule<Out>> fields;
  std::span<const std::string_view> later;
  UnknownFields unknown = UnknownFields::kRefuse;
};

template <class Out>
Fault ReadField(const JsonCursor& field, const Place& place, const ObjectRules<Out>& rules,
                Out& out) {
  for (const FieldRule<Out>& rule : rules.fields) {
    if (rule.name == field.key()) {
      return rule.read(field.value(), place.Field(field.key()), out);
    }
  }
  if (rules.unknown == UnknownFields::kIgnore) {
    return std::nullopt;
  }
  return RefuseField(field.key(), place, rules.later);
}

template <class Out>
Fault ReadObject(const JsonValue& value, const Place& place, const ObjectRules<Out>& rules,
                 Out& out) {
  if (!value.IsObject()) {
    return Invalid(place, "an object was expected");
  }
  for (JsonCursor field(value); field.Next();) {
    if (Fault fault = ReadField(field, place, rules, out)) {
      return fault;
    }
  }
  return std::nullopt;
}

}  // namespace sluice::api
