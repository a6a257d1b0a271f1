#include "policy/integrity.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "policy/bytes.h"

namespace sluice::policy {
namespace {

constexpr double kStakeMax = 0.98;  // of what one has: never everything
constexpr double kTooLarge = 0x1.0p+400;
constexpr int kTooLargeBits = 400;
constexpr std::int32_t kExponentMax = 1 << 30;
constexpr double kLn2 = 0.69314718055994531;

double LogOfMean(double a, double b) {
  const double larger = std::max(a, b);
  return larger + std::log((1 + std::exp(std::min(a, b) - larger)) / 2);
}

bool IsAmount(double value) {
  return std::isfinite(value) && value >= 0;
}

}  // namespace

void Integrity::Purse::Bet(double gain, double stake_max) {
  double stake = 1;
  double sum = 0;
  for (double& won : winnings) {
    stake /= 2;
    won *= 1 + std::min(stake, stake_max) * gain;
    sum += won;
  }
  if (sum < kTooLarge || exponent >= kExponentMax) {
    return;
  }
  for (double& won : winnings) won = std::ldexp(won, -kTooLargeBits);
  exponent += kTooLargeBits;
}

double Integrity::Purse::Log() const {
  const double sum = std::accumulate(winnings.begin(), winnings.end(), 0.0);
  return std::log(sum / static_cast<double>(kStakes)) + exponent * kLn2;
}

void Integrity::Fold(const DrawnWeight& drawn) {
  // What the other policy puts on arms that could not be drawn is missing from the weight, whatever
  // was drawn.
  const double excess = drawn.weight + drawn.unsupported - 1;
  const double excess_max = drawn.weight_max + drawn.unsupported - 1;
  above_.Bet(excess, 1);
  below_.Bet(-excess, excess_max > 0 ? kStakeMax / excess_max : 1);
  log_most_ = std::max(log_most_, LogOfMean(above_.Log(), below_.Log()));
}

void Integrity::Serialise(std::string& out) const {
  for (const Purse* purse : {&above_, &below_}) {
    AppendDoubles(out, purse->winnings);
    AppendValue(out, purse->exponent);
  }
  AppendValue(out, log_most_);
}

std::optional<Integrity> Integrity::Restore(std::string_view& in) {
  Integrity integrity;
  for (Purse* purse : {&integrity.above_, &integrity.below_}) {
    if (!TakeDoubles(in, purse->winnings) || !TakeValue(in, purse->exponent) ||
        !std::all_of(purse->winnings.begin(), purse->winnings.end(), IsAmount) ||
        purse->exponent < 0 || purse->exponent > kExponentMax) {
      return std::nullopt;
    }
  }
  const bool whole = TakeValue(in, integrity.log_most_) && IsAmount(integrity.log_most_);
  return whole ? std::optional(integrity) : std::nullopt;
}

}  // namespace sluice::policy
