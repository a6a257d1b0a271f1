#include "sim/report_scale.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace sluice::sim {
namespace {

constexpr double kTicksAbout = 6;
constexpr double kMargin = 0.05;           // of the span
constexpr double kDecadesForDetail = 2.2;  // below it 2 and 5 of a decade are ticks as well,
constexpr double kDecadesForMore = 1.1;    // below it others too
constexpr double kDecadesForAll = 7;       // above it not every decade is one

// 1, 2 or 5 times a power of ten.
double RoundStep(double span) {
  const double raw = span / kTicksAbout;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (raw <= factor * power) return factor * power;
  }
  return 10 * power;
}

std::string Printed(const char* format, int digits, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, digits, value);
  return text;
}

}  // namespace

bool Scale::Holds(double value) const {
  return std::isfinite(value) && (!log_ || value > 0);
}

void Scale::Include(double value) {
  if (!Holds(value)) return;
  low_ = std::min(low_, value);
  high_ = std::max(high_, value);
}

double Scale::Place(double value) const {
  return log_ ? std::log10(value) : value;
}

double Scale::At(double value) const {
  const double share = (Place(value) - Place(low_)) / (Place(high_) - Place(low_));
  return first_pixel_ + std::clamp(share, 0.0, 1.0) * (last_pixel_ - first_pixel_);
}

void Scale::Fit(double first_pixel, double last_pixel, Room room) {
  first_pixel_ = first_pixel;
  last_pixel_ = last_pixel;
  if (low_ > high_) low_ = high_ = 1;  // nothing was included
  // Values that are all the same get room around them.
  if (log_ && high_ < low_ * 1.0001) {
    low_ /= 2;
    high_ *= 2;
  } else if (!log_ && high_ - low_ <= 1e-9 * std::max(std::abs(low_), std::abs(high_))) {
    const double around = std::max(0.05 * std::abs(low_), 1e-6);
    low_ -= around;
    high_ += around;
  }
  if (room == Room::kAround) Widen();
  log_ ? TickLog(room) : TickLinear(room);
}

void Scale::Widen() {
  const double around = kMargin * (Place(high_) - Place(low_));
  low_ = log_ ? low_ * std::pow(10, -around) : low_ - around;
  high_ = log_ ? high_ * std::pow(10, around) : high_ + around;
}

void Scale::TickLinear(Room room) {
  const double step = RoundStep(high_ - low_);
  if (room == Room::kRound) {
    low_ = std::floor(low_ / step + 1e-9) * step;
    high_ = std::ceil(high_ / step - 1e-9) * step;
  }
  const double first = std::ceil(low_ / step - 1e-9);
  for (double i = first; i * step <= high_ + 1e-9 * step; ++i) {
    const double value = i == 0 ? 0 : i * step;  // never -0
    ticks_.push_back({value, Label(value, step)});
  }
}

void Scale::TickLog(Room room) {
  const double decades = std::log10(high_ / low_);
  const auto is_tick = [decades](double factor) {
    if (factor == 1) return true;
    return factor == 2 || factor == 5 ? decades < kDecadesForDetail : decades < kDecadesForMore;
  };
  if (room == Room::kRound) {
    low_ = std::pow(10, std::floor(std::log10(low_) + 1e-9));
    high_ = std::pow(10, std::ceil(std::log10(high_) - 1e-9));
  }
  const int stride = std::max(1, static_cast<int>(std::ceil(decades / kDecadesForAll)));
  const int last = static_cast<int>(std::ceil(std::log10(high_)));
  for (int decade = static_cast<int>(std::floor(std::log10(low_))); decade <= last;
       decade += stride) {
    for (const double factor : {1.0, 1.5, 2.0, 3.0, 5.0, 7.0}) {
      const double value = factor * std::pow(10, decade);
      if (!is_tick(factor) || value < low_ * (1 - 1e-9) || value > high_ * (1 + 1e-9)) continue;
      ticks_.push_back({value, percent_ ? Label(value, value) : Printed("%.*g", 3, value)});
    }
  }
}

std::string Scale::Label(double value, double step) const {
  if (percent_) {
    const int digits = std::max(0, static_cast<int>(std::ceil(-std::log10(100 * step) - 1e-9)));
    return Printed("%.*f%%", digits, 100 * value);
  }
  const double size = std::max(std::abs(value), step);
  if (size >= 1e5 || step < 1e-4) return value == 0 ? "0" : Printed("%.*g", 3, value);
  const int digits = std::max(0, static_cast<int>(std::ceil(-std::log10(step) - 1e-9)));
  return Printed("%.*f", digits, value);
}

}  // namespace sluice::sim
