#include "sim/fitting.h"

#include <cmath>
#include <utility>

#include "policy/fitted.h"
#include "policy/model.h"

namespace sluice::sim {
namespace {

constexpr double kFeaturePrecision = 1;
constexpr double kBiasPrecision = 1e-3;
constexpr double kClusterPrior = 5;  // answers

std::vector<double> AbsentFeatures(const daemon::RouterDefinition& definition) {
  std::vector<double> values;
  for (const auto& feature : definition.options.context.features) values.push_back(feature.absent);
  return values;
}

// Empty: the task has not what the router reads.
std::optional<policy::Context> ContextOf(const daemon::RouterDefinition& definition,
                                         const std::vector<double>& features, const Task& task) {
  const policy::ContextOptions& options = definition.options.context;
  if (options.source == policy::ContextSource::kText) {
    if (task.text.empty()) return std::nullopt;
    return definition.context.FromText(task.text, features).context;
  }
  if (task.embedding.size() != options.dimension) return std::nullopt;
  auto encoded = definition.context.FromEmbedding(task.embedding, features);
  return encoded ? std::optional(std::move(encoded->context)) : std::nullopt;
}

// Weighted sums of quality, and how much weight there is.
struct Mean {
  double sum = 0;
  double weight = 0;

  void Add(const FitSample& sample) {
    sum += sample.weight * *sample.quality;
    weight += sample.weight;
  }
};

// The samples of one arm that say something about quality.
template <typename Each>
void ForQualities(const FitSamples& samples, policy::ArmId arm, const Each& each) {
  for (const FitSample& sample : samples.samples) {
    if (sample.arm == arm && sample.quality && sample.weight > 0) each(sample);
  }
}

// By cluster. Empty: nothing is known of the arm.
std::vector<double> Qualities(const FitSamples& samples, policy::ArmId arm,
                              const std::vector<std::size_t>& nearest, std::size_t clusters) {
  Mean overall;
  std::vector<Mean> means(clusters);
  ForQualities(samples, arm, [&](const FitSample& sample) {
    overall.Add(sample);
    means[nearest[sample.context]].Add(sample);
  });
  if (overall.weight == 0) return {};
  const double prior = overall.sum / overall.weight;
  std::vector<double> qualities;
  for (const Mean& mean : means) {
    qualities.push_back((mean.sum + kClusterPrior * prior) / (mean.weight + kClusterPrior));
  }
  return qualities;
}

// Statistics that count as at most so many observations.
std::string Bounded(const policy::ModelOptions& options, const std::string& statistics,
                    double strength) {
  policy::Model model(options);
  model.AddArm({.from = policy::ArmStart::From::kStatistics,
                .statistics = statistics,
                .strength = strength});
  return model.ArmStatistics(0);
}

}  // namespace

std::variant<FitSamples, std::string> SamplesOf(const daemon::RouterDefinition& definition,
                                                const std::vector<Task>& tasks) {
  FitSamples samples;
  const std::vector<double> features = AbsentFeatures(definition);
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    auto context = ContextOf(definition, features, tasks[i]);
    if (!context) {
      return "row " + std::to_string(i + 1) + " of the data has not what the router reads: " +
             (definition.options.context.source == policy::ContextSource::kText
                  ? std::string("a prompt")
                  : "an embedding of " + std::to_string(definition.options.context.dimension) +
                        " numbers with a direction");
    }
    samples.contexts.push_back(*std::move(context));
    for (const policy::ArmId arm : definition.configured) {
      if (arm >= tasks[i].outcomes.size()) continue;
      const Outcome& outcome = tasks[i].outcomes[arm];
      FitSample sample{.context = i, .arm = arm, .quality = outcome.reward, .log_ratio = {}};
      const double ratio = outcome.cost_usd / definition.list_terms[arm].list_price_usd;
      if (std::isfinite(std::log(ratio))) sample.log_ratio = std::log(ratio);
      samples.samples.push_back(sample);
    }
  }
  return samples;
}

daemon::WarmStartFile FitStatistics(const daemon::RouterDefinition& definition,
                                    const FitSamples& samples, std::optional<double> strength) {
  policy::ModelOptions options = definition.model;
  options.drift.detect = false;
  options.half_life = 0;
  policy::Model model(options);
  std::vector<bool> known(definition.arm_names.size());
  for (std::size_t arm = 0; arm < known.size(); ++arm) model.AddArm();
  for (const FitSample& sample : samples.samples) {
    const policy::Context* context = &samples.contexts[sample.context];
    if (sample.quality && sample.weight > 0) {
      known[sample.arm] = true;
      model.Learn({.arm = sample.arm,
                   .context = context,
                   .value = *sample.quality,
                   .weight = sample.weight});
    }
    if (sample.log_ratio) {
      model.LearnCost({.arm = sample.arm, .context = context, .log_ratio = *sample.log_ratio});
    }
  }
  daemon::WarmStartFile file{.context_id = definition.context.id(),
                             .dimension = static_cast<std::uint32_t>(options.dimension),
                             .arms = {}};
  for (std::size_t arm = 0; arm < known.size(); ++arm) {
    if (!known[arm]) continue;
    std::string statistics = model.ArmStatistics(static_cast<policy::ArmId>(arm));
    if (strength) statistics = Bounded(options, statistics, *strength);
    file.arms.push_back({definition.arm_names[arm], std::move(statistics)});
  }
  return file;
}

FittedTables FitLogisticTables(const daemon::RouterDefinition& definition,
                               const FitSamples& samples) {
  std::vector<double> precision(definition.model.dimension, kFeaturePrecision);
  precision.back() = kBiasPrecision;
  FittedTables tables;
  for (const policy::ArmId arm : definition.configured) {
    std::vector<policy::LogisticSample> chosen;
    ForQualities(samples, arm, [&](const FitSample& sample) {
      chosen.push_back({&samples.contexts[sample.context], *sample.quality, sample.weight});
    });
    if (chosen.empty()) continue;
    auto weights = policy::FitLogistic(chosen, precision);
    if (!weights) continue;
    tables.arms.push_back(
        {.name = definition.arm_names[arm], .weights = *std::move(weights), .qualities = {}});
  }
  return tables;
}

FittedTables FitClusterTables(const daemon::RouterDefinition& definition, const FitSamples& samples,
                              std::size_t clusters, std::uint64_t seed) {
  FittedTables tables;
  const auto centroids = policy::FitClusters(samples.contexts, clusters, seed);
  std::vector<std::size_t> nearest;
  for (const policy::Context& context : samples.contexts) {
    nearest.push_back(policy::NearestCluster(centroids, context).value_or(0));
  }
  for (std::size_t c = 0; c < centroids.size(); ++c) {
    tables.clusters.push_back({.name = std::to_string(c), .centroid = centroids[c]});
  }
  for (const policy::ArmId arm : definition.configured) {
    auto qualities = Qualities(samples, arm, nearest, centroids.size());
    if (qualities.empty()) continue;
    tables.arms.push_back(
        {.name = definition.arm_names[arm], .weights = {}, .qualities = std::move(qualities)});
  }
  return tables;
}

}  // namespace sluice::sim
