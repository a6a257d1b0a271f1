// Rules about the arms of one router, and about whatever names one.
#include <algorithm>

#include "config/check.h"
#include "config/field.h"
#include "config/suggest.h"

namespace sluice::config {

namespace {

using policy::PolicyKind;

bool IsStartName(std::string_view name) {
  return std::ranges::find(kStartNames, name) != std::end(kStartNames);
}

// One price of a pair is above 0. The fields' names stand in `input` and `output`, below `path`.
struct PricePair {
  double input_usd;
  double output_usd;
  std::string_view input;
  std::string_view output;
};

void CheckPrices(const PricePair& prices, const std::string& path, Findings& findings) {
  const std::string field = JoinPath(path, prices.output);
  if (prices.input_usd != 0 || prices.output_usd != 0) return;
  if (!findings.Sound(field) || !findings.Sound(JoinPath(path, prices.input))) return;
  findings.Add(field, "one of " + std::string(prices.input) + " and " + std::string(prices.output) +
                          " must be above 0: costs are learnt as a multiple of the list price");
}

void CheckPriceChanges(const std::vector<PriceChange>& changes, const std::string& path,
                       Findings& findings) {
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const std::string at = Indexed(path, i);
    CheckPrices({.input_usd = changes[i].input_per_million_usd,
                 .output_usd = changes[i].output_per_million_usd,
                 .input = "input_per_million_usd",
                 .output = "output_per_million_usd"},
                at, findings);
    if (i == 0 || changes[i - 1].from_us < changes[i].from_us) continue;
    if (!findings.Sound(at + ".from") || !findings.Sound(Indexed(path, i - 1) + ".from")) continue;
    findings.Add(at + ".from", "must be later than the change before, " +
                                   ToToml(Moment{}, ToValue(changes[i - 1].from_us)) +
                                   ": the times rise");
  }
}

// Old logs may hold an arm with a name that start has taken since; no new one may have it.
void CheckStart(const RouterOptions& router, std::size_t index, const std::string& path,
                Findings& findings) {
  const ArmOptions& arm = router.arms[index];
  const bool is_new = findings.origin() == Origin::kFile || arm.owner == ArmOwner::kAdmin;
  if (is_new && IsStartName(arm.name)) {
    findings.Add(path + ".name",
                 "must be another name than \"others\" and \"prior\", which mean "
                 "something else where start names an arm");
  }
  if (IsStartName(arm.start)) return;
  if (arm.start == arm.name) {
    return findings.Add(path + ".start", "must be \"others\", \"prior\" or another arm's name");
  }
  CheckArmName(router, arm.start, path + ".start", findings);
}

}  // namespace

void CheckArmName(const RouterOptions& router, const std::string& name, const std::string& field,
                  Findings& findings) {
  if (name.empty() || !findings.Sound(field)) return;
  const auto called = [&](const ArmOptions& arm) { return arm.name == name; };
  if (std::ranges::any_of(router.arms, called)) return;
  std::vector<std::string_view> names;
  for (const ArmOptions& arm : router.arms) names.push_back(arm.name);
  const std::string_view nearest = Nearest(name, names);
  const std::string hint = nearest.empty() ? "" : "; did you mean " + Quote(nearest) + "?";
  findings.Add(field, "this router has no arm " + Quote(name) + hint);
}

void CheckArms(const RouterOptions& router, const std::string& path, Findings& findings) {
  CheckUnique(router.arms, path + ".arm", findings);
  for (std::size_t i = 0; i < router.arms.size(); ++i) {
    const ArmOptions& arm = router.arms[i];
    const std::string at = Indexed(path + ".arm", i);
    CheckPrices({.input_usd = arm.price_input_per_million_usd,
                 .output_usd = arm.price_output_per_million_usd,
                 .input = "price_input_per_million_usd",
                 .output = "price_output_per_million_usd"},
                at, findings);
    CheckPriceChanges(arm.price_changes, at + ".price", findings);
    CheckStart(router, i, at, findings);
  }
  CheckArmName(router, router.fallback_arm, path + ".fallback_arm", findings);
  if (router.policy.kind == PolicyKind::kFixed && router.fixed_arm.empty() &&
      findings.Sound(path + ".fixed_arm")) {
    findings.Add(path + ".fixed_arm", "is missing: policy \"fixed\" needs the name of an arm");
  }
  CheckArmName(router, router.fixed_arm, path + ".fixed_arm", findings);
  CheckArmName(router, router.guard_arm, path + ".baseline_guard.arm", findings);
  for (std::size_t i = 0; i < router.rules.size(); ++i) {
    CheckArmName(router, router.rules[i].arm, Indexed(path + ".rule", i) + ".arm", findings);
  }
  for (std::size_t i = 0; i < router.fitted_arms.size(); ++i) {
    CheckArmName(router, router.fitted_arms[i].name, Indexed(path + ".fitted_arm", i) + ".name",
                 findings);
  }
}

}  // namespace sluice::config
