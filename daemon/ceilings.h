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
  // What may still be held, and what is done when that is not enough: by the one with least left.
  NanoUsd Headroom() const;
  const config::CeilingOptions& Tightest() const;
  // Whether one that answers with the cheapest arms is used up to 95 %, or any is.
  bool NearlyCheapest() const;
  bool Nearly() const;

  bool TryHold(NanoUsd amount);
  void Hold(NanoUsd amount);
  void Release(NanoUsd amount);
  // The log did not take the decision that held `held`; the answer may cost `worst`.
  void NeverLogged(NanoUsd held, NanoUsd worst);

 private:
  struct Bound {
    const config::CeilingOptions* options = nullptr;
    LiveLedger* ledger = nullptr;
  };
  static bool IsSet(const config::CeilingOptions& options) {
    return options.day_usd > 0 || options.month_usd > 0;
  }

  std::array<Bound, 2> bounds_;
  std::size_t count_ = 1;
  std::uint64_t now_us_;
};

}  // namespace sluice::daemon
