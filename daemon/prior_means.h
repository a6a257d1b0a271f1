// What is older than a new context map folds again becomes the prior means of the arms: what the
// old model expects at the inputs that the map is fitted on. Of older decisions nothing is read.
#pragma once

#include <vector>

#include "daemon/roster.h"
#include "policy/context_map.h"
#include "policy/model.h"
#include "store/records.h"

namespace sluice::daemon {

class PriorMeans {
 public:
  // Of no arm.
  PriorMeans() = default;
  // What the model expects of every arm at the inputs, whose contexts are of the map (or of none).
  PriorMeans(policy::Model& model, const RouterDefinition& definition,
             const policy::ContextMap* map, std::vector<store::DecisionRecord> inputs);

  // Adds these arms to a model without any, whose contexts are of another map.
  void Start(policy::Model& model, const RouterDefinition& definition,
             const policy::ContextMap* map) const;

 private:
  // At one input, by arm.
  struct Expected {
    store::DecisionRecord input;
    std::vector<double> quality;
    std::vector<double> cost_log_ratio;
  };
  std::vector<Expected> expected_;
};

}  // namespace sluice::daemon
