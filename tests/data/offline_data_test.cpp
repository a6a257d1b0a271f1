// On real outcomes, what the benches of known outcomes say against figures that others published of
// the same rows: halves drawn by numpy, oracle and blind mix to the last digit, and the product's
// own statistics no worse than a ridge with a penalty of its own. Exits 77 (skipped) where the data
// is absent.
#include <cmath>
#include <fstream>
#include <sstream>

#include "sim/dataset.h"
#include "sim/frontier.h"
#include "sim/numpy_permutation.h"
#include "sim/ranking.h"
#include "tests/data/pareto_kit.h"

namespace {

using namespace sluice;

constexpr std::uint64_t kPartitionSeed = 42;
constexpr std::size_t kBurn = 885;

sim::Environment Load(const std::filesystem::path& path) {
  auto loaded = sim::LoadDataset(path.string());
  if (const auto* problems = std::get_if<1>(&loaded)) {
    tests::Die(config::ToString(problems->front()));
  }
  return std::get<sim::Environment>(std::move(loaded));
}

// Prints a line; whether the value is within `tolerance` of the published one, or above it when
// more is better.
enum class Wanted { kSame, kAtLeast };
bool Holds(const std::string& what, double ours, double published, double tolerance,
           Wanted wanted) {
  const bool good = wanted == Wanted::kSame ? std::abs(ours - published) <= tolerance
                                            : ours >= published - tolerance;
  std::printf("%s: %.4f, published %.4f: %s\n", what.c_str(), ours, published,
              good ? "as promised" : "NOT as promised");
  return good;
}

// Every order of experiment 01 is two permutations of one generator, over a partition by another.
bool DrawsAsNumpy(const std::filesystem::path& folder) {
  const auto rows = sim::NumpyGenerator(kPartitionSeed).Permutation(1785);
  std::ifstream in(folder / "streams" / "exp01.txt");
  std::size_t orders = 0;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.front() == '#') continue;
    std::istringstream words(line);
    std::uint64_t seed = 0;
    words >> seed;
    sim::NumpyGenerator generator(seed);
    std::ostringstream drawn;
    drawn << seed;
    for (const std::size_t i : generator.Permutation(kBurn)) drawn << ' ' << rows[i];
    drawn << " |";
    for (const std::size_t i : generator.Permutation(rows.size() - kBurn)) {
      drawn << ' ' << rows[kBurn + i];
    }
    if (drawn.str() != line) tests::Die("the order of seed " + std::to_string(seed) + " differs");
    ++orders;
  }
  std::printf("%zu orders are numpy's\n", orders);
  return orders > 0;
}

struct Ranked {
  double apgr = 0;
  double oracle = 0;
};

Ranked Rank(const sim::Environment& environment, std::uint64_t seeds) {
  const sim::EncodedTexts memory(environment.tasks);
  const auto learner = sim::MakeOfflineLearner("map", memory);
  const auto gains = [](const std::vector<std::vector<sim::Predicted>>& rows) {
    std::vector<double> gains;
    for (const auto& arms : rows) gains.push_back(arms[1].reward - arms[0].reward);
    return gains;
  };
  Ranked ranked;
  for (std::uint64_t s = 0; s < seeds; ++s) {
    const sim::Halves halves = sim::HalvesOf(environment.tasks.size(), kPartitionSeed + s);
    const auto truth = gains(sim::Foreknown(environment, halves.score));
    const auto ours = gains(learner->Predict(environment, halves));
    ranked.apgr += sim::FiguresOf(ours, truth)->apgr / static_cast<double>(seeds);
    ranked.oracle += sim::FiguresOf(truth, truth)->apgr / static_cast<double>(seeds);
  }
  return ranked;
}

bool Ranks(const sim::Environment& environment, std::uint64_t seeds, const Ranked& published) {
  const Ranked ours = Rank(environment, seeds);
  // Half a unit of the last digit that is published; and what ties among their encoders are.
  return Holds(environment.name + " oracle", ours.oracle, published.oracle, 6e-4, Wanted::kSame) &&
         Holds(environment.name + " APGR", ours.apgr, published.apgr, .01, Wanted::kAtLeast);
}

// Fitted on the burn rows, scored on the others.
bool Frontiers(const std::filesystem::path& folder) {
  const sim::Environment environment = Load(folder / "pareto_dev.jsonl");
  const auto order = sim::NumpyGenerator(kPartitionSeed).Permutation(environment.tasks.size());
  const auto middle = order.begin() + kBurn;
  const sim::Halves halves{{order.begin(), middle}, {middle, order.end()}};
  const auto alone = sim::ArmsAlone(environment, halves.score);
  const sim::CostRange range = sim::RangeOf(alone);
  const auto area = [&](const std::vector<std::vector<sim::Predicted>>& predicted) {
    auto points = sim::SweepOf(predicted, environment, halves.score, range);
    points.push_back(*std::ranges::min_element(alone, {}, &sim::Mean::cost_usd));
    return sim::MeanOverLogCost(sim::EnvelopeOf(points), range);
  };
  const sim::EncodedTexts memory(environment.tasks);
  const auto learner = sim::MakeOfflineLearner("map", memory);
  const double blind = sim::MeanOverLogCost(sim::EnvelopeOf(alone), range);
  const double ours = area(learner->Predict(environment, halves));
  const double oracle = area(sim::Foreknown(environment, halves.score));
  return Holds("log AIQ of the blind mix", blind, .8862, 6e-5, Wanted::kSame) &&
         Holds("log AIQ of the oracle", oracle, .9309, 2e-4, Wanted::kSame) &&
         Holds("log AIQ of the product", ours, .8983, .002, Wanted::kAtLeast);
}

}  // namespace

int main(int argc, char** argv) {
  const std::filesystem::path folder = tests::ParetoFolder(argc, argv);
  bool good = DrawsAsNumpy(folder) && Frontiers(folder);
  const auto small = folder / "routellm_gsm8k_dev.jsonl";
  const auto large = folder / "routellm_mmlu_dev.jsonl";
  if (!std::filesystem::exists(small) || !std::filesystem::exists(large)) return good ? 0 : 1;
  good = Ranks(Load(small), 10, {.apgr = .587, .oracle = 1.150}) && good;
  good = Ranks(Load(large), 3, {.apgr = .658, .oracle = 1.355}) && good;
  return good ? 0 : 1;
}
