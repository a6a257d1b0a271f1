#include "sim/baselines/recorded_answers.h"

#include <algorithm>
#include <cmath>

#include "policy/check.h"
#include "policy/rng.h"

namespace sluice::sim {
namespace {

constexpr std::uint64_t kStream = 0x636f6e66;  // "conf"
constexpr double kNoise = 0.1;
constexpr double kApart = 0.05;
constexpr double kRounding = 1e-12;

}  // namespace

double RecordedAnswers::Call(policy::ArmId arm) {
  policy::Check(available_.Has(arm), "a baseline calls available arms only");
  policy::Check(std::ranges::find(called_, arm) == called_.end(), "an arm is called once");
  called_.push_back(arm);
  policy::Rng rng(policy::RandomBits(seed_, tick_, kStream), arm);
  return std::clamp(outcomes_[arm].reward + kNoise * rng.Normal(), 0.0, 1.0);
}

bool RecordedAnswers::Agree(policy::ArmId one, policy::ArmId other) const {
  return std::abs(outcomes_[one].reward - outcomes_[other].reward) <= kApart + kRounding;
}

double RecordedAnswers::paid_usd() const {
  double paid = 0;
  for (const policy::ArmId arm : called_) paid += outcomes_[arm].cost_usd;
  return paid;
}

}  // namespace sluice::sim
