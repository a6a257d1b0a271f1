// Counter-based randomness: a draw is a pure function of (seed, sequence, stream), so that a
// decision can be replayed from its log line and no state is shared between threads.
// splitmix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
#pragma once

#include <cstdint>

namespace sluice::policy {

constexpr std::uint64_t SplitMix64(std::uint64_t z) {
  z += 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

constexpr std::uint64_t RandomBits(std::uint64_t seed, std::uint64_t sequence,
                                   std::uint64_t stream) {
  return SplitMix64(SplitMix64(SplitMix64(seed) ^ sequence) ^ stream);
}

// Uniform in [0, 1) with 53 bits.
constexpr double RandomUniform(std::uint64_t seed, std::uint64_t sequence, std::uint64_t stream) {
  return static_cast<double>(RandomBits(seed, sequence, stream) >> 11) * 0x1.0p-53;
}

// The same generator as a stream, for simulation and tests. Not shared between threads.
class Rng {
 public:
  explicit Rng(std::uint64_t seed, std::uint64_t stream = 0) : seed_(seed), stream_(stream) {}

  std::uint64_t Bits() { return RandomBits(seed_, sequence_++, stream_); }
  double Uniform() { return RandomUniform(seed_, sequence_++, stream_); }
  // Uniform in [0, n), 0 < n < 2^32, without bias worth naming (at most n / 2^32).
  std::uint64_t Below(std::uint64_t n) { return ((Bits() >> 32) * n) >> 32; }
  double Normal();  // mean 0, variance 1; Box-Muller, two draws a call

 private:
  std::uint64_t seed_;
  std::uint64_t stream_;
  std::uint64_t sequence_ = 0;
};

}  // namespace sluice::policy
