// Writes JSON text piece by piece into one string; commas are its business, nesting is the
// caller's. Private to the wire files.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace sluice::api {

class JsonWriter {
 public:
  explicit JsonWriter(std::size_t bytes_expected = 512) { text_.reserve(bytes_expected); }

  JsonWriter& BeginObject() { return Open('{'); }
  JsonWriter& EndObject() { return Close('}'); }
  JsonWriter& BeginArray() { return Open('['); }
  JsonWriter& EndArray() { return Close(']'); }
  JsonWriter& Key(std::string_view name);  // the next call writes its value

  JsonWriter& String(std::string_view value);
  // The shortest text that reads back as the same number; null when there is no such text.
  JsonWriter& Number(double value);
  JsonWriter& Number(float value);
  JsonWriter& Integer(std::int64_t value);
  JsonWriter& Unsigned(std::uint64_t value);
  JsonWriter& Boolean(bool value);
  JsonWriter& Raw(std::string_view json);  // one whole value that is JSON already

  std::string Take() { return std::move(text_); }

 private:
  JsonWriter& Open(char bracket);
  JsonWriter& Close(char bracket);
  void Quote(std::string_view value);
  void Separate();
  template <class Value>
  JsonWriter& Characters(Value value);

  std::string text_;
  bool comma_ = false;  // whether the next value follows another one
};

}  // namespace sluice::api
