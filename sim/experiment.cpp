#include "sim/experiment.h"

#include <optional>

#include "sim/feedback_queue.h"
#include "sim/process.h"

namespace sluice::sim {
namespace {

std::optional<std::int32_t> ArmOf(const Environment& environment, const std::string& name) {
  for (std::size_t a = 0; a < environment.arms.size(); ++a) {
    if (environment.arms[a].name == name) return static_cast<std::int32_t>(a);
  }
  return std::nullopt;
}

}  // namespace

RouterFacts FactsOf(const config::RouterOptions& router) {
  RouterFacts facts;
  facts.name = router.name;
  facts.policy = policy::PolicyKindName(router.policy.kind);
  facts.cost_weight = router.objective.cost_weight;
  facts.source = router.context.source;
  facts.embedding_dimension =
      facts.source == policy::ContextSource::kEmbedding ? router.context.dimension : 0;
  for (const config::ArmOptions& arm : router.arms) {
    facts.arms.push_back({arm.name, arm.model, arm.tier, arm.price_input_per_million_usd,
                          arm.price_output_per_million_usd});
  }
  return facts;
}

std::variant<Choices, std::string> RunExperiment(const Environment& environment,
                                                 const ExperimentOptions& options,
                                                 Progress& progress) {
  Process process(options.router);
  if (auto problem = process.Start()) return *problem;
  FeedbackQueue queue(options.feedback_delay);
  Choices choices;
  const auto report = [&](const Outstanding& due) {
    return process.Report(due,
                          environment.tasks[due.task].outcomes[static_cast<std::size_t>(due.arm)]);
  };
  for (std::size_t i = 0; i < environment.tasks.size(); ++i) {
    auto reply = process.Route(environment.tasks[i]);
    if (auto* problem = std::get_if<std::string>(&reply)) return *problem;
    const auto& answer = std::get<api::RouteAnswer>(reply);
    const auto arm = ArmOf(environment, answer.arm);
    if (!arm) return "the router chose an arm that is not paired: " + answer.arm;
    choices.push_back(*arm);
    if (const auto due = queue.Answered({i, *arm, answer.decision_id})) {
      if (auto problem = report(*due)) return *problem;
    }
    if (auto problem = process.Learn()) return *problem;
    progress.Add();
  }
  while (const auto due = queue.Next()) {
    if (auto problem = report(*due)) return *problem;
  }
  if (auto problem = process.Learn()) return *problem;
  return choices;
}

}  // namespace sluice::sim
