#include "sim/ranking.h"

#include <algorithm>
#include <numeric>

namespace sluice::sim {
namespace {

// Sums of decimals that ought to be equal may differ in their last bits.
constexpr double kRounding = 1e-9;

}  // namespace

std::optional<RankingFigures> FiguresOf(const std::vector<double>& predicted,
                                        const std::vector<double>& gains) {
  const double whole = std::accumulate(gains.begin(), gains.end(), 0.0);
  if (!(whole > 0)) return std::nullopt;
  std::vector<std::size_t> order(gains.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(
      order, [&](std::size_t a, std::size_t b) { return predicted[a] > predicted[b]; });
  const auto n = static_cast<double>(order.size());
  RankingFigures figures;
  std::array<bool, kRecoveries.size()> reached{};
  double gained = 0;
  for (std::size_t k = 0; k < order.size(); ++k) {
    const double before = gained / whole;
    gained += gains[order[k]];
    const double after = gained / whole;
    figures.apgr += (before + after) / 2 / n;
    for (std::size_t i = 0; i < kRecoveries.size(); ++i) {
      if (reached[i] || after < kRecoveries[i] - kRounding) continue;
      reached[i] = true;
      figures.shares[i] = static_cast<double>(k + 1) / n;
    }
  }
  return figures;
}

RankingFigures RandomOrder() {
  return {.apgr = .5, .shares = kRecoveries};
}

}  // namespace sluice::sim
