#include "policy/drift.h"

#include <algorithm>
#include <cmath>

#include "policy/bytes.h"
#include "policy/check.h"

namespace sluice::policy {
namespace {

constexpr int kVanishedBits = 64;
constexpr int kResetBitsMax = 60;

}  // namespace

bool Cusum::Add(double z, const DriftOptions& options) {
  if (!std::isfinite(z)) {
    return false;
  }
  up = std::max(0.0, up + z - options.slack);
  down = std::max(0.0, down - z - options.slack);
  if (up <= options.threshold && down <= options.threshold) {
    return false;
  }
  *this = {};
  return true;
}

void ResetHistory::Add(std::uint64_t at, int bits) {
  Check(bits > 0 && bits <= kResetBitsMax, "a reset has 1 to 60 bits");
  Check(resets_.empty() || resets_.back().at <= at, "resets come in order");
  resets_.push_back({at, bits});
  int later = bits;  // those after the one that is looked at
  auto oldest = resets_.end() - 1;
  while (oldest != resets_.begin() && later < kVanishedBits) {
    --oldest;
    later += oldest->bits;
  }
  resets_.erase(resets_.begin(), oldest);
}

int ResetHistory::BitsSince(std::uint64_t since) const {
  int bits = 0;
  for (const Reset& reset : resets_) {
    bits += since < reset.at ? reset.bits : 0;
  }
  return bits;
}

void ResetHistory::Serialise(std::string& out) const {
  AppendValue(out, static_cast<std::uint32_t>(resets_.size()));
  for (const Reset& reset : resets_) {
    AppendValue(out, reset.at);
    AppendValue(out, reset.bits);
  }
}

bool ResetHistory::Restore(std::string_view& in, std::uint64_t end) {
  std::uint32_t size = 0;
  if (!TakeValue(in, size) || size > kVanishedBits + 1) {
    return false;
  }
  resets_.assign(size, {});
  std::uint64_t before = 0;
  for (Reset& reset : resets_) {
    if (!TakeValue(in, reset.at) || !TakeValue(in, reset.bits) || reset.at < before ||
        reset.at >= end || reset.bits <= 0 || reset.bits > kResetBitsMax) {
      return false;
    }
    before = reset.at;
  }
  return true;
}

}  // namespace sluice::policy
