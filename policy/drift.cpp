#include "policy/drift.h"

#include <algorithm>
#include <cmath>

#include "policy/bytes.h"
#include "policy/check.h"

namespace sluice::policy {
namespace {

constexpr int kVanishedBits = 64;
constexpr int kResetBitsMax = 60;
constexpr std::size_t kStretchesMax = 64;
constexpr double kResidualMax = 3;
constexpr double kLogRatioMax = 3;
constexpr double kRecurrenceThreshold = 8;

}  // namespace

bool Cusum::Add(double z, const DriftOptions& options) {
  if (!std::isfinite(z)) {
    return false;
  }
  z = std::clamp(z, -kResidualMax, kResidualMax);
  up = std::max(0.0, up + z - options.slack);
  down = std::max(0.0, down - z - options.slack);
  if (up <= options.threshold && down <= options.threshold) {
    return false;
  }
  *this = {};
  return true;
}

bool Recurrence::Add(double log_ratio) {
  if (!std::isfinite(log_ratio)) {
    return false;
  }
  sum = std::max(0.0, sum + std::clamp(log_ratio, -kLogRatioMax, kLogRatioMax));
  if (sum <= kRecurrenceThreshold) {
    return false;
  }
  *this = {};
  return true;
}

void ResetHistory::Add(std::uint64_t at, int bits) {
  Check(bits > 0 && bits <= kResetBitsMax, "a reset has 1 to 60 bits");
  Check(resets_.empty() || resets_.back().at <= at, "resets come in order");
  resets_.push_back({0, at, bits});
  int later = 0;  // those after the one that is looked at
  for (auto reset = resets_.end(); reset != resets_.begin();) {
    --reset;
    if (reset->bits == kMissedBits) {
      continue;
    }
    if (later >= kVanishedBits) {
      reset = resets_.erase(reset);
    } else {
      later += reset->bits;
    }
  }
}

std::size_t ResetHistory::Stretches() const {
  return static_cast<std::size_t>(
      std::count_if(resets_.begin(), resets_.end(),
                    [](const Reset& reset) { return reset.bits == kMissedBits; }));
}

bool ResetHistory::Miss(std::uint64_t from, std::uint64_t until) {
  Check(from <= until && (resets_.empty() || resets_.back().at <= until),
        "stretches come in order");
  if (from == until) {
    return true;
  }
  if (Stretches() == kStretchesMax) {
    return false;
  }
  resets_.push_back({from, until, kMissedBits});
  return true;
}

int ResetHistory::BitsSince(std::uint64_t since) const {
  int bits = 0;
  for (const Reset& reset : resets_) {
    bits += reset.from <= since && since < reset.at ? reset.bits : 0;
  }
  return bits;
}

void ResetHistory::Serialise(std::string& out) const {
  AppendValue(out, static_cast<std::uint32_t>(resets_.size()));
  for (const Reset& reset : resets_) {
    AppendValue(out, reset.at);
    AppendValue(out, reset.bits);
    AppendValue(out, reset.from);
  }
}

bool ResetHistory::Restore(std::string_view& in, std::uint64_t end) {
  std::uint32_t size = 0;
  if (!TakeValue(in, size) || size > kVanishedBits + 1 + kStretchesMax) {
    return false;
  }
  resets_.assign(size, {});
  std::uint64_t before = 0;
  for (Reset& reset : resets_) {
    if (!TakeValue(in, reset.at) || !TakeValue(in, reset.bits) || !TakeValue(in, reset.from) ||
        reset.at < before || reset.at >= end) {
      return false;
    }
    const bool missed = reset.bits == kMissedBits && reset.from < reset.at;
    if (!missed && (reset.from > 0 || reset.bits <= 0 || reset.bits > kResetBitsMax)) {
      return false;
    }
    before = reset.at;
  }
  return Stretches() <= kStretchesMax;
}

}  // namespace sluice::policy
