// Step 4 of a routing request: everything that narrows the arms, before the policy sees them.
// Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <variant>

#include "api/service.h"
#include "daemon/snapshot.h"
#include "policy/types.h"

namespace sluice::daemon {

// What each arm of the roster costs for one request.
using Terms = std::array<policy::ArmTerms, policy::kArmsMax>;

// List prices, with the bounds that the request's declared tokens give.
Terms TermsOf(const RouterDefinition& definition, const api::RouteRequest& request);

struct Eligible {
  policy::ArmSet arms;           // not empty
  std::uint8_t narrowed_by = 0;  // bit i: api::Narrowing i removed an arm
  bool overridden = false;       // the caller decided; `arms` is that arm
};

// 404 for an arm that the router does not have, 422 when nothing is left.
std::variant<Eligible, api::Problem> Narrow(const RouterView& router,
                                            const api::RouteRequest& request,
                                            const policy::Context& context, const Terms& terms);

}  // namespace sluice::daemon
