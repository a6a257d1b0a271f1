// RouteLLM's measures (arXiv 2406.18665) of an order in which prompts go to the strong one of two
// models. PGR(x), when the first share x of them does: how much of the difference between the
// models' mean rewards is recovered. Pure functions.
#pragma once

#include <array>
#include <optional>
#include <vector>

namespace sluice::sim {

inline constexpr std::array<double, 3> kRecoveries = {.2, .5, .8};

struct RankingFigures {
  double apgr = 0;                                  // mean of PGR over x in [0, 1], by trapezia
  std::array<double, kRecoveries.size()> shares{};  // least x whose PGR is kRecoveries[i]: CPT
};

// `gains` are strong minus weak, row by row, and `predicted` says whose come first: the largest, in
// the order of the rows where they are equal. Empty when the strong model is not the better one.
std::optional<RankingFigures> FiguresOf(const std::vector<double>& predicted,
                                        const std::vector<double>& gains);

// What the mean over all orders is.
RankingFigures RandomOrder();

}  // namespace sluice::sim
