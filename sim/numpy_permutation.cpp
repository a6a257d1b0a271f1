// PCG64 (O'Neill 2014, XSL RR 128/64), seeded by numpy's SeedSequence (after O'Neill 2015,
// "Developing a seed_seq alternative"), shuffled by Fisher and Yates.
#include "sim/numpy_permutation.h"

#include <array>
#include <bit>
#include <numeric>
#include <utility>

namespace sluice::sim {
namespace {

constexpr std::size_t kPool = 4;
constexpr unsigned kShift = 16;

// A multiplicative hash whose key moves on with every word.
struct Hash {
  std::uint32_t key;
  std::uint32_t step;

  std::uint32_t operator()(std::uint32_t word) {
    word ^= key;
    key *= step;
    word *= key;
    return word ^ (word >> kShift);
  }
};

std::uint32_t Mixed(std::uint32_t a, std::uint32_t b) {
  const std::uint32_t word = 0xCA01F9DDU * a - 0x4973F715U * b;
  return word ^ (word >> kShift);
}

// The first four 64-bit words of SeedSequence(seed).
std::array<std::uint64_t, 4> Words(std::uint64_t seed) {
  Hash hash{0x43B0D7E5U, 0x931E8875U};
  std::array<std::uint32_t, kPool> pool = {static_cast<std::uint32_t>(seed),
                                           static_cast<std::uint32_t>(seed >> 32), 0, 0};
  for (std::uint32_t& word : pool) word = hash(word);
  for (std::size_t from = 0; from < kPool; ++from) {
    for (std::size_t to = 0; to < kPool; ++to) {
      if (from != to) pool[to] = Mixed(pool[to], hash(pool[from]));
    }
  }
  Hash out{0x8B51F9DDU, 0x58F38DEDU};
  std::array<std::uint64_t, 4> words{};
  for (std::size_t i = 0; i < 2 * words.size(); ++i) {
    words[i / 2] |= std::uint64_t{out(pool[i % kPool])} << (32 * (i % 2));
  }
  return words;
}

}  // namespace

NumpyGenerator::NumpyGenerator(std::uint64_t seed) {
  const auto words = Words(seed);
  increment_ = (Wide{words[2]} << 64 | words[3]) << 1 | 1;
  Next64();
  state_ += Wide{words[0]} << 64 | words[1];
  Next64();
}

std::uint64_t NumpyGenerator::Next64() {
  constexpr Wide kMultiplier = Wide{0x2360ED051FC65DA4ULL} << 64 | 0x4385DF649FCCF645ULL;
  state_ = state_ * kMultiplier + increment_;
  const auto high = static_cast<std::uint64_t>(state_ >> 64);
  return std::rotr(high ^ static_cast<std::uint64_t>(state_), static_cast<int>(high >> 58));
}

std::uint32_t NumpyGenerator::Next32() {
  has_half_ = !has_half_;
  if (!has_half_) return half_;
  const std::uint64_t both = Next64();
  half_ = static_cast<std::uint32_t>(both >> 32);
  return static_cast<std::uint32_t>(both);
}

// Uniform, by throwing away what lies above the bound under the smallest mask.
std::uint32_t NumpyGenerator::AtMost(std::uint32_t most) {
  const std::uint32_t mask = std::bit_ceil(most + 1) - 1;
  std::uint32_t drawn = Next32() & mask;
  while (drawn > most) drawn = Next32() & mask;
  return drawn;
}

std::vector<std::size_t> NumpyGenerator::Permutation(std::size_t count) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t i = count; i > 1; --i) {
    std::swap(order[i - 1], order[AtMost(static_cast<std::uint32_t>(i - 1))]);
  }
  return order;
}

}  // namespace sluice::sim
