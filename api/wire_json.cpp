#include "api/wire_json.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <memory>
#include <string>

#include <nlohmann/json.hpp>
#include <simdjson.h>

#include "api/problem.h"
#include "api/wire_fields.h"

namespace sluice::api {
namespace {

namespace dom = simdjson::dom;

// A parser keeps the memory of the largest body it has seen; beyond this it is built anew.
constexpr std::size_t kKeptBytesMax = 1024 * 1024;
constexpr std::string_view kJsonSpace = " \t\r\n";

struct ThreadParser {
  dom::parser parser;
  std::vector<char> padded;
  std::size_t capacity = 0;
};

ThreadParser& ParserFor(std::size_t body_bytes) {
  thread_local std::unique_ptr<ThreadParser> mine;
  if (mine == nullptr || (mine->capacity > kKeptBytesMax && body_bytes <= kKeptBytesMax)) {
    mine = std::make_unique<ThreadParser>();
  }
  return *mine;
}

// Only for a value that is known to be one.
dom::array ArrayOf(dom::element value) {
  dom::array array;
  return value.get_array().get(array) ? dom::array() : array;
}

dom::object ObjectOf(dom::element value) {
  dom::object object;
  return value.get_object().get(object) ? dom::object() : object;
}

// Compares hashes first: text against text is slow when there are a thousand keys.
bool HasKeyTwice(std::vector<std::string_view>& keys) {
  std::vector<std::size_t> hashes;
  hashes.reserve(keys.size());
  for (const std::string_view key : keys) {
    hashes.push_back(std::hash<std::string_view>()(key));
  }
  std::sort(hashes.begin(), hashes.end());
  if (std::adjacent_find(hashes.begin(), hashes.end()) == hashes.end()) {
    return false;
  }
  std::sort(keys.begin(), keys.end());
  return std::adjacent_find(keys.begin(), keys.end()) != keys.end();
}

bool IsContainer(dom::element value) {
  const dom::element_type type = value.type();
  return type == dom::element_type::ARRAY || type == dom::element_type::OBJECT;
}

// What the library lets through: keys that stand twice, objects without bound. Its depth is bounded
// by the parser's, so the recursion is too. Returns what is wrong in a container, or nullptr.
const char* FindBadObject(dom::element value) {
  if (value.type() == dom::element_type::ARRAY) {
    for (const dom::element item : ArrayOf(value)) {
      if (const char* bad = IsContainer(item) ? FindBadObject(item) : nullptr) {
        return bad;
      }
    }
    return nullptr;
  }
  std::vector<std::string_view> keys;
  for (const dom::key_value_pair& field : ObjectOf(value)) {
    if (keys.size() == kJsonFieldsMax) {
      return "an object may have at most 1024 fields";
    }
    keys.push_back(field.key);
  }
  if (HasKeyTwice(keys)) {
    return "an object has the same key twice";
  }
  for (const dom::key_value_pair& field : ObjectOf(value)) {
    if (const char* bad = IsContainer(field.value) ? FindBadObject(field.value) : nullptr) {
      return bad;
    }
  }
  return nullptr;
}

// Reads a document that was refused for a number, up to the first number that JSON's grammar allows
// and no type holds. Slow, which is fine: only refused bodies come here.
class NumberFinder final : public nlohmann::json_sax<nlohmann::json> {
 public:
  const std::optional<std::string>& pointer() const { return pointer_; }

  bool null() override { return Passed(); }
  bool boolean(bool) override { return Passed(); }
  bool number_integer(std::int64_t) override { return Passed(); }
  bool number_unsigned(std::uint64_t) override { return Passed(); }
  bool number_float(double value, const std::string& text) override {
    const bool whole = text.find_first_of(".eE") == std::string::npos;
    return whole || !std::isfinite(value) ? Found() : Passed();
  }
  bool string(std::string&) override { return Passed(); }
  bool binary(nlohmann::json::binary_t&) override { return Passed(); }
  bool start_object(std::size_t) override { return Entered(); }
  bool end_object() override { return Left(); }
  bool start_array(std::size_t) override {
    Entered();
    steps_.back().is_array = true;
    return true;
  }
  bool end_array() override { return Left(); }
  bool key(std::string& name) override {
    steps_.back().key = name;
    return true;
  }
  bool parse_error(std::size_t, const std::string&,
                   const nlohmann::json::exception& error) override {
    constexpr int kNumberOverflow = 406;
    return error.id == kNumberOverflow ? Found() : false;
  }

 private:
  struct Step {
    bool is_array = false;
    std::size_t index = 0;
    std::string key;
  };

  bool Entered() {
    steps_.emplace_back();
    return true;
  }
  bool Left() {
    steps_.pop_back();
    return Passed();
  }
  bool Passed() {
    if (!steps_.empty()) {
      ++steps_.back().index;
    }
    return true;
  }
  bool Found() {
    std::string pointer;
    for (const Step& step : steps_) {
      AppendPointerStep(step.is_array ? std::to_string(step.index) : step.key, pointer);
    }
    pointer_ = std::move(pointer);
    return false;
  }

  std::vector<Step> steps_;
  std::optional<std::string> pointer_;
};

Problem ExplainRefusal(simdjson::error_code error, std::string_view body) {
  switch (error) {
    case simdjson::EMPTY:
      return MakeProblem(400, "the body is empty; a JSON document was expected");
    case simdjson::UTF8_ERROR:
      return MakeProblem(400, "the body is not valid UTF-8");
    case simdjson::DEPTH_ERROR:
      return MakeProblem(400, "the JSON is nested deeper than 64 levels");
    case simdjson::NUMBER_ERROR: {
      NumberFinder finder;
      nlohmann::json::sax_parse(body.begin(), body.end(), &finder);
      if (finder.pointer()) {
        return MakeProblem(422, "the number is out of range", *finder.pointer());
      }
      return MakeProblem(400, "the body has a malformed number (NaN and Infinity are not JSON)");
    }
    default:
      return MakeProblem(400, "the body is not valid JSON");
  }
}

simdjson::error_code Parse(ThreadParser& mine, std::string_view body, dom::element& root) {
  if (body.empty()) {
    return simdjson::EMPTY;
  }
  if (mine.capacity < body.size()) {
    if (const auto error = mine.parser.allocate(body.size(), kJsonDepthMax)) {
      return error;
    }
    mine.capacity = body.size();
    mine.padded.resize(body.size() + simdjson::SIMDJSON_PADDING);
  }
  std::copy(body.begin(), body.end(), mine.padded.begin());
  std::fill_n(mine.padded.begin() + static_cast<std::ptrdiff_t>(body.size()),
              simdjson::SIMDJSON_PADDING, '\0');
  return mine.parser.parse(mine.padded.data(), body.size(), false).get(root);
}

}  // namespace

std::variant<JsonValue, Problem> ParseJson(std::string_view body) {
  static_assert(sizeof(dom::element) == sizeof(JsonValue::Words));
  dom::element root;
  if (const auto error = Parse(ParserFor(body.size()), body, root)) {
    return ExplainRefusal(error, body);
  }
  if (const char* bad = IsContainer(root) ? FindBadObject(root) : nullptr) {
    return MakeProblem(400, bad);
  }
  return JsonValue(std::bit_cast<JsonValue::Words>(root));
}

bool JsonValue::IsNull() const {
  return std::bit_cast<dom::element>(words_).is_null();
}

bool JsonValue::IsArray() const {
  return std::bit_cast<dom::element>(words_).is_array();
}

bool JsonValue::IsObject() const {
  return std::bit_cast<dom::element>(words_).is_object();
}

bool JsonValue::IsWhole() const {
  const auto element = std::bit_cast<dom::element>(words_);
  return element.is_int64() || element.is_uint64();
}

std::optional<bool> JsonValue::Boolean() const {
  bool value = false;
  const auto error = std::bit_cast<dom::element>(words_).get_bool().get(value);
  return error ? std::nullopt : std::optional(value);
}

std::optional<std::string_view> JsonValue::String() const {
  std::string_view value;
  const auto error = std::bit_cast<dom::element>(words_).get_string().get(value);
  return error ? std::nullopt : std::optional(value);
}

std::optional<double> JsonValue::Number() const {
  double value = 0;
  const auto error = std::bit_cast<dom::element>(words_).get_double().get(value);
  return error ? std::nullopt : std::optional(value);
}

std::optional<std::int64_t> JsonValue::Integer() const {
  const auto element = std::bit_cast<dom::element>(words_);
  std::int64_t value = 0;
  if (element.is_int64() && !element.get_int64().get(value)) {
    return value;
  }
  constexpr double kExactMax = 9007199254740992.0;  // 2^53
  double number = 0;
  const bool whole = element.is_double() && !element.get_double().get(number) &&
                     std::abs(number) <= kExactMax && std::trunc(number) == number;
  return whole ? std::optional(static_cast<std::int64_t>(number)) : std::nullopt;
}

std::size_t JsonValue::size() const {
  const auto element = std::bit_cast<dom::element>(words_);
  return element.is_array() ? ArrayOf(element).size() : 0;
}

std::size_t JsonValue::CopyNumbers(std::span<double> out) const {
  std::size_t copied = 0;
  for (const dom::element item : ArrayOf(std::bit_cast<dom::element>(words_))) {
    if (copied == out.size() || item.get_double().get(out[copied]) != simdjson::SUCCESS) {
      break;
    }
    ++copied;
  }
  return copied;
}

JsonCursor::JsonCursor(const JsonValue& container) {
  const auto element = std::bit_cast<dom::element>(container.words_);
  if (element.is_array()) {
    const dom::array array = ArrayOf(element);
    next_ = std::bit_cast<JsonValue::Words>(array.begin());
    end_ = std::bit_cast<JsonValue::Words>(array.end());
  } else if (element.is_object()) {
    const dom::object object = ObjectOf(element);
    next_ = std::bit_cast<JsonValue::Words>(object.begin());
    end_ = std::bit_cast<JsonValue::Words>(object.end());
    is_object_ = true;
  }
}

bool JsonCursor::Next() {
  if (next_ == end_) {
    return false;
  }
  if (is_object_) {
    auto field = std::bit_cast<dom::object::iterator>(next_);
    key_ = field.key();
    value_ = std::bit_cast<JsonValue::Words>(field.value());
    next_ = std::bit_cast<JsonValue::Words>(++field);
  } else {
    auto item = std::bit_cast<dom::array::iterator>(next_);
    value_ = std::bit_cast<JsonValue::Words>(*item);
    next_ = std::bit_cast<JsonValue::Words>(++item);
  }
  return true;
}

JsonValue JsonCursor::value() const {
  return JsonValue(value_);
}

std::vector<std::string_view> SplitArray(std::string_view body) {
  std::vector<std::string_view> items;
  const std::string_view text = TrimJson(body);
  std::size_t depth = 0;
  std::size_t start = 1;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      // The text is known to be JSON: the string ends, and a backslash has a follower.
      for (++i; text[i] != '"'; ++i) {
        i += text[i] == '\\' ? 1 : 0;
      }
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      --depth;
    }
    if ((c == ',' && depth == 1) || (c == ']' && depth == 0)) {
      items.push_back(TrimJson(text.substr(start, i - start)));
      start = i + 1;
    }
  }
  const bool empty = items.size() == 1 && items.front().empty();
  return empty ? std::vector<std::string_view>() : items;
}

bool IsUtf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

std::string_view TrimJson(std::string_view text) {
  const auto first = text.find_first_not_of(kJsonSpace);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(kJsonSpace) - first + 1);
}

}  // namespace sluice::api
