// The cells of `bench pareto` as JSON, written and read back.
#include <nlohmann/json.hpp>

#include "sim/bootstrap.h"
#include "sim/report_pareto.h"

namespace sluice::sim {
namespace {

using Json = nlohmann::ordered_json;

Json CellJson(const ParetoHeading& heading, const ParetoResult& result, const ParetoCell& cell) {
  const MeanAndError reward = Of(cell.rewards);
  const Interval interval = Bootstrap95(cell.rewards);
  return {{"experiment", result.parameters.experiment},
          {"scenario", result.parameters.scenario},
          {"policy", heading.policy},
          {"budget", result.parameters.budget_usd},
          {"phase", cell.phase},
          {"reward", reward.mean},
          {"se", reward.error},
          {"utilisation", Of(cell.utilisations).mean},
          {"regret", Of(cell.regrets).mean},
          {"exploration", heading.exploration},
          {"seeds", result.seeds},
          {"reward_by_seed", cell.rewards},
          {"interval", {interval.low, interval.high}},
          {"share_by_arm", cell.shares}};
}

ParetoEarlier EarlierOf(const Json& row) {
  return {row.at("experiment"), row.at("scenario"), row.at("budget"),
          row.at("phase"),      row.at("seeds"),    row.at("reward_by_seed")};
}

}  // namespace

std::string ParetoJson(const std::vector<ParetoContender>& contenders) {
  Json rows = Json::array();
  for (const ParetoContender& contender : contenders) {
    for (const ParetoResult& result : contender.results) {
      for (const ParetoCell& cell : result.cells) {
        rows.push_back(CellJson(contender.heading, result, cell));
      }
    }
  }
  return rows.dump(1) + "\n";
}

std::optional<std::vector<ParetoEarlier>> ReadParetoJson(const std::string& text) {
  const Json rows = Json::parse(text, nullptr, false);
  if (!rows.is_array()) return std::nullopt;
  std::vector<ParetoEarlier> earlier;
  try {
    for (const Json& row : rows) earlier.push_back(EarlierOf(row));
  } catch (const Json::exception&) {
    return std::nullopt;
  }
  return earlier;
}

}  // namespace sluice::sim
