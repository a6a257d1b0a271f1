#include "daemon/map_samples.h"

#include <algorithm>

#include "policy/context_map.h"
#include "policy/rng.h"

namespace sluice::daemon {

namespace {

constexpr float kWatchRate = 1.0F / 500;
constexpr std::uint64_t kWatchedMin = 1000;

}  // namespace

bool MapSamples::Offer(store::Position position, std::uint64_t digest, std::size_t keep) {
  const bool known = std::any_of(samples_.begin(), samples_.end(),
                                 [&](const Sample& sample) { return sample.digest == digest; });
  if (known) return false;
  samples_.push_back({position, digest});
  while (samples_.size() > keep) samples_.erase(samples_.begin());
  return true;
}

std::vector<store::Position> MapSamples::positions() const {
  std::vector<store::Position> positions;
  positions.reserve(samples_.size());
  for (const Sample& sample : samples_) positions.push_back(sample.position);
  return positions;
}

void MapSamples::Watch(std::span<const float> projection) {
  mean_.resize(projection.size(), 0);
  for (std::size_t i = 0; i < projection.size(); ++i) {
    mean_[i] += kWatchRate * (projection[i] - mean_[i]);
  }
  ++watched_;
}

double MapSamples::shift() const {
  return watched_ < kWatchedMin ? 0 : policy::InputShift(mean_);
}

void MapSamples::StartWatching() {
  mean_.clear();
  watched_ = 0;
}

void MapSamples::Serialise(store::ByteWriter& out) const {
  out.PutCount(samples_.size());
  for (const Sample& sample : samples_) {
    out.Put(sample.position);
    out.Put(sample.digest);
  }
  out.PutCount(mean_.size());
  out.PutRaw(mean_.data(), mean_.size() * sizeof(float));
  out.Put(watched_);
}

bool MapSamples::Restore(store::ByteReader& in) {
  samples_.resize(in.GetCount(sizeof(Sample)));
  for (Sample& sample : samples_) {
    sample.position = in.Get<store::Position>();
    sample.digest = in.Get<std::uint64_t>();
  }
  mean_.resize(in.GetCount(sizeof(float)));
  in.GetRaw(mean_.data(), mean_.size() * sizeof(float));
  watched_ = in.Get<std::uint64_t>();
  return std::is_sorted(samples_.begin(), samples_.end(),
                        [](const Sample& a, const Sample& b) { return a.position < b.position; });
}

std::uint64_t DigestOf(std::string_view bytes) {
  std::uint64_t digest = bytes.size();
  while (!bytes.empty()) {
    std::uint64_t word = 0;
    const std::size_t size = std::min(bytes.size(), sizeof(word));
    bytes.copy(reinterpret_cast<char*>(&word), size);
    bytes.remove_prefix(size);
    digest = policy::SplitMix64(digest ^ word);
  }
  return digest;
}

}  // namespace sluice::daemon
