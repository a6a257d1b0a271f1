#include "daemon/ledger.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

namespace sluice::daemon {

namespace {

// A million dollars: thousands of them still add up.
constexpr double kNanoMax = 1e15;
constexpr NanoUsd kNoCeiling = std::numeric_limits<NanoUsd>::max() / 4;
constexpr double kNearly = 0.95;
constexpr double kOneQ32 = 4294967296.0;
constexpr std::int64_t kBurst = 100;  // decisions' worth of tokens

NanoUsd CeilingOf(double usd) {
  return usd > 0 ? ToNano(usd) : kNoCeiling;
}

}  // namespace

NanoUsd ToNano(double usd) {
  return static_cast<NanoUsd>(std::llround(std::clamp(usd * 1e9, -kNanoMax, kNanoMax)));
}

CalendarTime CalendarOf(std::uint64_t time_us) {
  using std::chrono::days;
  const std::chrono::sys_time<std::chrono::microseconds> time{
      std::chrono::microseconds(static_cast<std::int64_t>(time_us))};
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date(day);
  return {.day = day.time_since_epoch().count(),
          .month = static_cast<int>(date.year()) * 12 + static_cast<unsigned>(date.month()) - 1};
}

void Ledger::Turn(std::uint64_t time_us) {
  const CalendarTime time = CalendarOf(time_us);
  if (time.day > now.day) {
    now.day = time.day;
    spent_day = 0;
  }
  if (time.month > now.month) {
    now.month = time.month;
    spent_month = 0;
  }
}

void Ledger::Spend(NanoUsd amount, std::uint64_t decided_us) {
  const CalendarTime time = CalendarOf(decided_us);
  if (time.day == now.day) spent_day += amount;
  if (time.month == now.month) spent_month += amount;
  spent_ever += amount;
}

// -- Live -----------------------------------------------------------------------------------------

// What is settled moves from reserved to spent: written last and read first, reserved shows it
// where spent does not yet.
void LiveLedger::Publish(const Ledger& ledger) {
  const bool another_day = day_.load(std::memory_order_relaxed) != ledger.now.day;
  const bool another_month = month_.load(std::memory_order_relaxed) != ledger.now.month;
  if (another_day) unlogged_day_.store(0, std::memory_order_relaxed);
  if (another_month) unlogged_month_.store(0, std::memory_order_relaxed);
  spent_day_.store(ledger.spent_day, std::memory_order_relaxed);
  spent_month_.store(ledger.spent_month, std::memory_order_relaxed);
  month_.store(ledger.now.month, std::memory_order_release);
  day_.store(ledger.now.day, std::memory_order_release);
  reserved_.store(ledger.reserved, std::memory_order_release);
}

void LiveLedger::NeverLogged(NanoUsd held) {
  unlogged_day_.fetch_add(held, std::memory_order_relaxed);
  unlogged_month_.fetch_add(held, std::memory_order_relaxed);
  in_flight_.fetch_sub(held, std::memory_order_release);
}

LiveLedger::Used LiveLedger::WithInFlight(std::uint64_t now_us, NanoUsd in_flight) const {
  const CalendarTime now = CalendarOf(now_us);
  const NanoUsd held = reserved_.load(std::memory_order_acquire) + in_flight;
  const bool same_day = day_.load(std::memory_order_acquire) >= now.day;
  const bool same_month = month_.load(std::memory_order_acquire) >= now.month;
  const NanoUsd day = spent_day_.load(std::memory_order_relaxed);
  const NanoUsd month = spent_month_.load(std::memory_order_relaxed);
  return {
      .day = held + (same_day ? day : 0) + unlogged_day_.load(std::memory_order_relaxed),
      .month = held + (same_month ? month : 0) + unlogged_month_.load(std::memory_order_relaxed)};
}

LiveLedger::Used LiveLedger::At(std::uint64_t now_us) const {
  return WithInFlight(now_us, in_flight_.load(std::memory_order_acquire));
}

NanoUsd LiveLedger::HeadroomAt(std::uint64_t now_us, const config::CeilingOptions& ceiling) const {
  const Used used = At(now_us);
  return std::min(CeilingOf(ceiling.day_usd) - used.day, CeilingOf(ceiling.month_usd) - used.month);
}

bool LiveLedger::NearlyAt(std::uint64_t now_us, const config::CeilingOptions& ceiling) const {
  const Used used = At(now_us);
  const auto nearly = [](NanoUsd amount, double usd) {
    return usd > 0 && ToUsd(amount) >= kNearly * usd;
  };
  return nearly(used.day, ceiling.day_usd) || nearly(used.month, ceiling.month_usd);
}

bool LiveLedger::TryHold(NanoUsd amount, std::uint64_t now_us,
                         const config::CeilingOptions& ceiling) {
  const auto fits = [&](NanoUsd in_flight) {
    const Used used = WithInFlight(now_us, in_flight);
    return used.day <= CeilingOf(ceiling.day_usd) && used.month <= CeilingOf(ceiling.month_usd);
  };
  NanoUsd in_flight = in_flight_.load(std::memory_order_acquire);
  do {
    if (!fits(in_flight + amount)) return false;
  } while (
      !in_flight_.compare_exchange_weak(in_flight, in_flight + amount, std::memory_order_acq_rel));
  // Others may have held as much meanwhile and been folded, which leaves the same in flight: what
  // they hold shows now.
  if (fits(in_flight_.load(std::memory_order_acquire))) return true;
  Release(amount);
  return false;
}

// -- Tokens ---------------------------------------------------------------------------------------

TokenBucket::TokenBucket(double rate) {
  SetRate(rate);
  tokens_q32_.store(kBurst * rate_q32_.load(std::memory_order_relaxed), std::memory_order_relaxed);
}

void TokenBucket::SetRate(double rate) {
  const auto rate_q32 = static_cast<std::int64_t>(rate * kOneQ32);
  const std::int64_t before = rate_q32_.exchange(rate_q32, std::memory_order_relaxed);
  std::int64_t tokens = tokens_q32_.load(std::memory_order_relaxed);
  const std::int64_t wanted = before == 0 ? kBurst * rate_q32 : tokens;
  tokens_q32_.store(std::min(wanted, kBurst * rate_q32), std::memory_order_relaxed);
}

double TokenBucket::Take(double wanted) {
  const std::int64_t rate = rate_q32_.load(std::memory_order_relaxed);
  const auto wanted_q32 = static_cast<std::int64_t>(std::max(0.0, wanted) * kOneQ32);
  std::int64_t tokens = tokens_q32_.load(std::memory_order_relaxed);
  std::int64_t taken = 0;
  std::int64_t left = 0;
  do {
    const std::int64_t refilled = std::min(tokens + rate, kBurst * rate);
    taken = std::clamp<std::int64_t>(wanted_q32, 0, std::max<std::int64_t>(0, refilled));
    left = refilled - taken;
  } while (!tokens_q32_.compare_exchange_weak(tokens, left, std::memory_order_relaxed));
  return static_cast<double>(taken) / kOneQ32;
}

void TokenBucket::GiveBack(double unused) {
  const auto unused_q32 = static_cast<std::int64_t>(std::max(0.0, unused) * kOneQ32);
  tokens_q32_.fetch_add(unused_q32, std::memory_order_relaxed);
}

double TokenBucket::left() const {
  return static_cast<double>(tokens_q32_.load(std::memory_order_relaxed)) / kOneQ32;
}

}  // namespace sluice::daemon
