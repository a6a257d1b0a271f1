// A figure over several seeds. Pure functions.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "sim/report_table.h"

namespace sluice::sim {

struct MeanAndSpread {
  double mean = 0;
  double sd = 0;  // ddof 1; 0 for one value
};

// Of what `of` gives for each seed's figures.
template <typename Figures, typename Of>
MeanAndSpread Over(const std::vector<Figures>& by_seed, Of of) {
  const auto n = static_cast<double>(by_seed.size());
  MeanAndSpread over;
  for (const Figures& one : by_seed) over.mean += of(one) / n;
  double square = 0;
  for (const Figures& one : by_seed) square += std::pow(of(one) - over.mean, 2);
  if (by_seed.size() > 1) over.sd = std::sqrt(square / (n - 1));
  return over;
}

inline std::string WithSpread(const MeanAndSpread& value, int digits) {
  return Fixed(value.mean, digits) + " ±" + Fixed(value.sd, digits);
}

}  // namespace sluice::sim
