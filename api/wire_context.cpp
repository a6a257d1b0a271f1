#include "api/wire_context.h"

#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <optional>
#include <span>

#include "api/wire_base64.h"

namespace sluice::api {
namespace {

// -- Messages -------------------------------------------------------------------------------------

std::optional<JsonValue> FindField(const JsonValue& object, std::string_view name) {
  for (JsonCursor field(object); field.Next();) {
    if (field.key() == name) {
      return field.value();
    }
  }
  return std::nullopt;
}

std::optional<std::string_view> FindString(const JsonValue& object, std::string_view name) {
  const auto value = FindField(object, name);
  return value ? value->String() : std::nullopt;
}

Fault ReadParts(const JsonValue& parts, const Place& place, std::string& out) {
  std::size_t index = 0;
  bool first = true;
  for (JsonCursor part(parts); part.Next(); ++index) {
    const auto type = FindString(part.value(), "type");
    if (!type) {
      return Invalid(place.Item(index), "a content part with a type was expected");
    }
    if (*type != "text") {
      continue;
    }
    const auto text = FindString(part.value(), "text");
    if (!text) {
      return Invalid(place.Item(index), "a text part with a string as its text was expected");
    }
    if (out.size() < kQueryBytesRead) {
      out += first ? "" : "\n";
      out += CutText(*text, kQueryBytesRead - out.size());
    }
    first = false;
  }
  return std::nullopt;
}

Fault ReadContent(const JsonValue& message, const Place& place, std::string& out) {
  const auto content = FindField(message, "content");
  if (content && content->IsArray()) {
    return ReadParts(*content, place.Field("content"), out);
  }
  if (content && content->String()) {
    return ReadText(*content, place.Field("content"), out);
  }
  return Invalid(place.Field("content"), "a string or an array of content parts was expected");
}

// -- Embeddings -----------------------------------------------------------------------------------

constexpr const char* kEmbeddingForms =
    "an array of 1 to 1024 numbers, or as many float32 in base64, was expected";

std::optional<float> AsFloat(double value) {
  if (std::abs(value) < kSmallestNumber) {
    return 0.0F;
  }
  if (!(std::abs(value) <= std::numeric_limits<float>::max())) {
    return std::nullopt;
  }
  return static_cast<float>(value);
}

Fault ReadNumbers(const JsonValue& value, const Place& place, std::vector<float>& out) {
  const std::size_t count = value.size();
  if (count == 0 || count > kEmbeddingMax) {
    return Invalid(place, kEmbeddingForms);
  }
  std::array<double, kEmbeddingMax> numbers;
  const std::size_t copied = value.CopyNumbers(std::span(numbers).first(count));
  out.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto entry = i < copied ? AsFloat(numbers[i]) : std::nullopt;
    if (!entry) {
      return Invalid(place.Item(i), "a number within the range of float32 was expected");
    }
    out[i] = *entry;
  }
  return std::nullopt;
}

Fault ReadBase64(std::string_view text, const Place& place, std::vector<float>& out) {
  static_assert(std::endian::native == std::endian::little && sizeof(float) == 4);
  const std::size_t bytes = Base64Bytes(text).value_or(0);
  if (bytes == 0 || bytes % sizeof(float) != 0 || bytes > kEmbeddingMax * sizeof(float)) {
    return Invalid(place, kEmbeddingForms);
  }
  out.resize(bytes / sizeof(float));
  if (!DecodeBase64(text, std::as_writable_bytes(std::span(out)))) {
    return Invalid(place, kEmbeddingForms);
  }
  for (float& entry : out) {
    if (!std::isfinite(entry)) {
      return Invalid(place, "the embedding has a value that is not a finite number");
    }
    entry = std::abs(entry) < static_cast<float>(kSmallestNumber) ? 0.0F : entry;
  }
  return std::nullopt;
}

}  // namespace

std::string_view CutText(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) {
    return text;
  }
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) {
    --end;
  }
  return text.substr(0, end);
}

Fault ReadText(const JsonValue& value, const Place& place, std::string& out) {
  const auto text = value.String();
  if (!text) {
    return Invalid(place, "a string was expected");
  }
  out = CutText(*text, kQueryBytesRead);
  return std::nullopt;
}

Fault ReadLastUserText(const JsonValue& value, const Place& place, std::string& out) {
  if (!value.IsArray()) {
    return Invalid(place, "an array of messages was expected");
  }
  std::optional<JsonValue> last;
  std::size_t last_index = 0;
  std::size_t index = 0;
  for (JsonCursor message(value); message.Next(); ++index) {
    if (index == kMessagesMax) {
      return Invalid(place, "at most 4096 messages were expected");
    }
    const auto role = FindString(message.value(), "role");
    if (!role) {
      return Invalid(place.Item(index), "a message with a role was expected");
    }
    if (*role == "user") {
      last = message.value();
      last_index = index;
    }
  }
  if (!last) {
    return Invalid(place, "no message has the role user");
  }
  return ReadContent(*last, place.Item(last_index), out);
}

Fault ReadEmbedding(const JsonValue& value, const Place& place, std::vector<float>& out) {
  if (const auto text = value.String()) {
    return ReadBase64(*text, place, out);
  }
  if (!value.IsArray()) {
    return Invalid(place, kEmbeddingForms);
  }
  return ReadNumbers(value, place, out);
}

}  // namespace sluice::api
