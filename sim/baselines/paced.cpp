#include "sim/baselines/paced.h"

#include <algorithm>
#include <cmath>

#include "policy/rng.h"

namespace sluice::sim {
namespace {

constexpr std::uint64_t kThriftStream = 0x746872696674;  // "thrift"
constexpr double kUnknown = 0.7;  // score of arms when nothing is known of any
constexpr std::uint64_t kLabelsMin = 20;

}  // namespace

void FillUnknown(std::span<double> values) {
  double sum = 0;
  double known = 0;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    sum += value;
    ++known;
  }
  const double mean = known > 0 ? sum / known : kUnknown;
  for (double& value : values) {
    if (std::isnan(value)) value = mean;
  }
}

policy::ArmId LargestOf(std::span<const double> values) {
  return static_cast<policy::ArmId>(std::ranges::max_element(values) - values.begin());
}

Paced::Paced(const BaselineOptions& options, double thrift)
    : seed_(options.seed),
      costs_(options.dimension),
      budget_(options.budget_usd, thrift),
      explorer_(options) {}

void Paced::Answer(const BaselineRequest& request, Answers& answers) {
  budget_.Asked();
  const Rated now = RatedNow(request.context, request.arms);
  if (request.available.Size() > 1) Pace(request, now);
  const double thrift = budget_.Thrift(policy::RandomUniform(seed_, request.tick, kThriftStream));
  const bool forced = request.available.Size() == 1;
  policy::ArmId arm = request.available.First();
  if (!forced) arm = Choose(request, now, arms_, thrift);
  if (!forced && !explores()) arm = explorer_.Try(request, arm, now.costs_usd, budget_.bank_usd());
  budget_.Called(request.tick, arm, now.costs_usd[arm]);
  answers.Call(arm);
}

void Paced::Learn(const BaselineLesson& lesson) {
  budget_.Settled(lesson.tick, lesson.arm, lesson.cost_usd);
  costs_.Learn(lesson);
  explorer_.Learnt(lesson.arm);
  Taught(lesson);
}

policy::ArmId Paced::Choose(const BaselineRequest&, const Rated& rated, const Arms& arms,
                            double thrift) {
  return ArmAt(rated, arms, thrift);
}

Paced::Rated Paced::RatedNow(const policy::Context& context, std::span<const ArmFacts> arms) {
  Rated rated{context, std::vector<double>(arms.size()), costs_.ExpectedUsd(context, arms)};
  Score(context, rated.scores);
  FillUnknown(rated.scores);
  return rated;
}

// Whether there are other prices or arms than before.
bool Paced::Notice(const BaselineRequest& request) {
  std::vector<double> prices;
  for (const ArmFacts& arm : request.arms) prices.push_back(BlendedPriceUsd(arm));
  if (prices == prices_ && request.available == arms_.available) return false;
  prices_ = std::move(prices);
  arms_.available = request.available;
  return true;
}

void Paced::Pace(const BaselineRequest& request, const Rated& now) {
  const bool changed = Notice(request);
  if (changed) budget_.Invalidate();
  const bool due = budget_.Due();
  if (changed || (due && !slow())) {
    for (Rated& old : recent_) old = RatedNow(old.context, request.arms);
  }
  PushRecent(now, recent_);
  if (!due) return;
  arms_.ladder = LadderNow(request);
  Compare(recent_, arms_);
  budget_.Solve([this](double thrift) { return SpendAt(thrift); });
}

Ladder Paced::LadderNow(const BaselineRequest& request) const {
  std::vector<double> sums(request.arms.size(), 0.0);
  for (const Rated& rated : recent_) {
    for (std::size_t a = 0; a < sums.size(); ++a) sums[a] += rated.scores[a];
  }
  return LadderOf(request, [&](policy::ArmId below, policy::ArmId arm) {
    return explorer_.labels(arm) < kLabelsMin || sums[arm] > sums[below];
  });
}

double Paced::SpendAt(double thrift) const {
  double sum = 0;
  for (const Rated& rated : recent_) sum += rated.costs_usd[ArmAt(rated, arms_, thrift)];
  return sum / static_cast<double>(recent_.size());
}

}  // namespace sluice::sim
