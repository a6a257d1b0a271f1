// Rewards linear in unit embeddings: r = level of the arm + reach <direction of the arm, x> +
// .1 N(0, 1), clipped to [0, 1], of which the expectations know.
//
// "linear": levels .5, reach .3. With d = 16, four arms and no weight of cost, Thompson sampling
// has a cumulative regret near 50 after 20,000 tasks and uniform choice one near 1,600. "collapse":
// levels .5, .55, .6, .7 and reach .15; the last arm's level is .4 lower in the middle third of the
// tasks.
#include <cmath>
#include <iterator>
#include <numbers>

#include "policy/rng.h"
#include "sim/environment.h"

namespace sluice::sim {
namespace {

constexpr std::uint64_t kArmStream = 0x6c696e6172;   // "linar"
constexpr std::uint64_t kTaskStream = 0x6c696e746b;  // "lintk"

constexpr double kNoise = 0.1;
constexpr double kLevel = 0.5;
constexpr double kReach = 0.3;
constexpr double kCollapseLevels[] = {0.5, 0.55, 0.6, 0.7};
constexpr double kCollapseReach = 0.15;
constexpr double kCollapseDrop = 0.4;
constexpr double kInputTokens = 100;
constexpr double kOutputTokens = 100;
constexpr double kTokenSpread = 0.4;  // sd of ln(tokens)

std::vector<double> Direction(std::size_t dimension, policy::Rng& rng) {
  std::vector<double> direction(dimension);
  double square = 0;
  for (double& entry : direction) {
    entry = rng.Normal();
    square += entry * entry;
  }
  for (double& entry : direction) entry /= std::sqrt(square);
  return direction;
}

// E[clip(N(mean, kNoise), 0, 1)]: the clipped tails' share of the density is added back.
double ExpectedClipped(double mean) {
  const auto cumulative = [](double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); };
  const auto density = [](double z) {
    return std::exp(-0.5 * z * z) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
  };
  const double low = (0 - mean) / kNoise;
  const double high = (1 - mean) / kNoise;
  return mean * (cumulative(high) - cumulative(low)) + kNoise * (density(low) - density(high)) + 1 -
         cumulative(high);
}

Outcome Draw(double mean, const ArmFacts& arm, policy::Rng& rng) {
  Outcome outcome;
  outcome.expected_reward = ExpectedClipped(mean);
  outcome.reward = std::fmin(1, std::fmax(0, mean + kNoise * rng.Normal()));
  const double output_factor =
      std::exp(kTokenSpread * rng.Normal() - 0.5 * kTokenSpread * kTokenSpread);
  const double input_usd = 1e-6 * arm.price_input_per_million_usd * kInputTokens;
  const double output_usd = 1e-6 * arm.price_output_per_million_usd * kOutputTokens;
  outcome.expected_cost_usd = input_usd + output_usd;
  outcome.cost_usd = input_usd + output_usd * output_factor;
  return outcome;
}

// Level of an arm for one task.
using Levels = double (*)(std::size_t arm, std::size_t task, std::size_t tasks);

double SameLevels(std::size_t, std::size_t, std::size_t) {
  return kLevel;
}

double CollapseLevels(std::size_t arm, std::size_t task, std::size_t tasks) {
  const bool fallen =
      arm + 1 == std::size(kCollapseLevels) && task >= tasks / 3 && task < 2 * (tasks / 3);
  return kCollapseLevels[arm] - (fallen ? kCollapseDrop : 0);
}

struct Shape {
  const char* name;
  double reach;
  Levels levels;
};

Environment Make(const Shape& shape, const WorldOptions& options, const RouterFacts& router) {
  Environment world{
      .name = shape.name, .arms = router.arms, .tasks = {}, .expectations_known = true};
  policy::Rng arm_rng(options.seed, kArmStream);
  std::vector<std::vector<double>> directions;
  for (std::size_t a = 0; a < world.arms.size(); ++a) {
    directions.push_back(Direction(router.embedding_dimension, arm_rng));
  }
  policy::Rng rng(options.seed, kTaskStream);
  world.tasks.reserve(options.tasks);
  for (std::size_t i = 0; i < options.tasks; ++i) {
    const std::vector<double> x = Direction(router.embedding_dimension, rng);
    Task task;
    task.embedding.assign(x.begin(), x.end());
    for (std::size_t a = 0; a < world.arms.size(); ++a) {
      double mean = shape.levels(a, i, options.tasks);
      for (std::size_t k = 0; k < x.size(); ++k) mean += shape.reach * directions[a][k] * x[k];
      task.outcomes.push_back(Draw(mean, world.arms[a], rng));
    }
    world.tasks.push_back(std::move(task));
  }
  return world;
}

}  // namespace

Environment MakeLinearWorld(const WorldOptions& options, const RouterFacts& router) {
  return Make({"linear", kReach, SameLevels}, options, router);
}

Environment MakeCollapseWorld(const WorldOptions& options, const RouterFacts& router) {
  return Make({"collapse", kCollapseReach, CollapseLevels}, options, router);
}

}  // namespace sluice::sim
