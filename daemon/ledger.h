// Dollars that are never exceeded: what a scope has spent this UTC day and month, and what is held
// back for decisions whose cost is not known yet. In whole nano-dollars, so that reserved - settled
// = spent holds to the last digit.
#pragma once

#include <atomic>
#include <cstdint>

#include "config/config.h"

namespace sluice::daemon {

using NanoUsd = std::int64_t;
NanoUsd ToNano(double usd);  // rounded; huge amounts are held at a million dollars
inline double ToUsd(NanoUsd nano) {
  return 1e-9 * static_cast<double>(nano);
}

// UTC days and months since the epoch.
struct CalendarTime {
  std::int64_t day = 0;
  std::int64_t month = 0;
  bool operator==(const CalendarTime&) const = default;
};
CalendarTime CalendarOf(std::uint64_t time_us);

// Of one scope, as the log tells it. A value; the learner's thread.
struct Ledger {
  CalendarTime now;  // of the newest decision
  NanoUsd spent_day = 0;
  NanoUsd spent_month = 0;
  NanoUsd reserved = 0;
  NanoUsd spent_ever = 0;

  void Turn(std::uint64_t time_us);  // a new day or month starts at 0
  void Reserve(NanoUsd amount) { reserved += amount; }
  void Release(NanoUsd amount) { reserved -= amount; }
  // Of a decision made at `decided_us`: it counts in its own day and month while these last.
  void Spend(NanoUsd amount, std::uint64_t decided_us);
  bool operator==(const Ledger&) const = default;
};

// The same where requests read it, with what was answered and is not folded yet. Any thread; one
// atomic each, so that a reader may see money twice for a moment, and never not at all.
class LiveLedger {
 public:
  // By the learner.
  void Publish(const Ledger& ledger);
  // Is held no longer: it was folded and stands in the published ledger, or is not needed.
  void Release(NanoUsd held) { in_flight_.fetch_sub(held, std::memory_order_release); }
  // The log did not take the decision, so that no bill will come: it counts as spent while its day
  // and month last.
  void NeverLogged(NanoUsd held);

  // As last published.
  NanoUsd spent_day() const { return spent_day_.load(std::memory_order_relaxed); }
  NanoUsd spent_month() const { return spent_month_.load(std::memory_order_relaxed); }
  NanoUsd reserved() const { return reserved_.load(std::memory_order_relaxed); }

  // Spent, reserved and in flight, of the day and of the month that `now_us` lies in.
  struct Used {
    NanoUsd day = 0;
    NanoUsd month = 0;
  };
  Used At(std::uint64_t now_us) const;

  // What may still be held; no ceiling is the largest number.
  NanoUsd HeadroomAt(std::uint64_t now_us, const config::CeilingOptions& ceiling) const;
  // Whether 95 % are used up.
  bool NearlyAt(std::uint64_t now_us, const config::CeilingOptions& ceiling) const;

  // Holds `amount` back if it fits under the ceiling.
  bool TryHold(NanoUsd amount, std::uint64_t now_us, const config::CeilingOptions& ceiling);
  void Hold(NanoUsd amount) { in_flight_.fetch_add(amount, std::memory_order_relaxed); }

 private:
  Used WithInFlight(std::uint64_t now_us, NanoUsd in_flight) const;

  std::atomic<std::int64_t> day_{0};
  std::atomic<std::int64_t> month_{0};
  std::atomic<NanoUsd> spent_day_{0};
  std::atomic<NanoUsd> spent_month_{0};
  std::atomic<NanoUsd> reserved_{0};
  std::atomic<NanoUsd> in_flight_{0};
  std::atomic<NanoUsd> unlogged_day_{0};
  std::atomic<NanoUsd> unlogged_month_{0};
};

// Exploration above the floor that may still be spent, in probability. Refilled by `rate` a
// decision up to 100 times that; starts full. Any thread.
class TokenBucket {
 public:
  explicit TokenBucket(double rate = 0);
  // Another rate; what is left stays, within the new burst.
  void SetRate(double rate);
  bool limited() const { return rate_q32_.load(std::memory_order_relaxed) > 0; }

  // Refills for one decision and takes up to `wanted`; returns what was taken. Give back what was
  // not used, so that the sum of what is used never exceeds rate * decisions + burst.
  double Take(double wanted);
  void GiveBack(double unused);
  double left() const;

 private:
  std::atomic<std::int64_t> rate_q32_{0};
  std::atomic<std::int64_t> tokens_q32_{0};
};

// What one scope shares with all threads; lives as long as any snapshot that shows it.
struct ScopeLive {
  LiveLedger ledger;
  TokenBucket tokens;
};

}  // namespace sluice::daemon
