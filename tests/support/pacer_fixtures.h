// Arms as the pacer sees them, with heads that are given and not learnt.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "policy/pacer.h"
#include "policy/rng.h"

namespace sluice::test {

// A solution with A = precision I and the given noise.
inline policy::RidgeSolution SolutionOf(std::vector<double> theta, double precision = 1,
                                        double noise_variance = 0.04) {
  const std::size_t d = theta.size();
  policy::RidgeSolution solution;
  solution.u.assign(d * d, 0.0);
  for (std::size_t i = 0; i < d; ++i) {
    solution.u[i * d + i] = std::sqrt(precision);
  }
  solution.theta = std::move(theta);
  solution.a_n = 10;
  solution.b_n = 10 * noise_variance;
  return solution;
}

// Heads of some arms; stays where it is, because PacedArm points into it.
struct HeadsOfArms {
  std::vector<policy::RidgeSolution> quality;
  std::vector<policy::RidgeSolution> cost;
  std::vector<double> list_price_usd;
  std::vector<double> cost_ratio;
  std::vector<double> latency_s;

  void Add(std::vector<double> theta, std::vector<double> phi, double price, double precision = 1) {
    quality.push_back(SolutionOf(std::move(theta), precision));
    cost.push_back(SolutionOf(std::move(phi)));
    list_price_usd.push_back(price);
    cost_ratio.push_back(1);
    latency_s.push_back(0);
  }

  std::vector<policy::PacedArm> Arms() const {
    std::vector<policy::PacedArm> arms;
    for (std::size_t a = 0; a < quality.size(); ++a) {
      arms.push_back({.arm = static_cast<policy::ArmId>(a),
                      .heads = {.quality = &quality[a],
                                .cost = &cost[a],
                                .cost_ratio = cost_ratio[a],
                                .latency_s = latency_s[a]},
                      .list_price_usd = list_price_usd[a]});
    }
    return arms;
  }
};

// Qualities about .7, costs spread over two decades, both leaning on the context.
inline HeadsOfArms RandomHeads(policy::Rng& rng, std::size_t dimension, std::size_t arms,
                               double precision = 1) {
  HeadsOfArms heads;
  for (std::size_t a = 0; a < arms; ++a) {
    std::vector<double> theta(dimension);
    std::vector<double> phi(dimension);
    for (std::size_t j = 0; j + 1 < dimension; ++j) {
      theta[j] = 0.1 * rng.Normal();
      phi[j] = 0.2 * rng.Normal();
    }
    theta[dimension - 1] = 0.6 + 0.3 * rng.Uniform();
    phi[dimension - 1] = -1;
    heads.Add(std::move(theta), std::move(phi), 1e-4 * std::pow(100, rng.Uniform()), precision);
  }
  return heads;
}

}  // namespace sluice::test
