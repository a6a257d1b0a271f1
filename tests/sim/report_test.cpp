#include "sim/report.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace sluice::sim {
namespace {

Outcome Known(double reward, double cost_usd) {
  return {reward, cost_usd, reward, cost_usd};
}

// Ten tasks: the cheap arm is right on even ones, the dear one always.
Environment TenTasks() {
  Environment environment{
      .name = "ten",
      .arms = {{.name = "cheap", .tier = 1, .price_output_per_million_usd = 0.5},
               {.name = "dear", .tier = 2, .price_output_per_million_usd = 10}},
      .tasks = {}};
  for (int i = 0; i < 10; ++i) {
    Task task;
    task.outcomes = {Known(i % 2 == 0 ? 1 : 0, 1e-4), Known(1, 5e-4)};
    environment.tasks.push_back(task);
  }
  return environment;
}

Heading HeadingOf(const Environment& environment) {
  Heading heading;
  heading.command = "run";
  heading.source = "data set ten";
  heading.router = {
      .name = "default", .policy = "thompson", .cost_weight = 100, .arms = environment.arms};
  heading.paired_with = {"small-1", "large-1"};
  heading.paired_by = {"by order of price", "by --arm"};
  heading.seed = 7;
  heading.requests = environment.tasks.size();
  return heading;
}

const Choices kChoices = {0, 0, 0, 0, 0, 1, 0, 1, 0, 1};

}  // namespace

TEST_CASE("the table is these bytes") {
  const Environment environment = TenTasks();
  const Heading heading = HeadingOf(environment);
  const Summary summary = Summarise(environment, kChoices, heading.router.cost_weight);
  CHECK(RenderTable(heading, summary) ==
        R"(Sluice run: data set ten, 10 requests, seed 7, feedback delay 0.
Router "default": policy thompson, cost weight 100 per USD (utility = reward - weight * cost).

arm    first fifth  last fifth  share  mean reward  mean cost USD
cheap       100.0%       50.0%  70.0%       0.7143      0.0001000
dear          0.0%       50.0%  30.0%       1.0000      0.0005000

on the same requests          mean reward  mean cost USD  utility
this router                        0.8000      0.0002200   0.7780
  its second half                  1.0000      0.0003400   0.9660
blind mix at the same spend        0.6500      0.0002200   0.6280
  of the second half               0.7600      0.0003400   0.7260
always cheap                       0.5000      0.0001000   0.4900
always dear (best fixed arm)       1.0000      0.0005000   0.9500
uniform random                     0.7500      0.0003000   0.7200
oracle by reward                   1.0000      0.0003000   0.9700
oracle by utility                  1.0000      0.0003000   0.9700

Against always dear: 56.0% less cost, mean reward 0.2000 lower.
Against the blind mix at the same spend: mean reward 0.1500 higher; second half 0.2400 higher.
Regret (sum over the requests): 2.0 in reward, 1.9 in utility; second half 0.0 and 0.0.
Learnt by fifth (0% is uniform choice, 100% the oracle by utility): -92% -92% 100% 100% 100%.
)");
}

TEST_CASE("the pairing names every arm with its price and model") {
  CHECK(RenderPairing(HeadingOf(TenTasks())) ==
        "arm cheap  at 0/0.5 USD per million tokens  is small-1 (by order of price)\n"
        "arm dear   at 0/10 USD per million tokens   is large-1 (by --arm)\n");
}

TEST_CASE("the JSON keeps its field names") {
  const Environment environment = TenTasks();
  const Heading heading = HeadingOf(environment);
  const Summary summary = Summarise(environment, kChoices, heading.router.cost_weight);
  const Traffic traffic;
  const auto keys = [](const nlohmann::ordered_json& object) {
    std::string text;
    for (const auto& [key, value] : object.items()) text += key + " ";
    return text;
  };
  const auto report =
      nlohmann::ordered_json::parse(RenderJson(heading, summary, kChoices, &traffic));
  CHECK(
      keys(report) ==
      "command source description requests seed feedback_delay contexts_shuffled "
      "expectations_known router policy cost_weight arms whole second_half best_fixed_arm "
      "premium_arm saving quality_given_up learnt_by_fifth regret_reward_at reported rated claims "
      "traffic choices ");
  CHECK(keys(report["arms"][0]) ==
        "name model paired_with paired_by requests share_first_fifth share_last_fifth share reward "
        "cost_usd ");
  CHECK(keys(report["whole"]) ==
        "requests ours blind_mix_reward fixed uniform oracle_by_reward oracle_by_utility "
        "regret_reward regret_utility ");
  CHECK(keys(report["whole"]["fixed"]) == "cheap dear ");
  CHECK(report["choices"].get<Choices>() == kChoices);
  CHECK(report["saving"].get<double>() == Approx(0.56));
}

TEST_CASE("a drive without any answer says so instead of a table") {
  const Environment environment = TenTasks();
  const Heading heading = HeadingOf(environment);
  const Summary summary = Summarise(environment, Choices(10, kNoArm), 100);
  CHECK(RenderTable(heading, summary).find("No request was answered.") != std::string::npos);
}

TEST_CASE("traffic names what failed") {
  Traffic traffic;
  traffic.routed = 8;
  traffic.route_failed = 2;
  traffic.seconds = 2;
  traffic.requests_per_second = 4;
  traffic.complaints = {"route: status 503"};
  CHECK(RenderTraffic(traffic) ==
        "8 requests in 2.0 s: 4 a second; route latency p50 0.00 ms, p99 0.00 ms.\n"
        "Feedback: 0 accepted, 0 duplicates. Sent again: 0.\n"
        "Failed: 2 requests, 0 feedback events.\n"
        "  route: status 503\n");
}

}  // namespace sluice::sim
