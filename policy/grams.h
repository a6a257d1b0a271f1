// Hashed n-grams of a text: the raw features that a context map is fitted on, and all that the
// log keeps of a text. Pure functions; any thread.
//
// Words: tokens are runs of letters, single digits and single other characters; each token and each
// pair of neighbours, joined by one blank, is a gram. Characters: each run without blanks, with a
// blank before and after it, gives all its 3-, 4- and 5-grams of code points. A gram is hashed with
// MurmurHash3_x86_32 as a signed number h to bucket |h| mod buckets with the sign of h (Weinberger
// et al. 2009, "Feature hashing for large scale multitask learning").
//
// Letters, digits, blanks and lower case are the ASCII ones: a character beyond ASCII stays as it
// is and is a token of its own. A byte that is not part of valid UTF-8 counts as a code point.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::policy {

inline constexpr std::size_t kGramBuckets = 4096;  // a block
// The words block has the buckets 0..4095, the characters block 4096..8191.
inline constexpr std::size_t kGramDimensions = 2 * kGramBuckets;
inline constexpr std::int16_t kGramCountMax = 32767;  // in magnitude; larger sums are cut to it

// Sums of signs by bucket. Buckets increase and are below kGramDimensions; no count is 0; both
// vectors have one length. CountGrams and DecodeGrams give nothing else.
struct GramCounts {
  std::vector<std::uint16_t> buckets;
  std::vector<std::int16_t> counts;
  bool operator==(const GramCounts&) const = default;
};

// Linear in the text, whose length the caller bounds. `seed` keys the hash: the secret of a data
// directory keeps a caller from choosing texts that collide.
GramCounts CountGrams(std::string_view text, std::uint32_t seed);

// The compact form for the log. [version 1] then for each bucket a varint (gap << 2 | code), where
// gap is the number of buckets skipped and code says the count: 0 is 1, 1 is -1, 2 is any other,
// which follows as a zigzag varint. About a byte and a half for a bucket. The same counts give
// the same bytes.
std::string EncodeGrams(const GramCounts& grams);
// Empty for anything that EncodeGrams does not give: cut short, out of range, not in its shortest
// form, of another version.
std::optional<GramCounts> DecodeGrams(std::string_view bytes);

// CountGrams before it is narrowed, with any power of two of buckets a block, buckets increasing:
// the reference values of this definition are for 2^18.
struct GramSum {
  std::uint32_t bucket = 0;
  std::int32_t sum = 0;
  bool operator==(const GramSum&) const = default;
};
std::vector<GramSum> SumGrams(std::string_view text, std::uint32_t seed,
                              std::size_t buckets_per_block);

// MurmurHash3_x86_32 (Appleby), from its public definition.
std::uint32_t MurmurHash3(std::string_view bytes, std::uint32_t seed);

}  // namespace sluice::policy
