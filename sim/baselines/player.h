// Takes a baseline through tasks: makes their contexts with the product's own builder, has them
// answered out of recorded outcomes, and brings the outcomes back. One thread at a time.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "policy/context.h"
#include "sim/baselines/baseline.h"

namespace sluice::sim {

struct BaselinePlayerOptions {
  policy::ContextOptions context;  // a fitted map is never fitted: its text scalars serve
  std::uint64_t seed = 1;
  double budget_usd = 0;   // as BaselineOptions
  double cost_weight = 0;  // likewise
};

// A request that was answered.
struct Answered {
  policy::Context context;
  std::uint64_t tick = 0;
  std::vector<policy::ArmId> called;   // the last one was served
  std::vector<double> list_price_usd;  // by arm, at the time
  double paid_usd = 0;                 // for all calls
};

class BaselinePlayer {
 public:
  // `name` is one of Baselines().
  BaselinePlayer(std::string_view name, const BaselinePlayerOptions& options);
  // Any other; of the options it takes the context and the seed.
  BaselinePlayer(std::unique_ptr<Baseline> baseline, const BaselinePlayerOptions& options);

  // `outcomes` and `arms` by arm; the task has what the context is made of.
  Answered Ask(const Task& task, std::span<const Outcome> outcomes, std::span<const ArmFacts> arms,
               policy::ArmSet available);
  void Teach(const Answered& answered, std::span<const Outcome> outcomes);

 private:
  policy::Context ContextOf(const Task& task) const;

  policy::ContextBuilder builder_;
  bool text_;
  std::uint64_t seed_;
  std::uint64_t tick_ = 0;
  std::unique_ptr<Baseline> baseline_;
};

}  // namespace sluice::sim
