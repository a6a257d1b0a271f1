// The table as JSON. Field names are part of what scripts rely on: add, never rename.
#include <nlohmann/json.hpp>

#include "sim/report.h"

namespace sluice::sim {
namespace {

using Json = nlohmann::ordered_json;

Json Of(const Mean& mean) {
  return {{"reward", mean.reward}, {"cost_usd", mean.cost_usd}, {"utility", mean.utility}};
}

Json Of(const Comparison& comparison, const std::vector<ArmFacts>& arms) {
  Json fixed = Json::object();
  for (std::size_t a = 0; a < arms.size(); ++a) {
    fixed[arms[a].name] = comparison.always[a] ? Of(comparison.fixed[a]) : Json();
  }
  return {{"requests", comparison.tasks},
          {"ours", Of(comparison.ours)},
          {"blind_mix_reward", comparison.blind_mix},
          {"fixed", fixed},
          {"uniform", Of(comparison.uniform)},
          {"oracle_by_reward", Of(comparison.oracle_by_reward)},
          {"oracle_by_utility", Of(comparison.oracle_by_utility)},
          {"regret_reward", comparison.regret_reward},
          {"regret_utility", comparison.regret_utility}};
}

Json Arms(const Heading& heading, const Summary& summary) {
  Json arms = Json::array();
  for (std::size_t a = 0; a < summary.arms.size(); ++a) {
    const ArmSummary& arm = summary.arms[a];
    Json entry{{"name", heading.router.arms[a].name}, {"model", heading.router.arms[a].model}};
    if (!heading.paired_with.empty()) {
      entry["paired_with"] = heading.paired_with[a];
      entry["paired_by"] = heading.paired_by[a];
    }
    entry["requests"] = arm.tasks;
    entry["share_first_fifth"] = arm.share_first_fifth;
    entry["share_last_fifth"] = arm.share_last_fifth;
    entry["share"] = arm.share;
    entry["reward"] = arm.reward;
    entry["cost_usd"] = arm.cost_usd;
    arms.push_back(entry);
  }
  return arms;
}

// By number of requests.
Json RegretAt(const Summary& summary) {
  Json regret = Json::object();
  for (std::size_t i = 0; i < summary.regret_at.size(); ++i) {
    regret[std::to_string(kRegretPoints[i])] = summary.regret_at[i];
  }
  return regret;
}

Json Of(const Traffic& traffic) {
  return {{"seconds", traffic.seconds},
          {"requests_per_second", traffic.requests_per_second},
          {"route_p50_ms", traffic.route_p50_ms},
          {"route_p99_ms", traffic.route_p99_ms},
          {"routed", traffic.routed},
          {"route_failed", traffic.route_failed},
          {"feedback_accepted", traffic.feedback_accepted},
          {"feedback_duplicates", traffic.feedback_duplicates},
          {"feedback_failed", traffic.feedback_failed},
          {"retried", traffic.retried},
          {"complaints", traffic.complaints}};
}

}  // namespace

std::string RenderJson(const Heading& heading, const Summary& summary, const Choices& choices,
                       const Traffic* traffic) {
  Json report{{"command", heading.command},
              {"source", heading.source},
              {"description", heading.description},
              {"requests", heading.requests},
              {"seed", heading.seed},
              {"feedback_delay", heading.feedback_delay},
              {"contexts_shuffled", heading.contexts_shuffled},
              {"expectations_known", heading.expectations_known},
              {"router", heading.router.name},
              {"policy", heading.router.policy},
              {"cost_weight", heading.router.cost_weight},
              {"arms", Arms(heading, summary)},
              {"whole", Of(summary.whole, heading.router.arms)},
              {"second_half", Of(summary.second_half, heading.router.arms)},
              {"best_fixed_arm", heading.router.arms[summary.best_fixed].name},
              {"premium_arm", heading.router.arms[summary.premium].name},
              {"saving", summary.saving},
              {"quality_given_up", summary.quality_given_up},
              {"learnt_by_fifth", summary.learnt},
              {"regret_reward_at", RegretAt(summary)},
              {"reported", Of(summary.reported)},
              {"rated", summary.rated},
              {"claims", summary.claims}};
  if (traffic != nullptr) report["traffic"] = Of(*traffic);
  report["choices"] = choices;  // index into "arms" by request; -1: not answered
  return report.dump() + "\n";
}

}  // namespace sluice::sim
