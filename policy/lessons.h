// What is told to a model (model.h): labels, bills, and where a new arm starts. Plain values.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "policy/types.h"

namespace sluice::policy {

// Where an arm starts.
struct ArmStart {
  enum class From : std::uint8_t {
    kPrior,        // ModelOptions
    kOthers,       // prior means are the mean of the other arms' estimates, quality and cost
    kArm,          // as kOthers from one arm, whose sums are borrowed at `strength` observations
    kStatistics,   // sums made offline, borrowed at `strength` observations
    kPredictions,  // prior means are fitted to what was predicted at some contexts
  };
  From from = From::kPrior;
  ArmSet others;                // kOthers: those that are averaged; empty is as kPrior
  ArmId arm = 0;                // kArm
  std::string_view statistics;  // kStatistics: as ArmStatistics gives them
  double strength = 25;
  // kPredictions: by context, and as many of each; they outlive the call.
  std::span<const Context> contexts;
  std::span<const double> quality;
  std::span<const double> cost_log_ratio;
};

// One label of one decision, with everything that is needed to take it back.
struct QualityLesson {
  ArmId arm = 0;
  const Context* context = nullptr;  // outlives the call it is passed to
  std::uint64_t tick = 0;            // the decision's
  double value = 0;                  // in [0, 1]
  double weight = 1;                 // trust in it; > 0
  // Order number (log position, from 1) at which it is first learnt; new lessons have larger ones.
  // A lesson that is taken back and given again, because its weight changed, keeps its number and
  // counts as it would have from the first. 0: never to be taken back.
  std::uint64_t since = 0;
};

struct CostLesson {
  ArmId arm = 0;
  const Context* context = nullptr;
  std::uint64_t tick = 0;
  double log_ratio = 0;  // ln(cost_usd / list_price_usd)
};

}  // namespace sluice::policy
