// Promises inside policy/ that only a bug of ours can break. They stay on in release. Never used
// on the decision path: there a broken promise excludes an arm (policy.h).
#pragma once

#include <cstdio>
#include <cstdlib>

namespace sluice::policy {

inline void Check(bool kept, const char* promise) {
  if (kept) [[likely]] {
    return;
  }
  std::fprintf(stderr, "policy: broken promise: %s\n", promise);
  std::abort();
}

}  // namespace sluice::policy
