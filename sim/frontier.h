// What a way of choosing reaches at each spend, and the area under it (RouterBench, arXiv
// 2403.12031: AIQ). Pure functions; points are Means of which reward and cost_usd count.
#pragma once

#include <vector>

#include "sim/offline.h"
#include "sim/summary.h"

namespace sluice::sim {

// The upper concave envelope of the points that never falls: cost and reward increase from vertex
// to vertex. Mixing two neighbours blindly reaches everything between them.
std::vector<Mean> EnvelopeOf(std::vector<Mean> points);

// Reward at a spend; that of the first vertex below it, of the last beyond.
double RewardAt(const std::vector<Mean>& envelope, double cost_usd);

// Costs a request, 0 < low < high.
struct CostRange {
  double low_usd = 0;
  double high_usd = 0;
};

// Mean of RewardAt over the range: AIQ; and over the logarithm of cost.
double MeanOverCost(const std::vector<Mean>& envelope, const CostRange& range);
double MeanOverLogCost(const std::vector<Mean>& envelope, const CostRange& range);

// Each arm alone on these rows, by arm; and from the cheapest mean cost to the dearest.
std::vector<Mean> ArmsAlone(const Environment& environment, const std::vector<std::size_t>& rows);
CostRange RangeOf(const std::vector<Mean>& arms);

// What was recorded of these rows, as predictions that are always right.
std::vector<std::vector<Predicted>> Foreknown(const Environment& environment,
                                              const std::vector<std::size_t>& rows);

// The rows at 242 weights of cost: each row goes to the arm whose predicted reward minus weight
// times predicted cost is largest, the first on ties.
std::vector<Mean> SweepOf(const std::vector<std::vector<Predicted>>& predicted,
                          const Environment& environment, const std::vector<std::size_t>& rows,
                          const CostRange& range);

}  // namespace sluice::sim
