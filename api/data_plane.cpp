#include "api/data_plane.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>

#include "api/plane_support.h"
#include "api/problem.h"
#include "api/wire.h"

namespace sluice::api {
namespace {

// -- Common ---------------------------------------------------------------------------------------

// The service knows one item of a list; the caller sent the list.
void PrefixPointer(std::string_view list, std::size_t index, Problem& problem) {
  problem.pointer = std::string(list) + "/" + std::to_string(index) + problem.pointer;
}

// -- Route ----------------------------------------------------------------------------------------

HttpResponse RouteResponse(const RouteReply& reply) {
  if (const auto* problem = std::get_if<Problem>(&reply)) {
    return ProblemResponse(*problem);
  }
  const auto& answer = std::get<RouteAnswer>(reply);
  HttpResponse response = JsonResponse(200, RenderRoute(answer));
  response.headers = {{"x-sluice-decision-id", answer.decision_id},
                      {"x-sluice-arm", answer.arm},
                      {"x-sluice-model", answer.model},
                      {"x-sluice-tier", std::to_string(answer.tier)},
                      {"x-sluice-reason", ReasonName(answer.reason)}};
  return response;
}

HttpResponse Route(Service& service, const HttpRequest& request) {
  const auto parsed = ParseRoute(request.body);
  if (const auto* problem = std::get_if<Problem>(&parsed)) {
    return ProblemResponse(*problem);
  }
  return RouteResponse(service.Route(std::get<RouteRequest>(parsed), request.reader));
}

HttpResponse RouteBatch(Service& service, const HttpRequest& request) {
  const auto parsed = ParseRouteBatch(request.body);
  if (const auto* problem = std::get_if<Problem>(&parsed)) {
    return ProblemResponse(*problem);
  }
  std::vector<RouteReply> replies;
  for (const RouteItem& item : std::get<std::vector<RouteItem>>(parsed)) {
    const std::size_t index = replies.size();
    if (const auto* refused = std::get_if<Problem>(&item)) {
      replies.emplace_back(*refused);
      continue;
    }
    replies.push_back(service.Route(std::get<RouteRequest>(item), request.reader));
    if (auto* problem = std::get_if<Problem>(&replies.back())) {
      PrefixPointer("", index, *problem);
    }
  }
  return JsonResponse(200, RenderRouteBatch(replies));
}

HttpResponse RouteChat(Service& service, const HttpRequest& request) {
  auto parsed = ParseChat(request.body);
  if (const auto* problem = std::get_if<Problem>(&parsed)) {
    return ProblemResponse(*problem);
  }
  auto& chat = std::get<RouteRequest>(parsed);
  if (const auto router = QueryParameter(request.query, "router")) {
    auto name = DecodePercent(*router, kNameBytesMax);
    if (!name) {
      return ProblemResponse(MakeProblem(422, "the query's router is no name of 1 to 128 bytes"));
    }
    chat.router = *std::move(name);
  }
  return RouteResponse(service.Route(chat, request.reader));
}

// -- Feedback -------------------------------------------------------------------------------------

// What is remembered of a call until its answer is known.
struct FeedbackCall {
  bool single = true;
  std::vector<bool> refused_while_reading;  // by item; their pointers are complete already
};

HttpResponse FeedbackResponse(const FeedbackCall& call, FeedbackReply reply) {
  if (const auto* problem = std::get_if<Problem>(&reply)) {
    return ProblemResponse(*problem);
  }
  auto& answer = std::get<FeedbackAnswer>(reply);
  if (call.single && !answer.rejected.empty()) {
    return ProblemResponse(answer.rejected.front().problem);
  }
  for (FeedbackRejection& rejection : answer.rejected) {
    if (!call.refused_while_reading.at(rejection.index)) {
      PrefixPointer("/events", rejection.index, rejection.problem);
    }
  }
  return JsonResponse(202, RenderFeedback(answer));
}

void Feedback(Service& service, const HttpRequest& request, Respond respond) {
  auto parsed = ParseFeedback(request.body);
  if (const auto* problem = std::get_if<Problem>(&parsed)) {
    return respond(ProblemResponse(*problem));
  }
  auto& body = std::get<FeedbackBody>(parsed);
  FeedbackCall call{body.single, {}};
  for (const FeedbackItem& item : body.items) {
    call.refused_while_reading.push_back(std::holds_alternative<Problem>(item));
  }
  service.Feedback(std::move(body.items), request.reader,
                   [respond = std::move(respond), call = std::move(call)](FeedbackReply reply) {
                     respond(FeedbackResponse(call, std::move(reply)));
                   });
}

bool IsDataPath(std::string_view path) {
  constexpr std::string_view kPaths[] = {"/v1/route", "/v1/route:batch", "/v1/route:chat",
                                         "/v1/feedback"};
  return std::find(std::begin(kPaths), std::end(kPaths), path) != std::end(kPaths);
}

void Handle(Service& service, const HttpRequest& request, Respond respond) {
  if (!IsDataPath(request.path)) {
    return respond(ProblemResponse(MakeProblem(404, "there is nothing at this path")));
  }
  if (request.method != "POST") {
    return respond(MethodNotAllowed("POST"));
  }
  // No content type is taken as JSON.
  if (!request.content_type.empty() && !IsJson(request.content_type)) {
    return respond(ProblemResponse(MakeProblem(415, "the body must be application/json")));
  }
  if (request.path == "/v1/route") {
    respond(Route(service, request));
  } else if (request.path == "/v1/route:batch") {
    respond(RouteBatch(service, request));
  } else if (request.path == "/v1/route:chat") {
    respond(RouteChat(service, request));
  } else {
    Feedback(service, request, std::move(respond));
  }
}

}  // namespace

HttpHandler MakeDataPlane(Service& service) {
  return [&service](const HttpRequest& request, Respond respond) {
    Handle(service, request, std::move(respond));
  };
}

}  // namespace sluice::api
