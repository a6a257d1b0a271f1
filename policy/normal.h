// The normal density and distribution function, four arguments at a time. Private to policy/.
// Written on the compiler's vector types, because it will not vectorise the choices by itself.
#pragma once

#include <cstddef>
#include <cstdint>

#include "policy/lanes.h"

namespace sluice::policy {

inline constexpr double kNormalQuantile99 = 2.3263478740408408;

typedef std::uint64_t NormalBits __attribute__((vector_size(kDoubleLanes * sizeof(double))));

// The polynomial with these coefficients, highest power first.
template <std::size_t n>
DoubleLanes Polynomial(const double (&coefficients)[n], const DoubleLanes& x) {
  DoubleLanes sum = coefficients[0] + DoubleLanes{};
  for (std::size_t k = 1; k < n; ++k) {
    DoubleLanes next = coefficients[k] + DoubleLanes{};
    MultiplyAdd(next, sum, x);
    sum = next;
  }
  return sum;
}

// exp(t) for t in [-700, 0], relative error 7e-12: t = n ln 2 + r, the Taylor polynomial of r, and
// n added to the exponent bits.
inline DoubleLanes ExpOfNegative(const DoubleLanes& t) {
  constexpr double kRound = 0x1.8p52;  // adding it leaves the nearest integer in the low bits
  constexpr double kLn2High = 0x1.62e42fefa3800p-1;
  constexpr double kLn2Low = 0x1.ef35793c76730p-45;
  static constexpr double kTaylor[] = {1.0 / 362880, 1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120,
                                       1.0 / 24,     1.0 / 6,     1.0 / 2,    1,         1};
  const DoubleLanes shifted = t * 0x1.71547652b82fep0 + kRound;
  const DoubleLanes n = shifted - kRound;
  const DoubleLanes r = (t - n * kLn2High) - n * kLn2Low;
  const DoubleLanes fraction = Polynomial(kTaylor, r);
  const NormalBits exponent = reinterpret_cast<NormalBits>(shifted) << 52;
  return reinterpret_cast<DoubleLanes>(reinterpret_cast<NormalBits>(fraction) + exponent);
}

// Mills' ratio, the upper tail over the density, for t in [0, 8.5], relative error 1.2e-10:
// 1 / (t + 4.8) times the Chebyshev interpolant of degree 10 in that fraction, as a polynomial.
inline DoubleLanes MillsRatio(const DoubleLanes& t) {
  static constexpr double kInterpolant[] = {
      4.514507395469991e-06, -5.283322118223375e-06, -0.00011372407195412134, 0.000433729050074176,
      0.0015287682167549508, -0.02141760041062859,   0.11125449434553791,     -0.3795636796990895,
      0.9542288343063108,    -1.83545537367738,      2.7129967639618027};
  const DoubleLanes fraction = 1 / (t + 4.8);
  return fraction * Polynomial(kInterpolant, 2.1294117647058823 - 15.021176470588234 * fraction);
}

struct NormalValues {
  DoubleLanes density;
  DoubleLanes distribution;
};

// Of each z, held within +-8.5 (where the density is 8e-17).
inline NormalValues EvaluateNormal(const DoubleLanes& z) {
  constexpr double kInverseRootTwoPi = 0.39894228040143268;
  const DoubleLanes magnitude = z < 0 ? -z : z;
  const DoubleLanes t = magnitude < 8.5 ? magnitude : 8.5 + DoubleLanes{};
  const DoubleLanes density = kInverseRootTwoPi * ExpOfNegative(-0.5 * t * t);
  const DoubleLanes tail = density * MillsRatio(t);
  return {.density = density, .distribution = z < 0 ? tail : 1 - tail};
}

}  // namespace sluice::policy
