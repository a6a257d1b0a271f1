#include "policy/exploration.h"

#include <algorithm>
#include <cmath>

namespace sluice::policy {
namespace {

// A share that is not a number, or negative, is no share.
double Sane(double share) {
  return share > 0 && std::isfinite(share) ? share : 0;
}

// e, given what the policy's own distribution puts on the other arms.
double ExplorationRate(double natural, const ExplorationOptions& options) {
  switch (options.mode) {
    case ExplorationMode::kCap:
      return std::min(std::max(natural, options.floor), options.cap);
    case ExplorationMode::kExact:
      return options.epsilon;
    case ExplorationMode::kNatural:
      return natural;
    case ExplorationMode::kOff:
      break;
  }
  return 0;
}

ArmId LargestEntry(const Distribution& distribution, ArmSet eligible) {
  ArmId largest = eligible.First();
  for (ArmId arm : eligible) {
    if (distribution.q32[arm] > distribution.q32[largest]) {
      largest = arm;
    }
  }
  return largest;
}

// Rounds down to fractions of 2^32, but no positive share to 0: whatever can happen has a
// propensity. The remainder goes to the greedy arm; a greedy arm without a share leaves it to the
// largest, which also pays what the kept arms take too much.
Distribution ToFixedPoint(const Shares& shares, ArmSet eligible, ArmId greedy) {
  Distribution distribution;
  std::uint64_t sum = 0;
  for (ArmId arm : eligible) {
    if (shares[arm] > 0) {
      const double scaled = shares[arm] * static_cast<double>(kProbabilityOne);
      distribution.q32[arm] = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(scaled));
      sum += distribution.q32[arm];
    }
  }
  const ArmId balance =
      shares[greedy] > 0 && sum <= kProbabilityOne ? greedy : LargestEntry(distribution, eligible);
  // Modulo 2^64 the difference is right whichever is larger.
  distribution.q32[balance] += kProbabilityOne - sum;
  return distribution;
}

}  // namespace

Distribution Explore(const Shares& base, ArmSet eligible, ArmId greedy,
                     const ExplorationOptions& options) {
  Shares shares{};
  double others = 0;
  for (ArmId arm : eligible) {
    shares[arm] = Sane(base[arm]);
    others += arm == greedy ? 0 : shares[arm];
  }
  const double total = others + shares[greedy];
  const double natural = total > 0 ? others / total : 0;
  const double rate = std::clamp(Sane(ExplorationRate(natural, options)), 0.0, 1.0);
  const double count_others = static_cast<double>(eligible.Size()) - 1;
  for (ArmId arm : eligible) {
    shares[arm] = others > 0 ? rate * (shares[arm] / others) : rate / count_others;
  }
  shares[greedy] = eligible.Size() == 1 ? 1 : 1 - rate;
  return ToFixedPoint(shares, eligible, greedy);
}

ArmId Sample(const Distribution& distribution, ArmSet eligible, std::uint64_t random_bits) {
  const std::uint64_t draw = random_bits >> 32;
  std::uint64_t cumulative = 0;
  for (ArmId arm : eligible) {
    cumulative += distribution.q32[arm];
    if (cumulative > draw) {
      return arm;
    }
  }
  // Unreachable while the distribution sums to 2^32.
  return eligible.First();
}

}  // namespace sluice::policy
