#include "sim/evaluate.h"

#include <algorithm>
#include <thread>
#include <unordered_set>
#include <utility>

#include "api/service.h"
#include "policy/rng.h"
#include "sim/frozen.h"
#include "sim/progress.h"

namespace sluice::sim {
namespace {

using policy::OpeFigure;
using policy::OpeSample;
using store::DecisionRecord;
using store::Position;

policy::Distribution LoggedDistribution(const DecisionRecord& record) {
  policy::Distribution distribution;
  for (const store::ArmShare& share : record.shares) {
    distribution.q32[share.arm] = share.probability_q32;
  }
  return distribution;
}

// Known from the record alone; what a failover is, its outcomes tell.
std::optional<Excluded> ExclusionOf(const DecisionRecord& record) {
  const auto reason = static_cast<api::Reason>(record.reason);
  if (reason == api::Reason::kOverride || !record.learnable) return Excluded::kOverride;
  if (record.observed_arm) return Excluded::kObserved;
  if (reason == api::Reason::kFallback) return Excluded::kFallback;
  if (record.shares.size() < 2) return Excluded::kForced;
  return std::nullopt;
}

// A measure's predictions for the eligible arms of one decision.
using Predicted = double (*)(const DecisionRecord&, const store::ArmShare&);

double PredictedQuality(const DecisionRecord&, const store::ArmShare& share) {
  return share.mean;
}
double PredictedCost(const DecisionRecord&, const store::ArmShare& share) {
  return share.expected_cost_usd;
}
double PredictedUtility(const DecisionRecord& record, const store::ArmShare& share) {
  return share.mean - record.cost_weight * share.expected_cost_usd;
}

// Both policies on one decision, without labels.
struct Drawn {
  const DecisionRecord& record;
  const policy::Distribution& logged;
  const policy::Distribution& evaluated;
  OpeSample weighed;
};

OpeSample SampleOf(const Drawn& drawn, Predicted predicted) {
  OpeSample sample = drawn.weighed;
  for (const store::ArmShare& share : drawn.record.shares) {
    const double value = predicted(drawn.record, share);
    sample.predicted_evaluated += drawn.evaluated.Probability(share.arm) * value;
    sample.predicted_logged += drawn.logged.Probability(share.arm) * value;
    if (share.arm == drawn.record.arm) sample.predicted = value;
  }
  return sample;
}

// Gathers samples from the decisions after the split.
class Gathering {
 public:
  Gathering(const LoggedRouter& router, const FrozenPolicy& frozen, const EvaluateOptions& options,
            Evaluation& evaluation)
      : router_(router), frozen_(frozen), options_(options), evaluation_(evaluation) {
    for (const std::string& name : router.newest().arm_names) {
      evaluation_.labels.push_back({.arm = name});
    }
    evaluation_.evaluated_shares.resize(router.newest().arm_names.size());
  }

  void Take(const store::DecisionStory& story) {
    const DecisionRecord& record = story.decision;
    if (const auto why = ExclusionOf(record)) return Exclude(*why);
    const daemon::RouterDefinition& then = router_.At(record.policy_version);
    const auto decision = frozen_.Decide(record, then.list_terms, options_.cost_weight);
    if (!decision) {
      const auto eligible = policy::ArmSet::FromBits(record.eligible) & frozen_.arms();
      return Exclude(eligible.Empty() ? Excluded::kNoArm : Excluded::kNoContext);
    }
    const policy::Distribution logged = LoggedDistribution(record);
    Drawn drawn{record, logged, decision->distribution, {}};
    drawn.weighed = policy::Weigh({.eligible = policy::ArmSet::FromBits(record.eligible),
                                   .arm = record.arm,
                                   .logged = logged,
                                   .evaluated = decision->distribution});
    // A failover was drawn like any other.
    draws.push_back(drawn.weighed);
    const daemon::Standing standing = JudgeLogged(router_, story);
    if (standing.served != record.arm || standing.served_unknown) {
      return Exclude(Excluded::kFailover);
    }
    Label(story.position, then.options.feedback.audit_rate, drawn, standing);
  }

  std::vector<OpeSample> draws;  // for the integrity of the propensities
  std::vector<OpeSample> quality;
  std::vector<OpeSample> cost;
  std::vector<OpeSample> utility;

 private:
  void Exclude(Excluded why) { ++evaluation_.excluded[static_cast<std::size_t>(why)]; }

  void Label(Position position, double audit_rate, Drawn& drawn, const daemon::Standing& standing) {
    const DecisionRecord& record = drawn.record;
    // A decision of no session stands for itself.
    drawn.weighed.cluster = record.session != 0 ? record.session : policy::SplitMix64(position);
    if (record.session != 0) sessions_.insert(record.session);
    evaluation_.sessions = sessions_.size();
    const bool audited = record.audit && audit_rate > 0;
    const bool counts = options_.labels_independent || audited;
    const double label_weight = options_.labels_independent ? 1 : audited ? 1 / audit_rate : 0;
    drawn.weighed.asked = audited && !options_.labels_independent;
    const bool judged = standing.quality.has_value();
    const bool billed = standing.billed_usd.has_value();
    const double value = judged ? standing.quality->value : 0;
    const double usd = billed ? *standing.billed_usd : 0;
    const auto add = [&](std::vector<OpeSample>& samples, Predicted predicted, bool known,
                         double said) {
      OpeSample sample = SampleOf(drawn, predicted);
      sample.label_weight = counts && known ? label_weight : 0;
      sample.value = said;
      samples.push_back(sample);
    };
    add(quality, PredictedQuality, judged, value);
    add(cost, PredictedCost, billed, usd);
    add(utility, PredictedUtility, judged && billed, value - record.cost_weight * usd);
    evaluation_.agreement += drawn.evaluated.Probability(record.arm);
    evaluation_.cost_weight_mean += record.cost_weight;

    Trail(drawn, standing);

    LabelCounts& counted = evaluation_.labels[record.arm];
    ++counted.decisions;
    counted.labelled += judged ? 1 : 0;
    counted.billed += billed ? 1 : 0;
    counted.audited += record.audit ? 1 : 0;
    counted.judged += record.audit && judged ? 1 : 0;
  }

  void Trail(const Drawn& drawn, const daemon::Standing& standing) {
    const DecisionRecord& record = drawn.record;
    TraceStep step{.arm = record.arm,
                   .exploration = 1 - drawn.logged.Probability(record.greedy_arm),
                   .explored = record.arm != record.greedy_arm,
                   .cost_weight = record.cost_weight,
                   .labelled = standing.quality.has_value()};
    if (standing.quality) step.reward = standing.quality->value;
    for (const store::ArmShare& share : record.shares) {
      if (share.arm != record.arm) continue;
      step.predicted = share.mean;
      step.cost_usd = standing.billed_usd.value_or(share.expected_cost_usd);
    }
    evaluation_.logged_trace.push_back(step);
    for (std::size_t arm = 0; arm < evaluation_.evaluated_shares.size(); ++arm) {
      evaluation_.evaluated_shares[arm].push_back(
          static_cast<float>(drawn.evaluated.Probability(static_cast<policy::ArmId>(arm))));
    }
  }

  const LoggedRouter& router_;
  const FrozenPolicy& frozen_;
  const EvaluateOptions& options_;
  Evaluation& evaluation_;
  std::unordered_set<std::uint64_t> sessions_;
};

std::vector<policy::OpeEstimates> Bootstrap(const std::vector<policy::OpeCluster>& clusters,
                                            const EvaluateOptions& options, Progress& progress) {
  std::vector<policy::OpeEstimates> draws(policy::kOpeDraws);
  const std::size_t threads =
      options.threads > 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
  const auto work = [&](std::size_t first) {
    for (std::size_t b = first; b < draws.size(); b += threads) {
      draws[b] = policy::Resample(clusters, options.seed, b);
      progress.Add();
    }
  };
  std::vector<std::thread> others;
  for (std::size_t t = 1; t < threads; ++t) others.emplace_back(work, t);
  work(0);
  for (std::thread& thread : others) thread.join();
  return draws;
}

// `value_max`: what labels are never above; none: they have no bound.
void Anytime(std::vector<OpeSample> samples, double value_max, MeasureResult& result) {
  if (result.diagnostics.labels == 0) return;
  result.anytime = policy::AnytimeInterval(samples, value_max);
  for (OpeSample& sample : samples) sample.weight = 1;
  result.anytime_logged = policy::AnytimeInterval(samples, value_max);
}

MeasureResult Measure(const std::vector<OpeSample>& samples, double integrity,
                      const EvaluateOptions& options, Progress& progress) {
  MeasureResult result;
  result.diagnostics = policy::Diagnose(samples);
  result.diagnostics.integrity = integrity;
  result.refusals = policy::RefusalsOf(result.diagnostics);
  const auto clusters = policy::ClustersOf(samples);
  result.estimates = policy::EstimatesOf(clusters);
  const auto draws = Bootstrap(clusters, options, progress);
  for (std::size_t i = 0; i < result.intervals.size(); ++i) {
    result.intervals[i] = policy::IntervalOf(draws, static_cast<OpeFigure>(i));
  }
  result.share_above_zero = policy::ShareAboveZero(draws, OpeFigure::kGain);
  return result;
}

// The largest bill in a part of the log.
std::variant<double, std::string> LargestBill(const store::Store& store, Position up_to) {
  double largest = 0;
  const auto failed = WalkLog(store, {0, up_to}, [&](const store::LogEntry& entry) {
    const auto* outcome = std::get_if<store::OutcomeRecord>(&entry.record);
    if (outcome != nullptr) largest = std::max(largest, outcome->cost_usd.value_or(0));
  });
  if (failed) return *failed;
  return largest;
}

// A bill beyond the bound counts as the bound, and then nothing is known from above.
void AnytimeCost(std::vector<OpeSample> samples, double bound_usd, MeasureResult& result) {
  if (!(bound_usd > 0)) return;
  bool beyond = false;
  for (OpeSample& sample : samples) {
    beyond = beyond || sample.value > bound_usd;
    sample.value = std::min(sample.value, bound_usd);
  }
  if (!beyond) Anytime(std::move(samples), bound_usd, result);
}

std::variant<std::size_t, std::string> Find(const std::vector<LoggedRouter>& routers,
                                            const std::string& name) {
  if (routers.empty()) return "the log has no router";
  if (name.empty() && routers.size() == 1) return std::size_t{0};
  const std::string wanted = name.empty() ? "default" : name;
  std::string known;
  for (std::size_t i = 0; i < routers.size(); ++i) {
    if (routers[i].newest().name() == wanted) return i;
    known += (i == 0 ? "" : ", ") + routers[i].newest().name();
  }
  return "the log has no router \"" + wanted + "\"; pass --router with one of: " + known;
}

// The position that the policy is frozen at.
Position SplitOf(const LoggedRouter& router, const EvaluateOptions& options) {
  const Position first = router.definitions.front().from;
  if (options.train_until) return std::max(first, *options.train_until);
  const double learning = Learns(options.policy.policy.kind) ? .5 : 0;
  const double fraction = std::clamp(options.train_fraction.value_or(learning), 0., 1.);
  const auto count =
      static_cast<std::size_t>(fraction * static_cast<double>(router.decisions.size()));
  return count == 0 ? first : std::max(first, router.decisions[count - 1]);
}

std::optional<std::string> GatherAfter(const store::Store& store, const LoggedRouter& router,
                                       Position split, Gathering& gathering, Progress& progress) {
  const auto first = std::ranges::upper_bound(router.decisions, split);
  for (auto position = first; position != router.decisions.end(); ++position) {
    const auto record = store.DecisionAt(*position);
    if (!record) return record.error().message;
    const auto story = store.FindDecision(record->id);
    if (!story) return story.error().message;
    if (!*story) return "a decision of the log is not in its index";
    gathering.Take(**story);
    progress.Add();
  }
  return std::nullopt;
}

void Describe(const LoggedRouter& router, const FrozenPolicy& frozen,
              const EvaluateOptions& options, Evaluation& evaluation) {
  const daemon::RouterDefinition& newest = router.newest();
  evaluation.router = newest.name();
  evaluation.logged_policy = policy::PolicyKindName(newest.policy.kind);
  evaluation.policy = policy::PolicyKindName(options.policy.policy.kind);
  evaluation.arms_logged = newest.arm_names.size();
  for (const policy::ArmId arm : frozen.arms()) evaluation.arms.push_back(newest.arm_names[arm]);
  evaluation.cost_weight = options.cost_weight;
  const policy::ObjectiveOptions& objective = newest.options.objective;
  if (objective.objective == policy::Objective::kBudget)
    evaluation.budget_usd = objective.budget_usd;
  evaluation.labels_independent = options.labels_independent;
}

void Conclude(const Gathering& gathering, const EvaluateOptions& options, std::FILE* progress,
              Evaluation& evaluation) {
  const auto evaluated = static_cast<double>(gathering.quality.size());
  evaluation.agreement /= evaluated;
  evaluation.cost_weight_mean /= evaluated;
  const double integrity = policy::IntegrityOf(gathering.draws);
  Progress bar(progress, "drawing again", 3 * policy::kOpeDraws);
  evaluation.quality = Measure(gathering.quality, integrity, options, bar);
  evaluation.cost = Measure(gathering.cost, integrity, options, bar);
  evaluation.utility = Measure(gathering.utility, integrity, options, bar);
  Anytime(gathering.quality, 1, evaluation.quality);
  AnytimeCost(gathering.cost, evaluation.cost_bound_usd, evaluation.cost);
}

// One evaluation on its way.
struct Subject {
  const store::Store& store;
  const LoggedRouter& router;
  std::uint32_t id = 0;
  const EvaluateOptions& options;
  std::FILE* progress = nullptr;
};

std::variant<FrozenPolicy, std::string> FreezeAt(const Subject& subject, Position split) {
  const FreezeOptions freeze{.router = subject.id,
                             .policy = subject.options.policy,
                             .until = std::min(split, subject.store.last_position())};
  Progress bar(subject.progress, "learning", freeze.until);
  return Freeze(subject.store, subject.router, freeze, bar);
}

std::variant<Evaluation, std::string> EvaluateAfter(const Subject& subject, Position split,
                                                    const FrozenPolicy& policy) {
  const std::vector<Position>& decisions = subject.router.decisions;
  Evaluation evaluation;
  Describe(subject.router, policy, subject.options, evaluation);
  evaluation.frozen_at = split;
  evaluation.trained =
      static_cast<std::size_t>(std::ranges::upper_bound(decisions, split) - decisions.begin());
  evaluation.decisions = decisions.size() - evaluation.trained;
  const auto bill = LargestBill(subject.store, split);
  if (const auto* problem = std::get_if<std::string>(&bill)) return *problem;
  evaluation.cost_bound_usd = 2 * std::get<double>(bill);

  Gathering gathering(subject.router, policy, subject.options, evaluation);
  Progress bar(subject.progress, "weighing", evaluation.decisions);
  if (auto problem = GatherAfter(subject.store, subject.router, split, gathering, bar)) {
    return *problem;
  }
  if (gathering.quality.empty()) {
    return "after the split there is no decision that was drawn and served as it was drawn";
  }
  Conclude(gathering, subject.options, subject.progress, evaluation);
  return evaluation;
}

}  // namespace

std::variant<Evaluation, std::string> EvaluateLog(const store::Store& store,
                                                  const EvaluateOptions& options,
                                                  std::FILE* progress) {
  auto read = ReadRouters(store);
  if (auto* problem = std::get_if<std::string>(&read)) return std::move(*problem);
  const auto& routers = std::get<std::vector<LoggedRouter>>(read);
  const auto found = Find(routers, options.router);
  if (const auto* problem = std::get_if<std::string>(&found)) return *problem;
  const std::size_t id = std::get<std::size_t>(found);
  const Subject subject{store, routers[id], static_cast<std::uint32_t>(id), options, progress};
  const Position split = SplitOf(subject.router, options);
  const auto frozen = FreezeAt(subject, split);
  if (const auto* problem = std::get_if<std::string>(&frozen)) return *problem;
  return EvaluateAfter(subject, split, std::get<FrozenPolicy>(frozen));
}

}  // namespace sluice::sim
