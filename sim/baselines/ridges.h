// A ridge regression an arm over the context, with the product's own statistics and solver. One
// thread at a time.
#pragma once

#include <vector>

#include "policy/regression.h"
#include "policy/types.h"

namespace sluice::sim {

struct RidgesOptions {
  std::size_t dimension = 0;  // with the bias
  double precision = 50;      // of a feature
  double bias_precision = 1;
  double mean = 0;  // on the bias, of the first arms
};

class Ridges {
 public:
  explicit Ridges(const RidgesOptions& options) : options_(options) {}

  void Add(policy::ArmId arm, const policy::Context& context, double target);
  double labels(policy::ArmId arm) const;

  double Mean(policy::ArmId arm, const policy::Context& context);
  // Width: one standard deviation for noise of variance 1.
  struct MeanAndWidth {
    double mean = 0;
    double width = 0;
  };
  MeanAndWidth Predict(policy::ArmId arm, const policy::Context& context);

 private:
  // An arm that comes after others were labelled begins at the mean of what they say.
  policy::Regression& Of(policy::ArmId arm);
  const policy::RidgeSolution& SolutionOf(policy::Regression& regression);

  RidgesOptions options_;
  std::vector<policy::Regression> arms_;
};

}  // namespace sluice::sim
