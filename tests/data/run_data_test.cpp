// On real outcomes: over five orders of pareto_dev.jsonl, what a router learnt from text by the
// second half is worth, against a blind mix of the arms at the same spend and against the same run
// with texts that belong to other prompts. Exits 77 (skipped) where the data is absent.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "config/config.h"
#include "sim/dataset.h"
#include "sim/experiment.h"
#include "sim/pairing.h"
#include "sim/summary.h"

namespace {

using namespace sluice;

constexpr int kSkipped = 77;
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

[[noreturn]] void Die(const std::string& text) {
  std::printf("%s\n", text.c_str());
  std::exit(1);
}

sim::Environment Load(const std::string& path, const config::RouterOptions& router) {
  auto loaded = sim::LoadDataset(path);
  if (const auto* problems = std::get_if<1>(&loaded)) Die(config::ToString(problems->front()));
  auto environment = std::get<sim::Environment>(std::move(loaded));
  const sim::RouterFacts facts = sim::FactsOf(router);
  const auto pairs = sim::PairArms(facts, environment, {});
  if (const auto* problem = std::get_if<std::string>(&pairs)) Die(*problem);
  return sim::Arrange(std::move(environment), facts, std::get<0>(pairs));
}

sim::Summary Course(sim::Environment environment, const config::RouterOptions& router,
                    std::uint64_t seed, bool shuffled) {
  sim::Permute(environment, seed);
  if (shuffled) sim::ShuffleContexts(environment, seed);
  sim::Progress silent(nullptr, "", 0);
  const auto choices = sim::RunExperiment(environment, {router, 0}, silent);
  if (const auto* problem = std::get_if<std::string>(&choices)) Die(*problem);
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
  const char* folder = std::getenv("SLUICE_DATA_DIR");
  const std::string fallback = argc > 1 ? argv[1] : ".";
  const std::string path =
      (folder != nullptr ? std::string(folder) : fallback) + "/pareto_dev.jsonl";
  if (!std::filesystem::exists(path)) {
    std::printf("skipped: no pareto_dev.jsonl; set SLUICE_DATA_DIR\n");
    return kSkipped;
  }
  const config::RouterOptions router = config::Defaults().routers.front();
  const sim::Environment environment = Load(path, router);
  bool good = true;
  for (const Point& point : kPoints) {
    good = Holds(point, Measure(environment, router, point)) && good;
  }
  return good ? 0 : 1;
}
