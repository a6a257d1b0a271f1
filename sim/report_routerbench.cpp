#include "sim/report_routerbench.h"

#include <cstdio>

#include <nlohmann/json.hpp>

#include "sim/report_spread.h"

namespace sluice::sim {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kDigits = 4;

MeanAndSpread Aiq(const FrontierRow& row) {
  return Over(row.by_seed, [](const FrontierOfSeed& one) { return one.aiq; });
}

MeanAndSpread LogAiq(const FrontierRow& row) {
  return Over(row.by_seed, [](const FrontierOfSeed& one) { return one.log_aiq; });
}

double RewardAtCost(const FrontierRow& row, std::size_t cost) {
  return Over(row.by_seed, [cost](const FrontierOfSeed& one) { return one.rewards[cost]; }).mean;
}

// How much of the way from the blind mix to the oracle, by the area over log cost.
double GapClosed(const RouterBenchResult& result, const FrontierRow& row) {
  const double blind = LogAiq(result.policies[result.policies.size() - 2]).mean;
  const double oracle = LogAiq(result.policies.back()).mean;
  return oracle > blind ? (LogAiq(row).mean - blind) / (oracle - blind) : 0;
}

std::string Usd(double usd) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2e", usd);
  return text;
}

std::string FrontierTable(const RouterBenchResult& result) {
  Row head{"frontier of", "AIQ ±sd", "log AIQ ±sd", "gap closed"};
  for (const double cost : result.costs_usd) head.push_back("at " + Usd(cost));
  std::vector<Row> rows{head};
  for (const FrontierRow& row : result.policies) {
    Row cells{row.policy, WithSpread(Aiq(row), kDigits), WithSpread(LogAiq(row), kDigits),
              Fixed(100 * GapClosed(result, row), 0) + " %"};
    for (std::size_t i = 0; i < result.costs_usd.size(); ++i) {
      cells.push_back(Fixed(RewardAtCost(row, i), kDigits));
    }
    rows.push_back(std::move(cells));
  }
  return Align(rows);
}

std::string ArmsTable(const RouterBenchResult& result) {
  std::vector<Row> rows{{"arm alone", "USD a request", "reward"}};
  for (std::size_t a = 0; a < result.arms.size(); ++a) {
    rows.push_back(
        {result.arm_names[a], Usd(result.arms[a].cost_usd), Fixed(result.arms[a].reward, kDigits)});
  }
  return Align(rows);
}

Json JsonOf(const RouterBenchResult& result, const FrontierRow& row) {
  Json rewards = Json::array();
  for (std::size_t i = 0; i < result.costs_usd.size(); ++i) rewards.push_back(RewardAtCost(row, i));
  Json frontiers = Json::array();
  for (const FrontierOfSeed& one : row.by_seed) {
    Json points = Json::array();
    for (const Mean& vertex : one.envelope) points.push_back({vertex.cost_usd, vertex.reward});
    frontiers.push_back(std::move(points));
  }
  return {{"data", result.data},
          {"policy", row.policy},
          {"aiq", Aiq(row).mean},
          {"aiq_sd", Aiq(row).sd},
          {"log_aiq", LogAiq(row).mean},
          {"log_aiq_sd", LogAiq(row).sd},
          {"gap_closed", GapClosed(result, row)},
          {"costs_usd", result.costs_usd},
          {"rewards", rewards},
          {"seeds", result.seeds},
          {"frontiers", frontiers}};
}

}  // namespace

std::string RenderRouterBench(const RouterBenchResult& result) {
  std::string text = "RouterBench's measures: " + result.data + ", " + std::to_string(result.rows) +
                     " prompts, " + std::to_string(result.arms.size()) + " arms, " +
                     std::to_string(result.seeds.size()) + " halves (seeds " +
                     std::to_string(result.seeds.front()) + " to " +
                     std::to_string(result.seeds.back()) + ")\n";
  if (!result.layout.empty()) text += result.layout + "\n";
  return text + FrontierTable(result) + "\n" + ArmsTable(result);
}

std::string RouterBenchJson(const RouterBenchResult& result) {
  Json rows = Json::array();
  for (const FrontierRow& row : result.policies) rows.push_back(JsonOf(result, row));
  for (std::size_t a = 0; a < result.arms.size(); ++a) {
    rows.push_back({{"data", result.data},
                    {"policy", "arm " + result.arm_names[a]},
                    {"cost", result.arms[a].cost_usd},
                    {"reward", result.arms[a].reward}});
  }
  return rows.dump(1) + "\n";
}

}  // namespace sluice::sim
