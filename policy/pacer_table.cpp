#include "policy/pacer_table.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "policy/lanes.h"
#include "policy/normal.h"
#include "policy/posterior.h"

namespace sluice::policy {
namespace {

// How far above its estimate an arm's average is taken when it may be the best: while an arm has
// few labels it has to be tried, or the floor would be a share of the wrong arm. One that a weight
// of 0 would not try is left to exploration: waiting for it at that weight would be for nothing,
// and with exploration off for ever.
constexpr double kReferenceWidthsMax = 3;
constexpr double kReferenceLabels = 600;
constexpr double kReferenceShare = 0.05;
constexpr std::uint64_t kUnknownLabels = 200;
constexpr double kCaution = 0.5;  // standard deviations that quality is taken below its estimate
constexpr double kDeviationMin = 1e-6;  // of a draw, as in thompson.cpp
constexpr std::size_t kStride = ContextRing::kStride;

// The best of `count` arms in four contexts.
struct Best {
  DoubleLanes score;
  DoubleLanes cost;
  DoubleLanes row;
};

template <bool with_row>
inline Best BestOf(const double* value, const double* cost, std::size_t count, double lambda) {
  const DoubleLanes weight = lambda + DoubleLanes{};
  Best best{LoadLanes(value) - weight * LoadLanes(cost), LoadLanes(cost), DoubleLanes{}};
  for (std::size_t row = 1; row < count; ++row) {
    const DoubleLanes row_cost = LoadLanes(cost + row * kStride);
    const DoubleLanes score = LoadLanes(value + row * kStride) - weight * row_cost;
    const auto better = score > best.score;
    best.score = better ? score : best.score;
    best.cost = better ? row_cost : best.cost;
    if (with_row) {
      best.row = better ? static_cast<double>(row) + DoubleLanes{} : best.row;
    }
  }
  return best;
}

// Of each context's entry in its own row.
DoubleLanes SquareOfRow(const DoubleLanes& rows, const double* entries, std::size_t count) {
  DoubleLanes square = {};
  for (std::size_t row = 0; row < count; ++row) {
    const DoubleLanes entry = LoadLanes(entries + row * kStride);
    square = rows == static_cast<double>(row) + DoubleLanes{} ? entry * entry : square;
  }
  return square;
}

DoubleLanes Root(const DoubleLanes& square) {
  DoubleLanes root = {};
  for (std::size_t lane = 0; lane < kDoubleLanes; ++lane) {
    root[lane] = std::sqrt(square[lane]);
  }
  return root;
}

}  // namespace

void PacerTable::Fill(const ContextRing& ring, std::span<const PacedArm> arms,
                      double latency_weight, bool drawn) {
  ring_ = &ring;
  rows_.clear();
  kept_.clear();
  broken_.clear();
  quality_.resize(arms.size() * kStride);
  value_.resize(arms.size() * kStride);
  cost_.resize(arms.size() * kStride);
  deviation_.resize(arms.size() * kStride);
  for (const PacedArm& arm : arms) {
    const ArmHeads& heads = arm.heads;
    const bool known = heads.quality != nullptr && heads.cost != nullptr;
    if (known && heads.quality->theta.size() == ring.dimension() &&
        heads.cost->theta.size() == ring.dimension()) {
      AddRow(arm, latency_weight, drawn);
    }
  }
}

// Leaves the table as it was when an estimate is not finite.
void PacerTable::AddRow(const PacedArm& arm, double latency_weight, bool drawn) {
  double* const quality = quality_.data() + rows_.size() * kStride;
  double* const value = value_.data() + rows_.size() * kStride;
  double* const cost = cost_.data() + rows_.size() * kStride;
  double* const deviation = deviation_.data() + rows_.size() * kStride;
  ring_->Apply(arm.heads.quality->theta, quality);
  ring_->Apply(arm.heads.cost->theta, cost);
  const float* const bonus = ring_->Bonus(arm.arm);
  const double price = arm.list_price_usd * arm.heads.cost_ratio;
  const double delay = latency_weight * arm.heads.latency_s;
  double sum = 0;
  double check = 0;
  for (std::size_t i = 0; i < ring_->size(); ++i) {
    const double extra = bonus == nullptr ? 0 : static_cast<double>(bonus[i]);
    value[i] = quality[i] + (drawn ? 0 : extra) - delay;
    deviation[i] = std::max(kDeviationMin, extra);
    cost[i] = price * std::exp(std::min(cost[i], kExpectedLogRatioMax));
    sum += quality[i];
    check += std::abs(value[i]) + std::abs(cost[i]);
  }
  if (!std::isfinite(check)) {
    return;
  }
  std::fill(value + ring_->size(), value + kStride, 0.0);
  std::fill(cost + ring_->size(), cost + kStride, 0.0);
  std::fill(deviation + ring_->size(), deviation + kStride, kDeviationMin);
  rows_.push_back(
      {arm.arm, arm.labels, arm.heads.quality, sum / static_cast<double>(ring_->size())});
}

double PacerTable::Spend(double lambda) const {
  DoubleLanes sum = {};
  for (std::size_t i = 0; i < kStride; i += kDoubleLanes) {
    sum += BestOf<false>(value_.data() + i, cost_.data() + i, rows_.size(), lambda).cost;
  }
  return SumOf(sum) / static_cast<double>(ring_->size());
}

double PacerTable::SpendOfDraws(double lambda, const Draws& draws) const {
  if (rows_.size() == 1) {
    return Spend(lambda);
  }
  const DoubleLanes weight = lambda + DoubleLanes{};
  const DoubleLanes least = draws.rate_min + DoubleLanes{};
  const DoubleLanes most = draws.rate_max + DoubleLanes{};
  const double others = static_cast<double>(rows_.size()) - 1;
  const DoubleLanes floors = draws.arm_floor * others + DoubleLanes{};
  DoubleLanes sum = {};
  for (std::size_t i = 0; i < kStride; i += kDoubleLanes) {
    const Best best = BestOf<true>(value_.data() + i, cost_.data() + i, rows_.size(), lambda);
    const DoubleLanes best_variance = SquareOfRow(best.row, deviation_.data() + i, rows_.size());
    DoubleLanes none_higher = 1 + DoubleLanes{};
    DoubleLanes higher = {};
    DoubleLanes higher_cost = {};
    DoubleLanes others_cost = {};
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      const DoubleLanes cost = LoadLanes(cost_.data() + row * kStride + i);
      const DoubleLanes score = LoadLanes(value_.data() + row * kStride + i) - weight * cost;
      const DoubleLanes deviation = LoadLanes(deviation_.data() + row * kStride + i);
      const DoubleLanes apart = Root(deviation * deviation + best_variance);
      const DoubleLanes itself = static_cast<double>(row) + DoubleLanes{};
      const DoubleLanes draw = EvaluateNormal((score - best.score) / apart).distribution;
      const DoubleLanes share = best.row == itself ? DoubleLanes{} : draw;
      none_higher *= 1 - share;
      higher += share;
      higher_cost += share * cost;
      others_cost += best.row == itself ? DoubleLanes{} : cost;
    }
    const DoubleLanes natural = 1 - none_higher;
    const DoubleLanes above = natural > least ? natural : least;
    const DoubleLanes rate = above < most ? above : most;
    const DoubleLanes floor = floors < rate ? floors : rate;  // of e, to all others alike
    sum += best.cost * (1 - rate) + (rate - floor) * (higher_cost / higher) +
           floor * (others_cost / others);
  }
  return SumOf(sum) / static_cast<double>(ring_->size());
}

double PacerTable::Row::Deviation(const Context& average) const {
  const double noise = quality->b_n / quality->a_n;
  return std::sqrt(noise * PredictExactly(*quality, average).variance);
}

PacerTable::BestArm PacerTable::FindBestArm() {
  Choose(0);
  weights_.assign(kStride, 0.0);
  std::fill_n(weights_.begin(), ring_->size(), 1 / static_cast<double>(ring_->size()));
  ring_->Combine(weights_.data(), average_);
  const auto end = chosen_.begin() + static_cast<std::ptrdiff_t>(ring_->size());
  const double tried = kReferenceShare * static_cast<double>(ring_->size());
  double best_mean = -std::numeric_limits<double>::infinity();
  BestArm best{best_mean, {}};
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const Row& row = rows_[i];
    const auto chosen = std::count(chosen_.begin(), end, static_cast<double>(i));
    double quality = row.mean_quality;
    if (static_cast<double>(chosen) >= tried) {
      const double labels = 2 * row.quality->a_n;  // in force, with the prior's
      quality += std::min(kReferenceWidthsMax, kReferenceLabels / labels) * row.Deviation(average_);
    }
    best_mean = std::max(best_mean, row.mean_quality);
    best.quality = std::max(best.quality, quality);
  }
  for (const Row& row : rows_) {
    if (row.labels < kUnknownLabels &&
        row.mean_quality + kReferenceWidthsMax * row.Deviation(average_) >= best_mean) {
      best.unknown.Add(row.arm);
    }
  }
  return best;
}

void PacerTable::Choose(double lambda) {
  chosen_.resize(kStride);
  for (std::size_t i = 0; i < kStride; i += kDoubleLanes) {
    const Best best = BestOf<true>(value_.data() + i, cost_.data() + i, rows_.size(), lambda);
    std::memcpy(chosen_.data() + i, &best.row, sizeof(best.row));
  }
}

bool PacerTable::KeepsQuality(double lambda, double floor) {
  Choose(lambda);
  if (chosen_ == kept_ || chosen_ == broken_) {
    return chosen_ == kept_;
  }
  const double mean = MeanChosenQuality();
  // The variance takes its time.
  const bool keeps =
      mean >= floor && mean - kCaution * std::sqrt(VarianceOfChosenQuality()) >= floor;
  (keeps ? kept_ : broken_) = chosen_;
  return keeps;
}

double PacerTable::MeanChosenQuality() const {
  double sum = 0;
  for (std::size_t i = 0; i < ring_->size(); ++i) {
    sum += quality_[static_cast<std::size_t>(chosen_[i]) * kStride + i];
  }
  return sum / static_cast<double>(ring_->size());
}

double PacerTable::VarianceOfChosenQuality() {
  const double share = 1 / static_cast<double>(ring_->size());
  weights_.assign(kStride, 0.0);
  double variance = 0;
  for (std::size_t row = 0; row < rows_.size(); ++row) {
    bool any = false;
    for (std::size_t i = 0; i < ring_->size(); ++i) {
      const bool chosen = chosen_[i] == static_cast<double>(row);
      weights_[i] = chosen ? share : 0;
      any = any || chosen;
    }
    if (any) {
      ring_->Combine(weights_.data(), average_);
      const double deviation = rows_[row].Deviation(average_);
      variance += deviation * deviation;
    }
  }
  return variance;
}

}  // namespace sluice::policy
