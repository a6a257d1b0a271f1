#include "sim/pareto_run.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "sim/parallel.h"
#include "sim/pareto_offline.h"
#include "sim/process.h"

namespace sluice::sim {
namespace {

const ParetoPhase kBurnIn{"burn-in", {}};

// What stands after the last slash of a model's name, which is a name on the wire.
std::string NameOf(const ArmFacts& arm) {
  return arm.model.substr(arm.model.rfind('/') + 1);
}

config::ArmOptions ArmIn(const ParetoPhase& phase, std::size_t arm, const ParetoData& data) {
  const ArmFacts facts = InPhase(phase, arm, data.arms[arm]);
  config::ArmOptions options;
  options.name = NameOf(facts);
  options.model = facts.model;
  options.tier = static_cast<int>(arm) + 1;
  options.price_input_per_million_usd = facts.price_input_per_million_usd;
  options.price_output_per_million_usd = facts.price_output_per_million_usd;
  return options;
}

// The router's arms in a phase: list prices of the phase, the newcomer once it is there.
std::vector<config::ArmOptions> ArmsIn(const ParetoPhase& phase, const ParetoRun& run) {
  const bool burn_in = &phase == &kBurnIn;
  const std::size_t count = burn_in ? kParetoArms : run.parameters.arms();
  std::vector<config::ArmOptions> arms;
  for (std::size_t a = 0; a < count; ++a) arms.push_back(ArmIn(phase, a, run.data));
  // Forced pulls go with a prior of its own, and none with what the other arms know.
  if (count > kNewcomer) {
    arms[kNewcomer].start = run.parameters.forced > 0 ? "prior" : "others";
  }
  return arms;
}

// One run as it goes on.
class Course {
 public:
  Course(const ParetoRun& run, Progress& progress)
      : run_(run),
        progress_(progress),
        options_(ParetoRouter(run)),
        process_(options_, run.memory) {}

  std::optional<std::string> Start() {
    const ParetoOffline* offline = run_.policy.offline.get();
    return process_.Start(offline != nullptr && offline->warm ? &*offline->warm : nullptr);
  }

  std::optional<std::string> PlaySegment(const ParetoPhase& phase,
                                         const std::vector<std::size_t>& rows) {
    if (auto problem = Enter(phase)) return problem;
    const std::size_t forced = &phase == &kBurnIn ? 0 : run_.parameters.forced;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::string only = i < forced ? options_.arms[kNewcomer].name : "";
      if (auto problem = PlayOne(phase, rows[i], only)) return problem;
      progress_.Add();
    }
    return std::nullopt;
  }

  Choices choices() && { return std::move(choices_); }

 private:
  // Brings the phase's prices and arms into force, right before its first request.
  std::optional<std::string> Enter(const ParetoPhase& phase) {
    auto arms = ArmsIn(phase, run_);
    if (arms == options_.arms) return std::nullopt;
    options_.arms = std::move(arms);
    return process_.Change(options_);
  }

  std::optional<std::string> PlayOne(const ParetoPhase& phase, std::size_t row,
                                     const std::string& only_arm) {
    const Task& task = run_.data.rows[row];
    auto reply = process_.Route(task, only_arm);
    if (auto* problem = std::get_if<std::string>(&reply)) return std::move(*problem);
    const auto& answer = std::get<api::RouteAnswer>(reply);
    const auto found = std::ranges::find(options_.arms, answer.arm, &config::ArmOptions::name);
    const auto arm = static_cast<std::size_t>(found - options_.arms.begin());
    choices_.push_back(static_cast<std::int32_t>(arm));
    const Outstanding due{row, choices_.back(), answer.decision_id};
    if (auto problem = process_.Report(due, InPhase(phase, arm, task.outcomes[arm]))) {
      return problem;
    }
    return process_.Learn();
  }

  const ParetoRun& run_;
  Progress& progress_;
  config::RouterOptions options_;
  Process process_;
  Choices choices_;
};

}  // namespace

config::RouterOptions ParetoRouter(const ParetoRun& run) {
  config::RouterOptions router;
  router.name = "pareto";
  router.seed = run.stream.seed;
  router.policy.kind = run.policy.kind;
  router.policy.exploration.mode = run.policy.exploration;
  router.objective.objective = policy::Objective::kBudget;
  router.objective.budget_usd = run.parameters.budget_usd;
  router.feedback.audit_rate = 0;
  router.arms = ArmsIn(kBurnIn, run);
  if (run.policy.features) {
    router.context.source = policy::ContextSource::kEmbedding;
    router.context.projection = policy::Projection::kAsGiven;
    router.context.dimension = run.data.rows.front().embedding.size();
  }
  if (const ParetoOffline* offline = run.policy.offline.get()) {
    router.warm_start_strength = offline->warm_strength;
    router.rules = offline->rules;
    router.clusters = offline->tables.clusters;
    router.fitted_arms = offline->tables.arms;
  }
  return router;
}

std::size_t ParetoRun::requests() const {
  std::size_t count = 0;
  for (const auto& segment : stream.segments) count += segment.size();
  return count;
}

std::variant<ParetoPlayed, std::string> Play(const ParetoRun& run, Progress& progress) {
  if (!run.policy.baseline.empty()) return PlayBaseline(run, progress);
  Course course(run, progress);
  if (auto problem = course.Start()) return *problem;
  if (auto problem = course.PlaySegment(kBurnIn, run.stream.segments.front())) return *problem;
  for (std::size_t p = 0; p < run.parameters.phases.size(); ++p) {
    const auto& rows = run.stream.segments[p + 1];
    if (auto problem = course.PlaySegment(run.parameters.phases[p], rows)) return *problem;
  }
  return ParetoPlayed{std::move(course).choices(), {}};
}

std::variant<std::vector<ParetoPlayed>, std::string> PlayAll(const std::vector<ParetoRun>& runs,
                                                             std::size_t threads,
                                                             Progress& progress) {
  std::vector<std::variant<ParetoPlayed, std::string>> results(runs.size());
  ForEach(runs.size(), threads, [&](std::size_t run) { results[run] = Play(runs[run], progress); });
  std::vector<ParetoPlayed> played;
  for (auto& result : results) {
    if (auto* problem = std::get_if<std::string>(&result)) return std::move(*problem);
    played.push_back(std::get<ParetoPlayed>(std::move(result)));
  }
  return played;
}

}  // namespace sluice::sim
