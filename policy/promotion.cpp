#include "policy/promotion.h"

#include <algorithm>
#include <cmath>

#include "policy/types.h"

namespace sluice::policy {
namespace {

constexpr double kEffectiveMin = 200;  // (sum w)^2 / sum w^2, before a test may pass
// Decisions that wait for a label. The oldest of more is settled as if none came.
constexpr std::size_t kWaitingMax = 16384;
// Costs count up to this many times what the dearest arm has cost on average in the test so far:
// a bound that is known before the decision, whatever its context.
constexpr double kCostBound = 4;
constexpr std::uint64_t kPlanDecisionsMin = 50;
constexpr double kDayUs = 86400e6;

double Fraction(std::uint64_t q32) {
  return static_cast<double>(q32) / static_cast<double>(kProbabilityOne);
}

// An arm that is drawn so much more rarely than the challenger would draw it may as well not be
// drawn at all: its share is lost to the challenger.
constexpr double kWeightMax = 1e4;

double WeightOf(const ComparedArm& arm) {
  const double weight = static_cast<double>(arm.other_q32) / static_cast<double>(arm.logged_q32);
  return weight > kWeightMax ? 0 : weight;
}

// The share of its choices that the log can say nothing about.
double UnsupportedOf(std::span<const ComparedArm> arms) {
  double share = 0;
  for (const ComparedArm& arm : arms) {
    const bool lost = arm.logged_q32 == 0 || WeightOf(arm) == 0;
    share += lost ? Fraction(arm.other_q32) : 0;
  }
  return share;
}

DrawnWeight DrawnOf(std::span<const ComparedArm> arms, std::size_t chosen) {
  DrawnWeight drawn{
      .weight = WeightOf(arms[chosen]), .unsupported = UnsupportedOf(arms), .weight_max = 0};
  for (const ComparedArm& arm : arms) {
    if (arm.logged_q32 > 0) {
      drawn.weight_max = std::max(drawn.weight_max, WeightOf(arm));
    }
  }
  return drawn;
}

// h_a, small enough for the bound.
double BaselineOf(double expected, double weight) {
  const double clipped = std::isfinite(expected) ? std::clamp(expected, 0.0, 1.0) : 0;
  return weight > 1 ? std::min(clipped, (kStakeBound - 1) / (weight - 1)) : clipped;
}

template <typename Expected>
Stake StakeOf(std::span<const ComparedArm> arms, std::size_t chosen, Expected&& expected) {
  Stake stake;
  for (std::size_t i = 0; i < arms.size(); ++i) {
    if (arms[i].logged_q32 == 0) {
      continue;
    }
    const double weight = WeightOf(arms[i]);
    const double baseline = BaselineOf(expected(arms[i]), weight);
    stake.shift += (weight - 1) * Fraction(arms[i].logged_q32) * baseline;
    if (i == chosen) {
      stake.weight = weight;
      stake.baseline = baseline;
    }
  }
  return stake;
}

// The mean square of the increment if labels were 0 or 1 with the expected means: the most that
// they can vary.
double VarianceOf(std::span<const ComparedArm> arms) {
  const double shift = QualityStake(arms, 0).shift;
  double variance = 0;
  for (const ComparedArm& arm : arms) {
    if (arm.logged_q32 == 0) {
      continue;
    }
    const double weight = WeightOf(arm);
    const double mean = std::clamp(arm.quality, 0.0, 1.0);
    const double expected = shift + (weight - 1) * (mean - BaselineOf(arm.quality, weight));
    const double spread = (weight - 1) * (weight - 1) * mean * (1 - mean);
    variance += Fraction(arm.logged_q32) * (expected * expected + spread);
  }
  return variance / (kStakeBound * kStakeBound);
}

}  // namespace

double LevelOf(double level, std::uint64_t test) {
  const auto k = static_cast<double>(test);
  return level / (k * (k + 1));
}

Stake QualityStake(std::span<const ComparedArm> arms, std::size_t chosen) {
  return StakeOf(arms, chosen, [](const ComparedArm& arm) { return arm.quality; });
}

Stake LossStake(std::span<const ComparedArm> arms, std::size_t chosen) {
  return StakeOf(arms, chosen, [](const ComparedArm& arm) { return 1 - arm.quality; });
}

double IncrementOf(const Stake& stake, double value) {
  return (stake.shift + (stake.weight - 1) * (value - stake.baseline)) / kStakeBound;
}

double WorstIncrementOf(const Stake& stake) {
  return IncrementOf(stake, stake.weight < 1 ? 1 : 0);
}

PromotionTest::PromotionTest(Kind kind, const PromotionOptions& options, double level)
    : kind_(kind), options_(options), level_(level) {}

double PromotionTest::log_e_needed() const {
  return -std::log(level_);
}

void PromotionTest::Decided(const ComparedDecision& decision) {
  if (verdict_ != PromotionVerdict::kOpen) {
    return;
  }
  BetOnCost(decision);
  if (counts_.decisions == 0) {
    counts_.first_us = decision.time_us;
  }
  ++counts_.decisions;
  counts_.last_us = std::max(counts_.last_us, decision.time_us);
  counts_.variance += VarianceOf(decision.arms);
  const DrawnWeight drawn = DrawnOf(decision.arms, decision.chosen);
  counts_.unsupported += drawn.unsupported;
  integrity_.Fold(drawn);
  if (decision.asked) {
    ++counts_.asked;
    waiting_.push_back({.key = decision.key,
                        .time_us = decision.time_us,
                        .session = decision.session,
                        .quality = QualityStake(decision.arms, decision.chosen),
                        .loss = LossStake(decision.arms, decision.chosen),
                        .closed = false,
                        .value = {}});
    if (waiting_.size() > kWaitingMax) {
      SettleFirst();
    }
  }
  PassTime(decision.time_us);
}

// (1 + margin) of what is spent, less what the challenger would spend, as expected at the decision:
// by the estimates that are calibrated on bills and that budgets are paced by. No label is needed,
// and nothing is drawn: what varies are the requests.
void PromotionTest::BetOnCost(const ComparedDecision& decision) {
  double dearest = 0;
  for (const ComparedArm& arm : decision.arms) {
    dearest = std::max(dearest, arm.cost_usd);
  }
  const double bound = kCostBound * counts_.dearest_usd /
                       static_cast<double>(std::max<std::uint64_t>(1, counts_.decisions));
  double cost = 0;
  double other = 0;
  for (const ComparedArm& arm : decision.arms) {
    const double counted = bound > 0 ? std::min(arm.cost_usd, bound) : arm.cost_usd;
    cost += Fraction(arm.logged_q32) * counted;
    other += Fraction(arm.other_q32) * counted;
  }
  counts_.cost_usd += cost;
  counts_.other_cost_usd += other;
  counts_.dearest_usd += dearest;
  if (bound > 0 && kind_ == Kind::kTest) {
    cost_.Fold(decision.session, ((1 + options_.margin) * cost - other) / bound);
  }
}

void PromotionTest::Labelled(std::uint64_t key, std::optional<double> quality) {
  const auto found = std::lower_bound(
      waiting_.begin(), waiting_.end(), key,
      [](const Waiting& waiting, std::uint64_t wanted) { return waiting.key < wanted; });
  if (found == waiting_.end() || found->key != key || found->closed) {
    return;
  }
  found->closed = true;
  found->value = quality;
  SettleClosed();
}

void PromotionTest::PassTime(std::uint64_t now_us) {
  const std::uint64_t window_us = options_.judged_within_s * std::uint64_t{1'000'000};
  SettleClosed();
  while (!waiting_.empty() && verdict_ == PromotionVerdict::kOpen &&
         waiting_.front().time_us + window_us < now_us) {
    SettleFirst();
    SettleClosed();
  }
  Judge();
}

void PromotionTest::SettleClosed() {
  while (!waiting_.empty() && waiting_.front().closed && verdict_ == PromotionVerdict::kOpen) {
    SettleFirst();
  }
}

void PromotionTest::SettleFirst() {
  const Waiting first = waiting_.front();
  waiting_.pop_front();
  if (!first.value) {
    ++counts_.missing;
    // Everybody counts, and nobody was asked: silence says nothing.
    if (options_.labels == PromotionLabels::kAll) {
      return;
    }
    quality_.Fold(first.session, WorstIncrementOf(first.quality));
    worse_.Fold(first.session, WorstIncrementOf(first.loss));
    return;
  }
  const double value = std::clamp(*first.value, 0.0, 1.0);
  const double increment = IncrementOf(first.quality, value);
  ++counts_.labels;
  counts_.weights += first.quality.weight;
  counts_.squares += first.quality.weight * first.quality.weight;
  counts_.gain += increment * kStakeBound;
  quality_.Fold(first.session, increment);
  worse_.Fold(first.session, IncrementOf(first.loss, 1 - value));
  Judge();
}

void PromotionTest::Judge() {
  if (verdict_ != PromotionVerdict::kOpen) {
    return;
  }
  const double needed = log_e_needed();
  const bool better = quality_.log_e() >= needed;
  if (kind_ == Kind::kWatch) {
    verdict_ = better ? PromotionVerdict::kBetter : PromotionVerdict::kOpen;
  } else if (worse_.log_e() >= needed) {
    verdict_ = PromotionVerdict::kWorse;
  } else if (better && cost_.log_e() >= needed && counts_.labels >= options_.labels_min &&
             counts_.effective() >= kEffectiveMin && !integrity_.Doubted()) {
    verdict_ = PromotionVerdict::kBetter;
  }
}

// The best single bet on the gain that is assumed: log E grows by about
// share * gain - share^2 * variance / 2 a label, from -log 12 on.
std::optional<PromotionPlan> PromotionTest::Plan(double label_rate) const {
  if (counts_.decisions < kPlanDecisionsMin || counts_.last_us <= counts_.first_us ||
      !(label_rate > 0)) {
    return std::nullopt;
  }
  const auto decisions = static_cast<double>(counts_.decisions);
  const double gain = options_.gain_assumed / kStakeBound;
  const double variance = counts_.variance / decisions;
  double growth = 0;
  double share = 1;
  for (std::size_t j = 0; j < kBets; ++j) {
    share /= 2;
    growth = std::max(growth, share * gain - share * share * variance / 2);
  }
  if (!(growth > 0) || counts_.variance == 0) {
    return std::nullopt;
  }
  const double labels = (std::log(static_cast<double>(kBets)) + log_e_needed()) / growth;
  const double days = static_cast<double>(counts_.last_us - counts_.first_us) / kDayUs;
  PromotionPlan plan;
  plan.labels = std::max(std::ceil(labels), static_cast<double>(options_.labels_min));
  plan.days = plan.labels / (label_rate * decisions / days);
  return plan;
}

}  // namespace sluice::policy
