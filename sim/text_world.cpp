// How well an arm does in worlds of text: its quality falls with the difficulty of the prompt,
// and where it falls depends on the arm's place between the cheapest and the dearest. Rewards are
// quarters, as a judge would give them, with exactly the expected mean.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "policy/rng.h"
#include "sim/tasks_text.h"
#include "sim/timeline.h"
#include "sim/world.h"

namespace sluice::sim {
namespace {

constexpr std::uint64_t kPromptStream = 0x70726f6d7074;  // "prompt"

constexpr double kQualityBest = 0.96;
constexpr double kQualityDrop = 0.38;  // what an arm loses on prompts far beyond its skill
constexpr double kSkillLeast = 0.56;   // difficulty at which half of the drop has come
constexpr double kSkillMost = 1.1;
constexpr double kSkillWidth = 0.06;
constexpr double kOutputTokensFactorMost = 1.5;  // the dearest arm says more
constexpr double kTokenSpread = 0.35;            // sd of ln(output tokens)
constexpr int kGrades = 4;

// Place of each arm between the cheapest (0) and the dearest (1).
std::vector<double> Ranks(const std::vector<ArmFacts>& arms) {
  std::vector<std::size_t> order(arms.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&arms](std::size_t a, std::size_t b) {
    return arms[a].price() < arms[b].price();
  });
  std::vector<double> ranks(arms.size(), 0);
  for (std::size_t place = 0; place + 1 < order.size(); ++place) {
    ranks[order[place + 1]] =
        static_cast<double>(place + 1) / static_cast<double>(order.size() - 1);
  }
  return ranks;
}

double Quality(double rank, double difficulty) {
  const double skill = kSkillLeast + rank * (kSkillMost - kSkillLeast);
  return kQualityBest - kQualityDrop / (1 + std::exp((skill - difficulty) / kSkillWidth));
}

// Rounded up or down at random, so that the mean stays what it was.
double WholeTokens(double tokens, policy::Rng& rng) {
  return std::floor(tokens + rng.Uniform());
}

// An arm, its place among the others, and what is true of it just now.
struct Drawn {
  const ArmFacts& arm;
  double rank;
  ArmTruth truth;
};

Outcome Draw(const Prompt& prompt, const Drawn& drawn, policy::Rng& rng) {
  const auto& [arm, rank, truth] = drawn;
  Outcome outcome;
  outcome.offered = truth.offered;
  outcome.expected_reward = std::max(0.0, Quality(rank, prompt.difficulty) - truth.lost);
  int grade = 0;
  for (int i = 0; i < kGrades; ++i) grade += rng.Uniform() < outcome.expected_reward ? 1 : 0;
  outcome.reward = static_cast<double>(grade) / kGrades;

  const double input_tokens = std::ceil(static_cast<double>(prompt.text.size()) / 4);
  const double mean = prompt.output_tokens * (1 + rank * (kOutputTokensFactorMost - 1));
  const double tokens = WholeTokens(
      mean * std::exp(kTokenSpread * rng.Normal() - 0.5 * kTokenSpread * kTokenSpread), rng);
  const double usd_per_million = 1e-6 * truth.price_factor;
  const double input_usd = usd_per_million * arm.price_input_per_million_usd * input_tokens;
  const double output_usd = usd_per_million * arm.price_output_per_million_usd;
  outcome.expected_cost_usd = input_usd + output_usd * mean;
  outcome.cost_usd = input_usd + output_usd * tokens;
  return outcome;
}

}  // namespace

Environment MakeTextWorld(const World& world, const WorldOptions& options,
                          const RouterFacts& router) {
  const std::vector<ArmFacts>& arms = router.arms;
  Environment made{.name = world.name, .arms = arms, .tasks = {}, .expectations_known = true};
  const Timeline timeline(world, options.tasks);
  const std::vector<double> ranks = Ranks(arms);
  policy::Rng rng(options.seed, kPromptStream);
  made.tasks.reserve(options.tasks);
  for (std::size_t i = 0; i < options.tasks; ++i) {
    const Prompt prompt = MakePrompt(rng);
    Task task;
    task.text = prompt.text;
    for (std::size_t a = 0; a < arms.size(); ++a) {
      task.outcomes.push_back(Draw(prompt, {arms[a], ranks[a], timeline.TruthOf(a, i)}, rng));
    }
    made.tasks.push_back(std::move(task));
  }
  return made;
}

}  // namespace sluice::sim
