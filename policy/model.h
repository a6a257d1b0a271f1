// The learner's state of one router: sufficient statistics of every arm. This is the truth that a
// checkpoint holds; a Posterior is derived from it. One thread at a time (the learner's).
//
// The statistics know nothing of the policy that chose: the policy, its exploration and the weight
// of cost can change without invalidating anything that was learnt.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/posterior.h"
#include "policy/ridge.h"
#include "policy/types.h"

namespace sluice::policy {

struct ModelOptions {
  std::size_t dimension = 0;      // with the bias
  double feature_precision = 50;  // prior precision of each feature
  double bias_precision = 1;
  double quality_mean = 0.7;                         // prior mean of quality, on the bias
  double cost_log_ratio_mean = -1.2039728043259361;  // prior mean of ln(cost / list price): ln 0.3
  double noise_shape = 5;                            // normal-inverse-gamma a0, b0
  double noise_scale = 0.16;
  bool operator==(const ModelOptions&) const = default;
};

class Model {
 public:
  // Cold: no arms yet.
  explicit Model(const ModelOptions& options);

  // Adds one arm with the prior; its id is the number of arms before the call.
  ArmId AddArm();
  std::size_t arms() const { return arms_.size(); }
  const ModelOptions& options() const { return options_; }

  // Adds one contribution. The context has options().dimension entries, the arm exists.
  void Update(const Example& example);

  // The posterior of the statistics now; factors only what changed since the last call. An arm
  // whose statistics cannot be factored keeps its last factor and is counted in quarantined().
  std::shared_ptr<const Posterior> Derive();
  std::size_t quarantined() const { return quarantined_; }

  // Same statistics, same bytes. Versioned; restored only under the options it was written with.
  std::string Serialise() const;
  static std::optional<Model> Restore(std::string_view bytes, const ModelOptions& options);

 private:
  struct Arm {
    RidgeStatistics quality;
    RidgeStatistics cost;
    ArmPosterior derived;
    bool quality_changed = true;
    bool cost_changed = true;
  };

  ModelOptions options_;
  RidgePrior quality_prior_;
  RidgePrior cost_prior_;
  std::vector<Arm> arms_;
  std::size_t quarantined_ = 0;
};

}  // namespace sluice::policy
