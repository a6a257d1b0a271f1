#include "sim/frontier.h"

#include <algorithm>
#include <cmath>

namespace sluice::sim {
namespace {

// Weights of cost from one at which the dearest arm's cost is nothing to one at which the cheapest
// arm's is everything.
constexpr int kWeights = 241;
constexpr double kDearLeast = 1e-4;
constexpr double kCheapMost = 10;

// Where one row goes, by what is predicted of it.
std::size_t BestOf(const std::vector<Predicted>& arms, double weight) {
  const auto best = std::ranges::max_element(
      arms, {}, [weight](const Predicted& arm) { return arm.reward - weight * arm.cost_usd; });
  return static_cast<std::size_t>(best - arms.begin());
}

std::vector<double> WeightsOver(const CostRange& range) {
  const double least = kDearLeast / range.high_usd;
  const double most = kCheapMost / range.low_usd;
  std::vector<double> weights{0};
  for (int i = 0; i < kWeights; ++i) {
    weights.push_back(least * std::pow(most / least, double{1} * i / (kWeights - 1)));
  }
  return weights;
}

// Whether b lies on or under the line from a to c.
bool IsUnder(const Mean& a, const Mean& b, const Mean& c) {
  return (b.reward - a.reward) * (c.cost_usd - a.cost_usd) <=
         (c.reward - a.reward) * (b.cost_usd - a.cost_usd);
}

// The envelope's corners between two costs, and its values at both.
std::vector<Mean> Between(const std::vector<Mean>& envelope, const CostRange& range) {
  const auto [low_usd, high_usd] = range;
  std::vector<Mean> knots{{.reward = RewardAt(envelope, low_usd), .cost_usd = low_usd}};
  for (const Mean& vertex : envelope) {
    if (vertex.cost_usd > low_usd && vertex.cost_usd < high_usd) knots.push_back(vertex);
  }
  knots.push_back({.reward = RewardAt(envelope, high_usd), .cost_usd = high_usd});
  return knots;
}

}  // namespace

std::vector<Mean> EnvelopeOf(std::vector<Mean> points) {
  std::ranges::sort(points, [](const Mean& a, const Mean& b) {
    return a.cost_usd != b.cost_usd ? a.cost_usd < b.cost_usd : a.reward > b.reward;
  });
  std::vector<Mean> vertices;
  for (const Mean& point : points) {
    if (!vertices.empty() && point.reward <= vertices.back().reward) continue;
    while (vertices.size() > 1 && IsUnder(vertices[vertices.size() - 2], vertices.back(), point)) {
      vertices.pop_back();
    }
    vertices.push_back(point);
  }
  return vertices;
}

double RewardAt(const std::vector<Mean>& envelope, double cost_usd) {
  const auto next = std::ranges::upper_bound(envelope, cost_usd, {}, &Mean::cost_usd);
  if (next == envelope.begin()) return envelope.front().reward;
  const Mean& low = *(next - 1);
  if (next == envelope.end()) return low.reward;
  const double share = (cost_usd - low.cost_usd) / (next->cost_usd - low.cost_usd);
  return low.reward + share * (next->reward - low.reward);
}

double MeanOverCost(const std::vector<Mean>& envelope, const CostRange& range) {
  const auto knots = Between(envelope, range);
  double area = 0;
  for (std::size_t i = 1; i < knots.size(); ++i) {
    area +=
        (knots[i].cost_usd - knots[i - 1].cost_usd) * (knots[i].reward + knots[i - 1].reward) / 2;
  }
  return area / (range.high_usd - range.low_usd);
}

double MeanOverLogCost(const std::vector<Mean>& envelope, const CostRange& range) {
  const auto knots = Between(envelope, range);
  double area = 0;
  for (std::size_t i = 1; i < knots.size(); ++i) {
    // A line in cost: level + slope * cost, over d ln(cost).
    const double width = knots[i].cost_usd - knots[i - 1].cost_usd;
    const double slope = (knots[i].reward - knots[i - 1].reward) / width;
    const double level = knots[i].reward - slope * knots[i].cost_usd;
    area += level * std::log(knots[i].cost_usd / knots[i - 1].cost_usd) + slope * width;
  }
  return area / std::log(range.high_usd / range.low_usd);
}

std::vector<Mean> ArmsAlone(const Environment& environment, const std::vector<std::size_t>& rows) {
  std::vector<Mean> arms(environment.arms.size());
  const auto n = static_cast<double>(rows.size());
  for (const std::size_t row : rows) {
    for (std::size_t a = 0; a < arms.size(); ++a) {
      arms[a].reward += environment.tasks[row].outcomes[a].reward / n;
      arms[a].cost_usd += environment.tasks[row].outcomes[a].cost_usd / n;
    }
  }
  return arms;
}

CostRange RangeOf(const std::vector<Mean>& arms) {
  const auto [low, high] = std::ranges::minmax(arms, {}, &Mean::cost_usd);
  return {low.cost_usd, high.cost_usd};
}

std::vector<std::vector<Predicted>> Foreknown(const Environment& environment,
                                              const std::vector<std::size_t>& rows) {
  std::vector<std::vector<Predicted>> known;
  for (const std::size_t row : rows) {
    auto& arms = known.emplace_back();
    for (const Outcome& outcome : environment.tasks[row].outcomes) {
      arms.push_back({outcome.reward, outcome.cost_usd});
    }
  }
  return known;
}

std::vector<Mean> SweepOf(const std::vector<std::vector<Predicted>>& predicted,
                          const Environment& environment, const std::vector<std::size_t>& rows,
                          const CostRange& range) {
  const auto n = static_cast<double>(rows.size());
  std::vector<Mean> points;
  for (const double weight : WeightsOver(range)) {
    Mean& point = points.emplace_back();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Outcome& outcome = environment.tasks[rows[i]].outcomes[BestOf(predicted[i], weight)];
      point.reward += outcome.reward / n;
      point.cost_usd += outcome.cost_usd / n;
    }
  }
  return points;
}

}  // namespace sluice::sim
