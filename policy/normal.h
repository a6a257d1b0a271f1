// The normal density and distribution function, four arguments at a time, for thompson.cpp.
// Written on the compiler's vector types, because it will not vectorise the choices by itself.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

namespace sluice::policy {

inline constexpr std::size_t kNormalLanes = 4;
typedef double NormalLanes __attribute__((vector_size(kNormalLanes * sizeof(double))));
typedef std::uint64_t NormalBits __attribute__((vector_size(kNormalLanes * sizeof(double))));

// a * b + c, fused by name: the same bits in every build.
inline NormalLanes MultiplyAdd(const NormalLanes& a, const NormalLanes& b, const NormalLanes& c) {
  NormalLanes sum;
  for (std::size_t lane = 0; lane < kNormalLanes; ++lane) {
    sum[lane] = std::fma(a[lane], b[lane], c[lane]);
  }
  return sum;
}

// The polynomial with these coefficients, highest power first.
template <std::size_t n>
NormalLanes Polynomial(const double (&coefficients)[n], const NormalLanes& x) {
  NormalLanes sum = coefficients[0] + NormalLanes{};
  for (std::size_t k = 1; k < n; ++k) {
    sum = MultiplyAdd(sum, x, coefficients[k] + NormalLanes{});
  }
  return sum;
}

// exp(t) for t in [-700, 0], relative error 7e-12: t = n ln 2 + r, the Taylor polynomial of r, and
// n added to the exponent bits.
inline NormalLanes ExpOfNegative(const NormalLanes& t) {
  constexpr double kRound = 0x1.8p52;  // adding it leaves the nearest integer in the low bits
  constexpr double kLn2High = 0x1.62e42fefa3800p-1;
  constexpr double kLn2Low = 0x1.ef35793c76730p-45;
  static constexpr double kTaylor[] = {1.0 / 362880, 1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120,
                                       1.0 / 24,     1.0 / 6,     1.0 / 2,    1,         1};
  const NormalLanes shifted = t * 0x1.71547652b82fep0 + kRound;
  const NormalLanes n = shifted - kRound;
  const NormalLanes r = (t - n * kLn2High) - n * kLn2Low;
  const NormalLanes fraction = Polynomial(kTaylor, r);
  const NormalBits exponent = reinterpret_cast<NormalBits>(shifted) << 52;
  return reinterpret_cast<NormalLanes>(reinterpret_cast<NormalBits>(fraction) + exponent);
}

// Mills' ratio, the upper tail over the density, for t in [0, 8.5], relative error 1.2e-10:
// 1 / (t + 4.8) times the Chebyshev interpolant of degree 10 in that fraction, as a polynomial.
inline NormalLanes MillsRatio(const NormalLanes& t) {
  static constexpr double kInterpolant[] = {
      4.514507395469991e-06, -5.283322118223375e-06, -0.00011372407195412134, 0.000433729050074176,
      0.0015287682167549508, -0.02141760041062859,   0.11125449434553791,     -0.3795636796990895,
      0.9542288343063108,    -1.83545537367738,      2.7129967639618027};
  const NormalLanes fraction = 1 / (t + 4.8);
  return fraction * Polynomial(kInterpolant, 2.1294117647058823 - 15.021176470588234 * fraction);
}

struct NormalValues {
  NormalLanes density;
  NormalLanes distribution;
};

// Of each z, held within +-8.5 (where the density is 8e-17).
inline NormalValues EvaluateNormal(const NormalLanes& z) {
  constexpr double kInverseRootTwoPi = 0.39894228040143268;
  const NormalLanes magnitude = z < 0 ? -z : z;
  const NormalLanes t = magnitude < 8.5 ? magnitude : 8.5 + NormalLanes{};
  const NormalLanes density = kInverseRootTwoPi * ExpOfNegative(-0.5 * t * t);
  const NormalLanes tail = density * MillsRatio(t);
  return {.density = density, .distribution = z < 0 ? tail : 1 - tail};
}

}  // namespace sluice::policy
