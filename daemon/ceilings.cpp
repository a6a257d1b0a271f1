#include "daemon/ceilings.h"

#include <algorithm>
#include <limits>

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

NanoUsd Ceilings::HeadroomOf(bool refusing) const {
  NanoUsd least = std::numeric_limits<NanoUsd>::max();
  for (std::size_t i = 0; i < count_; ++i) {
    if (refusing && !bounds_[i].refuses()) continue;
    least = std::min(least, bounds_[i].ledger->HeadroomAt(now_us_, *bounds_[i].options));
  }
  return least;
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

bool Ceilings::TryHold(NanoUsd amount, bool beyond) {
  for (std::size_t i = 0; i < count_; ++i) {
    const Bound& bound = bounds_[i];
    if (beyond && !bound.refuses()) {
      bound.ledger->Hold(amount);
    } else if (!bound.ledger->TryHold(amount, now_us_, *bound.options)) {
      while (i-- > 0) bounds_[i].ledger->Release(amount);
      return false;
    }
  }
  return true;
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
