#include "policy/exploration.h"

#include <algorithm>
#include <cmath>

namespace sluice::policy {
namespace {

// A share that is not a number, or negative, is no share.
double Sane(double share) {
  return share > 0 && std::isfinite(share) ? share : 0;
}

double SaneRate(double rate) {
  return std::min(Sane(rate), 1.0);
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

// What `base` puts on the arms other than `greedy`.
double SumOfOthers(const Shares& base, ArmSet eligible, ArmId greedy) {
  double others = 0;
  for (ArmId arm : eligible) {
    others += arm == greedy ? 0 : Sane(base[arm]);
  }
  return others;
}

}  // namespace

double ExplorationRate(double natural, const ExplorationOptions& options, double cap) {
  switch (options.mode) {
    case ExplorationMode::kCap:
      return SaneRate(std::min(std::max(natural, options.floor), cap >= 0 ? cap : options.cap));
    case ExplorationMode::kExact:
      return SaneRate(options.epsilon);
    case ExplorationMode::kNatural:
      return SaneRate(natural);
    case ExplorationMode::kOff:
      break;
  }
  return 0;
}

double AllowedRate(double rate, const ExplorationOptions& options,
                   const ExplorationBounds& bounds) {
  const double floor = options.mode == ExplorationMode::kCap ? Sane(options.floor) : 0;
  const double allowance = bounds.allowance > floor ? bounds.allowance : floor;
  return std::min(rate, allowance) * SaneRate(bounds.scale);
}

Shares OtherShares(const Shares& base, ArmSet eligible, ArmId greedy) {
  const double sum = SumOfOthers(base, eligible, greedy);
  const double count = static_cast<double>(eligible.Size()) - 1;
  Shares others{};
  for (ArmId arm : eligible) {
    if (arm != greedy) {
      others[arm] = sum > 0 ? Sane(base[arm]) / sum : 1 / count;
    }
  }
  return others;
}

double NaturalRate(const Shares& base, ArmSet eligible, ArmId greedy) {
  const double others = SumOfOthers(base, eligible, greedy);
  const double total = others + Sane(base[greedy]);
  return total > 0 ? others / total : 0;
}

Shares MixIn(const Shares& others, ArmSet eligible, ArmId greedy, double rate, double arm_floor) {
  const double count = static_cast<double>(eligible.Size()) - 1;
  const double floors = rate > 0 ? std::min(1.0, Sane(arm_floor) * count / rate) : 0;
  Shares shares{};
  for (ArmId arm : eligible) {
    if (arm != greedy) {
      shares[arm] = rate * ((1 - floors) * others[arm] + floors / count);
    }
  }
  shares[greedy] = count > 0 ? 1 - rate : 1;
  return shares;
}

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

Distribution Explore(const Shares& base, ArmSet eligible, ArmId greedy,
                     const ExplorationOptions& options, const ExplorationBounds& bounds) {
  const double natural = NaturalRate(base, eligible, greedy);
  const double wanted = ExplorationRate(natural, options, bounds.cap);
  const double rate = AllowedRate(wanted, options, bounds);
  const Shares others = OtherShares(base, eligible, greedy);
  return ToFixedPoint(MixIn(others, eligible, greedy, rate, options.arm_floor), eligible, greedy);
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
