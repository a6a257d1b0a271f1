#include "sim/frozen.h"

#include <algorithm>
#include <utility>

#include "daemon/learner.h"
#include "daemon/metrics.h"
#include "daemon/request_context.h"

namespace sluice::sim {
namespace {

using store::Code;
using store::Error;
using store::Position;
using store::Result;

bool HasArm(const std::vector<config::ArmOptions>& arms, const std::string& name) {
  return std::ranges::any_of(arms, [&](const auto& arm) { return arm.name == name; });
}

// The logged router with what decides how is learnt and chosen taken from the policy.
config::RouterOptions Under(config::RouterOptions logged, const config::RouterOptions& policy) {
  logged.prior = policy.prior;
  logged.feedback = policy.feedback;
  logged.alarm = policy.alarm;
  logged.warmup_cap = policy.warmup_cap;
  logged.new_arm_share_max = policy.new_arm_share_max;
  logged.new_arm_labels = policy.new_arm_labels;
  logged.policy = policy.policy;
  logged.fixed_arm = policy.fixed_arm;
  logged.clusters = policy.clusters;
  logged.fitted_arms = policy.fitted_arms;
  // Whoever was promoted would choose instead.
  logged.challengers.clear();
  return logged;
}

// What a definition of the log becomes. One from before the policy's arms were there stays as it
// is: nothing is chosen by it.
std::string DefinitionUnder(const config::RouterOptions& logged,
                            const config::RouterOptions& policy) {
  std::string text = config::PrintRouter(Under(logged, policy));
  const bool fits = std::holds_alternative<config::RouterOptions>(config::ParseRouter(text));
  return fits ? text : config::PrintRouter(logged);
}

// Why a policy cannot take the place of the one that is in force at the end, if it cannot.
std::optional<std::string> Misfit(const daemon::RouterDefinition& logged,
                                  const config::RouterOptions& policy) {
  if (policy.policy.kind == policy::PolicyKind::kRules) {
    return "policy \"rules\" reads the text of requests, which the log does not keep";
  }
  const auto parsed = config::ParseRouter(config::PrintRouter(Under(logged.options, policy)));
  const auto* problems = std::get_if<std::vector<config::Problem>>(&parsed);
  if (problems == nullptr) return std::nullopt;
  std::string text = "the policy does not fit the router that the log has:";
  for (const config::Problem& problem : *problems) text += "\n" + config::ToString(problem);
  return text;
}

// The beginning of a log, in which a router is defined otherwise.
class Beginning final : public store::Store {
 public:
  Beginning(const store::Store& whole, const FreezeOptions& options, Progress& progress)
      : whole_(whole), options_(options), progress_(progress) {}

  bool AppendDecision(store::DecisionRecord) override { return false; }
  bool AppendOutcomes(std::vector<store::OutcomeRecord>, OutcomesDone) override { return false; }
  Result<Position> AppendRouter(store::RouterRecord) override { return Refused(); }
  Result<Position> AppendAdmin(store::AdminRecord) override { return Refused(); }
  Result<store::Done> SaveCheckpoint(const store::Checkpoint&) override { return Refused(); }
  // They hold what was learnt under other settings.
  Result<Checkpoints> LoadCheckpoints() const override { return Checkpoints{}; }

  Position last_position() const override { return options_.until; }

  Result<std::vector<store::LogEntry>> Read(Position after, std::size_t most) const override {
    const Position left = options_.until - std::min(after, options_.until);
    auto entries = whole_.Read(after, std::min<std::size_t>(most, left));
    if (!entries) return entries;
    for (store::LogEntry& entry : *entries) {
      auto* record = std::get_if<store::RouterRecord>(&entry.record);
      if (record == nullptr || record->router != options_.router) continue;
      const auto logged = daemon::MakeDefinition(*record);
      if (!logged) return logged.error();
      record->definition = DefinitionUnder((*logged)->options, options_.policy);
    }
    progress_.Add(entries->size());
    return entries;
  }

  bool WaitPast(Position after, std::chrono::milliseconds) const override {
    return after < options_.until;
  }
  Result<store::DecisionRecord> DecisionAt(Position position) const override {
    return whole_.DecisionAt(position);
  }
  // Of outcomes that are still to come the learner takes no notice.
  Result<std::optional<store::DecisionStory>> FindDecision(
      const store::DecisionId& id) const override {
    return whole_.FindDecision(id);
  }
  store::StoreHealth health() const override { return whole_.health(); }

 private:
  static Error Refused() { return {Code::kUnavailable, "this log is only read"}; }

  const store::Store& whole_;
  const FreezeOptions& options_;
  Progress& progress_;
};

// Arms that a file leaves at their defaults are not meant: the policy may take all of the log's.
policy::ArmSet ArmsOf(const daemon::RouterDefinition& logged, const config::RouterOptions& policy) {
  const bool all = policy.arms == config::Defaults().routers.front().arms;
  policy::ArmSet arms;
  for (std::size_t a = 0; a < logged.arm_names.size(); ++a) {
    if (all || HasArm(policy.arms, logged.arm_names[a])) arms.Add(static_cast<policy::ArmId>(a));
  }
  return arms;
}

}  // namespace

bool Learns(policy::PolicyKind kind) {
  return kind != policy::PolicyKind::kUniform && kind != policy::PolicyKind::kFixed;
}

FrozenPolicy::FrozenPolicy(daemon::RouterView view, const FreezeOptions& options,
                           std::uint64_t tick)
    : view_(std::move(view)), arms_(ArmsOf(*view_.definition, options.policy)), tick_(tick) {}

std::optional<policy::Decision> FrozenPolicy::Decide(const store::DecisionRecord& record,
                                                     std::span<const policy::ArmTerms> terms,
                                                     std::optional<double> cost_weight) const {
  const daemon::RouterDefinition& definition = *view_.definition;
  const policy::ArmSet eligible = policy::ArmSet::FromBits(record.eligible) & arms_;
  if (eligible.Empty()) return std::nullopt;
  const auto context = daemon::LoggedContext(definition, view_.map.get(), record);
  if (!context) return std::nullopt;
  policy::ExplorationBounds bounds;
  bounds.cap = view_.exploration_cap;
  bounds.new_arms = view_.new_arms;
  bounds.new_arm_share = definition.options.new_arm_share_max;
  const policy::Situation situation{.context = &*context,
                                    .eligible = eligible,
                                    .terms = terms,
                                    .tick = tick_,
                                    .cost_weight = cost_weight.value_or(record.cost_weight),
                                    .latency_weight = record.latency_weight,
                                    .bounds = bounds,
                                    .guard = {},
                                    .premium = definition.premium};
  return policy::Choose(definition.policy, *view_.posterior, situation, {});
}

std::variant<FrozenPolicy, std::string> Freeze(const store::Store& store,
                                               const LoggedRouter& router,
                                               const FreezeOptions& options, Progress& progress) {
  if (options.until < router.definitions.front().from) {
    return "the log has no router there: its first definition stands at position " +
           std::to_string(router.definitions.front().from);
  }
  if (auto problem = Misfit(router.At(options.until), options.policy)) return *problem;
  Beginning beginning(store, options, progress);
  daemon::Metrics metrics(1);
  daemon::SnapshotBoard board(1);
  daemon::Learner learner(beginning, board, metrics, config::LearnerOptions{}, [] { return 0; });
  if (const auto recovered = learner.Recover(); !recovered) return recovered.error().message;
  const std::uint64_t tick = learner.Report().routers[options.router].tally.tick_next;
  return FrozenPolicy(board.Latest()->routers[options.router], options, tick);
}

}  // namespace sluice::sim
