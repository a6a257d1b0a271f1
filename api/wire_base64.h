// Base64 with padding (RFC 4648), as the wire carries bytes. Private to the wire files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sluice::api {

// How many bytes a text of this length and padding stands for; nothing when it cannot be base64.
std::optional<std::size_t> Base64Bytes(std::string_view text);

// `out` has exactly Base64Bytes(text) bytes. False when a character is none of the alphabet's.
bool DecodeBase64(std::string_view text, std::span<std::byte> out);

std::string EncodeBase64(std::string_view bytes);

}  // namespace sluice::api
