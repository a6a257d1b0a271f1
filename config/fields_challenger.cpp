// The table of fields: policies that are tried on a router's log.
#include "config/layout.h"

namespace sluice::config {

namespace {

using policy::PolicyOptions;
using policy::PromotionOptions;

constexpr std::string_view kPromotionNames[] = {"recommend", "promote"};
constexpr std::string_view kLabelNames[] = {"audited", "all"};

constexpr Field<ChallengerOptions> kChallengerRows[] = {
    {.key = "name",
     .shape = Name{},
     .at = At<&ChallengerOptions::name>(),
     .doc = "What reports and operators call it.",
     .required = true},
    {.key = "policy",
     .shape = Choice{std::span(kPolicyNames).first<6>()},
     .at = At<&ChallengerOptions::policy, &PolicyOptions::kind>(),
     .doc =
         "How it would rank arms, as policy of the router: from the estimates that were logged."},
    {.key = "alpha",
     .shape = Number{0, 10},
     .at = At<&ChallengerOptions::policy, &PolicyOptions::alpha>(),
     .unit = "standard deviations",
     .doc = "As alpha of the router."},
    {.key = "thompson_scale",
     .shape = Number{0.01, 10},
     .at = At<&ChallengerOptions::policy, &PolicyOptions::thompson_scale>(),
     .doc = "As thompson_scale of the router."},
    {.key = "epsilon",
     .shape = Number{0, 1},
     .at = At<&ChallengerOptions::policy, &PolicyOptions::epsilon>(),
     .doc = "As epsilon of the router."},
    {.key = "gamma",
     .shape = Number{0, 1e6},
     .at = At<&ChallengerOptions::policy, &PolicyOptions::gamma>(),
     .doc = "As gamma of the router."},
    {.key = "fixed_arm",
     .shape = Name{},
     .at = At<&ChallengerOptions::fixed_arm>(),
     .doc = "As fixed_arm of the router.",
     .may_be_unset = true},
    {.key = "promotion",
     .shape = Choice{kPromotionNames},
     .at = At<&ChallengerOptions::promotion, &PromotionOptions::mode>(),
     .doc = "Once it is shown to give more quality at no more cost. recommend: that is written "
            "down. promote: it takes the policy's place, until that is shown to do better."},
    {.key = "labels",
     .shape = Choice{kLabelNames},
     .at = At<&ChallengerOptions::promotion, &PromotionOptions::labels>(),
     .doc = "audited: what source judge says of answers that asked for a judgement; one that never "
            "comes counts against the challenger. all: what anybody says; declares that neither "
            "who is labelled nor how soon depends on the arm."},
    {.key = "level",
     .shape = Number{1e-6, 0.5},
     .at = At<&ChallengerOptions::promotion, &PromotionOptions::level>(),
     .doc = "Largest chance that a challenger which is not better is ever promoted. The k-th test "
            "of the router gets level / (k (k + 1)) of it."},
    {.key = "margin",
     .shape = Number{0, 1},
     .at = At<&ChallengerOptions::promotion, &PromotionOptions::margin>(),
     .doc = "Share of what is spent that the challenger may be expected to spend more; 0 takes one "
            "that is cheaper."},
    {.key = "labels_min",
     .shape = Whole{1, 1'000'000'000},
     .at = At<&ChallengerOptions::promotion, &PromotionOptions::labels_min>(),
     .unit = "labels",
     .doc = "Not promoted before it has so many."},
    {.key = "judged_within_s",
     .shape = Whole{1, 365 * 86400},
     .at = At<&ChallengerOptions::promotion, &PromotionOptions::judged_within_s>(),
     .unit = "s",
     .doc = "Labels are counted in the order of the decisions; how long they wait for one."},
    {.key = "gain_assumed",
     .shape = Number{0.0001, 1},
     .at = At<&ChallengerOptions::promotion, &PromotionOptions::gain_assumed>(),
     .unit = "quality",
     .doc = "What it is assumed to gain where labels and days that a test will take are told."},
};

}  // namespace

std::span<const Field<ChallengerOptions>> ChallengerFields() {
  return kChallengerRows;
}

}  // namespace sluice::config
