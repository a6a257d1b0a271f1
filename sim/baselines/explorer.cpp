#include "sim/baselines/explorer.h"

#include <algorithm>

#include "policy/rng.h"

namespace sluice::sim {
namespace {

constexpr std::uint64_t kStream = 0x747279;  // "try"
constexpr double kTries = 3;
constexpr double kRateMin = 0.005;
constexpr double kRateMax = 0.1;
constexpr double kPurseShare = 0.1;  // of the budget, as the next
constexpr double kDebtMax = 20;

}  // namespace

double Explorer::RateOf(policy::ArmId arm) const {
  return std::clamp(kTries / static_cast<double>(labels(arm) + 1), kRateMin, kRateMax);
}

bool Explorer::Pays(double extra_usd, double bank_usd) {
  if (budget_usd_ == 0 || extra_usd <= 0) return true;
  if (extra_usd > purse_usd_ || extra_usd > bank_usd + kDebtMax * budget_usd_) return false;
  purse_usd_ -= extra_usd;
  return true;
}

policy::ArmId Explorer::Try(const BaselineRequest& request, policy::ArmId choice,
                            std::span<const double> costs_usd, double bank_usd) {
  purse_usd_ += kPurseShare * budget_usd_;
  double left = policy::RandomUniform(seed_, request.tick, kStream);
  for (const policy::ArmId arm : request.available) {
    left -= RateOf(arm);
    if (left >= 0) continue;
    return Pays(costs_usd[arm] - costs_usd[choice], bank_usd) ? arm : choice;
  }
  return choice;
}

void Explorer::Learnt(policy::ArmId arm) {
  if (labels_.size() <= arm) labels_.resize(arm + 1, 0);
  ++labels_[arm];
}

}  // namespace sluice::sim
