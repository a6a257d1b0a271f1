// The hard ceilings that bind one request: the router's, and on top of it that of the plan whose
// traffic it is. What is held is held under both. Any thread; a value for the length of a request.
#pragma once

#include <array>
#include <cstdint>

#include "daemon/snapshot.h"

namespace sluice::daemon {

class Ceilings {
 public:
  Ceilings(const RouterView& router, std::size_t scope, std::uint64_t now_us);

  // False: nothing is bound, and nothing need be held.
  bool any() const;
  // What may still be held under all of them, and under those alone that refuse: when that is not
  // enough, none that goes on lifts it.
  NanoUsd Headroom() const { return HeadroomOf(/*refusing=*/false); }
  NanoUsd HeadroomOfRefusing() const { return HeadroomOf(/*refusing=*/true); }
  // Whether one that answers with the cheapest arms is used up to 95 %, or any is.
  bool NearlyCheapest() const;
  bool Nearly() const;

  // Under all of them; `beyond`: under those that refuse, and whatever the others say.
  bool TryHold(NanoUsd amount, bool beyond);
  void Hold(NanoUsd amount);
  void Release(NanoUsd amount);
  // The log did not take the decision that held `held`; the answer may cost `worst`.
  void NeverLogged(NanoUsd held, NanoUsd worst);

 private:
  struct Bound {
    const config::CeilingOptions* options = nullptr;
    LiveLedger* ledger = nullptr;
    bool refuses() const { return options->reached == config::CeilingAction::kRefuse; }
  };
  NanoUsd HeadroomOf(bool refusing) const;
  static bool IsSet(const config::CeilingOptions& options) {
    return options.day_usd > 0 || options.month_usd > 0;
  }

  std::array<Bound, 2> bounds_;
  std::size_t count_ = 1;
  std::uint64_t now_us_;
};

}  // namespace sluice::daemon
