#include "daemon/eligibility.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/refusal.h"

namespace sluice::daemon {

namespace {

using api::Narrowing;
using api::Problem;
using policy::ArmId;
using policy::ArmSet;

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
    eligible.narrowed_by |= static_cast<std::uint8_t>(1U << static_cast<unsigned>(narrowing));
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

// The worst case of an arm is its declared maximum; without declared input tokens the learnt
// quantile, but never less than the declared output alone.
ArmSet Affordable(const RouterView& router, const api::RouteRequest& request,
                  const policy::Context& context, const Terms& terms) {
  ArmSet affordable;
  for (const ArmId arm : router.definition->configured) {
    const double worst_usd = std::max(router.posterior->CostWorstUsd(arm, context, terms[arm]),
                                      OutputCostMaxUsd(router.definition->arms[arm], request));
    if (worst_usd <= *request.max_cost_usd) affordable.Add(arm);
  }
  return affordable;
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

std::variant<Eligible, api::Problem> Narrow(const RouterView& router,
                                            const api::RouteRequest& request,
                                            const policy::Context& context, const Terms& terms) {
  const RouterDefinition& definition = *router.definition;
  Eligible eligible;
  eligible.arms = definition.configured;
  if (request.override_arm) {
    const auto arm = ConfiguredArm(definition, *request.override_arm);
    if (!arm) return UnknownArm("/override");
    eligible.arms = ArmSet();
    eligible.arms.Add(*arm);
    eligible.overridden = true;
    return eligible;
  }
  if (auto problem = NarrowByCaller(definition, request, eligible)) return std::move(*problem);
  if (request.max_cost_usd) {
    Keep(Affordable(router, request, context, terms), Narrowing::kMaxCost, eligible);
    if (eligible.arms.Empty()) {
      return NothingLeft("/max_cost_usd", "the worst case of every arm's cost is above it: it");
    }
  }
  return eligible;
}

}  // namespace sluice::daemon
