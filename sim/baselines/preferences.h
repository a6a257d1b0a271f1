// Preferences out of single outcomes. Their authors have two answers to one prompt and a judge; a
// router has one answer. An outcome is compared with that of every other arm on the nearest prompt
// that it answered: the higher reward wins, within .02 it is a tie. One thread at a time.
#pragma once

#include <vector>

#include "sim/baselines/baseline.h"
#include "sim/baselines/memory.h"

namespace sluice::sim {

struct Preference {
  policy::ArmId one = 0;
  policy::ArmId other = 0;
  double share = 0.5;  // 1: `one` won, 0: `other` did
  double gain = 0;     // reward of `one` minus that of `other`
};

class Preferences {
 public:
  // What the lesson says about its arm and each of the others; then remembers it.
  std::vector<Preference> Learn(const BaselineLesson& lesson);
  double mean_reward() const { return count_ > 0 ? sum_ / count_ : 0; }
  // How many arms a lesson was ever of: one more than the highest.
  std::size_t arms() const { return arms_.size(); }

 private:
  std::vector<Memory> arms_;
  double sum_ = 0;
  double count_ = 0;
};

// What log-odds of winning are worth in reward: the slope of a regression through the origin.
class WorthOfOdds {
 public:
  void Add(double log_odds, double gain);
  double slope() const;

 private:
  double products_ = 0;
  double squares_ = 0;
};

double Logistic(double log_odds);

}  // namespace sluice::sim
