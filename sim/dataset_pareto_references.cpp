// Reference results that may stand beside the rows.
#include <filesystem>
#include <fstream>
#include <optional>

#include <nlohmann/json.hpp>

#include "sim/dataset_pareto.h"

namespace sluice::sim {
namespace {

using nlohmann::json;

ParetoFigure FigureOf(const json& cell) {
  return {cell.at("reward"), cell.at("se"), cell.at("util"), cell.at("regret")};
}

// What the file calls a policy, and we.
struct PolicyName {
  const char* theirs;
  const char* ours;
};
constexpr PolicyName kPolicies[] = {{"U cold", "prototype U, cold"},
                                    {"U warm", "prototype U, warm"},
                                    {"SquareCB80 cold", "prototype SquareCB, cold"},
                                    {"TS.5 cold", "prototype Thompson, cold"}};

struct Table {
  const char* experiment;
  const char* scenario;
  const char* before;  // the file's key is experiment, before, policy, after
  const char* after;
};
constexpr Table kTables[] = {
    {"01", "stationary", " ", ""},
    {"02", "price_drift", " ", ""},
    {"03", "silent_degradation", " ", ""},
    {"04", "good_cheap", " good_cheap ", " pool noforce"},
    {"04", "bad_cheap", " bad_cheap ", " pool noforce"},
    {"04", "good_expensive", " good_expensive ", " pool noforce"},
    {"04", "good_cheap_20_forced", " good_cheap ", " forced20"},
    {"04", "bad_cheap_20_forced", " bad_cheap ", " forced20"},
    {"04", "good_expensive_20_forced", " good_expensive ", " forced20"},
};

std::optional<ParetoReference> ReferenceOf(const json& all, const Table& table,
                                           const PolicyName& policy) {
  const std::string tail = std::string(table.before) + policy.theirs + table.after;
  const std::string key = table.experiment + tail;
  if (!all.contains(key)) return std::nullopt;
  ParetoReference reference{.experiment = table.experiment,
                            .scenario = table.scenario,
                            .policy = policy.ours,
                            .cells = {}};
  for (const json& budget : all.at(key)) {
    const json phases = budget.value("phases", json::array({budget}));
    for (const json& cell : phases) reference.cells.push_back(FigureOf(cell));
  }
  const json& mean = all.at(std::string(table.experiment) + "m" + tail);
  reference.mean = mean.at(0);
  reference.mean_se = mean.at(1);
  return reference;
}

}  // namespace

std::vector<ParetoReference> LoadParetoReferences(const std::string& folder) {
  std::ifstream in(std::filesystem::path(folder) / "results_dev.json");
  const json file = json::parse(in, nullptr, false);
  std::vector<ParetoReference> references;
  if (!file.is_object() || !file.contains("main")) return references;
  try {
    for (const Table& table : kTables) {
      for (const PolicyName& policy : kPolicies) {
        if (auto found = ReferenceOf(file["main"], table, policy)) {
          references.push_back(*std::move(found));
        }
      }
    }
  } catch (const json::exception&) {
    return {};  // a file of another kind
  }
  return references;
}

}  // namespace sluice::sim
