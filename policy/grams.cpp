#include "policy/grams.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "policy/check.h"
#include "policy/text_scan.h"

namespace sluice::policy {
namespace {

constexpr std::size_t kShortestGram = 3;  // code points
constexpr std::size_t kLongestGram = 5;

std::uint32_t Scrambled(std::uint32_t block) {
  return std::rotl(block * 0xCC9E2D51u, 15) * 0x1B873593u;
}

std::uint32_t Finished(std::uint32_t hash, std::size_t bytes) {
  hash ^= static_cast<std::uint32_t>(bytes);
  hash = (hash ^ (hash >> 16)) * 0x85EBCA6Bu;
  hash = (hash ^ (hash >> 13)) * 0xC2B2AE35u;
  return hash ^ (hash >> 16);
}

// Inlined, so that a length that is known when compiling costs no loop: nine hashes in ten are.
[[gnu::always_inline]] inline std::uint32_t HashOf(const char* bytes, std::size_t size,
                                                   std::uint32_t seed) {
  std::uint32_t hash = seed;
  std::size_t i = 0;
  for (; i + 4 <= size; i += 4) {
    std::uint32_t block = 0;
    std::memcpy(&block, bytes + i, 4);  // little-endian, as the definition asks
    hash = std::rotl(hash ^ Scrambled(block), 13) * 5 + 0xE6546B64u;
  }
  std::uint32_t tail = 0;
  for (std::size_t k = size; k > i; --k) {
    tail = (tail << 8) | static_cast<unsigned char>(bytes[k - 1]);
  }
  return Finished(hash ^ Scrambled(tail), size);  // an empty tail scrambles to 0
}

// Sums of signs, two blocks of a power of two of buckets each. The bitmap of buckets that were
// touched spares a walk over all of them.
class GramTable {
 public:
  GramTable(std::size_t buckets_per_block, std::uint32_t seed)
      : sums_(2 * buckets_per_block, 0),
        touched_((2 * buckets_per_block + 63) / 64, 0),
        mask_(static_cast<std::uint32_t>(buckets_per_block - 1)),
        seed_(seed) {}

  void UseCharacterBlock() { first_ = mask_ + 1; }

  [[gnu::always_inline]] void Add(const char* bytes, std::size_t size) {
    const std::uint32_t hash = HashOf(bytes, size, seed_);
    const std::uint32_t sign = hash >> 31;  // 1 when h is negative
    const std::uint32_t magnitude = (hash ^ (0u - sign)) + sign;
    const std::uint32_t bucket = first_ + (magnitude & mask_);
    sums_[bucket] += 1 - 2 * static_cast<std::int32_t>(sign);
    touched_[bucket / 64] |= std::uint64_t{1} << (bucket % 64);
  }

  // Calls visit(bucket, sum) for the sums that are not 0, buckets increasing.
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (std::size_t word = 0; word < touched_.size(); ++word) {
      for (std::uint64_t left = touched_[word]; left != 0; left &= left - 1) {
        const std::size_t bucket = word * 64 + static_cast<std::size_t>(std::countr_zero(left));
        if (sums_[bucket] != 0) {
          visit(bucket, sums_[bucket]);
        }
      }
    }
  }

  std::size_t TouchedCount() const {
    std::size_t count = 0;
    for (std::uint64_t word : touched_) {
      count += static_cast<std::size_t>(std::popcount(word));
    }
    return count;
  }

 private:
  std::vector<std::int32_t> sums_;
  std::vector<std::uint64_t> touched_;
  std::uint32_t mask_;
  std::uint32_t seed_;
  std::uint32_t first_ = 0;  // of the block that Add writes to
};

// The text in lower case, every blank as ' ', with one more before and after it.
std::string Folded(std::string_view text) {
  std::string folded(text.size() + 2, ' ');
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const char lowered = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    folded[i + 1] = IsBlank(c) ? ' ' : lowered;
  }
  return folded;
}

bool IsLetter(char c) {
  return c >= 'a' && c <= 'z';
}

// Bytes of the token at the front of `folded`, which is not a blank.
std::size_t TokenBytes(std::string_view folded) {
  if (!IsLetter(folded[0])) {
    return CodePointBytes(folded);
  }
  std::size_t bytes = 1;
  while (bytes < folded.size() && IsLetter(folded[bytes])) {
    ++bytes;
  }
  return bytes;
}

void AddWordGrams(std::string_view folded, GramTable& table) {
  std::string joined;  // the tokens with one blank between two, so that a pair is one run of bytes
  joined.reserve(2 * folded.size());
  std::size_t previous = 0;
  for (std::size_t i = 0; i < folded.size();) {
    if (folded[i] == ' ') {
      ++i;
      continue;
    }
    const std::size_t bytes = TokenBytes(folded.substr(i));
    const std::size_t begin = joined.size();
    joined.append(folded, i, bytes);
    table.Add(joined.data() + begin, bytes);
    if (begin > 0) {
      table.Add(joined.data() + previous, joined.size() - previous);
    }
    previous = begin;
    joined.push_back(' ');
    i += bytes;
  }
}

template <std::size_t kSize>
void AddRuns(std::string_view padded, GramTable& table) {
  for (std::size_t i = 0; i + kSize <= padded.size(); ++i) {
    table.Add(padded.data() + i, kSize);
  }
}

// As AddRuns, by code points. `begins` is scratch.
void AddWideRuns(std::string_view padded, std::vector<std::size_t>& begins, GramTable& table) {
  begins.clear();
  for (std::size_t i = 0; i < padded.size(); i += CodePointBytes(padded.substr(i))) {
    begins.push_back(i);
  }
  begins.push_back(padded.size());
  for (std::size_t size = kShortestGram; size <= kLongestGram; ++size) {
    for (std::size_t i = 0; i + size < begins.size(); ++i) {
      table.Add(padded.data() + begins[i], begins[i + size] - begins[i]);
    }
  }
}

void AddCharacterGrams(std::string_view folded, GramTable& table) {
  std::vector<std::size_t> begins;
  for (std::size_t i = 1; i < folded.size(); ++i) {
    const std::size_t before = i - 1;  // a blank
    unsigned char high_bits = 0;
    for (; folded[i] != ' '; ++i) {  // the last character is a blank
      high_bits |= static_cast<unsigned char>(folded[i]);
    }
    if (i == before + 1) {
      continue;  // no word
    }
    const std::string_view padded = folded.substr(before, i + 1 - before);
    if (high_bits >= 0x80) {
      AddWideRuns(padded, begins, table);
      continue;
    }
    AddRuns<kShortestGram>(padded, table);
    AddRuns<kShortestGram + 1>(padded, table);
    AddRuns<kLongestGram>(padded, table);
  }
}

GramTable TableOf(std::string_view text, std::uint32_t seed, std::size_t buckets_per_block) {
  GramTable table(buckets_per_block, seed);
  const std::string folded = Folded(text);
  AddWordGrams(folded, table);
  table.UseCharacterBlock();
  AddCharacterGrams(folded, table);
  return table;
}

}  // namespace

std::uint32_t MurmurHash3(std::string_view bytes, std::uint32_t seed) {
  return HashOf(bytes.data(), bytes.size(), seed);
}

GramCounts CountGrams(std::string_view text, std::uint32_t seed) {
  const GramTable table = TableOf(text, seed, kGramBuckets);
  GramCounts grams;
  const std::size_t size_max = table.TouchedCount();
  grams.buckets.reserve(size_max);
  grams.counts.reserve(size_max);
  table.ForEach([&grams](std::size_t bucket, std::int32_t sum) {
    grams.buckets.push_back(static_cast<std::uint16_t>(bucket));
    grams.counts.push_back(
        static_cast<std::int16_t>(std::clamp<std::int32_t>(sum, -kGramCountMax, kGramCountMax)));
  });
  return grams;
}

std::vector<GramSum> SumGrams(std::string_view text, std::uint32_t seed,
                              std::size_t buckets_per_block) {
  Check(std::has_single_bit(buckets_per_block) && buckets_per_block < (std::size_t{1} << 31),
        "the buckets of a block are a power of two");
  std::vector<GramSum> sums;
  TableOf(text, seed, buckets_per_block).ForEach([&sums](std::size_t bucket, std::int32_t sum) {
    sums.push_back({static_cast<std::uint32_t>(bucket), sum});
  });
  return sums;
}

}  // namespace sluice::policy
