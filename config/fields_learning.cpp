// The table of fields: what a router sees of a request and how it learns.
#include <cstdint>
#include <limits>

#include "config/field.h"

namespace sluice::config {

namespace {

using policy::ContextOptions;
using policy::DriftOptions;
using policy::FeatureOptions;
using policy::ModelOptions;
using enum Effect;

constexpr double kRawMax = 1e12;               // of a declared feature, either side of 0
constexpr std::int64_t kCountMax = 1'000'000;  // of labels or decisions

constexpr Field<ContextOptions> kContextRows[] = {
    {.key = "source",
     .shape = Choice{kSourceNames},
     .at = At<&ContextOptions::source>(),
     .effect = kNewRouter,
     .doc = "text: the built-in encoder reads the query. embedding: the caller sends a vector."},
    {.key = "dimension",
     .shape = Whole{1, 1024},
     .at = At<&ContextOptions::dimension>(),
     .effect = kNewRouter,
     .doc = "Length of the embedding; required with source embedding, and only there.",
     .may_be_unset = true},
    {.key = "embedding_model",
     .shape = Label{},
     .at = At<&ContextOptions::embedding_model>(),
     .effect = kNewRouter,
     .doc = "What makes the embeddings, with source embedding; a request that says another is "
            "refused. Not set: none is.",
     .may_be_unset = true},
    {.key = "projection",
     .shape = Choice{kProjectionNames},
     .at = At<&ContextOptions::projection>(),
     .effect = kNewRouter,
     .doc = "fitted: on a map that is learnt from the router's own first queries, until then as "
            "none, or that a warm_start brings. none: text scalars, or the embedding scaled to "
            "length 1; an embedding that is not longer than components has it when nothing is "
            "given. as_given: an embedding whose numbers the caller has standardised."},
    {.key = "components",
     .shape = Whole{1, 64},
     .at = At<&ContextOptions::components>(),
     .effect = kRebuild,
     .doc = "fitted: coordinates of the map, fewer than the embedding's dimension."},
    {.key = "fit_after",
     .shape = Whole{30, 1000},
     .at = At<&ContextOptions::fit_after>(),
     .unit = "queries",
     .doc = "fitted: different queries that the map is learnt from."},
    {.key = "refit_on_shift",
     .shape = Flag{},
     .at = At<&ContextOptions::refit_on_shift>(),
     .doc = "fitted: a new map is learnt when queries have moved half a standard deviation on "
            "average."},
    {.key = "gram_seed",
     .shape = Whole{0, std::numeric_limits<std::uint32_t>::max()},
     .at = At<&ContextOptions::gram_seed>(),
     .effect = kNewRouter,
     .doc = "text, fitted: keys the hash of words, so that two daemons make the same contexts. Not "
            "set: a secret that is drawn once and kept in the log.",
     .may_be_unset = true},
};

constexpr Field<FeatureOptions> kFeatureRows[] = {
    {.key = "name",
     .shape = Name{},
     .at = At<&FeatureOptions::name>(),
     .effect = kNewRouter,
     .doc = "Its key in the request's features.",
     .required = true},
    {.key = "mean",
     .shape = Number{-kRawMax, kRawMax},
     .at = At<&FeatureOptions::mean>(),
     .effect = kNewRouter,
     .doc = "Its usual value."},
    {.key = "sd",
     .shape = Number{1e-12, kRawMax},
     .at = At<&FeatureOptions::sd>(),
     .effect = kNewRouter,
     .doc = "Its usual spread, a standard deviation."},
    {.key = "absent",
     .shape = Number{-kRawMax, kRawMax},
     .at = At<&FeatureOptions::absent>(),
     .effect = kNewRouter,
     .doc = "The value that stands in when a request does not send it."},
};

constexpr Field<FeedbackOptions> kFeedbackRows[] = {
    {.key = "user_weight",
     .shape = Number{0, 1},
     .at = At<&FeedbackOptions::user_weight>(),
     .effect = kRebuild,
     .doc = "Trust in feedback of source user. 0: recorded, not learnt."},
    {.key = "judge_weight",
     .shape = Number{0, 1},
     .at = At<&FeedbackOptions::judge_weight>(),
     .effect = kRebuild,
     .doc = "The same of source judge."},
    {.key = "gateway_weight",
     .shape = Number{0, 1},
     .at = At<&FeedbackOptions::gateway_weight>(),
     .effect = kRebuild,
     .doc = "The same of source gateway."},
    {.key = "override_weight",
     .shape = Number{0, 1},
     .at = At<&FeedbackOptions::override_weight>(),
     .effect = kRebuild,
     .doc = "Factor on all of these where the caller overrode the decision, which selects hard "
            "queries."},
    {.key = "audit_rate",
     .shape = Number{0, 1},
     .at = At<&FeedbackOptions::audit_rate>(),
     .doc = "Share of answers that ask for a judgement."},
    {.key = "default_reward",
     .shape = Number{0, 1},
     .at = At<&FeedbackOptions::default_reward>(),
     .unit = "quality",
     .doc = "Learnt of a decision that nothing is said about, until something is. Not set: nothing "
            "is learnt.",
     .may_be_unset = true},
    {.key = "default_after_s",
     .shape = Whole{1, 365 * 86400},
     .at = At<&FeedbackOptions::default_after_s>(),
     .unit = "s",
     .doc = "Silence after which default_reward is learnt; within revision_days."},
    {.key = "default_weight",
     .shape = Number{0, 1},
     .at = At<&FeedbackOptions::default_weight>(),
     .effect = kRebuild,
     .doc = "Trust in default_reward."},
    {.key = "revision_days",
     .shape = Whole{1, 365},
     .at = At<&FeedbackOptions::revision_days>(),
     .unit = "days",
     .effect = kRebuild,
     .doc = "Feedback that comes later than this after its decision is recorded, not learnt."},
};

constexpr Field<SourceOptions> kSourceRows[] = {
    {.key = "name",
     .shape = Name{},
     .at = At<&SourceOptions::name>(),
     .effect = kRebuild,
     .doc = "What feedback says in source.",
     .required = true},
    {.key = "weight",
     .shape = Number{0, 1},
     .at = At<&SourceOptions::weight>(),
     .effect = kRebuild,
     .doc = "Trust in what it says. 0: recorded, not learnt."},
};

constexpr Field<RouterOptions> kDriftRows[] = {
    {.key = "detect",
     .shape = Flag{},
     .at = At<&RouterOptions::prior, &ModelOptions::drift, &DriftOptions::detect>(),
     .effect = kRebuild,
     .doc = "Whether an arm that is no longer what was learnt of it raises an alarm (a two-sided "
            "CUSUM on standardised residuals)."},
    {.key = "slack",
     .shape = Number{0, 5},
     .at = At<&RouterOptions::prior, &ModelOptions::drift, &DriftOptions::slack>(),
     .unit = "standard deviations",
     .effect = kRebuild,
     .doc = "What a label may be off without being held against its arm."},
    {.key = "threshold",
     .shape = Number{1, 1000},
     .at = At<&RouterOptions::prior, &ModelOptions::drift, &DriftOptions::threshold>(),
     .unit = "standard deviations",
     .effect = kRebuild,
     .doc = "Sum of what is held against it at which the alarm is raised."},
    {.key = "reset_bits",
     .shape = Whole{0, 30},
     .at = At<&RouterOptions::prior, &ModelOptions::drift, &DriftOptions::reset_bits>(),
     .effect = kRebuild,
     .doc = "An alarm divides what was learnt of the arm's quality by 2 to this power."},
    {.key = "cool_down",
     .shape = Whole{0, kCountMax},
     .at = At<&RouterOptions::prior, &ModelOptions::drift, &DriftOptions::cool_down>(),
     .unit = "labels",
     .effect = kRebuild,
     .doc = "After an alarm its arm raises no other for so many of its labels."},
    {.key = "freeze_share",
     .shape = Number{0, 1},
     .at = At<&RouterOptions::prior, &ModelOptions::drift, &DriftOptions::freeze_share>(),
     .effect = kRebuild,
     .doc = "When more than this share of the arms, and at least two, alarm within freeze_labels, "
            "it is the judge that changed: learning freezes. 1: never."},
    {.key = "freeze_labels",
     .shape = Whole{1, kCountMax},
     .at = At<&RouterOptions::prior, &ModelOptions::drift, &DriftOptions::freeze_labels>(),
     .unit = "labels",
     .effect = kRebuild,
     .doc = "Labels of the router among which alarms count together for freeze_share."},
    {.key = "exploration_cap",
     .shape = Number{0, 0.5},
     .at = At<&RouterOptions::alarm, &AlarmOptions::exploration_cap>(),
     .doc = "Mode cap: the cap for exploration_decisions after an alarm; at least cap. 0: cap."},
    {.key = "exploration_decisions",
     .shape = Whole{1, kCountMax},
     .at = At<&RouterOptions::alarm, &AlarmOptions::decisions>(),
     .unit = "decisions",
     .doc = "How long an alarm widens exploration."},
};

constexpr Field<ModelOptions> kPriorRows[] = {
    {.key = "feature_precision",
     .shape = Number{1e-6, 1e6},
     .at = At<&ModelOptions::feature_precision>(),
     .effect = kRebuild,
     .doc = "How firmly each feature is believed to matter little. When not given: 50; with source "
            "embedding 0.64, unless the projection is as_given."},
    {.key = "bias_precision",
     .shape = Number{1e-6, 1e6},
     .at = At<&ModelOptions::bias_precision>(),
     .effect = kRebuild,
     .doc = "How firmly quality_mean is believed, in observations."},
    {.key = "quality_mean",
     .shape = Number{0, 1},
     .at = At<&ModelOptions::quality_mean>(),
     .effect = kRebuild,
     .doc = "Expected quality of an arm that nothing is known of."},
    {.key = "cost_log_ratio_mean",
     .shape = Number{-20, 20},
     .at = At<&ModelOptions::cost_log_ratio_mean>(),
     .effect = kRebuild,
     .doc = "Expected ln(cost / blended list price of 1,000 tokens) of such an arm."},
    {.key = "noise_shape",
     .shape = Number{0.5, 1e6},
     .at = At<&ModelOptions::noise_shape>(),
     .effect = kRebuild,
     .doc = "a0 of the inverse-gamma prior of the noise's variance."},
    {.key = "noise_scale",
     .shape = Number{1e-6, 1e6},
     .at = At<&ModelOptions::noise_scale>(),
     .effect = kRebuild,
     .doc = "b0 of the same; b0 / a0 is the variance that is expected."},
};

}  // namespace

std::span<const Field<policy::ContextOptions>> ContextFields() {
  return kContextRows;
}
std::span<const Field<policy::FeatureOptions>> FeatureFields() {
  return kFeatureRows;
}
std::span<const Field<FeedbackOptions>> FeedbackFields() {
  return kFeedbackRows;
}
std::span<const Field<SourceOptions>> SourceFields() {
  return kSourceRows;
}
std::span<const Field<RouterOptions>> DriftFields() {
  return kDriftRows;
}
std::span<const Field<policy::ModelOptions>> PriorFields() {
  return kPriorRows;
}

}  // namespace sluice::config
