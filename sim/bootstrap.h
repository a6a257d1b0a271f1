// Bootstrap intervals of means. Pure: the same values give the same interval.
#pragma once

#include <span>

namespace sluice::sim {

struct Interval {
  double low = 0;
  double high = 0;
};

// Where 95 % of the means of 10,000 resamples lie (percentiles; Efron 1979): as many values, drawn
// with replacement. One value is its own interval, none gives zeros.
Interval Bootstrap95(std::span<const double> values);

}  // namespace sluice::sim
