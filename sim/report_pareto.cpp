#include "sim/report_pareto.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "sim/bootstrap.h"
#include "sim/report_table.h"

namespace sluice::sim {
namespace {

constexpr int kDigits = 4;

// A budget as short as it can be told apart: 6.62e-04.
std::string Budget(double usd) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2e", usd);
  return text;
}

// "+0.0012".
std::string Signed(double value) {
  return (value < 0 ? "" : "+") + Fixed(value, kDigits);
}

std::string WithError(const std::string& value, double error) {
  return value + " ±" + Fixed(error, kDigits);
}

std::string Between(const std::vector<double>& values) {
  const Interval interval = Bootstrap95(values);
  return FormatInterval(interval.low, interval.high, kDigits);
}

// "80/20/0".
std::string Percents(const std::vector<double>& shares) {
  std::string text;
  for (const double share : shares) text += (text.empty() ? "" : "/") + Fixed(100 * share, 0);
  return text;
}

// One table: the results of a scenario, and what stands beside them.
class Table {
 public:
  Table(const ParetoTables& tables, std::vector<ParetoResult> results)
      : tables_(tables), results_(std::move(results)) {
    for (const ParetoReference& reference : tables.references) {
      const ParetoCase& ours = results_.front().parameters;
      if (reference.experiment == ours.experiment && reference.scenario == ours.scenario &&
          reference.cells.size() == results_.size() * results_.front().cells.size()) {
        references_.push_back(reference);
      }
    }
  }

  std::string Render() const {
    std::vector<Row> rows{Head()};
    std::size_t index = 0;
    for (const ParetoResult& result : results_) {
      for (const ParetoCell& cell : result.cells) rows.push_back(CellRow(result, cell, index++));
    }
    rows.push_back(MeanRow());
    return Title() + Align(rows) + Regrets() + Differences() + Recoveries() + "\n";
  }

 private:
  std::string Title() const {
    const ParetoHeading& heading = tables_.heading;
    const ParetoResult& first = results_.front();
    return "Experiment " + first.parameters.experiment + ", " + first.parameters.scenario + ": " +
           heading.rows + ", " + std::to_string(first.seeds.size()) + " seeds; " + heading.policy +
           ", exploration " + heading.exploration + ", " +
           (heading.features.empty() ? "text" : "features " + heading.features) + "\n";
  }

  Row Head() const {
    Row head{"budget USD", "phase",    "reward ±se", "95% interval", "utilisation",
             "regret",     "shares %", "blind mix",  "oracle"};
    for (const ParetoReference& reference : references_) head.push_back(reference.policy);
    if (HasEarlier()) head.emplace_back("difference ±se");
    return head;
  }

  Row CellRow(const ParetoResult& result, const ParetoCell& cell, std::size_t index) const {
    const MeanAndError reward = Of(cell.rewards);
    Row row{Budget(result.parameters.budget_usd),
            cell.phase,
            WithError(Fixed(reward.mean, kDigits), reward.error),
            Between(cell.rewards),
            Fixed(Of(cell.utilisations).mean, 2),
            Fixed(Of(cell.regrets).mean, 0),
            Percents(cell.shares),
            Fixed(cell.blind_mix, kDigits),
            Fixed(cell.oracle_frontier, kDigits)};
    for (const ParetoReference& reference : references_) {
      row.push_back(Fixed(reference.cells[index].reward, kDigits));
    }
    if (HasEarlier()) row.push_back(Difference(PairedOf(result, cell)));
    return row;
  }

  Row MeanRow() const {
    const MeanAndError ours = Of(MeanBySeed(results_));
    double blind_mix = 0;
    double oracle = 0;
    double cells = 0;
    for (const ParetoResult& result : results_) {
      for (const ParetoCell& cell : result.cells) {
        blind_mix += cell.blind_mix;
        oracle += cell.oracle_frontier;
        ++cells;
      }
    }
    Row row{"mean",
            "",
            WithError(Fixed(ours.mean, kDigits), ours.error),
            Between(MeanBySeed(results_)),
            "",
            "",
            "",
            Fixed(blind_mix / cells, kDigits),
            Fixed(oracle / cells, kDigits)};
    for (const ParetoReference& reference : references_) {
      row.push_back(Fixed(reference.mean, kDigits));
    }
    if (HasEarlier()) row.push_back(Difference(PairedMean()));
    return row;
  }

  std::string Regrets() const {
    double regret = 0;
    for (const ParetoResult& result : results_) {
      for (const ParetoCell& cell : result.cells) regret += Of(cell.regrets).mean;
    }
    return "Sum of regret: " + Fixed(regret, 0) + "\n";
  }

  // Of the mean, to references that give no values by seed.
  std::string Differences() const {
    const MeanAndError ours = Of(MeanBySeed(results_));
    std::string text;
    for (const ParetoReference& reference : references_) {
      if (reference.mean == 0) continue;
      text +=
          (text.empty() ? "Mean, unpaired difference ±se: " : "; ") +
          WithError(Signed(ours.mean - reference.mean), std::hypot(ours.error, reference.mean_se)) +
          " to " + reference.policy;
    }
    return text.empty() ? text : text + "\n";
  }

  std::string Recoveries() const {
    if (results_.front().cells.size() != 3) return "";
    const auto steps = [](const std::optional<std::size_t>& step, std::size_t of) {
      return step ? std::to_string(*step) : ">" + std::to_string(of);
    };
    std::string adapt;
    std::string reward;
    std::string cost;
    for (const ParetoResult& result : results_) {
      const ParetoRecovery recovery = RecoveryOf(result);
      const char* slash = adapt.empty() ? "" : "/";
      adapt += slash + steps(recovery.adapt, result.cells[1].step_rewards.size());
      reward += slash + steps(recovery.reward, result.cells[2].step_rewards.size());
      cost += slash + steps(recovery.cost, result.cells[2].step_costs.size());
    }
    return "Steps, by budget: P2 adapt " + adapt + ", P3 reward recovery " + reward +
           ", P3 cost recovery " + cost + "\n";
  }

  // -- Against an earlier run

  bool HasEarlier() const { return !tables_.earlier.empty(); }

  static std::string Difference(const std::vector<double>& differences) {
    if (differences.empty()) return "-";
    const MeanAndError difference = Of(differences);
    return WithError(Signed(difference.mean), difference.error);
  }

  // Ours minus theirs, by seed; empty when they have no such cell.
  std::vector<double> PairedOf(const ParetoResult& result, const ParetoCell& cell) const {
    const ParetoCase& ours = result.parameters;
    for (const ParetoEarlier& theirs : tables_.earlier) {
      const bool same = theirs.experiment == ours.experiment && theirs.scenario == ours.scenario &&
                        theirs.phase == cell.phase && theirs.seeds == result.seeds &&
                        std::abs(theirs.budget_usd / ours.budget_usd - 1) < 1e-9;
      if (!same || theirs.rewards.size() != cell.rewards.size()) continue;
      std::vector<double> differences = cell.rewards;
      for (std::size_t s = 0; s < differences.size(); ++s) differences[s] -= theirs.rewards[s];
      return differences;
    }
    return {};
  }

  std::vector<double> PairedMean() const {
    std::vector<double> sums(results_.front().seeds.size(), 0);
    double cells = 0;
    for (const ParetoResult& result : results_) {
      for (const ParetoCell& cell : result.cells) {
        const std::vector<double> differences = PairedOf(result, cell);
        if (differences.empty()) return {};
        for (std::size_t s = 0; s < sums.size(); ++s) sums[s] += differences[s];
        ++cells;
      }
    }
    for (double& sum : sums) sum /= cells;
    return sums;
  }

  const ParetoTables& tables_;
  std::vector<ParetoResult> results_;  // by budget
  std::vector<ParetoReference> references_;
};

// -- The paper ------------------------------------------------------------------------------------

constexpr std::size_t kPublishedRequests = 1824;

ParetoReference Published(const char* experiment, const char* scenario,
                          std::initializer_list<double> rewards) {
  ParetoReference reference{
      .experiment = experiment, .scenario = scenario, .policy = "published", .cells = {}};
  for (const double reward : rewards) {
    reference.cells.push_back({.reward = reward});
    reference.mean += reward / static_cast<double>(rewards.size());
  }
  return reference;
}

}  // namespace

std::string RenderPareto(const ParetoTables& tables) {
  std::string text;
  std::vector<ParetoResult> group;
  for (std::size_t i = 0; i < tables.results.size(); ++i) {
    const ParetoResult& result = tables.results[i];
    group.push_back(result);
    const bool last = i + 1 == tables.results.size() ||
                      tables.results[i + 1].parameters.scenario != result.parameters.scenario;
    if (!last) continue;
    text += Table(tables, std::move(group)).Render();
    group.clear();
  }
  return text;
}

std::vector<ParetoReference> PublishedPareto(std::size_t scored_requests) {
  if (scored_requests != kPublishedRequests) return {};
  return {
      Published("01", "stationary", {.7932, .8128, .8588, .8978, .9172, .9244, .9290}),
      Published("02", "price_drift",
                {.8621, .9334, .8543, .8823, .9259, .8914, .9094, .9276, .9119}),
      Published("03", "silent_degradation",
                {.8632, .8004, .8185, .8850, .7947, .8630, .9103, .7936, .8977}),
      Published("04", "good_cheap_20_forced", {.866, .899, .918}),
      Published("04", "bad_cheap_20_forced", {.871, .895, .913}),
      Published("04", "good_expensive_20_forced", {.832, .868, .904}),
  };
}

}  // namespace sluice::sim
