// The yardstick of pareto_data_test reproduces the runs that the data's authors published of it,
// choice by choice: so it is their policy, and the protocol it is run under is theirs.
#include <cmath>
#include <fstream>
#include <sstream>

#include "tests/data/pareto_kit.h"
#include "tests/data/prototype_u.h"

namespace {

using namespace sluice;

// Rounding may shift single choices in other arithmetic; on x86-64 with FMA none differs.
constexpr double kMeanRewardTolerance = 0.0005;
constexpr std::size_t kOneIn = 50;

struct Golden {
  std::string name;
  std::string experiment = "01";
  std::string scenario;  // empty: the experiment's only one
  double budget_usd = 0;
  double reward_sum = 0;  // of scored requests
  std::string arms;       // of all requests, a digit each
};

// "B 0.0003", or the experiment, its seed and scenario in words before that.
Golden ReadName(const std::string& line) {
  Golden golden;
  golden.name = line;
  if (line.starts_with("exp")) golden.experiment = line.substr(3, 2);
  if (line.find("good_cheap") != std::string::npos) golden.scenario = "good_cheap";
  if (line.find("20 forced") != std::string::npos) golden.scenario += "_20_forced";
  golden.budget_usd = std::stod(line.substr(line.rfind("B ") + 2));
  return golden;
}

std::vector<Golden> ReadGolden(const std::filesystem::path& file) {
  std::vector<Golden> all;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string word;
    words >> word;
    if (word == "B" || word.starts_with("exp")) all.push_back(ReadName(line));
    if (word == "reward_sum") words >> all.back().reward_sum;
    if (word == "arms") words >> all.back().arms;
  }
  return all;
}

sim::ParetoCase CaseOf(const Golden& golden) {
  for (sim::ParetoCase& parameters : sim::ParetoCases(golden.experiment)) {
    const bool same = golden.scenario.empty() || parameters.scenario == golden.scenario;
    const double ratio = parameters.budget_usd / golden.budget_usd;
    if (same && std::abs(ratio - 1) < 1e-6) return std::move(parameters);
  }
  tests::Die("no such case: " + golden.name);
}

double ScoredReward(const sim::ParetoRun& run, const sim::Choices& choices) {
  double sum = 0;
  auto choice = choices.begin() + static_cast<std::ptrdiff_t>(run.stream.segments[0].size());
  for (std::size_t s = 1; s < run.stream.segments.size(); ++s) {
    for (const std::size_t row : run.stream.segments[s]) {
      const auto arm = static_cast<std::size_t>(*choice++);
      const sim::Task& task = run.data.rows[row];
      sum += sim::InPhase(run.parameters.phases[s - 1], arm, task.outcomes[arm]).reward;
    }
  }
  return sum;
}

// Prints a line; whether it is the same run.
bool Reproduced(const Golden& golden, const sim::ParetoRun& run) {
  const sim::Choices choices = tests::PlayPrototypeU(run);
  if (choices.size() != golden.arms.size()) tests::Die(golden.name + ": another number of choices");
  std::size_t others = 0;
  for (std::size_t i = 0; i < choices.size(); ++i) others += choices[i] != golden.arms[i] - '0';
  const auto scored = static_cast<double>(choices.size() - run.stream.segments[0].size());
  const double apart = (ScoredReward(run, choices) - golden.reward_sum) / scored;
  std::printf("%s: %zu of %zu choices differ, mean reward %+.6f\n", golden.name.c_str(), others,
              choices.size(), apart);
  return std::abs(apart) <= kMeanRewardTolerance && others * kOneIn <= choices.size();
}

}  // namespace

int main(int argc, char** argv) {
  const std::filesystem::path folder = tests::ParetoFolder(argc, argv);
  const sim::ParetoData data = tests::ParetoRows(folder);
  bool good = true;
  std::size_t runs = 0;
  for (const char* file : {"parity_u_cold_exp01_seed3000.txt", "parity_u_cold_exp02_03_04.txt"}) {
    for (const Golden& golden : ReadGolden(folder / file)) {
      const sim::ParetoCase parameters = CaseOf(golden);
      const auto streams = tests::ParetoOrders(folder, data, parameters, 1);
      good = Reproduced(golden, {data, parameters, streams.front(), {}}) && good;
      ++runs;
    }
  }
  std::printf("%zu runs\n", runs);
  return good && runs == 12 ? 0 : 1;
}
