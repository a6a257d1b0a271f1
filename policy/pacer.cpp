#include "policy/pacer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

#include "policy/bytes.h"

namespace sluice::policy {
namespace {

// Of the running mean of errors, a label. At 1 / 400 its own noise (.007) moved the floor by as
// much as it is to be kept within.
constexpr double kErrorRate = 1.0 / 2000;
constexpr double kErrorPrior = 50;
constexpr std::uint32_t kPacerVersion = 2;
constexpr std::uint32_t kDecisionsPerSolve = 10;
constexpr std::uint32_t kDecisionsHeld = 100;
constexpr double kHorizon = 100;    // requests over which the bank is spent
constexpr double kTargetMin = 0.1;  // of the budget, as all of these
constexpr double kTargetMax = 4;
constexpr double kCreditMax = 25;  // while nothing is too dear: what is saved then is not kept
// While it binds the credit is what chance has saved, and has to last: with 25 the bank overflows
// in a world whose dear answers cost eight budgets each, and 2 to 4 % of the budget is never spent.
constexpr double kCreditMaxBinding = 60;
constexpr double kCreditMaxRepriced = 10;
constexpr double kDebtMax = 400;
constexpr double kWeightMin = 1e-3;  // per USD
constexpr double kWeightMax = 1e6;
constexpr int kBisections = 32;
constexpr int kDrawsCells = 16;       // of [kWeightMin, kWeightMax] in logarithms
constexpr int kDrawsBisections = 12;  // of one; a step is some ten times dearer than for no draws

double FiniteOrZero(double value) {
  return std::isfinite(value) ? value : 0;
}

template <typename T>
bool AllFinite(std::span<const T> values) {
  return std::all_of(values.begin(), values.end(), [](T v) { return std::isfinite(v); });
}

// In the order of the bytes.
std::array<double, 4> NumbersOf(const ObjectiveOptions& options) {
  return {options.cost_weight, options.latency_weight, options.budget_usd, options.quality_floor};
}

ObjectiveOptions OptionsOf(Objective objective, const std::array<double, 4>& numbers) {
  return {.objective = objective,
          .cost_weight = numbers[0],
          .latency_weight = numbers[1],
          .budget_usd = numbers[2],
          .quality_floor = numbers[3]};
}

struct Bracket {
  double below = 0;  // the condition holds for the lower weight ...
  double above = 0;  // ... and not for this one
};

// Halves the bracket in logarithms; `holds` is taken to be true below some weight in it and false
// above it.
template <typename Holds>
Bracket Bisect(const Holds& holds, const Bracket& in = {kWeightMin, kWeightMax},
               int steps = kBisections) {
  double below = std::log(in.below);
  double above = std::log(in.above);
  for (int i = 0; i < steps; ++i) {
    const double middle = (below + above) / 2;
    (holds(std::exp(middle)) ? below : above) = middle;
  }
  return {std::exp(below), std::exp(above)};
}

// The first cell from below at whose end no more than `target` is spent; where there is none, the
// weight alone at which least is.
template <typename Spend>
Bracket FirstKeeping(const Spend& spend, double target) {
  const double ratio = std::pow(kWeightMax / kWeightMin, 1.0 / kDrawsCells);
  double least = std::numeric_limits<double>::infinity();
  double cheapest = kWeightMin;
  double weight = kWeightMin;
  for (int cell = 0; cell <= kDrawsCells; ++cell, weight *= ratio) {
    const double usd = spend(weight);
    if (usd <= target) {
      return {cell == 0 ? weight : weight / ratio, weight};
    }
    if (usd < least) {
      least = usd;
      cheapest = weight;
    }
  }
  return {cheapest, cheapest};
}

}  // namespace

Pacer::Pacer(const ObjectiveOptions& options) {
  SetOptions(options);
}

void Pacer::SetOptions(const ObjectiveOptions& options) {
  held_ = options == options_ ? held_ : 0;
  options_ = options;
  invalid_ = true;
  if (options.objective != Objective::kBudget) {
    target_usd_ = 0;
    exploration_scale_ = 1;
  }
  if (options.objective != Objective::kCheapestAbove) {
    sought_ = ArmSet();
  }
  if (options.objective == Objective::kCostWeight) {
    cost_weight_ = options.cost_weight;
  }
}

void Pacer::NoteReset() {
  invalid_ = true;
  const bool holds = options_.objective == Objective::kCheapestAbove && cost_weight_ > 0;
  if (holds && held_ == 0) {
    held_ = kDecisionsHeld;
  }
}

void Pacer::Reprice() {
  invalid_ = true;
  held_ = 0;
  bank_usd_ = std::min(bank_usd_, kCreditMaxRepriced * options_.budget_usd);
}

void Pacer::Credit(double usd) {
  if (options_.objective == Objective::kBudget) {
    const double credit_max = cost_weight_ > 0 ? kCreditMaxBinding : kCreditMax;
    bank_usd_ = std::clamp(bank_usd_ + FiniteOrZero(usd), -kDebtMax * options_.budget_usd,
                           credit_max * options_.budget_usd);
  }
}

// Where nothing was explored, the surcharge of exploring is what it was before.
double Pacer::FullSurchargeUsd(const PacedDecision& decision) const {
  const double full = decision.surcharge_usd / decision.exploration_scale;
  return decision.exploration_scale > 0 && std::isfinite(full) ? full : ring_.MeanSurchargeUsd();
}

void Pacer::Decided(const PacedDecision& decision) {
  Credit(options_.budget_usd - FiniteOrZero(decision.expected_cost_usd));
  Remember(decision);
}

void Pacer::Remember(const PacedDecision& decision) {
  const std::size_t dimension = decision.context.size();
  if (dimension == 0 || dimension > kContextMax || !AllFinite<float>(decision.context) ||
      !AllFinite<float>(decision.bonus)) {
    return;
  }
  ring_.Push({.context = decision.context,
              .bonus = &decision.bonus,
              .surcharge_usd = FullSurchargeUsd(decision),
              .quality_shift = FiniteOrZero(decision.quality_shift)});
  ++decisions_since_solve_;
  held_ -= held_ > 0 ? 1 : 0;
}

void Pacer::Settled(double expected_cost_usd, double actual_usd) {
  Credit(expected_cost_usd - actual_usd);
}

void Pacer::Labelled(double expected_quality, double quality) {
  const double error = quality - expected_quality;
  if (!std::isfinite(error)) {
    return;
  }
  ++labels_;
  // As if kErrorPrior labels without an error had come before.
  const double rate = std::max(kErrorRate, 1 / (kErrorPrior + static_cast<double>(labels_)));
  quality_error_ += rate * (error - quality_error_);
}

void Pacer::ForgetContexts() {
  ring_.Clear();
  invalid_ = true;
}

void Pacer::RecomputeBonus(const PacedArm& arm, double scale) {
  const RidgeSolution* const quality = arm.heads.quality;
  if (quality == nullptr || quality->theta.size() != ring_.dimension()) {
    return;
  }
  Context context;
  const double noise = quality->b_n / quality->a_n;
  for (std::size_t slot = 0; slot < ring_.size(); ++slot) {
    ring_.CopyContext(slot, context);
    const double width = std::sqrt(noise * PredictExactly(*quality, context).variance);
    ring_.SetBonus(arm.arm, slot, static_cast<float>(FiniteOrZero(scale * width)));
  }
}

void Pacer::ForeseeTrials(const PacedArm& arm, double scale) {
  const RidgeSolution* const cost = arm.heads.cost;
  if (scale == 0 || options_.objective != Objective::kBudget || cost == nullptr ||
      cost->theta.size() != ring_.dimension() || ring_.size() == 0) {
    return;
  }
  std::vector<double> weights(ContextRing::kStride, 0.0);
  std::fill_n(weights.begin(), ring_.size(), 1 / static_cast<double>(ring_.size()));
  Context average;
  ring_.Combine(weights.data(), average);
  const double log_ratio = std::min(MeanExactly(*cost, average), kExpectedLogRatioMax);
  const double expected_usd = arm.list_price_usd * arm.heads.cost_ratio * std::exp(log_ratio);
  if (expected_usd > kTargetMax * options_.budget_usd) {
    RecomputeBonus(arm, scale);
  }
}

bool Pacer::Due() const {
  if (options_.objective == Objective::kCostWeight || ring_.size() == 0) {
    return false;
  }
  return invalid_ || decisions_since_solve_ >= kDecisionsPerSolve;
}

void Pacer::Solve(std::span<const PacedArm> arms, const Draws* draws) {
  if (options_.objective == Objective::kCostWeight || ring_.size() == 0) {
    return;
  }
  invalid_ = false;
  decisions_since_solve_ = 0;
  table_.Fill(ring_, arms, options_.latency_weight, draws != nullptr);
  if (table_.arms() == 0) {
    sought_ = ArmSet();
    return;
  }
  if (options_.objective == Objective::kCheapestAbove) {
    SolveCheapestAbove();
    return;
  }
  const double budget = options_.budget_usd;
  target_usd_ = std::clamp(budget + bank_usd_ / kHorizon, kTargetMin * budget, kTargetMax * budget);
  SolveBudget(draws);
}

void Pacer::SolveBudget(const Draws* draws) {
  const double surcharge = ring_.MeanSurchargeUsd();
  const auto spend = [&](double weight) {
    return draws != nullptr ? table_.SpendOfDraws(weight, *draws)
                            : table_.Spend(weight) + surcharge;
  };
  const auto too_dear = [&](double weight) { return spend(weight) > target_usd_; };
  cost_weight_ = 0;
  if (too_dear(0)) {
    cost_weight_ = draws == nullptr
                       ? Bisect(too_dear).above
                       : Bisect(too_dear, FirstKeeping(spend, target_usd_), kDrawsBisections).above;
  }
  exploration_scale_ = 1;
  const double greedy_usd = table_.Spend(cost_weight_);
  const double exploring_usd = spend(cost_weight_) - greedy_usd;
  if (exploring_usd > 0 && too_dear(cost_weight_)) {
    // Even the cheapest arms leave too little for exploring.
    exploration_scale_ = std::max(0.0, (target_usd_ - greedy_usd) / exploring_usd);
  }
}

void Pacer::SolveCheapestAbove() {
  const PacerTable::BestArm best = table_.FindBestArm();
  sought_ = best.unknown;
  if (held_ > 0) {
    return;
  }
  const double floor =
      options_.quality_floor * best.quality - ring_.MeanQualityShift() - quality_error_;
  const auto keeps = [&](double weight) { return table_.KeepsQuality(weight, floor); };
  if (!keeps(0)) {
    cost_weight_ = 0;
  } else {
    cost_weight_ = keeps(kWeightMax) ? kWeightMax : Bisect(keeps).below;
  }
}

void Pacer::Serialise(std::string& out) const {
  AppendValue(out, kPacerVersion);
  AppendValue(out, static_cast<std::uint8_t>(options_.objective));
  AppendDoubles(out, NumbersOf(options_));
  AppendDoubles(
      out, std::array{cost_weight_, bank_usd_, target_usd_, exploration_scale_, quality_error_});
  AppendValue(out, sought_.bits());
  AppendValue(out, labels_);
  AppendValue(out, static_cast<std::uint8_t>(invalid_));
  AppendValue(out, decisions_since_solve_);
  AppendValue(out, held_);
  ring_.Serialise(out);
}

std::optional<Pacer> Pacer::Restore(std::string_view& in, const ObjectiveOptions& options) {
  std::uint32_t version = 0;
  std::uint8_t objective = 0;
  std::array<double, 4> numbers;
  std::array<double, 5> state;
  std::uint64_t sought = 0;
  std::uint64_t labels = 0;
  std::uint8_t invalid = 0;
  std::uint32_t since = 0;
  std::uint32_t held = 0;
  if (!TakeValue(in, version) || version != kPacerVersion || !TakeValue(in, objective) ||
      !TakeDoubles(in, numbers) || !TakeDoubles(in, state) || !TakeValue(in, sought) ||
      !TakeValue(in, labels) || !TakeValue(in, invalid) || !TakeValue(in, since) ||
      !TakeValue(in, held) || held > kDecisionsHeld ||
      objective > static_cast<std::uint8_t>(Objective::kCheapestAbove) || invalid > 1 ||
      !AllFinite<double>(numbers) || !AllFinite<double>(state) || state[0] < 0 || state[2] < 0 ||
      state[3] < 0 || state[3] > 1) {
    return std::nullopt;
  }
  std::optional<ContextRing> ring = ContextRing::Restore(in);
  if (!ring) {
    return std::nullopt;
  }
  const auto written = OptionsOf(static_cast<Objective>(objective), numbers);
  Pacer pacer(written);
  std::tie(pacer.cost_weight_, pacer.bank_usd_, pacer.target_usd_, pacer.exploration_scale_) =
      std::tie(state[0], state[1], state[2], state[3]);
  pacer.sought_ = ArmSet::FromBits(sought);
  pacer.quality_error_ = state[4];
  pacer.labels_ = labels;
  pacer.invalid_ = invalid != 0;
  pacer.decisions_since_solve_ = since;
  pacer.held_ = held;
  pacer.ring_ = std::move(*ring);
  if (options != written) {
    pacer.SetOptions(options);
  }
  return pacer;
}

}  // namespace sluice::policy
