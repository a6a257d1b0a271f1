// An axis: from values to pixels, and the round values that are written beside it.
#pragma once

#include <limits>
#include <string>
#include <vector>

namespace sluice::sim {

struct Tick {
  double value = 0;
  std::string label;
};

class Scale {
 public:
  Scale(bool log, bool percent) : log_(log), percent_(percent) {}

  // Whether a value has a place on it.
  bool Holds(double value) const;
  // Widens it; what has no place is passed over.
  void Include(double value);

  // kRound: the ends are ticks; kTight: the ends are the values'; kAround: a twentieth beyond them.
  enum class Room { kTight, kRound, kAround };
  // After all values: lays it between two pixels and finds the ticks.
  void Fit(double first_pixel, double last_pixel, Room room);

  double At(double value) const;
  const std::vector<Tick>& ticks() const { return ticks_; }

 private:
  double Place(double value) const;
  void Widen();
  void TickLinear(Room room);
  void TickLog(Room room);
  std::string Label(double value, double step) const;

  bool log_;
  bool percent_;
  double low_ = std::numeric_limits<double>::infinity();
  double high_ = -std::numeric_limits<double>::infinity();
  double first_pixel_ = 0;
  double last_pixel_ = 0;
  std::vector<Tick> ticks_;
};

}  // namespace sluice::sim
