#include "api/messages.h"

namespace sluice::api {

const char* ReasonName(Reason reason) {
  switch (reason) {
    case Reason::kPolicy:
      return "policy";
    case Reason::kExplore:
      return "explore";
    case Reason::kRule:
      return "rule";
    case Reason::kSession:
      return "session";
    case Reason::kOverride:
      return "override";
    case Reason::kConfidence:
      return "confidence";
    case Reason::kBudget:
      return "budget";
    case Reason::kLimits:
      return "limits";
    case Reason::kEscalate:
      return "escalate";
    case Reason::kObserve:
      return "observe";
    case Reason::kFallback:
      return "fallback";
  }
  return "unknown";
}

const char* NarrowingName(Narrowing narrowing) {
  switch (narrowing) {
    case Narrowing::kAllow:
      return "allow";
    case Narrowing::kDeny:
      return "deny";
    case Narrowing::kNeeds:
      return "needs";
    case Narrowing::kMaxCost:
      return "max_cost_usd";
  }
  return "unknown";
}

}  // namespace sluice::api
