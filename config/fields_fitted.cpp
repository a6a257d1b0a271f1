// The table of fields: what policies that do not learn are told, rules and what was fitted offline.
#include "config/field.h"

namespace sluice::config {

namespace {

constexpr Whole kLength{0, kTextLengthMax};
constexpr double kWeightMax = 1e6;

constexpr Field<RuleOptions> kRuleRows[] = {
    {.key = "name",
     .shape = Name{},
     .at = At<&RuleOptions::name>(),
     .doc = "Tells it from the others.",
     .required = true},
    {.key = "length_min",
     .shape = kLength,
     .at = At<&RuleOptions::length_min>(),
     .unit = "characters",
     .doc = "Shorter texts do not match."},
    {.key = "length_max",
     .shape = kLength,
     .at = At<&RuleOptions::length_max>(),
     .unit = "characters",
     .doc = "Longer texts do not match; a router reads 16 KiB of a text at most."},
    {.key = "keywords",
     .shape = Labels{},
     .at = At<&RuleOptions::keywords>(),
     .doc = "Words of which the text has at least one, in any case: each is lower-case ASCII "
            "letters, digits and _. None: every text of that length matches."},
    {.key = "arm",
     .shape = Name{},
     .at = At<&RuleOptions::arm>(),
     .doc = "The arm that is taken.",
     .required = true},
};

constexpr Field<ClusterOptions> kClusterRows[] = {
    {.key = "name",
     .shape = Name{},
     .at = At<&ClusterOptions::name>(),
     .doc = "Tells it from the others.",
     .required = true},
    {.key = "centroid",
     .shape = Numbers{-kWeightMax, kWeightMax, policy::kContextMax - 1},
     .at = At<&ClusterOptions::centroid>(),
     .doc = "Where it is: one number for each of the context, without the bias.",
     .required = true},
};

constexpr Field<FittedArmOptions> kFittedArmRows[] = {
    {.key = "name",
     .shape = Name{},
     .at = At<&FittedArmOptions::name>(),
     .doc = "The arm's.",
     .required = true},
    {.key = "weights",
     .shape = Numbers{-kWeightMax, kWeightMax, policy::kContextMax},
     .at = At<&FittedArmOptions::weights>(),
     .doc = "logistic: one for each number of the context, the bias last; an answer is good with "
            "probability 1 / (1 + exp(-w'x)). None: the arm is judged by what was learnt of it."},
    {.key = "qualities",
     .shape = Numbers{0, 1, policy::kClustersMax},
     .at = At<&FittedArmOptions::qualities>(),
     .doc = "clusters: expected quality, one for each [[router.cluster]] in their order. None: the "
            "arm is judged by what was learnt of it."},
};

}  // namespace

std::span<const Field<RuleOptions>> RuleFields() {
  return kRuleRows;
}
std::span<const Field<ClusterOptions>> ClusterFields() {
  return kClusterRows;
}
std::span<const Field<FittedArmOptions>> FittedArmFields() {
  return kFittedArmRows;
}

}  // namespace sluice::config
