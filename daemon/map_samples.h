// The newest distinct inputs of a router, by their places in the log: what a context map is fitted
// on, without labels. Also watches whether the inputs leave what the map was fitted on. Folded.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "store/bytes.h"
#include "store/records.h"

namespace sluice::daemon {

// Places in the log where folding again may begin, so that a new context map costs a bounded time.
inline constexpr std::uint64_t kMarkEvery = 1000;
inline constexpr std::size_t kMarksMax = 21;

class MapSamples {
 public:
  // Remembers the input unless it is among those remembered; says whether it was new. Keeps the
  // newest `keep`.
  bool Offer(store::Position position, std::uint64_t digest, std::size_t keep);
  std::size_t distinct() const { return samples_.size(); }
  // Oldest first.
  std::vector<store::Position> positions() const;

  // A projection of the current map, in units of its own spread.
  void Watch(std::span<const float> projection);
  // Mean square of their running mean, at a rate of 1 / 500; 0 until 1,000 were seen.
  double shift() const;
  void StartWatching();  // a new map

  void Serialise(store::ByteWriter& out) const;
  bool Restore(store::ByteReader& in);
  bool operator==(const MapSamples&) const = default;

 private:
  struct Sample {
    store::Position position = 0;
    std::uint64_t digest = 0;
    bool operator==(const Sample&) const = default;
  };
  std::vector<Sample> samples_;  // oldest first
  std::vector<float> mean_;
  std::uint64_t watched_ = 0;
};

std::uint64_t DigestOf(std::string_view bytes);

}  // namespace sluice::daemon
