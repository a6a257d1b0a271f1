// What was fitted offline of the arms, for policies that predict quality with it instead of with
// what is learnt online. Costs are always those that are learnt. Immutable while requests read it.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "policy/types.h"

namespace sluice::policy {

inline constexpr std::size_t kClustersMax = 64;

// Numbers are by dimension of the context. An arm without an entry, or with an empty one, was not
// fitted.
struct FittedOptions {
  // By arm, the bias last: P(good) = 1 / (1 + exp(-w'x)).
  std::vector<std::vector<double>> weights;
  // By cluster, without the bias; all of the same size.
  std::vector<std::vector<double>> centroids;
  // By arm and cluster: expected quality.
  std::vector<std::vector<double>> qualities;
  bool operator==(const FittedOptions&) const = default;
};

// P(good) of an arm. Empty when it was not fitted, or for another dimension. No allocation.
// [logistic.cpp]
std::optional<double> LogisticQuality(const FittedOptions& fitted, ArmId arm,
                                      const Context& context);

// The centroid that is nearest, the first on ties; empty when there is none of this dimension. No
// allocation. [clusters.cpp]
std::optional<std::size_t> NearestCluster(std::span<const std::vector<double>> centroids,
                                          const Context& context);
std::optional<double> ClusterQuality(const FittedOptions& fitted, ArmId arm, std::size_t cluster);

// -- Fitting, offline -----------------------------------------------------------------------------

struct LogisticSample {
  const Context* context = nullptr;
  double target = 0;  // in [0, 1]
  double weight = 1;  // > 0
};

// The largest posterior of w under independent normal priors of mean 0 and these precisions: Newton
// steps, halved while they do not help, from 0. Empty when they cannot be made. [logistic.cpp]
std::optional<std::vector<double>> FitLogistic(std::span<const LogisticSample> samples,
                                               std::span<const double> precision);

// Lloyd's algorithm from k-means++ seeds; the same contexts and seed give the same centroids. At
// most as many as there are different contexts; without the bias. [clusters.cpp]
std::vector<std::vector<double>> FitClusters(std::span<const Context> contexts,
                                             std::size_t clusters, std::uint64_t seed);

}  // namespace sluice::policy
