// CRC-32C (Castagnoli) by the processor's own instruction, which every preset's -march guarantees.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include <nmmintrin.h>

namespace sluice::store {

// `before` is the checksum of the bytes that stand in front, so that pieces can be chained.
inline std::uint32_t Crc32c(std::string_view bytes, std::uint32_t before = 0) {
  std::uint64_t state = static_cast<std::uint32_t>(~before);
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= sizeof(std::uint64_t);
       at += sizeof(std::uint64_t), left -= sizeof(std::uint64_t)) {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof(word));
    state = _mm_crc32_u64(state, word);
  }
  for (; left > 0; ++at, --left) {
    state = _mm_crc32_u8(static_cast<std::uint32_t>(state), static_cast<std::uint8_t>(*at));
  }
  return ~static_cast<std::uint32_t>(state);
}

}  // namespace sluice::store
