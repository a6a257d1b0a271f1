#include "sim/fitting.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "policy/fitted.h"
#include "policy/model.h"
#include "sim/progress.h"

namespace sluice::sim {
namespace {

constexpr double kFeaturePrecision = 1;
constexpr double kBiasPrecision = 1e-3;
constexpr double kClusterPrior = 5;  // answers
// Of 300, 500, 700 and 1,000 rows a map gave a warm start .8921, .8928, .8929 and .8927 in the
// first experiment of ParetoBandit, and took .1, .5, 1.5 and 5 s.
constexpr std::size_t kMapRows = 500;

std::vector<double> AbsentFeatures(const daemon::RouterDefinition& definition) {
  std::vector<double> values;
  for (const auto& feature : definition.options.context.features) values.push_back(feature.absent);
  return values;
}

// Empty: the task has not what the router reads.
std::optional<policy::EncodedContext> Encode(const daemon::RouterDefinition& definition,
                                             const std::vector<double>& features,
                                             const Task& task) {
  const policy::ContextOptions& options = definition.options.context;
  if (options.source == policy::ContextSource::kText) {
    if (task.text.empty()) return std::nullopt;
    return definition.context.FromText(task.text, features);
  }
  if (task.embedding.size() != options.dimension) return std::nullopt;
  return definition.context.FromEmbedding(task.embedding, features);
}

// What tells the inputs of two tasks apart.
std::string InputOf(const daemon::RouterDefinition& definition, const Task& task) {
  if (definition.options.context.source == policy::ContextSource::kText) return task.text;
  return {reinterpret_cast<const char*>(task.embedding.data()),
          task.embedding.size() * sizeof(task.embedding[0])};
}

using Raws = std::vector<policy::ContextBuilder::Raw>;  // by task

// Null: they do not make one.
std::shared_ptr<const policy::ContextMap> FitMap(const daemon::RouterDefinition& definition,
                                                 const std::vector<Task>& tasks, const Raws& raws) {
  std::vector<std::size_t> distinct;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (seen.insert(InputOf(definition, tasks[i])).second) distinct.push_back(i);
  }
  const std::size_t count = std::min(distinct.size(), kMapRows);
  Raws rows;
  for (std::size_t k = 0; k < count; ++k)
    rows.push_back(raws[distinct[k * distinct.size() / count]]);
  return definition.context.FitMap(rows, {.components = definition.options.context.components});
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
                                                const std::vector<Task>& tasks,
                                                std::FILE* progress) {
  FitSamples samples;
  Progress bar(progress, "encoding", tasks.size());
  const std::vector<double> features = AbsentFeatures(definition);
  Raws raws;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    auto encoded = Encode(definition, features, tasks[i]);
    if (!encoded) {
      return "row " + std::to_string(i + 1) + " of the data has not what the router reads: " +
             (definition.options.context.source == policy::ContextSource::kText
                  ? std::string("a prompt")
                  : "an embedding of " + std::to_string(definition.options.context.dimension) +
                        " numbers with a direction");
    }
    if (definition.context.fits_maps()) {
      raws.push_back(definition.context.RawOf(encoded->context, 0, encoded->kept));
    }
    samples.contexts.push_back(std::move(encoded->context));
    bar.Add();
    for (const policy::ArmId arm : definition.configured) {
      if (arm >= tasks[i].outcomes.size()) continue;
      const Outcome& outcome = tasks[i].outcomes[arm];
      FitSample sample{.context = i, .arm = arm, .quality = outcome.reward, .log_ratio = {}};
      const double ratio = outcome.cost_usd / definition.list_terms[arm].list_price_usd;
      if (std::isfinite(std::log(ratio))) sample.log_ratio = std::log(ratio);
      samples.samples.push_back(sample);
    }
  }
  if (!definition.context.fits_maps()) return samples;
  samples.map = FitMap(definition, tasks, raws);
  if (samples.map == nullptr) return "the inputs of the data are too few or too alike for a map";
  for (std::size_t i = 0; i < raws.size(); ++i) {
    samples.contexts[i] = definition.context.Mapped(raws[i], samples.contexts[i], *samples.map);
  }
  return samples;
}

daemon::WarmStartFile FitStatistics(const daemon::RouterDefinition& definition,
                                    const FitSamples& samples, std::optional<double> strength) {
  const policy::ContextMap* map = samples.map.get();
  policy::ModelOptions options =
      daemon::ModelOptionsOf(definition, map == nullptr ? 0 : map->components());
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
                             .gram_seed = 0,
                             .context_map = {},
                             .arms = {}};
  if (map != nullptr) {
    map->Serialise(file.context_map);
    file.gram_seed = definition.gram_seed;
  }
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
