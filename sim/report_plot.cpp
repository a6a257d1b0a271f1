#include "sim/report_plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string_view>

#include "sim/report_scale.h"

namespace sluice::sim {
namespace {

// In pixels of the picture.
constexpr double kWidth = 720;
constexpr double kHeight = 420;
constexpr double kLeft = 78;
constexpr double kRight = 24;
constexpr double kTop = 44;
constexpr double kBottom = 64;
constexpr double kLegendRow = 20;
constexpr double kLegendColumn = 216;
constexpr std::size_t kLegendColumns = 3;
constexpr double kPointRadius = 4.5;
constexpr double kBarCap = 4;

// Told apart by people who see few colours as well (Okabe and Ito 2008).
constexpr std::array<std::string_view, 8> kColours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                      "#e69f00", "#56b4e9", "#4d4d4d", "#8f8400"};

std::string_view ColourOf(std::size_t series) {
  return kColours[series % kColours.size()];
}

std::string Pixels(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", value);
  return text;
}

std::string Attribute(std::string_view name, std::string_view value) {
  return " " + std::string(name) + "=\"" + std::string(value) + "\"";
}

struct TextStyle {
  std::string_view anchor = "middle";
  double size = 13;
  std::string_view more = "";
};

std::string Text(double x, double y, std::string_view text, const TextStyle& style = {}) {
  return "<text" + Attribute("x", Pixels(x)) + Attribute("y", Pixels(y)) +
         Attribute("text-anchor", style.anchor) + Attribute("font-size", Pixels(style.size)) +
         std::string(style.more) + ">" + EscapeMarkup(text) + "</text>\n";
}

std::string Line(double x1, double y1, double x2, double y2, std::string_view style) {
  return "<line" + Attribute("x1", Pixels(x1)) + Attribute("y1", Pixels(y1)) +
         Attribute("x2", Pixels(x2)) + Attribute("y2", Pixels(y2)) + std::string(style) + "/>\n";
}

// One plot as it is drawn: where values lie.
class Picture {
 public:
  explicit Picture(const Plot& plot)
      : plot_(plot), legend_rows_(LegendRows(plot)), x_(ScaleOf(plot.x)), y_(ScaleOf(plot.y)) {
    for (const Series& series : plot.series) {
      for (const double value : series.x) x_.Include(value);
    }
    if (plot.stacked) {
      y_.Include(0);
      y_.Include(1);
    } else {
      IncludeHeights();
    }
    const bool points = std::ranges::all_of(
        plot.series, [](const Series& series) { return series.mark == Mark::kPoints; });
    x_.Fit(kLeft, kWidth - kRight, points ? Scale::Room::kAround : Scale::Room::kTight);
    y_.Fit(bottom(), kTop, plot.stacked ? Scale::Room::kTight : Scale::Room::kRound);
  }

  std::string Render() {
    std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\"" +
                      Attribute("viewBox", "0 0 " + Pixels(kWidth) + " " + Pixels(height())) +
                      Attribute("aria-label", EscapeMarkup(plot_.title)) +
                      " font-family=\"system-ui, sans-serif\" fill=\"#222\">\n";
    svg += Text(kWidth / 2, 24, plot_.title, {.size = 16, .more = " font-weight=\"600\""});
    svg += Grid();
    if (plot_.stacked) svg += Stack();
    if (!plot_.stacked) svg += Curves();
    svg += Frame() + Legend();
    return svg + "</svg>\n";
  }

 private:
  static std::size_t LegendRows(const Plot& plot) {
    const auto named = static_cast<std::size_t>(std::ranges::count_if(
        plot.series, [](const Series& series) { return !series.name.empty(); }));
    return (named + kLegendColumns - 1) / kLegendColumns;
  }
  static Scale ScaleOf(const Axis& axis) { return Scale(axis.log, axis.percent); }

  double bottom() const { return kHeight - kBottom; }
  double height() const { return kHeight + kLegendRow * static_cast<double>(legend_rows_); }

  void IncludeHeights() {
    for (const Series& series : plot_.series) {
      for (const auto* values : {&series.y, &series.low, &series.high}) {
        for (const double value : *values) y_.Include(value);
      }
    }
  }

  bool Has(const Series& series, std::size_t i) const {
    return x_.Holds(series.x[i]) && y_.Holds(series.y[i]);
  }

  std::string Grid() const {
    std::string svg;
    for (const Tick& tick : x_.ticks()) {
      const double at = x_.At(tick.value);
      svg += Line(at, kTop, at, bottom(), " stroke=\"#e4e4e4\"");
      svg += Text(at, bottom() + 18, tick.label, {.size = 12});
    }
    for (const Tick& tick : y_.ticks()) {
      const double at = y_.At(tick.value);
      svg += Line(kLeft, at, kWidth - kRight, at, " stroke=\"#e4e4e4\"");
      svg += Text(kLeft - 8, at + 4, tick.label, {.anchor = "end", .size = 12});
    }
    return svg;
  }

  std::string Frame() const {
    const double middle = (kTop + bottom()) / 2;
    const std::string turned = Attribute("transform", "rotate(-90 18 " + Pixels(middle) + ")");
    return "<rect" + Attribute("x", Pixels(kLeft)) + Attribute("y", Pixels(kTop)) +
           Attribute("width", Pixels(kWidth - kRight - kLeft)) +
           Attribute("height", Pixels(bottom() - kTop)) + " fill=\"none\" stroke=\"#666\"/>\n" +
           Text((kLeft + kWidth - kRight) / 2, bottom() + 42, plot_.x.label) +
           Text(18, middle, plot_.y.label, {.more = turned});
  }

  // A path through the points that can be drawn; a gap where one cannot.
  std::string Path(const Series& series) const {
    std::string path;
    double before = 0;
    bool drawing = false;
    for (std::size_t i = 0; i < series.x.size(); ++i) {
      if (!Has(series, i)) {
        drawing = false;
        continue;
      }
      const std::string x = Pixels(x_.At(series.x[i]));
      const std::string y = Pixels(y_.At(series.y[i]));
      if (drawing && series.mark == Mark::kSteps) path += "L" + x + " " + Pixels(before);
      path += (drawing ? "L" : "M") + x + " " + y;
      before = y_.At(series.y[i]);
      drawing = true;
    }
    return path;
  }

  // Bands lie under lines, and lines under points.
  std::string Curves() const {
    std::string bands;
    std::string lines;
    std::string points;
    for (std::size_t i = 0; i < plot_.series.size(); ++i) {
      const Series& series = plot_.series[i];
      if (series.mark == Mark::kPoints) {
        points += Points(series, std::string(ColourOf(i)));
      } else {
        bands += Band(i);
        lines += Drawn(i);
      }
    }
    return bands + lines + points;
  }

  std::string Drawn(std::size_t index) const {
    const Series& series = plot_.series[index];
    const std::string colour(ColourOf(index));
    const std::string dashes =
        series.mark == Mark::kDashes ? " stroke-dasharray=\"7 5\"" : std::string();
    return "<path" + Attribute("d", Path(series)) + Attribute("stroke", colour) + dashes +
           " fill=\"none\" stroke-width=\"2\" stroke-linejoin=\"round\"/>\n";
  }

  std::string Points(const Series& series, const std::string& colour) const {
    std::string svg;
    const std::string stroke = Attribute("stroke", colour);
    for (std::size_t i = 0; i < series.x.size(); ++i) {
      if (!Has(series, i)) continue;
      const double x = x_.At(series.x[i]);
      if (!series.low.empty() && y_.Holds(series.low[i]) && y_.Holds(series.high[i])) {
        const double low = y_.At(series.low[i]);
        const double high = y_.At(series.high[i]);
        svg += Line(x, low, x, high, stroke);
        svg += Line(x - kBarCap, low, x + kBarCap, low, stroke);
        svg += Line(x - kBarCap, high, x + kBarCap, high, stroke);
      }
      svg += "<circle" + Attribute("cx", Pixels(x)) + Attribute("cy", Pixels(y_.At(series.y[i]))) +
             Attribute("r", Pixels(kPointRadius)) + Attribute("fill", colour) +
             " stroke=\"#fff\"/>\n";
    }
    return svg;
  }

  std::string Band(std::size_t index) const {
    const Series& series = plot_.series[index];
    if (series.low.empty()) return {};
    std::string points;
    const auto add = [&](std::size_t i, double y) {
      if (x_.Holds(series.x[i]) && y_.Holds(y)) {
        points += Pixels(x_.At(series.x[i])) + "," + Pixels(y_.At(y)) + " ";
      }
    };
    for (std::size_t i = 0; i < series.x.size(); ++i) add(i, series.high[i]);
    for (std::size_t i = series.x.size(); i-- > 0;) add(i, series.low[i]);
    return "<polygon" + Attribute("points", points) + Attribute("fill", ColourOf(index)) +
           " fill-opacity=\"0.18\"/>\n";
  }

  std::string Stack() const {
    std::string svg;
    const std::size_t count = plot_.series.empty() ? 0 : plot_.series.front().x.size();
    std::vector<double> below(count, 0);
    for (std::size_t s = 0; s < plot_.series.size(); ++s) {
      const Series& series = plot_.series[s];
      std::vector<double> above = below;
      for (std::size_t i = 0; i < count; ++i) above[i] += series.y[i];
      std::string points;
      for (std::size_t i = 0; i < count; ++i) {
        points += Pixels(x_.At(series.x[i])) + "," + Pixels(y_.At(above[i])) + " ";
      }
      for (std::size_t i = count; i-- > 0;) {
        points += Pixels(x_.At(series.x[i])) + "," + Pixels(y_.At(below[i])) + " ";
      }
      svg += "<polygon" + Attribute("points", points) + Attribute("fill", ColourOf(s)) +
             " fill-opacity=\"0.85\" stroke=\"#fff\" stroke-width=\"0.5\"/>\n";
      below = above;
    }
    return svg;
  }

  std::string Legend() const {
    std::string svg;
    std::size_t place = 0;
    for (std::size_t s = 0; s < plot_.series.size(); ++s) {
      const Series& series = plot_.series[s];
      if (series.name.empty()) continue;
      const double x = kLeft + kLegendColumn * static_cast<double>(place % kLegendColumns);
      const double y = kHeight + kLegendRow * static_cast<double>(place / kLegendColumns);
      ++place;
      svg += Sample(s, x, y - 4);
      svg += Text(x + 32, y, series.name, {.anchor = "start"});
    }
    return svg;
  }

  std::string Sample(std::size_t index, double x, double y) const {
    const Series& series = plot_.series[index];
    const std::string colour(ColourOf(index));
    if (plot_.stacked) {
      return "<rect" + Attribute("x", Pixels(x + 8)) + Attribute("y", Pixels(y - 6)) +
             Attribute("fill", colour) + " width=\"14\" height=\"12\" fill-opacity=\"0.85\"/>\n";
    }
    if (series.mark == Mark::kPoints) {
      return "<circle" + Attribute("cx", Pixels(x + 15)) + Attribute("cy", Pixels(y)) +
             Attribute("r", Pixels(kPointRadius)) + Attribute("fill", colour) + "/>\n";
    }
    const std::string dashes =
        series.mark == Mark::kDashes ? " stroke-dasharray=\"7 5\"" : std::string();
    return Line(x + 2, y, x + 28, y, Attribute("stroke", colour) + dashes + " stroke-width=\"2\"");
  }

  const Plot& plot_;
  std::size_t legend_rows_;
  Scale x_;
  Scale y_;
};

}  // namespace

std::string EscapeMarkup(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string RenderSvg(const Plot& plot) {
  return Picture(plot).Render();
}

}  // namespace sluice::sim
