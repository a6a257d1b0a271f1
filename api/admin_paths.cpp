#include "api/admin_paths.h"

#include <optional>

namespace sluice::api {
namespace {

struct FixedPath {
  std::string_view text;
  AdminPath path;
};

constexpr FixedPath kFixed[] = {
    {"/healthz", AdminPath::kHealthz},         {"/readyz", AdminPath::kReadyz},
    {"/metrics", AdminPath::kMetrics},         {"/v1/routers", AdminPath::kRouters},
    {"/v1/config:reload", AdminPath::kReload},
};

struct Verb {
  std::string_view text;
  AdminOperation operation;
};

constexpr Verb kVerbs[] = {
    {"freeze", AdminOperation::kFreeze},     {"unfreeze", AdminOperation::kUnfreeze},
    {"rollback", AdminOperation::kRollback}, {"reset", AdminOperation::kReset},
    {"refit", AdminOperation::kRefit},       {"promote", AdminOperation::kPromote},
    {"demote", AdminOperation::kDemote},     {"stop", AdminOperation::kStop},
};

bool TakePrefix(std::string_view prefix, std::string_view& path) {
  const bool starts = path.starts_with(prefix);
  path.remove_prefix(starts ? prefix.size() : 0);
  return starts;
}

// What stands before the first slash; `path` becomes what stands after it.
std::string_view TakeStep(std::string_view& path) {
  const std::string_view step = path.substr(0, path.find('/'));
  path.remove_prefix(step.size() == path.size() ? step.size() : step.size() + 1);
  return step;
}

// "NAME" or "NAME:VERB". The names of routers have no colon.
AdminTarget RouterTarget(std::string_view step) {
  const std::size_t colon = step.rfind(':');
  if (colon == std::string_view::npos) {
    return {.path = AdminPath::kRouter, .name = step};
  }
  for (const Verb& verb : kVerbs) {
    if (verb.text == step.substr(colon + 1)) {
      return {.path = AdminPath::kOperation,
              .name = step.substr(0, colon),
              .operation = verb.operation};
    }
  }
  return {};
}

// What follows "/v1/routers/".
AdminTarget BelowRouters(std::string_view rest) {
  if (rest.find('/') == std::string_view::npos) {
    return RouterTarget(rest);
  }
  AdminTarget target{.path = AdminPath::kArm, .name = TakeStep(rest)};
  if (!TakePrefix("arms/", rest)) {
    return {};
  }
  const bool has_more = rest.find('/') != std::string_view::npos;
  target.arm = TakeStep(rest);
  if (!has_more) {
    return target;
  }
  target.path = rest == "statistics" ? AdminPath::kStatistics : AdminPath::kNone;
  return target;
}

}  // namespace

AdminTarget ParseAdminPath(std::string_view path) {
  for (const FixedPath& fixed : kFixed) {
    if (fixed.text == path) {
      return {.path = fixed.path};
    }
  }
  if (TakePrefix("/v1/routers/", path)) {
    return BelowRouters(path);
  }
  return TakePrefix("/v1/decisions/", path)
             ? AdminTarget{.path = AdminPath::kDecision, .name = path}
             : AdminTarget{};
}

std::string_view AllowedMethods(AdminPath path) {
  switch (path) {
    case AdminPath::kOperation:
    case AdminPath::kReload:
      return "POST";
    case AdminPath::kArm:
      return "PUT, DELETE";
    case AdminPath::kNone:
    case AdminPath::kHealthz:
    case AdminPath::kReadyz:
    case AdminPath::kMetrics:
    case AdminPath::kRouters:
    case AdminPath::kRouter:
    case AdminPath::kDecision:
    case AdminPath::kStatistics:
      break;
  }
  return "GET, HEAD";
}

}  // namespace sluice::api
