#include "sim/pareto_offline.h"

#include <algorithm>
#include <utility>

#include "sim/process.h"

namespace sluice::sim {
namespace {

using policy::PolicyKind;

constexpr std::size_t kClusters = 16;
constexpr std::uint64_t kSeed = 1;

// Of the kind that operators write without data: what is short is cheap, what asks for proofs or
// programs is dear.
std::vector<config::RuleOptions> RulesFor(const std::vector<config::ArmOptions>& arms) {
  config::RuleOptions hard{.name = "hard", .arm = arms[2].name};
  hard.keywords = {"prove", "proof", "theorem", "function", "python", "code"};
  config::RuleOptions brief{.name = "brief", .arm = arms[0].name};
  brief.length_max = 200;
  return {hard, brief, {.name = "rest", .arm = arms[1].name}};
}

}  // namespace

std::variant<std::shared_ptr<const ParetoOffline>, std::string> FitOffline(const ParetoRun& run,
                                                                           double warm_strength) {
  const PolicyKind kind = run.policy.kind;
  const bool predicts = kind == PolicyKind::kLogistic || kind == PolicyKind::kClusters;
  if (!predicts && kind != PolicyKind::kRules && warm_strength == 0) {
    return std::shared_ptr<const ParetoOffline>();
  }
  config::RouterOptions router = ParetoRouter(run);
  auto offline = std::make_shared<ParetoOffline>();
  offline->warm_strength = warm_strength;
  if (kind == PolicyKind::kRules) offline->rules = RulesFor(router.arms);
  if (!predicts && warm_strength == 0) return offline;
  router.policy = {};  // whatever needs nothing of what is fitted here
  const auto record = daemon::MakeRecord(router, 0, nullptr, GramSeedOf(router));
  if (!record.ok()) return record.error().message;
  const auto definition = daemon::MakeDefinition(*record);
  if (!definition.ok()) return definition.error().message;
  std::vector<std::size_t> rows = run.stream.segments.front();
  std::ranges::sort(rows);
  std::vector<Task> tasks;
  for (const std::size_t row : rows) tasks.push_back(run.data.rows[row]);
  const auto samples = SamplesOf(**definition, tasks);
  if (const auto* problem = std::get_if<std::string>(&samples)) return *problem;
  const auto& found = std::get<FitSamples>(samples);
  if (warm_strength > 0) offline->warm = FitStatistics(**definition, found);
  if (kind == PolicyKind::kLogistic) offline->tables = FitLogisticTables(**definition, found);
  if (kind == PolicyKind::kClusters) {
    offline->tables = FitClusterTables(**definition, found, kClusters, kSeed);
  }
  return offline;
}

}  // namespace sluice::sim
