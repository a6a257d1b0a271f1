// The order that published partitions of a data set were drawn in: what Python's
// numpy.random.default_rng(seed).permutation(count) gives, number by number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sluice::sim {

// Several orders in a row are of one generator.
class NumpyGenerator {
 public:
  explicit NumpyGenerator(std::uint64_t seed);

  // 0 .. count - 1; fewer than 2^32.
  std::vector<std::size_t> Permutation(std::size_t count);

 private:
  __extension__ using Wide = unsigned __int128;

  std::uint64_t Next64();
  std::uint32_t Next32();
  std::uint32_t AtMost(std::uint32_t most);

  Wide state_ = 0;
  Wide increment_ = 0;
  bool has_half_ = false;  // of the last 64 bits
  std::uint32_t half_ = 0;
};

}  // namespace sluice::sim
