// Runs of the public experiments by a baseline instead of the product's router.
#include "sim/baselines/player.h"
#include "sim/pareto_run.h"

namespace sluice::sim {
namespace {

class Course {
 public:
  Course(const ParetoRun& run, Progress& progress)
      : run_(run),
        progress_(progress),
        player_(run.policy.baseline, {.context = ParetoRouter(run).context,
                                      .seed = run.stream.seed,
                                      .budget_usd = run.parameters.budget_usd}) {}

  // Of `arms` arms, the first `forced` requests of the last one alone.
  void PlaySegment(const ParetoPhase& phase, const std::vector<std::size_t>& rows, std::size_t arms,
                   std::size_t forced) {
    std::vector<ArmFacts> facts;
    for (std::size_t a = 0; a < arms; ++a) facts.push_back(InPhase(phase, a, run_.data.arms[a]));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      policy::ArmSet available = policy::ArmSet::FirstN(arms);
      if (i < forced) {
        available = {};
        available.Add(static_cast<policy::ArmId>(kNewcomer));
      }
      PlayOne(phase, run_.data.rows[rows[i]], facts, available);
      progress_.Add();
    }
  }

  ParetoPlayed played() && { return std::move(played_); }

 private:
  void PlayOne(const ParetoPhase& phase, const Task& task, const std::vector<ArmFacts>& arms,
               policy::ArmSet available) {
    std::vector<Outcome> outcomes;
    for (std::size_t a = 0; a < arms.size(); ++a) {
      outcomes.push_back(InPhase(phase, a, task.outcomes[a]));
    }
    const Answered answered = player_.Ask(task, outcomes, arms, available);
    player_.Teach(answered, outcomes);
    const policy::ArmId served = answered.called.back();
    played_.choices.push_back(served);
    played_.unserved_usd.push_back(answered.paid_usd - outcomes[served].cost_usd);
  }

  const ParetoRun& run_;
  Progress& progress_;
  BaselinePlayer player_;
  ParetoPlayed played_;
};

}  // namespace

ParetoPlayed PlayBaseline(const ParetoRun& run, Progress& progress) {
  Course course(run, progress);
  const ParetoCase& parameters = run.parameters;
  course.PlaySegment({"burn-in", {}}, run.stream.segments.front(), kParetoArms, 0);
  for (std::size_t p = 0; p < parameters.phases.size(); ++p) {
    course.PlaySegment(parameters.phases[p], run.stream.segments[p + 1], parameters.arms(),
                       parameters.forced);
  }
  return std::move(course).played();
}

}  // namespace sluice::sim
