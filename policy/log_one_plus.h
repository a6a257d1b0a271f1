// ln(1 + count) with the same bits everywhere.
#pragma once

#include <cmath>
#include <cstddef>

namespace sluice::policy {

// By the series of the inverse hyperbolic tangent: library logarithms differ in the last bit from
// version to version, this does not.
inline double LogOnePlus(std::size_t count) {
  int exponent = 0;
  double mantissa = std::frexp(static_cast<double>(count) + 1, &exponent);
  if (mantissa < 0.70710678118654752) {
    mantissa *= 2;
    --exponent;
  }
  const double s = (mantissa - 1) / (mantissa + 1);
  const double square = s * s;
  double sum = 0;
  for (int k = 23; k >= 1; k -= 2) {
    sum = sum * square + 1.0 / k;
  }
  return 2 * s * sum + exponent * 0.69314718055994531;
}

}  // namespace sluice::policy
