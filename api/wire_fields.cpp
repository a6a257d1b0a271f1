#include "api/wire_fields.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "api/problem.h"
#include "api/wire_time.h"

namespace sluice::api {
namespace {

constexpr std::size_t kPointerStepBytesMax = 64;

// A bound as a person writes it: 4294967295, not 4.29497e+09.
std::string Number(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, 0).ptr;
  return std::string(text, end);
}

std::string RangeText(const NumberRange& range) {
  const NumberRange whole;
  if (range.max == whole.max) {
    return range.min == whole.min ? "" : " of at least " + Number(range.min);
  }
  return " from " + Number(range.min) + " to " + Number(range.max);
}

bool HasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

void AppendPointerStep(std::string_view step, std::string& pointer) {
  pointer += '/';
  if (step.size() > kPointerStepBytesMax) {
    std::size_t end = kPointerStepBytesMax;
    while (end > 0 && (static_cast<unsigned char>(step[end]) & 0xC0) == 0x80) {
      --end;  // Not in the middle of a character.
    }
    step = step.substr(0, end);
  }
  for (const char c : step) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
}

std::string Place::Pointer() const {
  if (parent_ == nullptr) {
    return {};
  }
  std::string pointer = parent_->Pointer();
  AppendPointerStep(is_item_ ? std::to_string(index_) : key_, pointer);
  return pointer;
}

Fault Invalid(const Place& place, std::string detail) {
  return MakeProblem(422, std::move(detail), place.Pointer());
}

Fault ReadToken(const JsonValue& value, const Place& place, std::size_t bytes_max,
                std::string& out) {
  const auto text = value.String();
  if (!text) {
    return Invalid(place, "a string was expected");
  }
  if (text->empty() || text->size() > bytes_max) {
    return Invalid(place, "a string of 1 to " + std::to_string(bytes_max) + " bytes was expected");
  }
  if (HasControl(*text)) {
    return Invalid(place, "control characters are not allowed here");
  }
  out = *text;
  return std::nullopt;
}

Fault ReadName(const JsonValue& value, const Place& place, std::string& out) {
  return ReadToken(value, place, kNameBytesMax, out);
}

Fault ReadPlainName(const JsonValue& value, const Place& place, std::string& out) {
  const auto name = value.String();
  if (!name || !IsPlainName(*name)) {
    return Invalid(place, "a name of 1 to 128 of A-Z a-z 0-9 . _ - was expected");
  }
  out = *name;
  return std::nullopt;
}

Fault ReadId(const JsonValue& value, const Place& place, std::string& out) {
  return ReadToken(value, place, kIdBytesMax, out);
}

Fault ReadNames(const JsonValue& value, const Place& place, std::size_t count_max,
                std::vector<std::string>& out) {
  if (!value.IsArray()) {
    return Invalid(place, "an array of strings was expected");
  }
  for (JsonCursor item(value); item.Next();) {
    if (out.size() == count_max) {
      return Invalid(place, "at most " + std::to_string(count_max) + " entries were expected");
    }
    const std::size_t index = out.size();
    if (Fault fault = ReadName(item.value(), place.Item(index), out.emplace_back())) {
      return fault;
    }
  }
  return std::nullopt;
}

Fault ReadTime(const JsonValue& value, const Place& place, std::uint64_t& out_us) {
  const auto text = value.String();
  const auto time_us = text ? ParseTime(*text) : std::nullopt;
  if (!time_us) {
    return Invalid(place, "a time as 2026-01-31T12:00:00Z was expected (RFC 3339, since 1970)");
  }
  out_us = *time_us;
  return std::nullopt;
}

Fault ReadBoolean(const JsonValue& value, const Place& place, bool& out) {
  const auto flag = value.Boolean();
  if (!flag) {
    return Invalid(place, "true or false was expected");
  }
  out = *flag;
  return std::nullopt;
}

Fault ReadNumber(const JsonValue& value, const Place& place, const NumberRange& range,
                 double& out) {
  const auto number = value.Number();
  if (!number || *number < range.min || *number > range.max) {
    return Invalid(place, "a number" + RangeText(range) + " was expected");
  }
  out = std::abs(*number) < kSmallestNumber ? 0.0 : *number;
  return std::nullopt;
}

Fault ReadInteger(const JsonValue& value, const Place& place, const NumberRange& range, int& out) {
  const auto number = value.Integer();
  const auto wide = number ? static_cast<double>(*number) : 0;
  if (!number || wide < range.min || wide > range.max) {
    return Invalid(place, "an integer" + RangeText(range) + " was expected");
  }
  out = static_cast<int>(*number);
  return std::nullopt;
}

Fault ReadChoice(const JsonValue& value, const Place& place,
                 std::span<const std::string_view> names, std::string& out) {
  const auto text = value.String();
  if (!text || std::find(names.begin(), names.end(), *text) == names.end()) {
    std::string expected;
    for (const std::string_view name : names) {
      expected.append(expected.empty() ? "" : ", ").append(name);
    }
    return Invalid(place, "one of " + expected + " was expected");
  }
  out = *text;
  return std::nullopt;
}

Fault ReadUint32(const JsonValue& value, const Place& place, std::uint32_t& out) {
  const auto number = value.Integer();
  if (!number || *number < 0 || *number > std::numeric_limits<std::uint32_t>::max()) {
    return Invalid(place, "an integer from 0 to 4294967295 was expected");
  }
  out = static_cast<std::uint32_t>(*number);
  return std::nullopt;
}

Fault RefuseField(std::string_view name, const Place& place,
                  std::span<const std::string_view> later) {
  const bool known = std::find(later.begin(), later.end(), name) != later.end();
  return Invalid(place.Field(name),
                 known ? "this field is not supported by this version" : "there is no such field");
}

}  // namespace sluice::api
