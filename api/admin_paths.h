// Which call of the admin plane a path means. Private to the admin plane.
#pragma once

#include <string_view>

#include "api/operations.h"

namespace sluice::api {

enum class AdminPath {
  kNone,  // there is nothing at this path
  kHealthz,
  kReadyz,
  kMetrics,
  kRouters,
  kRouter,
  kDecision,
  kStatistics,
  kOperation,
  kArm,
  kReload,
};

// Names are parts of the path as it came, not decoded.
struct AdminTarget {
  AdminPath path = AdminPath::kNone;
  std::string_view name;  // of a router or a decision
  std::string_view arm;
  AdminOperation operation = AdminOperation::kFreeze;  // of kOperation
};

AdminTarget ParseAdminPath(std::string_view path);

// The methods that a path answers to, as the Allow header writes them.
std::string_view AllowedMethods(AdminPath path);

}  // namespace sluice::api
