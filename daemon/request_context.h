// Step 5 of a routing request: what was sent, as the context that the router's policy reads; and
// what was logged, as the context that a later policy reads. Pure; any thread.
#pragma once

#include <optional>
#include <variant>

#include "api/service.h"
#include "daemon/snapshot.h"
#include "policy/context.h"

namespace sluice::daemon {

// 422 for what the router's configuration does not take: the wrong kind of input, an embedding of
// another dimension or model, a feature that is not declared.
std::variant<policy::EncodedContext, api::Problem> ContextOf(const RouterView& router,
                                                             const api::RouteRequest& request);

// A decision's context in the space of `map` (null: of no map); empty when the log kept too little.
std::optional<policy::Context> LoggedContext(const RouterDefinition& definition,
                                             const policy::ContextMap* map,
                                             const store::DecisionRecord& record);

}  // namespace sluice::daemon
