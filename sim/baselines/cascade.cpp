#include "sim/baselines/cascade.h"

#include <algorithm>

#include "policy/rng.h"

namespace sluice::sim {
namespace {

constexpr std::uint64_t kThriftStream = 0x63617363;  // "casc"
constexpr double kStepsMin = 20;  // before a step may be found not to be worth it

}  // namespace

Cascade::Cascade(const BaselineOptions& options, double thrift)
    : seed_(options.seed), costs_(options.dimension), budget_(options.budget_usd, thrift) {}

void Cascade::Answer(const BaselineRequest& request, Answers& answers) {
  budget_.Asked();
  const std::vector<double> costs_usd = costs_.ExpectedUsd(request.context, request.arms);
  const bool forced = request.available.Size() == 1;
  if (!forced) Pace(request, costs_usd);
  const Ladder ladder = forced ? Ladder{request.available.First()} : ladder_;
  const double thrift = budget_.Thrift(policy::RandomUniform(seed_, request.tick, kThriftStream));
  for (std::size_t i = 0; i < ladder.size(); ++i) {
    const policy::ArmId arm = ladder[i];
    budget_.Called(request.tick, arm, costs_usd[arm]);
    LastAnswer answer{.arm = arm, .confidence = answers.Call(arm)};
    for (std::size_t k = 0; k < i; ++k) answer.agrees |= answers.Agree(ladder[k], arm);
    Saw(i + 1, answer);
    if (i + 1 == ladder.size()) break;
    const policy::ArmId next = ladder[i + 1];
    if (!GoesOn({i + 1, arm, next, costs_usd[next]}, answer, thrift)) break;
  }
}

void Cascade::Learn(const BaselineLesson& lesson) {
  budget_.Settled(lesson.tick, lesson.arm, lesson.cost_usd);
  costs_.Learn(lesson);
  if (last_ && last_->tick == lesson.tick) {
    Gain& gain = gains_[{last_->arm, lesson.arm}];
    gain.sum += lesson.reward - last_->reward;
    ++gain.count;
  }
  last_ = Labelled{lesson.tick, lesson.arm, lesson.reward};
  Taught(lesson);
}

void Cascade::Pace(const BaselineRequest& request, const std::vector<double>& costs_usd) {
  std::vector<double> prices;
  for (const ArmFacts& arm : request.arms) prices.push_back(BlendedPriceUsd(arm));
  if (prices != prices_ || !(request.available == available_)) {
    prices_ = std::move(prices);
    available_ = request.available;
    recent_costs_.clear();
    budget_.Invalidate();
  }
  PushRecent(costs_usd, recent_costs_);
  if (!budget_.Due()) return;
  ladder_ = LadderNow(request);
  budget_.Solve([this](double thrift) { return SpendAt(thrift); });
}

Ladder Cascade::LadderNow(const BaselineRequest& request) const {
  return LadderOf(request, [this](policy::ArmId below, policy::ArmId arm) {
    const auto gain = gains_.find({below, arm});
    return gain == gains_.end() || gain->second.count < kStepsMin || gain->second.sum > 0;
  });
}

double Cascade::MeanCostUsd(policy::ArmId arm) const {
  double sum = 0;
  for (const std::vector<double>& costs : recent_costs_) sum += costs[arm];
  return sum / static_cast<double>(recent_costs_.size());
}

double Cascade::SpendAt(double thrift) const {
  double spend = 0;
  double reached = 1;
  double cost_usd = MeanCostUsd(ladder_.front());
  for (std::size_t i = 0; i < ladder_.size(); ++i) {
    spend += reached * cost_usd;
    if (i + 1 == ladder_.size()) break;
    const policy::ArmId next = ladder_[i + 1];
    cost_usd = MeanCostUsd(next);
    reached *= ShareGoingOn({i + 1, ladder_[i], next, cost_usd}, thrift);
  }
  return spend;
}

}  // namespace sluice::sim
