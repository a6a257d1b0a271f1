#include "policy/rng.h"

#include <cmath>
#include <numbers>

namespace sluice::policy {

double Rng::Normal() {
  const double radius_uniform = 1 - Uniform();  // in (0, 1]: its logarithm is finite
  const double angle = 2 * std::numbers::pi * Uniform();
  return std::sqrt(-2 * std::log(radius_uniform)) * std::cos(angle);
}

}  // namespace sluice::policy
