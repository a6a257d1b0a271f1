// What a dollar is worth: solves lambda so that spend keeps a budget, or so that quality keeps a
// floor at the smallest spend. One pacer a scope (a router, or one plan of it), fed from the log in
// order on the learner's thread; requests read the lambda of their snapshot.
//
// budget (after Agrawal and Devanur 2016, by re-solving instead of a dual step): the bank is
// credited the budget and charged the expected cost at each decision, and corrected by expected -
// actual when the cost is known, so that late feedback does not swing it. Each 10 decisions, and at
// once after a price, arm or option changed, lambda is the smallest weight for which the expected
// spend over the last 300 contexts is at most clip(B + bank / 100, .1 B, 4 B). The bank keeps
// between -400 B and 60 B, 25 B while lambda is 0. Expected is what the randomised choice costs:
// with Thompson as its draws at that very weight would have it, with other policies by what
// exploring cost lately.
//
// cheapest_above: the largest weight for which the quality of what would be chosen over these
// contexts, half a standard deviation of that average below its estimate, keeps the floor. The best
// arm's average is the measure: arms that may be it and have few labels are sought by exploration.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/context_ring.h"
#include "policy/model.h"
#include "policy/pacer_table.h"
#include "policy/types.h"

namespace sluice::policy {

// The order is on disk: append only.
enum class Objective : std::uint8_t {
  kCostWeight,     // lambda is given
  kBudget,         // largest quality at a spend per request
  kCheapestAbove,  // smallest spend at a quality
};

struct ObjectiveOptions {
  Objective objective = Objective::kCostWeight;
  double cost_weight = 0;       // kCostWeight: per USD, >= 0
  double latency_weight = 0;    // quality per second, >= 0
  double budget_usd = 0;        // kBudget: a request, > 0
  double quality_floor = 0.98;  // kCheapestAbove: of the best arm's estimated mean
  bool operator==(const ObjectiveOptions&) const = default;
};

// One decision, as its record in the log tells it.
struct PacedDecision {
  std::span<const float> context;
  // By arm, what its width does to its rank. LinUCB: alpha * width, added to its utility. Thompson:
  // scale * width, the deviation of what is drawn. Others: 0, or what is predicted beyond the
  // model.
  std::array<float, kArmsMax> bonus{};
  double expected_cost_usd = 0;  // of the arm that was chosen
  // Expected cost of the distribution minus that of its greedy arm: what randomising costs.
  double surcharge_usd = 0;
  // Expected quality of the distribution minus that of its greedy arm: what it costs or gains in
  // quality (cheapest_above).
  double quality_shift = 0;
  // The exploration_scale() that the decision was made with (ExplorationBounds::scale), so that the
  // surcharge of full exploration is known from a reduced one.
  double exploration_scale = 1;
};

class Pacer {
 public:
  explicit Pacer(const ObjectiveOptions& options = {});

  // Another target; the bank keeps its dollars, the contexts stay.
  void SetOptions(const ObjectiveOptions& options);
  const ObjectiveOptions& options() const { return options_; }

  // A cost that is not finite counts as none, a context that is not finite is not kept. A context
  // of another dimension than those before forgets them.
  void Decided(const PacedDecision& decision);
  // Its context alone, without money: after ForgetContexts, in the space of the new map.
  void Remember(const PacedDecision& decision);
  // The cost of a decision is known: `expected_cost_usd` is what Decided was told of it.
  void Settled(double expected_cost_usd, double actual_usd);
  // A label came: what was expected of the arm that answered when it was chosen, and what it was.
  // Arms are chosen where they look good, so estimates of what is chosen are too high; the pacer
  // takes the running mean of the difference into account (cheapest_above).
  void Labelled(double expected_quality, double quality);
  // Arms or options changed: the next Due is now.
  void Invalidate() { invalid_ = true; }
  // A detector has reset an arm. A budget is solved for at once; a quality floor, of which next to
  // nothing can be said for sure now, keeps its weight for 100 decisions, whatever else happens but
  // other options or prices: the arm is soon known again, and weight 0 would buy the dearest
  // answers until then.
  void NoteReset();
  // Prices changed: the same, and of what was saved at the old ones only so much is kept that
  // spending it is within a tenth of the budget.
  void Reprice();
  // The context map changed: what is kept of contexts is of another space.
  void ForgetContexts();
  // Its bonus in the contexts kept so far is `scale` widths as they are now: after an arm's
  // statistics, or what the policy makes of widths, changed.
  void RecomputeBonus(const PacedArm& arm, double scale);
  // The same for a new arm that costs more than the largest target (budget): before it was there no
  // decision wrote down what trying it would be worth, and a few trials would empty the bank.
  void ForeseeTrials(const PacedArm& arm, double scale);
  bool Due() const;
  // Solves lambda. `arms`: by increasing id, those that could be chosen now; arms without solutions
  // are left out; nothing known leaves lambda as it is. `draws`: of policy Thompson; null: any
  // other.
  void Solve(std::span<const PacedArm> arms, const Draws* draws = nullptr);

  double cost_weight() const { return cost_weight_; }
  double bank_usd() const { return bank_usd_; }
  double target_usd() const { return target_usd_; }  // of the last solve, a request
  // Arms that exploration is to make known (ExplorationBounds::sought).
  ArmSet sought() const { return sought_; }
  // Below 1 where even the cheapest arms leave no money for exploring: the factor that exploration
  // is multiplied by (records say so: the support shrinks).
  double exploration_scale() const { return exploration_scale_; }

  // Same state, same bytes; versioned.
  void Serialise(std::string& out) const;
  static std::optional<Pacer> Restore(std::string_view& in, const ObjectiveOptions& options);

 private:
  void Credit(double usd);
  double FullSurchargeUsd(const PacedDecision& decision) const;
  void SolveBudget(const Draws* draws);
  void SolveCheapestAbove();

  ObjectiveOptions options_;
  double cost_weight_ = 0;
  double bank_usd_ = 0;
  double target_usd_ = 0;
  double exploration_scale_ = 1;
  ArmSet sought_;
  double quality_error_ = 0;  // running mean of actual - expected
  std::uint64_t labels_ = 0;
  bool invalid_ = true;
  std::uint32_t decisions_since_solve_ = 0;
  std::uint32_t held_ = 0;  // decisions for which the weight stays as it is
  ContextRing ring_;
  PacerTable table_;  // scratch of Solve, no state
};

}  // namespace sluice::policy
