// Bytes to typed values and back: the only place that knows JSON. Pure functions; any thread. What
// comes back is fully checked (fields, types, ranges, lengths, finite numbers); names of routers
// and arms are checked later, by the service.
//
// 400: not JSON (or not UTF-8, or nested too deep, or with a key twice). 422: JSON that means
// nothing here, with a pointer to the first wrong place. Unknown fields are refused, except in
// route:chat bodies. Denormal numbers are read as 0.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/service.h"

namespace sluice::api {

std::variant<RouteRequest, Problem> ParseRoute(std::string_view body);
// At most kBatchMax; an item that is wrong stands as a Problem in its place.
using RouteItem = std::variant<RouteRequest, Problem>;
std::variant<std::vector<RouteItem>, Problem> ParseRouteBatch(std::string_view body);
// An OpenAI chat-completion body as it is.
std::variant<RouteRequest, Problem> ParseChat(std::string_view body);

struct FeedbackBody {
  std::vector<FeedbackItem> items;
  bool single = true;  // one event, not {"events": [...]}
};
std::variant<FeedbackBody, Problem> ParseFeedback(std::string_view body);

// What is asked of a router: the fields that the operation takes. An empty body is an empty object.
std::variant<AdminRequest, Problem> ParseAdmin(AdminOperation operation, std::string_view body);
// Calls that take no fields at all.
std::optional<Problem> ParseEmpty(std::string_view body);
// The arm as a whole; its name and its router's are in the path.
std::variant<ArmPut, Problem> ParseArm(std::string_view body);

std::string RenderRoute(const RouteAnswer& answer);
std::string RenderRouteBatch(const std::vector<RouteReply>& replies);
std::string RenderFeedback(const FeedbackAnswer& answer);
std::string RenderProblem(const Problem& problem);
std::string RenderRouter(const RouterReport& report);
std::string RenderRouters(const std::vector<RouterReport>& reports);
std::string RenderDecision(const DecisionReport& report);
std::string RenderAdmin(const AdminAnswer& answer);
std::string RenderStatistics(std::string_view bytes);
std::string RenderChanges(const std::vector<ConfigChange>& changes);

// A digest of a body, for telling a retry from a clash of request ids. Not for security.
std::uint64_t BodyDigest(std::string_view body);

}  // namespace sluice::api
