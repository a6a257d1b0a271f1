// Clusters: contexts by nearest centroid, arms by their mean quality in each cluster; Jitkrittum et
// al., "Universal model routing for efficient LLM inference" (UniRoute), arXiv 2502.08773. Fitted
// by Lloyd's k-means from the seeds of Arthur and Vassilvitskii, "k-means++", SODA 2007.

#include <algorithm>
#include <limits>

#include "policy/fitted.h"
#include "policy/rng.h"

namespace sluice::policy {
namespace {

constexpr int kRoundsMax = 100;

double SquaredDistance(std::span<const double> centroid, const Context& context) {
  double sum = 0;
  for (std::size_t i = 0; i < centroid.size(); ++i) {
    const double apart = centroid[i] - static_cast<double>(context[static_cast<Eigen::Index>(i)]);
    sum += apart * apart;
  }
  return sum;
}

// Without the bias.
std::vector<double> CentroidAt(const Context& context) {
  return {context.data(), context.data() + context.size() - 1};
}

// Each next one is drawn in proportion to its squared distance from those before.
std::vector<std::vector<double>> Seeds(std::span<const Context> contexts, std::size_t clusters,
                                       Rng& rng) {
  std::vector<std::vector<double>> seeds;
  std::vector<double> apart(contexts.size(), std::numeric_limits<double>::infinity());
  std::size_t next = rng.Below(contexts.size());
  while (true) {
    seeds.push_back(CentroidAt(contexts[next]));
    double sum = 0;
    for (std::size_t i = 0; i < contexts.size(); ++i) {
      apart[i] = std::min(apart[i], SquaredDistance(seeds.back(), contexts[i]));
      sum += apart[i];
    }
    if (seeds.size() >= clusters || !(sum > 0)) {
      return seeds;
    }
    double left = rng.Uniform() * sum;
    for (std::size_t i = 0; i < contexts.size() && left >= 0; ++i) {
      next = apart[i] > 0 ? i : next;
      left -= apart[i];
    }
  }
}

// A cluster that has lost all its contexts stays where it is.
void MoveToMeans(std::span<const Context> contexts, std::span<const std::size_t> nearest,
                 std::vector<std::vector<double>>& centroids) {
  std::vector<std::vector<double>> sums(centroids.size(),
                                        std::vector<double>(centroids.front().size(), 0.0));
  std::vector<double> counts(centroids.size(), 0.0);
  for (std::size_t i = 0; i < contexts.size(); ++i) {
    std::vector<double>& sum = sums[nearest[i]];
    for (std::size_t j = 0; j < sum.size(); ++j) {
      sum[j] += static_cast<double>(contexts[i][static_cast<Eigen::Index>(j)]);
    }
    counts[nearest[i]] += 1;
  }
  for (std::size_t c = 0; c < centroids.size(); ++c) {
    for (std::size_t j = 0; j < sums[c].size() && counts[c] > 0; ++j) {
      centroids[c][j] = sums[c][j] / counts[c];
    }
  }
}

}  // namespace

std::optional<std::size_t> NearestCluster(std::span<const std::vector<double>> centroids,
                                          const Context& context) {
  std::optional<std::size_t> nearest;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t c = 0; c < centroids.size(); ++c) {
    if (centroids[c].size() + 1 != static_cast<std::size_t>(context.size())) {
      return std::nullopt;
    }
    const double apart = SquaredDistance(centroids[c], context);
    if (apart < least) {
      least = apart;
      nearest = c;
    }
  }
  return nearest;
}

std::optional<double> ClusterQuality(const FittedOptions& fitted, ArmId arm, std::size_t cluster) {
  if (arm >= fitted.qualities.size() || cluster >= fitted.qualities[arm].size()) {
    return std::nullopt;
  }
  return fitted.qualities[arm][cluster];
}

std::vector<std::vector<double>> FitClusters(std::span<const Context> contexts,
                                             std::size_t clusters, std::uint64_t seed) {
  if (contexts.empty() || clusters == 0) {
    return {};
  }
  Rng rng(seed);
  std::vector<std::vector<double>> centroids = Seeds(contexts, clusters, rng);
  std::vector<std::size_t> nearest(contexts.size());
  std::vector<std::size_t> before;
  for (int round = 0; round < kRoundsMax && nearest != before; ++round) {
    before = nearest;
    for (std::size_t i = 0; i < contexts.size(); ++i) {
      nearest[i] = NearestCluster(centroids, contexts[i]).value_or(0);
    }
    MoveToMeans(contexts, nearest, centroids);
  }
  return centroids;
}

}  // namespace sluice::policy
