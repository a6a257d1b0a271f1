// Bytes of the store's formats, to write them out in tests and to damage them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "store/crc32c.h"

namespace sluice::tests {

inline std::string Hex(std::string_view bytes) {
  std::string hex;
  for (const char byte : bytes) {
    hex += "0123456789abcdef"[static_cast<std::uint8_t>(byte) >> 4];
    hex += "0123456789abcdef"[static_cast<std::uint8_t>(byte) & 15];
  }
  return hex;
}

inline std::string FromHex(std::string_view hex) {
  std::string bytes;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(at, 2)), nullptr, 16));
  }
  return bytes;
}

// Bytes whose checksum holds, so that only the shape can betray them.
inline std::string WithChecksum(std::string bytes) {
  const std::uint32_t checksum = store::Crc32c(bytes);
  bytes.append(reinterpret_cast<const char*>(&checksum), sizeof(checksum));
  return bytes;
}

}  // namespace sluice::tests
