// On real outcomes: over five orders of pareto_dev.jsonl, what a router learnt from text by the
// second half is worth, against a blind mix of the arms at the same spend and against the same run
// with texts that belong to other prompts. Exits 77 (skipped) where the data is absent.
#include <cstdio>
#include <string>

#include "config/config.h"
#include "sim/experiment.h"
#include "sim/summary.h"
#include "tests/data/pareto_kit.h"

namespace {

using namespace sluice;

constexpr std::uint64_t kOrders = 5;

// What a spend promises.
struct Point {
  double cost_weight;
  double spend_usd;     // a request, within a factor of kNear
  double above_blind;   // second half's mean reward minus the blind mix at its own spend
  bool above_shuffled;  // by as much again above the control
};
constexpr double kNear = 1.5;
constexpr Point kPoints[] = {
    {370, 2e-4, 0.02, true}, {5.5, 7e-4, -0.004, false}, {1.5, 4e-3, -0.004, false}};

sim::Summary Course(sim::Environment environment, const config::RouterOptions& router,
                    std::uint64_t seed, bool shuffled) {
  sim::Permute(environment, seed);
  if (shuffled) sim::ShuffleContexts(environment, seed);
  sim::Progress silent(nullptr, "", 0);
  const auto choices = sim::RunExperiment(environment, {router, 0}, silent);
  if (const auto* problem = std::get_if<std::string>(&choices)) tests::Die(*problem);
  return sim::Summarise(environment, std::get<sim::Choices>(choices), router.objective.cost_weight);
}

// Means over the orders.
struct Measured {
  double spend_usd = 0;
  double reward = 0;  // second half
  double above_blind = 0;
  double above_shuffled = 0;
};

Measured Measure(const sim::Environment& environment, config::RouterOptions router,
                 const Point& point) {
  router.objective.cost_weight = point.cost_weight;
  Measured measured;
  for (std::uint64_t seed = 1; seed <= kOrders; ++seed) {
    const sim::Summary ours = Course(environment, router, seed, false);
    const sim::Comparison& half = ours.second_half;
    measured.spend_usd += ours.whole.ours.cost_usd / kOrders;
    measured.reward += half.ours.reward / kOrders;
    measured.above_blind += (half.ours.reward - half.blind_mix) / kOrders;
    if (!point.above_shuffled) continue;
    const sim::Summary control = Course(environment, router, seed, true);
    measured.above_shuffled += (half.ours.reward - control.second_half.ours.reward) / kOrders;
  }
  return measured;
}

// Prints a line of the table; whether the point holds.
bool Holds(const Point& point, const Measured& measured) {
  const bool near =
      measured.spend_usd < point.spend_usd * kNear && measured.spend_usd > point.spend_usd / kNear;
  const bool good = near && measured.above_blind >= point.above_blind &&
                    (!point.above_shuffled || measured.above_shuffled >= point.above_blind);
  std::printf("weight %5.1f: %.2e USD a request, second half %.4f, %+.4f to the blind mix",
              point.cost_weight, measured.spend_usd, measured.reward, measured.above_blind);
  if (point.above_shuffled) std::printf(", %+.4f to shuffled texts", measured.above_shuffled);
  std::printf(": %s\n", good ? "as promised" : "NOT as promised");
  return good;
}

}  // namespace

int main(int argc, char** argv) {
  const config::RouterOptions router = config::Defaults().routers.front();
  const sim::Environment environment = tests::PairedPrompts(argc, argv, router);
  bool good = true;
  for (const Point& point : kPoints) {
    good = Holds(point, Measure(environment, router, point)) && good;
  }
  return good ? 0 : 1;
}
