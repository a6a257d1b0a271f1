// What a request is about, as it comes on the wire: text, chat messages or an embedding. Private to
// the wire files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/wire_fields.h"

namespace sluice::api {

// The longest prefix of at most bytes_max bytes that does not end inside a character of UTF-8.
std::string_view CutText(std::string_view text, std::size_t bytes_max);

Fault ReadText(const JsonValue& value, const Place& place, std::string& out);

// OpenAI chat messages, of which the text of the last one with role "user" is read: a string, or
// the parts of type "text" joined by newlines. Whatever else a message carries is not looked at.
Fault ReadLastUserText(const JsonValue& value, const Place& place, std::string& out);

// An array of numbers, or base64 of little-endian float32.
Fault ReadEmbedding(const JsonValue& value, const Place& place, std::vector<float>& out);

}  // namespace sluice::api
