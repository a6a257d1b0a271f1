#include "sim/baselines/budget.h"

#include <algorithm>
#include <cmath>

namespace sluice::sim {
namespace {

// As the product's pacer.
constexpr std::size_t kAskedPerSolve = 10;
constexpr double kHorizon = 100;
constexpr double kTargetMin = 0.1;
constexpr double kTargetMax = 4;
constexpr double kCreditMax = 25;
constexpr double kCreditMaxBinding = 60;
constexpr double kDebtMax = 400;
constexpr double kWeightMin = 1e-3;
constexpr double kWeightMax = 1e6;
constexpr int kBisections = 32;

constexpr std::size_t kOpenMax = 100'000;

std::uint64_t KeyOf(std::uint64_t tick, policy::ArmId arm) {
  return tick * policy::kArmsMax + arm;
}

}  // namespace

double WeightOf(double thrift) {
  return thrift > 0 ? kWeightMin * std::pow(kWeightMax / kWeightMin, thrift) : 0;
}

double ThriftOf(double weight) {
  if (weight <= kWeightMin) return 0;
  return std::min(1.0, std::log(weight / kWeightMin) / std::log(kWeightMax / kWeightMin));
}

double Budget::target_usd() const {
  return std::clamp(usd_ + bank_usd_ / kHorizon, kTargetMin * usd_, kTargetMax * usd_);
}

void Budget::Credit(double usd) {
  const double most = tight_ > 0 ? kCreditMaxBinding : kCreditMax;
  bank_usd_ = std::clamp(bank_usd_ + usd, -kDebtMax * usd_, most * usd_);
}

void Budget::Asked() {
  Credit(usd_);
  ++asked_since_solve_;
}

void Budget::Called(std::uint64_t tick, policy::ArmId arm, double expected_usd) {
  if (!keeps()) return;
  Credit(-expected_usd);
  open_[KeyOf(tick, arm)] = expected_usd;
  if (open_.size() > kOpenMax) open_.erase(open_.begin());
}

void Budget::Settled(std::uint64_t tick, policy::ArmId arm, double actual_usd) {
  const auto open = open_.find(KeyOf(tick, arm));
  if (open == open_.end()) return;
  Credit(open->second - actual_usd);
  open_.erase(open);
}

bool Budget::Due() const {
  return invalid_ || asked_since_solve_ >= kAskedPerSolve;
}

void Budget::Solve(const std::function<double(double thrift)>& spend) {
  invalid_ = false;
  asked_since_solve_ = 0;
  if (!keeps()) return;
  tight_ = loose_ = loose_share_ = 0;
  const double target = target_usd();
  if (spend(0) <= target) return;
  tight_ = 1;
  for (int i = 0; i < kBisections; ++i) {
    const double middle = (tight_ + loose_) / 2;
    (spend(middle) <= target ? tight_ : loose_) = middle;
  }
  const double least = spend(tight_);
  const double most = spend(loose_);
  if (most > least) loose_share_ = std::clamp((target - least) / (most - least), 0.0, 1.0);
}

}  // namespace sluice::sim
