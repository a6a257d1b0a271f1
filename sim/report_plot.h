// Plots as SVG: axes with units and round ticks, a legend, a band around a mean where there is one.
// Nothing but text goes in and out: no script, no font, nothing that is fetched. Pure functions;
// equal arguments give equal bytes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::sim {

enum class Mark { kLine, kDashes, kSteps, kPoints };

struct Series {
  std::string name;  // in the legend; empty: not there
  Mark mark = Mark::kLine;
  std::vector<double> x;  // rising, but for points
  std::vector<double> y;  // as many; what is not finite is left out
  // Around y, as many as y: a band, or bars of points. Empty: none.
  std::vector<double> low;
  std::vector<double> high;
};

struct Axis {
  std::string label;     // with the unit
  bool log = false;      // values that are not positive are left out
  bool percent = false;  // ticks read as shares of 1
};

struct Plot {
  std::string title;
  std::string caption;  // a sentence about how to read it
  Axis x;
  Axis y;
  std::vector<Series> series;
  // The series are shares of a whole, laid on one another in their order; of the same x.
  bool stacked = false;
};

std::string RenderSvg(const Plot& plot);

// What stands for a text between tags or inside quotes.
std::string EscapeMarkup(std::string_view text);

}  // namespace sluice::sim
