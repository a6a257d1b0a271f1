// Whether logged propensities are what arms were drawn with: of a true log, what another policy
// would have drawn an arm with, over what it was drawn with, has mean 1 over all decisions,
// labelled or not. Bets both ways against that, a mixture over the stakes 2^-1 .. 2^-12, win more
// than 1000 with probability at most .001 while it holds, however often one looks (Ville 1939).
//
// A value: one thread at a time, same weights, same bits.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::policy {

inline constexpr double kIntegrityAlarm = 6.907755278982137;  // ln 1000

struct DrawnWeight {
  double weight = 1;
  double unsupported = 0;  // what the other policy puts on arms that could not be drawn
  double weight_max = 1;   // the largest that an arm which could be drawn would have had
};

class Integrity {
 public:
  void Fold(const DrawnWeight& drawn);
  // Natural logarithm of the most that the bets ever won; beyond kIntegrityAlarm the propensities
  // are not true.
  double log_most() const { return log_most_; }
  bool Doubted() const { return log_most_ > kIntegrityAlarm; }

  void Serialise(std::string& out) const;
  static std::optional<Integrity> Restore(std::string_view& in);

 private:
  static constexpr std::size_t kStakes = 12;
  // One way to bet: what each stake has won, scaled by 2^exponent.
  struct Purse {
    Purse() { winnings.fill(1); }
    // `stake_max` keeps what may be lost below what is there.
    void Bet(double gain, double stake_max);
    double Log() const;

    std::array<double, kStakes> winnings;
    std::int32_t exponent = 0;
  };

  Purse above_;
  Purse below_;
  double log_most_ = 0;
};

}  // namespace sluice::policy
