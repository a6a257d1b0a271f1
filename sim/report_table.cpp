#include "sim/report_table.h"

#include <algorithm>
#include <cstdio>

namespace sluice::sim {

std::string Fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string FormatInterval(double low, double high, int digits) {
  return "[" + Fixed(low, digits) + ", " + Fixed(high, digits) + "]";
}

std::string Align(const std::vector<Row>& rows, Side side) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()), 0);
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string blank(widths[i] - row[i].size(), ' ');
      const bool left = i == 0 || side == Side::kLeft;
      line += (i == 0 ? "" : "  ") + (left ? row[i] + blank : blank + row[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace sluice::sim
