#include "sim/report_contenders.h"

#include <algorithm>

#include "sim/bootstrap.h"
#include "sim/report_table.h"

namespace sluice::sim {
namespace {

constexpr int kDigits = 4;

// The results of one scenario, by policy.
struct Scenario {
  std::string experiment;
  std::string name;
  std::vector<std::vector<ParetoResult>> by_policy;
};

std::vector<Scenario> ScenariosOf(const std::vector<ParetoContender>& contenders) {
  std::vector<Scenario> scenarios;
  for (std::size_t p = 0; p < contenders.size(); ++p) {
    for (const ParetoResult& result : contenders[p].results) {
      auto found = std::ranges::find(scenarios, result.parameters.scenario, &Scenario::name);
      if (found == scenarios.end()) {
        scenarios.push_back({result.parameters.experiment, result.parameters.scenario,
                             std::vector<std::vector<ParetoResult>>(contenders.size())});
        found = scenarios.end() - 1;
      }
      found->by_policy[p].push_back(result);
    }
  }
  return scenarios;
}

// What a row says beside the rewards.
struct Spend {
  double utilisation = 0;  // mean over the cells
  double most = 0;         // largest
  double regret = 0;       // sum over the cells
  double blind_mix = 0;
};

Spend SpendOf(const std::vector<ParetoResult>& results) {
  Spend spend;
  double cells = 0;
  for (const ParetoResult& result : results) {
    for (const ParetoCell& cell : result.cells) {
      const double utilisation = Of(cell.utilisations).mean;
      spend.utilisation += utilisation;
      spend.most = std::max(spend.most, utilisation);
      spend.regret += Of(cell.regrets).mean;
      spend.blind_mix += cell.blind_mix;
      ++cells;
    }
  }
  spend.utilisation /= cells;
  spend.blind_mix /= cells;
  return spend;
}

std::string Between(const Interval& interval) {
  return FormatInterval(interval.low, interval.high, kDigits);
}

std::string Signed(double value) {
  return (value < 0 ? "" : "+") + Fixed(value, kDigits);
}

Row RowOf(const std::string& policy, const std::vector<ParetoResult>& results,
          const std::vector<double>& first) {
  const std::vector<double> rewards = MeanBySeed(results);
  std::vector<double> differences = rewards;
  for (std::size_t s = 0; s < first.size(); ++s) differences[s] -= first[s];
  const MeanAndError reward = Of(rewards);
  const MeanAndError difference = Of(differences);
  const Spend spend = SpendOf(results);
  return {policy,
          Fixed(reward.mean, kDigits) + " ±" + Fixed(reward.error, kDigits),
          Between(Bootstrap95(rewards)),
          Fixed(spend.utilisation, 2),
          Fixed(spend.most, 2),
          Fixed(spend.regret, 0),
          Signed(difference.mean) + " ±" + Fixed(difference.error, kDigits),
          Between(Bootstrap95(differences))};
}

std::string RenderScenario(const Scenario& scenario,
                           const std::vector<ParetoContender>& contenders) {
  const ParetoHeading& heading = contenders.front().heading;
  const std::vector<ParetoResult>& results = scenario.by_policy.front();
  std::vector<Row> rows{{"policy", "reward ±se", "95% interval", "utilisation", "most", "regret",
                         "to " + heading.policy + " ±se", "95% interval"}};
  const std::vector<double> first = MeanBySeed(results);
  for (std::size_t p = 0; p < contenders.size(); ++p) {
    rows.push_back(RowOf(contenders[p].heading.policy, scenario.by_policy[p], first));
  }
  rows.push_back({"blind mix", Fixed(SpendOf(results).blind_mix, kDigits)});
  return "Experiment " + scenario.experiment + ", " + scenario.name + ": " + heading.rows + ", " +
         std::to_string(results.front().seeds.size()) + " seeds, " +
         (heading.features.empty() ? "text" : "features " + heading.features) + "\n" + Align(rows) +
         "\n";
}

}  // namespace

std::string RenderContenders(const std::vector<ParetoContender>& contenders) {
  std::string text;
  for (const Scenario& scenario : ScenariosOf(contenders)) {
    text += RenderScenario(scenario, contenders);
  }
  return text;
}

std::string RenderMeans(const std::vector<std::vector<ParetoContender>>& experiments) {
  std::vector<Row> rows{{"mean reward"}};
  for (const ParetoContender& contender : experiments.front()) {
    rows.push_back({contender.heading.policy});
  }
  rows.push_back({"blind mix"});
  for (const auto& contenders : experiments) {
    for (const Scenario& scenario : ScenariosOf(contenders)) {
      rows.front().push_back(scenario.experiment + " " + scenario.name);
      for (std::size_t p = 0; p < contenders.size(); ++p) {
        rows[p + 1].push_back(Fixed(Of(MeanBySeed(scenario.by_policy[p])).mean, kDigits));
      }
      rows.back().push_back(Fixed(SpendOf(scenario.by_policy.front()).blind_mix, kDigits));
    }
  }
  return Align(rows);
}

}  // namespace sluice::sim
