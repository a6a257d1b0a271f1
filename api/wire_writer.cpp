#include "api/wire_writer.h"

#include <charconv>
#include <cmath>

namespace sluice::api {

void JsonWriter::Separate() {
  if (comma_) {
    text_ += ',';
  }
  comma_ = true;
}

JsonWriter& JsonWriter::Open(char bracket) {
  Separate();
  text_ += bracket;
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::Close(char bracket) {
  text_ += bracket;
  comma_ = true;
  return *this;
}

void JsonWriter::Quote(std::string_view value) {
  constexpr char kHex[] = "0123456789abcdef";
  text_ += '"';
  for (const char c : value) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text_ += '\\';
      text_ += c;
    } else if (code < 0x20) {
      text_ += "\\u00";
      text_ += kHex[code >> 4];
      text_ += kHex[code & 0xF];
    } else {
      text_ += c;
    }
  }
  text_ += '"';
}

JsonWriter& JsonWriter::Key(std::string_view name) {
  Separate();
  Quote(name);
  text_ += ':';
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::String(std::string_view value) {
  Separate();
  Quote(value);
  return *this;
}

template <class Value>
JsonWriter& JsonWriter::Characters(Value value) {
  Separate();
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  text_.append(buffer, end);
  return *this;
}

JsonWriter& JsonWriter::Number(double value) {
  return std::isfinite(value) ? Characters(value) : Raw("null");
}

JsonWriter& JsonWriter::Number(float value) {
  return std::isfinite(value) ? Characters(value) : Raw("null");
}

JsonWriter& JsonWriter::Integer(std::int64_t value) {
  return Characters(value);
}

JsonWriter& JsonWriter::Unsigned(std::uint64_t value) {
  return Characters(value);
}

JsonWriter& JsonWriter::Boolean(bool value) {
  return Raw(value ? "true" : "false");
}

JsonWriter& JsonWriter::Raw(std::string_view json) {
  Separate();
  text_ += json;
  return *this;
}

}  // namespace sluice::api
