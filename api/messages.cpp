#include "api/messages.h"

#include <algorithm>

namespace sluice::api {

bool IsPlainName(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  return !text.empty() && text.size() <= kNameBytesMax &&
         std::all_of(text.begin(), text.end(), allowed);
}

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
    case Narrowing::kMaxLatency:
      return "max_latency_ms";
    case Narrowing::kCeiling:
      return "ceiling";
  }
  return "unknown";
}

}  // namespace sluice::api
