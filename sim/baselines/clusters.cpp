#include "sim/baselines/clusters.h"

#include <algorithm>
#include <limits>

#include "policy/rng.h"

namespace sluice::sim {
namespace {

constexpr std::uint64_t kStream = 0x6b6d;  // "km"
constexpr int kRounds = 30;

}  // namespace

void Clusters::Fit(std::span<const policy::Context> contexts) {
  Seed(contexts);
  for (int round = 0; round < kRounds; ++round) Move(contexts);
}

// Each next centre is a context, drawn with the square of its distance to those before.
void Clusters::Seed(std::span<const policy::Context> contexts) {
  policy::Rng rng(seed_, kStream);
  centres_ = {contexts[rng.Below(contexts.size())]};
  std::vector<double> squares(contexts.size(), std::numeric_limits<double>::infinity());
  while (centres_.size() < count_) {
    double sum = 0;
    for (std::size_t i = 0; i < contexts.size(); ++i) {
      const double square = (contexts[i] - centres_.back()).squaredNorm();
      squares[i] = std::min(squares[i], square);
      sum += squares[i];
    }
    if (!(sum > 0)) return;
    double left = rng.Uniform() * sum;
    std::size_t drawn = 0;
    while (drawn + 1 < contexts.size() && left >= squares[drawn]) left -= squares[drawn++];
    centres_.push_back(contexts[drawn]);
  }
}

void Clusters::Move(std::span<const policy::Context> contexts) {
  std::vector<policy::Context> sums(centres_.size(),
                                    policy::Context::Zero(centres_.front().size()));
  std::vector<float> counts(centres_.size(), 0);
  for (const policy::Context& context : contexts) {
    const std::size_t cluster = Of(context);
    sums[cluster] += context;
    ++counts[cluster];
  }
  for (std::size_t c = 0; c < centres_.size(); ++c) {
    if (counts[c] > 0) centres_[c] = sums[c] / counts[c];
  }
}

std::size_t Clusters::Of(const policy::Context& context) const {
  std::size_t nearest = 0;
  float least = std::numeric_limits<float>::infinity();
  for (std::size_t c = 0; c < centres_.size(); ++c) {
    const float square = (context - centres_[c]).squaredNorm();
    if (square < least) {
      least = square;
      nearest = c;
    }
  }
  return nearest;
}

}  // namespace sluice::sim
