#include "sim/experiment.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "sim/feedback_queue.h"
#include "sim/process.h"

namespace sluice::sim {
namespace {

using Problem = std::optional<std::string>;

std::optional<std::int32_t> ArmOf(const Environment& environment, const std::string& name) {
  for (std::size_t a = 0; a < environment.arms.size(); ++a) {
    if (environment.arms[a].name == name) return static_cast<std::int32_t>(a);
  }
  return std::nullopt;
}

double BestOf(const std::vector<Outcome>& outcomes) {
  double best = 0;
  for (const Outcome& outcome : outcomes) {
    if (outcome.offered) best = std::max(best, outcome.expected_reward);
  }
  return best;
}

// What the router said of a choice, and what came of it.
TraceStep StepOf(const api::RouteAnswer& answer, const std::vector<Outcome>& outcomes,
                 std::int32_t arm) {
  const Outcome& outcome = outcomes[static_cast<std::size_t>(arm)];
  const api::Explanation& how = *answer.explanation;
  TraceStep step{.arm = arm,
                 .reward = outcome.reward,
                 .cost_usd = outcome.cost_usd,
                 .exploration = how.exploration,
                 .explored = answer.arm != how.greedy_arm,
                 .cost_weight = how.cost_weight,
                 .regret = BestOf(outcomes) - outcome.expected_reward};
  const auto chosen = std::ranges::find(how.arms, answer.arm, &api::ArmExplanation::arm);
  if (chosen != how.arms.end()) step.predicted = chosen->mean;
  return step;
}

// One player's course as it goes on.
class Turn {
 public:
  Turn(const Player& player, std::size_t place, Process& process)
      : environment_(player.environment),
        options_(player.options),
        place_(place),
        process_(process) {}

  // Request `at`, and what is due when it was answered.
  Problem Play(std::size_t at) {
    if (at > 0 && options_.timeline.RouterChanges(at)) {
      const auto router = options_.timeline.RouterAt(options_.router, at);
      if (auto problem = process_.Change(router)) return problem;
    }
    auto reply = process_.Route(environment_.tasks[at], "", place_);
    if (auto* problem = std::get_if<std::string>(&reply)) return std::move(*problem);
    const auto& answer = std::get<api::RouteAnswer>(reply);
    const auto arm = ArmOf(environment_, answer.arm);
    if (!arm) return "the router chose an arm that is not paired: " + answer.arm;
    course_.choices.push_back(*arm);
    if (answer.explanation) {
      course_.trace.push_back(StepOf(answer, environment_.tasks[at].outcomes, *arm));
    }
    const std::size_t due = at + DelayOf(options_.feedback, KeyOf(at));
    queue_.Put(std::max(due, options_.timeline.SaidAfter(at)), {at, *arm, answer.decision_id});
    return ReportUntil(at);
  }

  Problem ReportUntil(std::size_t at) {
    while (const auto due = queue_.Next(at)) {
      if (auto problem = Report(*due)) return problem;
    }
    return std::nullopt;
  }

  std::size_t requests() const { return environment_.tasks.size(); }
  const Timeline& timeline() const { return options_.timeline; }
  Course course() && { return std::move(course_); }

 private:
  TaskKey KeyOf(std::size_t task) const { return {options_.seed, task}; }

  // What it cost, and what anybody says it was worth.
  Problem Report(const Outstanding& due) {
    const auto arm = static_cast<std::size_t>(due.arm);
    const Outcome& outcome = environment_.tasks[due.task].outcomes[arm];
    api::FeedbackEvent event;
    event.decision_id = due.decision_id;
    event.event_id = due.event_id();
    event.cost_usd = outcome.cost_usd;
    if (IsRated(options_.feedback, KeyOf(due.task), outcome.reward)) {
      event.reward = outcome.reward;
      ++course_.told.rated;
      course_.told.reward_sum += outcome.reward;
    }
    if (auto problem = process_.Report(std::move(event))) return problem;
    for (std::size_t s = 0; s < options_.feedback.sources.size(); ++s) {
      const auto claim = ClaimOf(options_.feedback, s, KeyOf(due.task), arm, outcome.reward);
      if (!claim) continue;
      if (auto problem = ReportClaim(due, options_.feedback.sources[s].name, *claim)) {
        return problem;
      }
    }
    return std::nullopt;
  }

  Problem ReportClaim(const Outstanding& due, const std::string& source, double claim) {
    api::FeedbackEvent event;
    event.decision_id = due.decision_id;
    event.event_id = due.event_id() + "-" + source;
    event.source = source;
    event.reward = claim;
    ++course_.told.claims;
    return process_.Report(std::move(event));
  }

  const Environment& environment_;
  const ExperimentOptions& options_;
  const std::size_t place_;
  Process& process_;
  DueQueue queue_;
  Course course_;
};

// Everything that happens to the process before request `at`.
Problem Befall(const Timeline& timeline, std::size_t at, Process& process) {
  if (timeline.Happens(EventKind::kCheckpoint, at)) {
    if (auto problem = process.Checkpoint()) return problem;
  }
  if (timeline.Happens(EventKind::kRestart, at)) return process.Restart();
  return std::nullopt;
}

Problem PlayAll(std::vector<Turn>& turns, Process& process, Progress& progress) {
  std::size_t requests = 0;
  for (const Turn& turn : turns) requests = std::max(requests, turn.requests());
  for (std::size_t at = 0; at < requests; ++at) {
    if (auto problem = Befall(turns.front().timeline(), at, process)) return problem;
    for (Turn& turn : turns) {
      if (at >= turn.requests()) continue;
      if (auto problem = turn.Play(at)) return problem;
      if (auto problem = process.Learn()) return problem;
      progress.Add();
    }
  }
  for (Turn& turn : turns) {
    if (auto problem = turn.ReportUntil(kEver)) return problem;
  }
  return process.Learn();
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

std::variant<std::vector<Course>, std::string> RunTogether(const std::vector<Player>& players,
                                                           Progress& progress) {
  std::vector<config::RouterOptions> routers;
  for (const Player& player : players) {
    routers.push_back(player.options.timeline.RouterAt(player.options.router, 0));
  }
  Process process(std::move(routers), players.front().options.memory);
  if (players.front().options.traced) process.Explain();
  if (auto problem = process.Start()) return *problem;
  std::vector<Turn> turns;
  for (std::size_t p = 0; p < players.size(); ++p) turns.emplace_back(players[p], p, process);
  if (auto problem = PlayAll(turns, process, progress)) return *problem;
  std::vector<Course> courses;
  for (Turn& turn : turns) courses.push_back(std::move(turn).course());
  return courses;
}

std::variant<Choices, std::string> RunExperiment(const Environment& environment,
                                                 const ExperimentOptions& options,
                                                 Progress& progress) {
  auto courses = RunTogether({{environment, options}}, progress);
  if (auto* problem = std::get_if<std::string>(&courses)) return *problem;
  return std::move(std::get<0>(courses).front().choices);
}

}  // namespace sluice::sim
