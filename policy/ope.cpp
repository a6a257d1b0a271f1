#include "policy/ope.h"

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "policy/integrity.h"
#include "policy/rng.h"

namespace sluice::policy {
namespace {

// P(Poisson(1) <= k).
constexpr std::array<double, 18> PoissonTable() {
  std::array<double, 18> table{};
  double term = 0.36787944117144233;  // 1 / e
  double sum = 0;
  for (std::size_t k = 0; k < table.size(); ++k) {
    sum += term;
    table[k] = sum;
    term /= static_cast<double>(k + 1);
  }
  return table;
}
constexpr auto kPoisson = PoissonTable();

std::size_t PoissonOf(double uniform) {
  std::size_t count = 0;
  while (count + 1 < kPoisson.size() && uniform >= kPoisson[count]) ++count;
  return count;
}

double Ratio(double sum, double of) {
  return of > 0 ? sum / of : std::numeric_limits<double>::quiet_NaN();
}

OpeSums SumsOf(const OpeSample& sample) {
  OpeSums sums;
  sums.decisions = 1;
  sums.predicted_evaluated = sample.predicted_evaluated;
  sums.predicted_logged = sample.predicted_logged;
  if (!(sample.label_weight > 0)) return sums;
  const double label = sample.label_weight;
  const double error = sample.value - sample.predicted;
  sums.labels = label;
  sums.weights = label * sample.weight;
  sums.values = label * sample.value;
  sums.weighted_values = label * sample.weight * sample.value;
  sums.errors = label * error;
  sums.weighted_errors = label * sample.weight * error;
  sums.switched_errors = sample.weight <= kOpeSwitchWeight ? sums.weighted_errors : 0;
  return sums;
}

OpeEstimates EstimatesFrom(const OpeSums& sums) {
  const double dm = Ratio(sums.predicted_evaluated, sums.decisions);
  const double dm_logged = Ratio(sums.predicted_logged, sums.decisions);
  const double dr = dm + Ratio(sums.weighted_errors, sums.labels);
  OpeEstimates estimates;
  const auto set = [&](OpeFigure figure, double value) {
    estimates.figures[static_cast<std::size_t>(figure)] = value;
  };
  set(OpeFigure::kIps, Ratio(sums.weighted_values, sums.labels));
  set(OpeFigure::kSnips, Ratio(sums.weighted_values, sums.weights));
  set(OpeFigure::kDm, dm);
  set(OpeFigure::kDr, dr);
  set(OpeFigure::kSwitch, dm + Ratio(sums.switched_errors, sums.labels));
  set(OpeFigure::kLogged, Ratio(sums.values, sums.labels));
  set(OpeFigure::kGain, dr - (dm_logged + Ratio(sums.errors, sums.labels)));
  return estimates;
}

}  // namespace

OpeSample Weigh(const OpeChoice& choice) {
  OpeSample sample;
  const auto one = static_cast<double>(kProbabilityOne);
  sample.weight = 0;
  sample.weight_max = 0;
  for (const ArmId arm : choice.eligible) {
    const auto evaluated = static_cast<double>(choice.evaluated.q32[arm]);
    const auto logged = static_cast<double>(choice.logged.q32[arm]);
    if (logged < kOpeSupportMin * one) {
      sample.unsupported += evaluated / one;
      continue;
    }
    const double weight = evaluated / logged;
    sample.weight_max = std::max(sample.weight_max, weight);
    if (arm == choice.arm) sample.weight = weight;
  }
  return sample;
}

void OpeSums::Add(const OpeSums& sums, double times) {
  decisions += times * sums.decisions;
  predicted_evaluated += times * sums.predicted_evaluated;
  predicted_logged += times * sums.predicted_logged;
  labels += times * sums.labels;
  weights += times * sums.weights;
  values += times * sums.values;
  weighted_values += times * sums.weighted_values;
  errors += times * sums.errors;
  weighted_errors += times * sums.weighted_errors;
  switched_errors += times * sums.switched_errors;
}

std::vector<OpeCluster> ClustersOf(std::span<const OpeSample> samples) {
  std::vector<OpeCluster> clusters;
  std::unordered_map<std::uint64_t, std::size_t> places;
  for (const OpeSample& sample : samples) {
    const auto [place, fresh] = places.try_emplace(sample.cluster, clusters.size());
    if (fresh) clusters.push_back({sample.cluster, {}});
    clusters[place->second].sums.Add(SumsOf(sample), 1);
  }
  return clusters;
}

OpeEstimates EstimatesOf(std::span<const OpeCluster> clusters) {
  OpeSums sums;
  for (const OpeCluster& cluster : clusters) sums.Add(cluster.sums, 1);
  return EstimatesFrom(sums);
}

OpeEstimates Resample(std::span<const OpeCluster> clusters, std::uint64_t seed,
                      std::uint64_t draw) {
  OpeSums sums;
  for (const OpeCluster& cluster : clusters) {
    const std::size_t times = PoissonOf(RandomUniform(seed, cluster.key, draw));
    if (times > 0) sums.Add(cluster.sums, static_cast<double>(times));
  }
  return EstimatesFrom(sums);
}

OpeInterval IntervalOf(std::span<const OpeEstimates> draws, OpeFigure figure) {
  std::vector<double> values;
  values.reserve(draws.size());
  for (const OpeEstimates& draw : draws) values.push_back(draw[figure]);
  // A draw without any label says nothing.
  std::erase_if(values, [](double value) { return !(value == value); });
  if (values.empty()) {
    const double nothing = std::numeric_limits<double>::quiet_NaN();
    return {nothing, nothing};
  }
  std::sort(values.begin(), values.end());
  const std::size_t outside = values.size() / 40;
  return {values[outside], values[values.size() - 1 - outside]};
}

double ShareAboveZero(std::span<const OpeEstimates> draws, OpeFigure figure) {
  const auto above =
      std::count_if(draws.begin(), draws.end(), [&](const auto& draw) { return draw[figure] > 0; });
  return Ratio(static_cast<double>(above), static_cast<double>(draws.size()));
}

OpeDiagnostics Diagnose(std::span<const OpeSample> samples) {
  OpeDiagnostics diagnostics;
  diagnostics.decisions = samples.size();
  diagnostics.clusters = ClustersOf(samples).size();
  double sum = 0;
  double squares = 0;
  double heaviest = 0;
  double weights = 0;
  double unsupported = 0;
  for (const OpeSample& sample : samples) {
    diagnostics.asked += sample.asked ? 1 : 0;
    weights += sample.weight + sample.unsupported;
    unsupported += sample.unsupported;
    if (!(sample.label_weight > 0)) continue;
    ++diagnostics.labels;
    const double weight = sample.label_weight * sample.weight;
    sum += weight;
    squares += weight * weight;
    heaviest = std::max(heaviest, weight);
    diagnostics.weight_max = std::max(diagnostics.weight_max, sample.weight);
  }
  const auto decisions = static_cast<double>(samples.size());
  if (squares > 0) diagnostics.effective = sum * sum / squares;
  if (sum > 0) diagnostics.weight_share = heaviest / sum;
  diagnostics.weight_mean = Ratio(weights, decisions);
  diagnostics.unsupported = Ratio(unsupported, decisions);
  diagnostics.integrity = IntegrityOf(samples);
  return diagnostics;
}

std::vector<OpeRefusal> RefusalsOf(const OpeDiagnostics& diagnostics) {
  std::vector<OpeRefusal> refusals;
  const auto refuse_if = [&](bool wrong, OpeRefusal refusal) {
    if (wrong) refusals.push_back(refusal);
  };
  const auto asked = static_cast<double>(diagnostics.asked);
  refuse_if(diagnostics.labels == 0, OpeRefusal::kNoLabels);
  refuse_if(static_cast<double>(diagnostics.labels) < kOpeJudgedMin * asked, OpeRefusal::kUnjudged);
  refuse_if(diagnostics.effective < kOpeEffectiveMin, OpeRefusal::kEffective);
  refuse_if(diagnostics.weight_share > kOpeWeightShareMax, OpeRefusal::kHeavy);
  refuse_if(diagnostics.integrity > kIntegrityAlarm, OpeRefusal::kIntegrity);
  refuse_if(!(diagnostics.unsupported <= kOpeUnsupportedMax), OpeRefusal::kSupport);
  return refusals;
}

}  // namespace sluice::policy
