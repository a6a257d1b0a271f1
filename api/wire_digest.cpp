// The digest of a body: pairs of words are multiplied to 128 bits and folded, in two independent
// lanes, so that 32 bytes take a few cycles.
//
// The digest is in the log beside the request id: the same text gives the same number on every
// machine and in every version. It never changes.
#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

#include "api/wire.h"
#include "api/wire_json.h"

namespace sluice::api {
namespace {

__extension__ typedef unsigned __int128 Wide;

// Odd, with bits set evenly: the golden ratio's fraction, and the multipliers of SplitMix64.
constexpr std::uint64_t kOdd1 = 0x9E3779B97F4A7C15;
constexpr std::uint64_t kOdd2 = 0xBF58476D1CE4E5B9;
constexpr std::uint64_t kOdd3 = 0x94D049BB133111EB;
constexpr std::size_t kBlockBytes = 4 * sizeof(std::uint64_t);

struct Lanes {
  std::uint64_t first = kOdd1;
  std::uint64_t second = kOdd2;
};

std::uint64_t Fold(std::uint64_t a, std::uint64_t b) {
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// A lane is added to its own product, so that a factor that happens to be 0 forgets nothing of
// what came before.
void MixBlock(const char* block, Lanes& lanes) {
  static_assert(std::endian::native == std::endian::little);
  std::array<std::uint64_t, 4> words;
  std::memcpy(words.data(), block, kBlockBytes);
  lanes.first += Fold(words[0] ^ lanes.first ^ kOdd3, words[1] ^ kOdd1);
  lanes.second += Fold(words[2] ^ lanes.second ^ kOdd3, words[3] ^ kOdd2);
}

}  // namespace

std::uint64_t BodyDigest(std::string_view body) {
  const std::string_view text = TrimJson(body);
  Lanes lanes;
  std::size_t at = 0;
  for (; at + kBlockBytes <= text.size(); at += kBlockBytes) {
    MixBlock(text.data() + at, lanes);
  }
  char last[kBlockBytes] = {};
  text.copy(last, kBlockBytes, at);
  MixBlock(last, lanes);
  const std::uint64_t mixed = Fold(lanes.first ^ kOdd2, lanes.second ^ kOdd3);
  const std::uint64_t digest = Fold(mixed ^ text.size(), kOdd1);
  return digest == 0 ? 1 : digest;  // 0 stands for "no body".
}

}  // namespace sluice::api
