// An e-process by betting (Waudby-Smith and Ramdas 2024; Ville 1939): starts with one and bets the
// shares 2^-1 .. 2^-12 of it on increments D >= -1; E is the mean of what the twelve have. While
// the null holds, E[D | past] <= 0 for every increment, the chance that E ever reaches 1/alpha is
// at most alpha, however often it is looked at.
//
// The unit is the session: what its turns win and lose is added up before it is bet on, the k-th
// turn with weight 2^-k. These weights are known before the turn is played and sum to 1 however
// long the session becomes; equal shares would need its length, which the arms can change.
//
// A value: one thread at a time, same increments, same bits.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::policy {

inline constexpr std::size_t kBets = 12;
// Sessions that are remembered. A turn that comes after its session was forgotten begins another,
// which is known before it is played as well, and so changes nothing about alpha.
inline constexpr std::size_t kBettingSessionsMax = 1024;

class BettingProcess {
 public:
  BettingProcess();

  // Session 0 is none: a unit of its own, with weight 1. An increment below -1 or not finite
  // counts as -1.
  void Fold(std::uint64_t session, double increment);

  double log_e() const { return log_e_; }

  void Serialise(std::string& out) const;
  static std::optional<BettingProcess> Restore(std::string_view& in);

 private:
  struct Session {
    double sum = 0;     // of weighted increments so far
    double weight = 1;  // of the turn before
  };
  void Multiply(double before, double after);

  std::array<double, kBets> log_wealth_{};
  double log_e_ = 0;
  std::map<std::uint64_t, Session> sessions_;
  std::deque<std::uint64_t> order_;  // in which they began
};

}  // namespace sluice::policy
