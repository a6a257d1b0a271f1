// The product's LinUCB against prototype U, the reference policy of the data's README, on the same
// rows, features and orders: seed by seed it is as good.
#include <thread>

#include "tests/data/pareto_kit.h"
#include "tests/data/prototype_u.h"

namespace {

using namespace sluice;

constexpr std::size_t kSeeds = 4;
constexpr std::size_t kBudgets[] = {2, 3};  // B3 and B4: where prompts are worth the most
constexpr double kDifferenceLeast = -0.002;
constexpr double kUtilisationMost = 1.05;

struct Mean {
  double reward = 0;
  double cost_usd = 0;
};

// Of the scored requests of experiment 01, which has one phase.
Mean Scored(const sim::ParetoRun& run, const sim::Choices& choices) {
  const auto& rows = run.stream.segments[1];
  const std::size_t first = run.stream.segments[0].size();
  const auto n = static_cast<double>(rows.size());
  Mean mean;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& outcomes = run.data.rows[rows[i]].outcomes;
    const sim::Outcome& outcome = outcomes[static_cast<std::size_t>(choices[first + i])];
    mean.reward += outcome.reward / n;
    mean.cost_usd += outcome.cost_usd / n;
  }
  return mean;
}

// Prints a line; whether the product holds its own.
bool Compared(const std::vector<sim::ParetoRun>& runs) {
  sim::Progress silent(nullptr, "", 0);
  const std::size_t threads = std::max(1U, std::thread::hardware_concurrency());
  const auto ours = tests::ValueOr(sim::PlayAll(runs, threads, silent));
  const auto n = static_cast<double>(runs.size());
  const double budget_usd = runs.front().parameters.budget_usd;
  Mean mean;
  double reference = 0;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const Mean one = Scored(runs[i], ours[i].choices);
    mean.reward += one.reward / n;
    mean.cost_usd += one.cost_usd / n;
    reference += Scored(runs[i], tests::PlayPrototypeU(runs[i])).reward / n;
  }
  const double utilisation = mean.cost_usd / budget_usd;
  const bool good = mean.reward - reference >= kDifferenceLeast && utilisation <= kUtilisationMost;
  std::printf("%.2e USD a request: reward %.4f, %+.4f to prototype U, %.2f of the budget: %s\n",
              budget_usd, mean.reward, mean.reward - reference, utilisation,
              good ? "as promised" : "NOT as promised");
  return good;
}

}  // namespace

int main(int argc, char** argv) {
  const std::filesystem::path folder = tests::ParetoFolder(argc, argv);
  const sim::ParetoData data = tests::ParetoRows(folder);
  const auto cases = sim::ParetoCases("01");
  const auto streams = tests::ParetoOrders(folder, data, cases.front(), kSeeds);
  bool good = streams.size() == kSeeds;
  for (const std::size_t budget : kBudgets) {
    std::vector<sim::ParetoRun> runs;
    for (const sim::ParetoStream& stream : streams) {
      runs.push_back({data, cases[budget], stream, {.features = true}});
    }
    good = Compared(runs) && good;
  }
  return good ? 0 : 1;
}
