// Text in columns. Pure functions.
#pragma once

#include <string>
#include <vector>

namespace sluice::sim {

// With so many digits after the point.
std::string Fixed(double value, int digits);

// "[0.8906, 0.8917]".
std::string FormatInterval(double low, double high, int digits);

using Row = std::vector<std::string>;

enum class Side { kLeft, kRight };

// Columns as wide as their widest entry: the first to the left, the others to `side`.
std::string Align(const std::vector<Row>& rows, Side side = Side::kRight);

}  // namespace sluice::sim
