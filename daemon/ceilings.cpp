#include "daemon/ceilings.h"

#include <algorithm>

namespace sluice::daemon {

Ceilings::Ceilings(const RouterView& router, std::size_t scope, std::uint64_t now_us)
    : now_us_(now_us) {
  const auto bound = [&](std::size_t i) -> Bound {
    return {&router.definition->scopes[i].ceiling, &router.scopes[i].live->ledger};
  };
  bounds_[0] = bound(0);
  if (scope == 0) return;
  bounds_[1] = bound(scope);
  count_ = 2;
}

bool Ceilings::any() const {
  for (std::size_t i = 0; i < count_; ++i) {
    if (IsSet(*bounds_[i].options)) return true;
  }
  return false;
}

NanoUsd Ceilings::Headroom() const {
  NanoUsd least = bounds_[0].ledger->HeadroomAt(now_us_, *bounds_[0].options);
  if (count_ == 2) {
    least = std::min(least, bounds_[1].ledger->HeadroomAt(now_us_, *bounds_[1].options));
  }
  return least;
}

const config::CeilingOptions& Ceilings::Tightest() const {
  const auto headroom = [&](std::size_t i) {
    return bounds_[i].ledger->HeadroomAt(now_us_, *bounds_[i].options);
  };
  return count_ == 2 && headroom(1) < headroom(0) ? *bounds_[1].options : *bounds_[0].options;
}

bool Ceilings::NearlyCheapest() const {
  for (std::size_t i = 0; i < count_; ++i) {
    const config::CeilingOptions& options = *bounds_[i].options;
    if (options.nearly == config::CeilingAction::kCheapest &&
        bounds_[i].ledger->NearlyAt(now_us_, options)) {
      return true;
    }
  }
  return false;
}

bool Ceilings::Nearly() const {
  for (std::size_t i = 0; i < count_; ++i) {
    if (bounds_[i].ledger->NearlyAt(now_us_, *bounds_[i].options)) return true;
  }
  return false;
}

bool Ceilings::TryHold(NanoUsd amount) {
  if (!bounds_[0].ledger->TryHold(amount, now_us_, *bounds_[0].options)) return false;
  if (count_ == 1) return true;
  if (bounds_[1].ledger->TryHold(amount, now_us_, *bounds_[1].options)) return true;
  bounds_[0].ledger->Release(amount);
  return false;
}

void Ceilings::Hold(NanoUsd amount) {
  for (std::size_t i = 0; i < count_; ++i) bounds_[i].ledger->Hold(amount);
}

void Ceilings::Release(NanoUsd amount) {
  for (std::size_t i = 0; i < count_; ++i) bounds_[i].ledger->Release(amount);
}

void Ceilings::NeverLogged(NanoUsd held, NanoUsd worst) {
  for (std::size_t i = 0; i < count_; ++i) {
    bounds_[i].ledger->Hold(worst - held);
    bounds_[i].ledger->NeverLogged(worst);
  }
}

}  // namespace sluice::daemon
