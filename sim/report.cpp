#include "sim/report.h"

#include <cstdio>

#include "sim/report_table.h"

namespace sluice::sim {
namespace {

constexpr int kRewardDigits = 4;
constexpr int kCostDigits = 7;

std::string Percent(double share) {
  return Fixed(100 * share, 1) + "%";
}
std::string Reward(double reward) {
  return Fixed(reward, kRewardDigits);
}
std::string Cost(double cost_usd) {
  return Fixed(cost_usd, kCostDigits);
}

// A number as short as it can be told apart to six digits: 40, 0.5, 1e-05.
std::string Short(double value) {
  char text[64];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

std::string ArmsTable(const Heading& heading, const Summary& summary) {
  std::vector<Row> rows{
      {"arm", "first fifth", "last fifth", "share", "mean reward", "mean cost USD"}};
  for (std::size_t a = 0; a < summary.arms.size(); ++a) {
    const ArmSummary& arm = summary.arms[a];
    const bool used = arm.tasks > 0;
    rows.push_back({heading.router.arms[a].name, Percent(arm.share_first_fifth),
                    Percent(arm.share_last_fifth), Percent(arm.share),
                    used ? Reward(arm.reward) : "-", used ? Cost(arm.cost_usd) : "-"});
  }
  return Align(rows);
}

Row MeanRow(const std::string& label, const Mean& mean) {
  return {label, Reward(mean.reward), Cost(mean.cost_usd), Reward(mean.utility)};
}

Mean BlindMixMean(const Comparison& comparison, double cost_weight) {
  const double cost_usd = comparison.ours.cost_usd;
  return {comparison.blind_mix, cost_usd, comparison.blind_mix - cost_weight * cost_usd};
}

std::string ComparisonTable(const Heading& heading, const Summary& summary) {
  const Comparison& whole = summary.whole;
  const Comparison& half = summary.second_half;
  const double cost_weight = heading.router.cost_weight;
  std::vector<Row> rows{{"on the same requests", "mean reward", "mean cost USD", "utility"}};
  rows.push_back(MeanRow("this router", whole.ours));
  rows.push_back(MeanRow("  its second half", half.ours));
  rows.push_back(MeanRow("blind mix at the same spend", BlindMixMean(whole, cost_weight)));
  rows.push_back(MeanRow("  of the second half", BlindMixMean(half, cost_weight)));
  for (std::size_t a = 0; a < whole.fixed.size(); ++a) {
    const char* mark = a == summary.best_fixed ? " (best fixed arm)" : "";
    if (!whole.always[a]) {
      rows.push_back({"always " + heading.router.arms[a].name + " (joined later)", "-", "-", "-"});
      continue;
    }
    rows.push_back(MeanRow("always " + heading.router.arms[a].name + mark, whole.fixed[a]));
  }
  rows.push_back(MeanRow("uniform random", whole.uniform));
  rows.push_back(MeanRow("oracle by reward", whole.oracle_by_reward));
  rows.push_back(MeanRow("oracle by utility", whole.oracle_by_utility));
  return Align(rows);
}

// "0.0123 higher" or "0.0123 lower".
std::string Apart(double difference) {
  return Reward(difference < 0 ? -difference : difference) +
         (difference < 0 ? " lower" : " higher");
}

std::string Verdict(const Heading& heading, const Summary& summary) {
  const Comparison& whole = summary.whole;
  const Comparison& half = summary.second_half;
  const double saving = summary.saving;
  std::string text = "Against always " + heading.router.arms[summary.premium].name + ": " +
                     Percent(saving < 0 ? -saving : saving) + (saving < 0 ? " more" : " less") +
                     " cost, mean reward " + Apart(-summary.quality_given_up) + ".\n";
  text += "Against the blind mix at the same spend: mean reward " +
          Apart(whole.ours.reward - whole.blind_mix) + "; second half " +
          Apart(half.ours.reward - half.blind_mix) + ".\n";
  text += "Regret (sum over the requests): " + Fixed(whole.regret_reward, 1) + " in reward, " +
          Fixed(whole.regret_utility, 1) + " in utility; second half " +
          Fixed(half.regret_reward, 1) + " and " + Fixed(half.regret_utility, 1) + ".\n";
  if (!summary.regret_at.empty()) {
    text += "Regret in reward after";
    for (std::size_t i = 0; i < summary.regret_at.size(); ++i) {
      text += (i == 0 ? " " : ", ") + std::to_string(kRegretPoints[i]) +
              " requests: " + Fixed(summary.regret_at[i], 1);
    }
    text += ".\n";
  }
  text += "Learnt by fifth (0% is uniform choice, 100% the oracle by utility):";
  for (const double share : summary.learnt) text += " " + Fixed(100 * share, 0) + "%";
  text += ".\n";
  if (heading.expectations_known) {
    text += "All figures are the world's true expectations. Reported to the router: mean reward " +
            Reward(summary.reported.reward) + ", mean cost " + Cost(summary.reported.cost_usd) +
            " USD.\n";
  }
  if (summary.rated < whole.tasks || summary.claims > 0) {
    text += "It was told the reward of " + std::to_string(summary.rated) + " of " +
            std::to_string(whole.tasks) + " answers, and " + std::to_string(summary.claims) +
            " by poisoned sources.\n";
  }
  return text;
}

std::string Title(const Heading& heading) {
  std::string text = "Sluice " + heading.command + ": " + heading.source + ", " +
                     std::to_string(heading.requests) + " requests, seed " +
                     std::to_string(heading.seed) + ", feedback delay " +
                     std::to_string(heading.feedback_delay) + ".\n";
  if (!heading.description.empty()) text += heading.description + "\n";
  text += "Router \"" + heading.router.name + "\": policy " + heading.router.policy +
          ", cost weight " + Short(heading.router.cost_weight) +
          " per USD (utility = reward - weight * cost).\n";
  if (heading.contexts_shuffled) {
    text += "Control: every request was sent with the text of another one.\n";
  }
  return text;
}

}  // namespace

std::string RenderPairing(const Heading& heading) {
  std::vector<Row> rows;
  for (std::size_t a = 0; a < heading.router.arms.size(); ++a) {
    const ArmFacts& arm = heading.router.arms[a];
    Row row{"arm " + arm.name, "at " + Short(arm.price_input_per_million_usd) + "/" +
                                   Short(arm.price_output_per_million_usd) +
                                   " USD per million tokens"};
    if (!heading.paired_with.empty()) {
      row.push_back("is " + heading.paired_with[a] + " (" + heading.paired_by[a] + ")");
    }
    rows.push_back(row);
  }
  const std::string layout = heading.layout.empty() ? "" : heading.layout + "\n";
  return layout + Align(rows, Side::kLeft);
}

std::string RenderTable(const Heading& heading, const Summary& summary) {
  if (summary.whole.tasks == 0) return Title(heading) + "\nNo request was answered.\n";
  return Title(heading) + "\n" + ArmsTable(heading, summary) + "\n" +
         ComparisonTable(heading, summary) + "\n" + Verdict(heading, summary);
}

std::string RenderTraffic(const Traffic& traffic) {
  std::string text = std::to_string(traffic.routed) + " requests in " + Fixed(traffic.seconds, 1) +
                     " s: " + Fixed(traffic.requests_per_second, 0) +
                     " a second; route latency p50 " + Fixed(traffic.route_p50_ms, 2) +
                     " ms, p99 " + Fixed(traffic.route_p99_ms, 2) + " ms.\n";
  text += "Feedback: " + std::to_string(traffic.feedback_accepted) + " accepted, " +
          std::to_string(traffic.feedback_duplicates) +
          " duplicates. Sent again: " + std::to_string(traffic.retried) + ".\n";
  if (traffic.failures() > 0) {
    text += "Failed: " + std::to_string(traffic.route_failed) + " requests, " +
            std::to_string(traffic.feedback_failed) + " feedback events.\n";
  }
  for (const std::string& complaint : traffic.complaints) text += "  " + complaint + "\n";
  return text;
}

std::string RenderOrders(const std::vector<Order>& orders) {
  std::vector<Row> rows{{"seed", "mean reward", "mean cost USD", "blind mix", "second half",
                         "its cost USD", "its blind mix", "difference"}};
  const auto add = [&rows](const std::string& label, const std::vector<double>& values) {
    rows.push_back({label, Reward(values[0]), Cost(values[1]), Reward(values[2]), Reward(values[3]),
                    Cost(values[4]), Reward(values[5]), Reward(values[6])});
  };
  std::vector<double> sums(7, 0);
  for (const Order& order : orders) {
    const Comparison& whole = order.summary.whole;
    const Comparison& half = order.summary.second_half;
    const std::vector<double> values{whole.ours.reward,
                                     whole.ours.cost_usd,
                                     whole.blind_mix,
                                     half.ours.reward,
                                     half.ours.cost_usd,
                                     half.blind_mix,
                                     half.ours.reward - half.blind_mix};
    add(std::to_string(order.seed), values);
    for (std::size_t i = 0; i < sums.size(); ++i) {
      sums[i] += values[i] / static_cast<double>(orders.size());
    }
  }
  add("mean", sums);
  return Align(rows);
}

}  // namespace sluice::sim
