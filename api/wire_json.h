// JSON as the wire files see it: a document that was checked as a whole, and read-only views of its
// values. Hides the parser library; private to this folder.
//
// A view lives until the next ParseJson on the same thread, and stays on that thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "api/messages.h"

namespace sluice::api {

inline constexpr std::size_t kJsonDepthMax = 64;
inline constexpr std::size_t kJsonFieldsMax = 1024;  // of one object

class JsonValue {
 public:
  bool IsNull() const;
  bool IsArray() const;
  bool IsObject() const;
  bool IsWhole() const;  // a number that is written without a point or an exponent
  // Nothing when the value is of another type.
  std::optional<bool> Boolean() const;
  std::optional<std::string_view> String() const;
  std::optional<double> Number() const;         // finite
  std::optional<std::int64_t> Integer() const;  // 3 and 3.0, not 3.5
  std::size_t size() const;                     // of an array; 0 for anything else
  // Copies the elements of an array up to the first that is no number; returns how many.
  std::size_t CopyNumbers(std::span<double> out) const;

 private:
  friend class JsonCursor;
  friend std::variant<JsonValue, Problem> ParseJson(std::string_view body);
  using Words = std::array<std::uintptr_t, 2>;  // the library's own handle, as bits

  explicit JsonValue(const Words& words) : words_(words) {}

  Words words_;
};

// Walks the elements of an array or the fields of an object, in the order of the text. Any other
// value has none.
class JsonCursor {
 public:
  explicit JsonCursor(const JsonValue& container);

  bool Next();                                   // call it before the first one too
  std::string_view key() const { return key_; }  // of a field
  JsonValue value() const;

 private:
  JsonValue::Words next_{};
  JsonValue::Words end_{};
  JsonValue::Words value_{};
  std::string_view key_;
  bool is_object_ = false;
};

// 400 when the body is not one JSON document in UTF-8, or is nested deeper than kJsonDepthMax, or
// has a key twice in one object or more than kJsonFieldsMax keys. 422 for a number that JSON allows
// but no type here holds (1e400, integers beyond 64 bits), with a pointer to it.
std::variant<JsonValue, Problem> ParseJson(std::string_view body);

// The text of each element of a body that ParseJson has accepted and that is an array.
std::vector<std::string_view> SplitArray(std::string_view body);

bool IsUtf8(std::string_view text);

// Without the white space of JSON at both ends.
std::string_view TrimJson(std::string_view text);

}  // namespace sluice::api
