// The clock of a router's forgetting (model.h has the formula): ticks to weights and decays, with
// a landmark that moves by whole half-lives, so that moving it is exact. A plain value.
#pragma once

#include <cstdint>
#include <optional>

namespace sluice::policy {

class Forgetting {
 public:
  // In ticks; 0: nothing is forgotten, every factor is 1.
  explicit Forgetting(std::uint64_t half_life) : half_life_(half_life) {}

  // Moves the clock on (never back). The answer is what the caller's sums are to be scaled by now,
  // as an exponent of 2; mostly 0.
  [[nodiscard]] int Advance(std::uint64_t tick);

  // What a contribution of `tick` with this weight enters the sums with.
  double Factor(double weight, std::uint64_t tick) const;
  // What the sums count times now.
  double Decay() const;
  // What has become, by now, of one that was made at `tick`.
  double DecaySince(std::uint64_t tick) const;

  bool forgets() const { return half_life_ > 0; }
  std::uint64_t tick() const { return tick_; }
  std::uint64_t landmark() const { return landmark_; }  // in half-lives

  // Empty when no clock of this half-life stands so.
  static std::optional<Forgetting> At(std::uint64_t half_life, std::uint64_t tick,
                                      std::uint64_t landmark);

 private:
  std::uint64_t half_life_;
  std::uint64_t tick_ = 0;
  std::uint64_t landmark_ = 0;
};

}  // namespace sluice::policy
