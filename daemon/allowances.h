// What one request takes out of the stores that requests share, while it chooses: tokens of
// exploration, and the baseline guard's slack. Taken before the choice and given back after it, so
// that no two requests spend the same; no locks.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>

#include "daemon/eligibility.h"
#include "daemon/metrics.h"

namespace sluice::daemon {

// What one request may explore with: tokens of its router, and of its plan on top of them.
class Tokens {
 public:
  explicit Tokens(const Narrowed& narrowed) {
    Add(narrowed.router.scopes.front());
    if (narrowed.scope != 0) Add(narrowed.router.scopes[narrowed.scope]);
  }

  bool limited() const { return count_ > 0; }
  // As much of `wanted` as each of them has.
  double Take(double wanted) {
    std::array<double, 2> taken{wanted, wanted};
    for (std::size_t i = 0; i < count_; ++i) taken[i] = buckets_[i]->Take(wanted);
    const double least = std::min(taken[0], taken[1]);
    for (std::size_t i = 0; i < count_; ++i) buckets_[i]->GiveBack(taken[i] - least);
    return least;
  }
  void GiveBack(double unused) {
    for (std::size_t i = 0; i < count_; ++i) buckets_[i]->GiveBack(unused);
  }

 private:
  void Add(const ScopeView& scope) {
    if (scope.live->tokens.limited()) buckets_[count_++] = &scope.live->tokens;
  }

  std::array<TokenBucket*, 2> buckets_{};
  std::size_t count_ = 0;
};

// The guard's slack, taken whole: whoever chooses meanwhile plays what costs none.
class GuardSlack {
 public:
  explicit GuardSlack(const RouterView& router)
      : slack_(router.definition->guard ? &router.counters->guard_slack : nullptr),
        left_(slack_ == nullptr ? 0 : slack_->exchange(0, std::memory_order_relaxed)) {}
  ~GuardSlack() {
    if (slack_ != nullptr) slack_->fetch_add(left_, std::memory_order_relaxed);
  }
  GuardSlack(const GuardSlack&) = delete;
  GuardSlack& operator=(const GuardSlack&) = delete;

  double left() const { return left_; }
  void Change(double by) { left_ = std::max(0.0, left_ + by); }

 private:
  std::atomic<double>* slack_;
  double left_;
};

}  // namespace sluice::daemon
