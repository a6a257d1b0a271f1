// Rules between fields: what was made offline for a router, and what it goes with.
#include <algorithm>

#include "config/check.h"
#include "config/field.h"

namespace sluice::config {

namespace {

using policy::ContextSource;
using policy::Objective;
using policy::PolicyKind;
using policy::Projection;

// -- Rules on the text ----------------------------------------------------------------------------

bool IsKeyword(std::string_view word) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !word.empty() && std::ranges::all_of(word, allowed);
}

void CheckRule(const RuleOptions& rule, const std::string& path, Findings& findings) {
  if (rule.length_min > rule.length_max && findings.Sound(path + ".length_min") &&
      findings.Sound(path + ".length_max")) {
    const bool given = findings.Given(path + ".length_max");
    findings.Add(path + (given ? ".length_max" : ".length_min"),
                 "length_min must be at most length_max, but " + std::to_string(rule.length_min) +
                     " > " + std::to_string(rule.length_max));
  }
  const auto wrong = std::ranges::find_if_not(rule.keywords, IsKeyword);
  if (wrong == rule.keywords.end()) return;
  findings.Add(path + ".keywords",
               "must be whole words of lower-case ASCII letters, digits and _, which are looked "
               "for in any case; not " +
                   Quote(*wrong));
}

void CheckRuleTables(const RouterOptions& router, const std::string& path, Findings& findings) {
  const std::string table = path + ".rule";
  CheckUnique(router.rules, table, findings);
  for (std::size_t i = 0; i < router.rules.size(); ++i) {
    CheckRule(router.rules[i], Indexed(table, i), findings);
  }
  const bool reads_text = router.context.source == ContextSource::kText;
  if (router.policy.kind == PolicyKind::kRules && router.rules.empty()) {
    findings.Add(path + ".policy", "\"rules\" needs a [[router.rule]]");
  }
  if (!reads_text && !router.rules.empty()) {
    findings.Add(Indexed(table, 0),
                 "does not go with source \"embedding\": rules look at a request's text, and this "
                 "router gets none");
  }
}

// -- What was fitted ------------------------------------------------------------------------------

bool PredictsOffline(PolicyKind kind) {
  return kind == PolicyKind::kLogistic || kind == PolicyKind::kClusters;
}

// A fitted map makes other contexts of the same requests.
void CheckContextStays(const RouterOptions& router, const std::string& path, Findings& findings) {
  if (router.context.projection != Projection::kFitted) return;
  const bool text = router.context.source == ContextSource::kText;
  findings.Add(path + ".context.projection",
               "must be " + std::string(text ? "\"none\"" : "\"none\" or \"as_given\"") +
                   " with what was fitted offline: it is about one space of contexts, and a map "
                   "that is fitted on the way makes another");
}

void CheckSizeOf(const std::vector<double>& numbers, std::size_t size, const std::string& field,
                 Findings& findings) {
  if (numbers.size() == size || !findings.Sound(field)) return;
  findings.Add(field, "must be an array of " + std::to_string(size) + " numbers, not of " +
                          std::to_string(numbers.size()));
}

void CheckSizes(const RouterOptions& router, const std::string& path, Findings& findings) {
  const std::size_t numbers = RawDimension(router.context) + router.context.features.size();
  for (std::size_t i = 0; i < router.clusters.size(); ++i) {
    CheckSizeOf(router.clusters[i].centroid, numbers, Indexed(path + ".cluster", i) + ".centroid",
                findings);
  }
  for (std::size_t i = 0; i < router.fitted_arms.size(); ++i) {
    const FittedArmOptions& arm = router.fitted_arms[i];
    const std::string at = Indexed(path + ".fitted_arm", i);
    if (!arm.weights.empty()) CheckSizeOf(arm.weights, numbers + 1, at + ".weights", findings);
    if (arm.qualities.empty()) continue;
    CheckSizeOf(arm.qualities, router.clusters.size(), at + ".qualities", findings);
  }
}

// What it promises is measured by what was learnt, and these rank by something else.
void CheckNotMeasured(const RouterOptions& router, const std::string& path, Findings& findings) {
  const std::string policy = Quote(kPolicyNames[static_cast<std::size_t>(router.policy.kind)]);
  const std::string why = " does not go with policy " + policy +
                          ": it is kept by what was learnt, and this policy ranks by what was "
                          "fitted offline";
  const auto check = [&](const policy::ObjectiveOptions& objective, const std::string& at) {
    if (objective.objective != Objective::kCheapestAbove) return;
    findings.Add(at + ".objective", "\"cheapest_above\"" + why);
  };
  check(router.objective, path);
  for (std::size_t i = 0; i < router.plans.size(); ++i) {
    check(router.plans[i].objective, Indexed(path + ".plan", i));
  }
  if (!router.guard_arm.empty()) findings.Add(path + ".baseline_guard.arm", "a guard" + why);
}

void CheckFittedPolicy(const RouterOptions& router, const std::string& path, Findings& findings) {
  const bool logistic = router.policy.kind == PolicyKind::kLogistic;
  const auto fitted = [&](const FittedArmOptions& arm) {
    return !(logistic ? arm.weights : arm.qualities).empty();
  };
  const bool any = std::ranges::any_of(router.fitted_arms, fitted);
  if (logistic && !any) {
    findings.Add(path + ".policy", "\"logistic\" needs a [[router.fitted_arm]] with weights");
  }
  if (!logistic && (!any || router.clusters.empty())) {
    findings.Add(path + ".policy",
                 "\"clusters\" needs a [[router.cluster]] and a [[router.fitted_arm]] with "
                 "qualities");
  }
  CheckNotMeasured(router, path, findings);
}

}  // namespace

void CheckFitted(const RouterOptions& router, const std::string& path, Findings& findings) {
  CheckRuleTables(router, path, findings);
  CheckUnique(router.clusters, path + ".cluster", findings);
  CheckUnique(router.fitted_arms, path + ".fitted_arm", findings);
  const bool given = !router.clusters.empty() || !router.fitted_arms.empty();
  const bool wanted = PredictsOffline(router.policy.kind);
  if (wanted) CheckFittedPolicy(router, path, findings);
  if (!given && !wanted) return;
  CheckContextStays(router, path, findings);
  if (findings.Sound(path + ".context")) CheckSizes(router, path, findings);
}

}  // namespace sluice::config
