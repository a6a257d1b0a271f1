#include "api/admin_plane.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "api/admin_guard.h"
#include "api/admin_paths.h"
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

struct ArmName {
  std::string router;
  std::string arm;
};

std::optional<ArmName> ArmNameOf(const AdminTarget& target) {
  auto router = DecodePercent(target.name, kNameBytesMax);
  auto arm = DecodePercent(target.arm, kNameBytesMax);
  if (!router || !arm) {
    return std::nullopt;
  }
  return ArmName{*std::move(router), *std::move(arm)};
}

HttpResponse Statistics(Service& service, const AdminTarget& target) {
  const auto name = ArmNameOf(target);
  if (!name) {
    return NotFound();
  }
  const auto found = service.ArmStatistics(name->router, name->arm);
  if (const auto* problem = std::get_if<Problem>(&found)) {
    return ProblemResponse(*problem);
  }
  return JsonResponse(200, RenderStatistics(std::get<std::string>(found)));
}

HttpResponse Read(Service& service, const HttpRequest& request, const AdminTarget& target) {
  switch (target.path) {
    case AdminPath::kHealthz:
      return TextResponse("ok", "text/plain");
    case AdminPath::kReadyz:
      return Readyz(service, request.query);
    case AdminPath::kMetrics:
      return TextResponse(service.Metrics(), "text/plain; version=0.0.4");
    case AdminPath::kRouters:
      return JsonResponse(200, RenderRouters(service.Routers()));
    case AdminPath::kRouter:
      return Router(service, target.name);
    case AdminPath::kDecision:
      return Decision(service, target.name);
    case AdminPath::kStatistics:
      return Statistics(service, target);
    case AdminPath::kNone:
    case AdminPath::kOperation:
    case AdminPath::kArm:
    case AdminPath::kReload:
      break;
  }
  return NotFound();
}

// -- Changes --------------------------------------------------------------------------------------

HttpResponse AdminResponse(const std::variant<AdminAnswer, Problem>& reply) {
  if (const auto* problem = std::get_if<Problem>(&reply)) {
    return ProblemResponse(*problem);
  }
  return JsonResponse(200, RenderAdmin(std::get<AdminAnswer>(reply)));
}

HttpResponse Operate(Service& service, const HttpRequest& request, const AdminTarget& target) {
  auto router = DecodePercent(target.name, kNameBytesMax);
  if (!router) {
    return NotFound();
  }
  auto parsed = ParseAdmin(target.operation, request.body);
  if (const auto* problem = std::get_if<Problem>(&parsed)) {
    return ProblemResponse(*problem);
  }
  auto& operation = std::get<AdminRequest>(parsed);
  operation.router = *std::move(router);
  return AdminResponse(service.Operate(operation));
}

HttpResponse PutArm(Service& service, const HttpRequest& request, ArmName name) {
  if (!IsPlainName(name.arm)) {
    return ProblemResponse(
        MakeProblem(422, "an arm's name is 1 to 128 of A-Z a-z 0-9 . _ -; see the path"));
  }
  auto parsed = ParseArm(request.body);
  if (const auto* problem = std::get_if<Problem>(&parsed)) {
    return ProblemResponse(*problem);
  }
  auto& put = std::get<ArmPut>(parsed);
  put.router = std::move(name.router);
  put.arm = std::move(name.arm);
  return AdminResponse(service.PutArm(put));
}

HttpResponse ChangeArm(Service& service, const HttpRequest& request, const AdminTarget& target) {
  auto name = ArmNameOf(target);
  if (!name) {
    return NotFound();
  }
  if (request.method == "PUT") {
    return PutArm(service, request, *std::move(name));
  }
  if (const auto problem = ParseEmpty(request.body)) {
    return ProblemResponse(*problem);
  }
  return AdminResponse(service.DeleteArm(name->router, name->arm));
}

HttpResponse Reload(Service& service, const HttpRequest& request) {
  if (const auto problem = ParseEmpty(request.body)) {
    return ProblemResponse(*problem);
  }
  const auto reply = service.ReloadConfig();
  if (const auto* problem = std::get_if<Problem>(&reply)) {
    return ProblemResponse(*problem);
  }
  return JsonResponse(200, RenderChanges(std::get<std::vector<ConfigChange>>(reply)));
}

HttpResponse Change(Service& service, const HttpRequest& request, const AdminTarget& target) {
  if (const auto refused = RefuseChange(request)) {
    return ProblemResponse(*refused);
  }
  if (target.path == AdminPath::kOperation) {
    return Operate(service, request, target);
  }
  return target.path == AdminPath::kArm ? ChangeArm(service, request, target)
                                        : Reload(service, request);
}

bool Allows(std::string_view allowed, std::string_view method) {
  while (!allowed.empty()) {
    const std::string_view one = allowed.substr(0, allowed.find(", "));
    if (one == method) {
      return true;
    }
    allowed.remove_prefix(std::min(allowed.size(), one.size() + 2));
  }
  return false;
}

HttpResponse Handle(Service& service, const HttpRequest& request) {
  const AdminTarget target = ParseAdminPath(request.path);
  if (target.path == AdminPath::kNone) {
    return NotFound();
  }
  const std::string_view allowed = AllowedMethods(target.path);
  if (!Allows(allowed, request.method)) {
    return MethodNotAllowed(allowed);
  }
  const bool reads = request.method == "GET" || request.method == "HEAD";
  return reads ? Read(service, request, target) : Change(service, request, target);
}

}  // namespace

HttpHandler MakeAdminPlane(Service& service) {
  return [&service](const HttpRequest& request, Respond respond) {
    respond(Handle(service, request));
  };
}

}  // namespace sluice::api
