#include "daemon/eligibility.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/ceilings.h"
#include "daemon/decisions.h"
#include "daemon/refusal.h"

namespace sluice::daemon {

namespace {

using api::Narrowing;
using api::Problem;
using policy::ArmId;
using policy::ArmSet;

// Near a ceiling: arms that cost at most this many times the cheapest.
constexpr double kNearlyCheapest = 1.2;
constexpr int kRetryAtCeilingS = 600;

Problem UnknownArm(const std::string& pointer) {
  return Refusal(404, "Unknown arm",
                 "the router has no arm of this name; GET /v1/routers/{name} lists them", pointer);
}

Problem NothingLeft(const std::string& pointer, const std::string& what) {
  return Refusal(422, "No eligible arm", what + " leaves no arm to choose from", pointer);
}

std::optional<ArmId> ConfiguredArm(const RouterDefinition& definition, const std::string& name) {
  const auto found = definition.arm_ids.find(name);
  if (found == definition.arm_ids.end() || !definition.configured.Has(found->second)) {
    return std::nullopt;
  }
  return found->second;
}

// The arms that a list names; a Problem for the first name that is none.
std::variant<ArmSet, Problem> Named(const RouterDefinition& definition,
                                    const std::vector<std::string>& names,
                                    const std::string& pointer) {
  ArmSet named;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto arm = ConfiguredArm(definition, names[i]);
    if (!arm) return UnknownArm(pointer + "/" + std::to_string(i));
    named.Add(*arm);
  }
  return named;
}

bool HasAll(const config::ArmOptions& arm, const std::vector<std::string>& needs) {
  return std::all_of(needs.begin(), needs.end(), [&](const std::string& need) {
    return std::find(arm.capabilities.begin(), arm.capabilities.end(), need) !=
           arm.capabilities.end();
  });
}

ArmSet Capable(const RouterDefinition& definition, const std::vector<std::string>& needs) {
  ArmSet capable;
  for (const ArmId arm : definition.configured) {
    if (HasAll(definition.arms[arm], needs)) capable.Add(arm);
  }
  return capable;
}

ArmSet Without(ArmSet arms, ArmSet removed) {
  return ArmSet::FromBits(arms.bits() & ~removed.bits());
}

// Keeps the arms of `allowed` and says what narrowed when one fell away.
void Keep(ArmSet allowed, Narrowing narrowing, Eligible& eligible) {
  const ArmSet kept = eligible.arms & allowed;
  if (!(kept == eligible.arms)) {
    eligible.narrowed_by |= BitOf(narrowing);
  }
  eligible.arms = kept;
}

// Names of the caller: allow, deny, needs.
std::optional<Problem> NarrowByCaller(const RouterDefinition& definition,
                                      const api::RouteRequest& request, Eligible& eligible) {
  if (request.allow) {
    auto allowed = Named(definition, *request.allow, "/allow");
    if (auto* problem = std::get_if<Problem>(&allowed)) return std::move(*problem);
    Keep(std::get<ArmSet>(allowed), Narrowing::kAllow, eligible);
    if (eligible.arms.Empty()) return NothingLeft("/allow", "allow");
  }
  if (!request.deny.empty()) {
    auto denied = Named(definition, request.deny, "/deny");
    if (auto* problem = std::get_if<Problem>(&denied)) return std::move(*problem);
    Keep(Without(eligible.arms, std::get<ArmSet>(denied)), Narrowing::kDeny, eligible);
    if (eligible.arms.Empty()) return NothingLeft("/deny", "deny");
  }
  if (!request.needs.empty()) {
    Keep(Capable(definition, request.needs), Narrowing::kNeeds, eligible);
    if (eligible.arms.Empty()) return NothingLeft("/needs", "needs");
  }
  return std::nullopt;
}

double OutputCostMaxUsd(const config::ArmOptions& arm, const api::RouteRequest& request) {
  return request.output_tokens_max.value_or(0) * arm.price_output_per_million_usd * 1e-6;
}

ArmSet Affordable(const Narrowed& narrowed) {
  ArmSet affordable;
  for (const ArmId arm : narrowed.router.definition->choosable) {
    if (WorstCostUsd(narrowed, arm) <= *narrowed.request.max_cost_usd) affordable.Add(arm);
  }
  return affordable;
}

// An arm whose latency is not known yet is tried all the same.
ArmSet FastEnough(const Narrowed& narrowed) {
  ArmSet fast;
  const policy::Posterior& posterior = *narrowed.router.posterior;
  for (const ArmId arm : narrowed.router.definition->choosable) {
    const bool known = arm < posterior.arms();
    const double p99_ms = known ? 1e3 * posterior.arm(arm).latency_p99_s : 0;
    if (p99_ms <= *narrowed.request.max_latency_ms) fast.Add(arm);
  }
  return fast;
}

std::optional<Problem> NarrowByLimits(const Narrowed& narrowed, Eligible& eligible) {
  if (narrowed.request.max_cost_usd) {
    Keep(Affordable(narrowed), Narrowing::kMaxCost, eligible);
    if (eligible.arms.Empty()) {
      return NothingLeft("/max_cost_usd", "the worst case of every arm's cost is above it: it");
    }
  }
  if (narrowed.request.max_latency_ms) {
    Keep(FastEnough(narrowed), Narrowing::kMaxLatency, eligible);
    if (eligible.arms.Empty()) {
      return NothingLeft("/max_latency_ms",
                         "the worst case of every arm's latency is above it: it");
    }
  }
  return std::nullopt;
}

// The eligible arms that cost at most `slack` times what the cheapest of them is expected to.
ArmSet Cheapest(const Narrowed& narrowed, ArmSet arms, double slack) {
  std::array<double, policy::kArmsMax> costs{};
  double least = std::numeric_limits<double>::infinity();
  for (const ArmId arm : arms) {
    const policy::Posterior& posterior = *narrowed.router.posterior;
    const double cost =
        arm < posterior.arms()
            ? posterior.Predict(arm, narrowed.context, narrowed.terms[arm]).expected_cost_usd
            : std::numeric_limits<double>::quiet_NaN();
    costs[arm] = std::isfinite(cost) ? cost : narrowed.terms[arm].list_price_usd;
    least = std::min(least, costs[arm]);
  }
  ArmSet cheapest;
  for (const ArmId arm : arms) {
    if (costs[arm] <= slack * least) cheapest.Add(arm);
  }
  return cheapest;
}

Problem AtCeiling() {
  Problem problem = Refusal(
      429, "Ceiling reached",
      "what may be spent this day or month is spent or held back for decisions whose cost is "
      "not known yet");
  problem.retry_after_s = kRetryAtCeilingS;
  return problem;
}

ArmSet Fitting(const Narrowed& narrowed, ArmSet arms, NanoUsd headroom) {
  ArmSet fitting;
  for (const ArmId arm : arms) {
    if (ToNano(WorstCostUsd(narrowed, arm)) <= headroom) fitting.Add(arm);
  }
  return fitting;
}

// Hard ceilings come before everything that the policy wants. What the caller decides goes through
// where a ceiling goes on with the cheapest arm, and observing never refuses.
std::optional<Problem> NarrowByCeiling(const Narrowed& narrowed, Eligible& eligible) {
  const Ceilings ceilings(narrowed.router, narrowed.scope, narrowed.now_us);
  if (!ceilings.any() || narrowed.baseline) return std::nullopt;
  const ArmSet fitting = Fitting(narrowed, eligible.arms, ceilings.Headroom());
  if (fitting.Empty()) {
    // Beyond a ceiling that goes on, and still under one that refuses.
    const ArmSet allowed = Fitting(narrowed, eligible.arms, ceilings.HeadroomOfRefusing());
    if (allowed.Empty()) return AtCeiling();
    ArmSet one;
    one.Add(Cheapest(narrowed, allowed, 1).First());
    Keep(one, Narrowing::kCeiling, eligible);
    eligible.notes |= BitOf(Note::kAtCeiling);
    return std::nullopt;
  }
  Keep(fitting, Narrowing::kCeiling, eligible);
  if (!ceilings.Nearly()) return std::nullopt;
  eligible.notes |= BitOf(Note::kNearCeiling);
  if (ceilings.NearlyCheapest()) {
    Keep(Cheapest(narrowed, eligible.arms, kNearlyCheapest), Narrowing::kCeiling, eligible);
  }
  return std::nullopt;
}

// The one arm that the caller decides on, within the request's limits and the ceilings.
std::variant<Eligible, Problem> Overridden(const Narrowed& narrowed) {
  const auto arm = ConfiguredArm(*narrowed.router.definition, *narrowed.request.override_arm);
  if (!arm) return UnknownArm("/override");
  Eligible eligible;
  eligible.arms.Add(*arm);
  eligible.overridden = true;
  const auto& max_cost_usd = narrowed.request.max_cost_usd;
  if (max_cost_usd && WorstCostUsd(narrowed, *arm) > *max_cost_usd) {
    return NothingLeft("/max_cost_usd", "the worst case of the arm's cost is above it: it");
  }
  if (auto problem = NarrowByCeiling(narrowed, eligible)) return *std::move(problem);
  return eligible;
}

}  // namespace

Terms TermsOf(const RouterDefinition& definition, const api::RouteRequest& request) {
  Terms terms{};
  std::copy(definition.list_terms.begin(), definition.list_terms.end(), terms.begin());
  if (!request.input_tokens) return terms;
  for (const ArmId arm : definition.configured) {
    const config::ArmOptions& options = definition.arms[arm];
    terms[arm].cost_usd_min = *request.input_tokens * options.price_input_per_million_usd * 1e-6;
    if (!request.output_tokens_max) continue;
    terms[arm].cost_usd_max = terms[arm].cost_usd_min + OutputCostMaxUsd(options, request);
  }
  return terms;
}

// Without declared input tokens the learnt quantile, but never less than the declared output alone.
double WorstCostUsd(const Narrowed& narrowed, ArmId arm) {
  const RouterView& router = narrowed.router;
  const double declared = OutputCostMaxUsd(router.definition->arms[arm], narrowed.request);
  if (arm >= router.posterior->arms()) return std::numeric_limits<double>::infinity();
  return std::max(router.posterior->CostWorstUsd(arm, narrowed.context, narrowed.terms[arm]),
                  declared);
}

std::variant<Eligible, api::Problem> Narrow(const Narrowed& narrowed) {
  const RouterDefinition& definition = *narrowed.router.definition;
  Eligible eligible;
  eligible.arms = definition.choosable;
  // Everything is paused: the fallback arm answers.
  if (eligible.arms.Empty()) eligible.arms.Add(definition.fallback);
  if (narrowed.request.override_arm) return Overridden(narrowed);
  if (auto problem = NarrowByCaller(definition, narrowed.request, eligible)) {
    return *std::move(problem);
  }
  if (auto problem = NarrowByLimits(narrowed, eligible)) return *std::move(problem);
  if (auto problem = NarrowByCeiling(narrowed, eligible)) return *std::move(problem);
  return eligible;
}

}  // namespace sluice::daemon
