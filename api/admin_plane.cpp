#include "api/admin_plane.h"

#include <utility>
#include <variant>

#include "api/plane_support.h"
#include "api/problem.h"
#include "api/wire.h"

namespace sluice::api {
namespace {

HttpResponse TextResponse(std::string body, std::string content_type) {
  HttpResponse response;
  response.content_type = std::move(content_type);
  response.body = std::move(body);
  return response;
}

HttpResponse NotFound() {
  return ProblemResponse(MakeProblem(404, "there is nothing at this path"));
}

// Ready for routing, or with ?for=feedback for that as well.
HttpResponse Readyz(Service& service, std::string_view query) {
  const auto role = QueryParameter(query, "for");
  if (role && *role != "feedback" && *role != "route") {
    return ProblemResponse(MakeProblem(422, "for is route or feedback"));
  }
  const Readiness readiness = service.Ready();
  const bool ready = role == "feedback" ? readiness.route && readiness.feedback : readiness.route;
  if (!ready) {
    return ProblemResponse(MakeProblem(503, readiness.detail));
  }
  return TextResponse("ok", "text/plain");
}

HttpResponse Router(Service& service, std::string_view encoded_name) {
  const auto name = DecodePercent(encoded_name, kNameBytesMax);
  if (!name) {
    return NotFound();
  }
  const auto found = service.RouterByName(*name);
  if (const auto* problem = std::get_if<Problem>(&found)) {
    return ProblemResponse(*problem);
  }
  return JsonResponse(200, RenderRouter(std::get<RouterReport>(found)));
}

HttpResponse Decision(Service& service, std::string_view encoded_id) {
  const auto id = DecodePercent(encoded_id, kIdBytesMax);
  if (!id) {
    return NotFound();
  }
  const auto found = service.DecisionById(*id);
  if (const auto* problem = std::get_if<Problem>(&found)) {
    return ProblemResponse(*problem);
  }
  return JsonResponse(200, RenderDecision(std::get<DecisionReport>(found)));
}

bool TakePrefix(std::string_view prefix, std::string_view& path) {
  const bool starts = path.starts_with(prefix);
  path.remove_prefix(starts ? prefix.size() : 0);
  return starts;
}

bool IsAdminPath(std::string_view path) {
  return path == "/healthz" || path == "/readyz" || path == "/metrics" || path == "/v1/routers" ||
         path.starts_with("/v1/routers/") || path.starts_with("/v1/decisions/");
}

HttpResponse Read(Service& service, const HttpRequest& request) {
  std::string_view path = request.path;
  if (path == "/healthz") {
    return TextResponse("ok", "text/plain");
  }
  if (path == "/readyz") {
    return Readyz(service, request.query);
  }
  if (path == "/metrics") {
    return TextResponse(service.Metrics(), "text/plain; version=0.0.4");
  }
  if (path == "/v1/routers") {
    return JsonResponse(200, RenderRouters(service.Routers()));
  }
  if (TakePrefix("/v1/routers/", path)) {
    return Router(service, path);
  }
  return TakePrefix("/v1/decisions/", path) ? Decision(service, path) : NotFound();
}

HttpResponse Handle(Service& service, const HttpRequest& request) {
  if (!IsAdminPath(request.path)) {
    return NotFound();
  }
  const bool reads = request.method == "GET" || request.method == "HEAD";
  return reads ? Read(service, request) : MethodNotAllowed("GET, HEAD");
}

}  // namespace

HttpHandler MakeAdminPlane(Service& service) {
  return [&service](const HttpRequest& request, Respond respond) {
    respond(Handle(service, request));
  };
}

}  // namespace sluice::api
