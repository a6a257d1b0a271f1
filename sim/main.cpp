// sluice-sim: shows what a router learns, on a live daemon (`drive`) or inside this process
// (`run`).
#include <csignal>
#include <iostream>

#include <CLI/CLI.hpp>

#include "daemon/logging.h"
#include "policy/fitted.h"
#include "sim/bench.h"
#include "sim/bench_offline.h"
#include "sim/command.h"
#include "sim/fit.h"
#include "sim/log_commands.h"
#include "sim/world_table.h"

namespace {

using namespace sluice::sim;

void AddArms(CLI::App& command, std::vector<Wish>& arms) {
  command
      .add_option_function<std::vector<std::string>>(
          "--arm",
          [&arms](const std::vector<std::string>& wishes) {
            for (const std::string& wish : wishes) {
              const std::size_t equals = wish.find('=');
              if (equals == std::string::npos) throw CLI::ValidationError("--arm", "NAME=MODEL");
              arms.emplace_back(wish.substr(0, equals), wish.substr(equals + 1));
            }
          },
          "NAME=MODEL: which model of the data set stands for an arm of the router")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

constexpr const char* kDataSet = "Data set: JSON lines, or RouterBench's or RouteLLM's CSV";

void AddPrices(CLI::App& command, std::vector<ListPrice>& prices) {
  command
      .add_option_function<std::vector<std::string>>(
          "--price",
          [&prices](const std::vector<std::string>& given) {
            for (const std::string& text : given) {
              const auto price = ParseListPrice(text);
              if (!price) throw CLI::ValidationError("--price", "MODEL=IN/OUT, 0 or more");
              prices.push_back(*price);
            }
          },
          "MODEL=IN/OUT: list prices in USD per million tokens where a data set has no costs")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void AddSource(CLI::App& command, SourceOptions& options) {
  auto* data = command.add_option("--data", options.data, kDataSet);
  AddPrices(command, options.prices);
  command
      .add_option("--world", options.world,
                  "Synthetic world: a name that `worlds` lists, or a file like those")
      ->excludes(data);
  command.add_option("--seed", options.seed, "Order of the data, or the world");
  command
      .add_option(
          "--limit", options.limit,
          "So many requests (worlds: what their file says); a data set is gone through again in "
          "other orders")
      ->check(CLI::Range(std::size_t{1}, std::size_t{10'000'000}));
  command.add_flag("--shuffle-contexts", options.shuffle_contexts,
                   "Control: send each request with the text of another one");
  AddArms(command, options.arms);
}

void AddRun(CLI::App& command, RunOptions& options) {
  AddSource(command, options.source);
  command.add_option("--config", options.config,
                     "Configuration file (default: the world's routers, else embedded)");
  command.add_option("--router", options.router, "Which of the routers (default: all of a world)");
  command.add_option("--cost-weight", options.cost_weight,
                     "Instead of the configured one, per USD");
  command.add_option("--policy", options.policy, "Instead of the configured one");
  command.add_option("--feedback-delay", options.feedback_delay, "In requests");
  command.add_option("--orders", options.orders, "Seeds seed, seed + 1, ...: one line for each")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1000}));
  command.add_option("--threads", options.threads, "Orders at once (default: one a core)");
  command.add_option("--json", options.json, "Write the table to this file as well");
  command.add_option("--report", options.report, "Write a page with plots to this folder");
}

void AddDrive(CLI::App& command, DriveCommandOptions& options) {
  AddSource(command, options.source);
  DriveOptions& drive = options.drive;
  command.add_option("--url", drive.url, "Data plane of the daemon")->capture_default_str();
  command.add_option("--admin-url", drive.admin_url, "Admin plane")->capture_default_str();
  command.add_option("--router", drive.router, "Which router")->capture_default_str();
  command.add_option("--connections", drive.connections, "Requests in flight")
      ->check(CLI::Range(std::size_t{1}, kConnectionsMax));
  command.add_option("--feedback-delay", drive.feedback_delay, "In requests");
  command.add_flag("--lockstep", drive.lockstep, "Wait until each outcome is learnt");
  command.add_flag("--failures-ok", options.failures_ok, "Exit 0 though requests failed");
  command.add_option("--json", options.json, "Write the table to this file as well");
}

void AddFit(CLI::App& command, FitOptions& options) {
  auto* data = command.add_option("--data", options.data, "Data set: JSON lines (sim/README.md)");
  command.add_option("--log", options.log, "A daemon's store.directory, live or copied")
      ->excludes(data);
  command.add_option("--config", options.config,
                     "With --data: the router's configuration file. Where it says no "
                     "context.gram_seed, each run draws another for the map of texts");
  command.add_option("--router", options.router, "Which router")->capture_default_str();
  AddArms(command, options.arms);
  command.add_option("--kind", options.kind, "statistics (a warm start), logistic or clusters")
      ->capture_default_str();
  command.add_option("--clusters", options.clusters, "So many")
      ->check(CLI::Range(std::size_t{1}, sluice::policy::kClustersMax))
      ->capture_default_str();
  command.add_option("--seed", options.seed, "Of the clusters");
  command
      .add_option("--strength", options.strength,
                  "Of statistics: observations that those of an arm count as at most, where the "
                  "router's warm_start_strength does not say less")
      ->check(CLI::Range(1e-3, 1e6));
  command.add_option("--out", options.out, "File (logistic, clusters: default the terminal)");
}

void AddPareto(CLI::App& command, ParetoBenchOptions& options) {
  command.add_option("--data-dir", options.data_dir, "Folder of the data (sim/README.md)")
      ->capture_default_str();
  command.add_option("--experiment", options.experiment, "01, 02, 03 or 04 (default: all)");
  command
      .add_option("--policy", options.policy,
                  "Any, or a baseline; several with commas, or all. Rules need texts, logistic and "
                  "clusters --features; those are fitted on the burn-in")
      ->capture_default_str();
  command.add_option("--exploration", options.exploration,
                     "natural, off or cap (default: off for linucb, natural for others)");
  command.add_option("--warm", options.warm_strength,
                     "Start from the burn-in's outcomes of all arms, as so many observations each");
  command.add_option("--seeds", options.seeds, "Only the first so many");
  command.add_option("--features", options.features,
                     "File of float32 rows (default: the product's own text features)");
  command.add_option("--json", options.json, "Write the cells to this file as well");
  command.add_option("--report", options.report, "Write a page with plots to this folder");
  command.add_option("--against", options.against,
                     "File that --json wrote: paired differences to it");
  command.add_option("--threads", options.threads, "Runs at once (default: one a core)");
}

void AddWorlds(CLI::App& command, WorldsOptions& options) {
  command.add_flag("--play", options.play, "What the routers that come with them get there");
  command.add_option("--seeds", options.seeds, "With --play: means over so many")
      ->capture_default_str()
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1000}));
  command.add_option("--policy", options.policy, "With --play: instead of the configured one");
  command.add_option("--threads", options.threads, "With --play: courses at once");
}

void AddOffline(CLI::App& command, OfflineBenchOptions& options) {
  command.add_option("--data", options.data, kDataSet);
  command.add_option(
      "--policy", options.policies,
      "map, scalars (default: both), routers of the literature, with commas; or all");
  command.add_option("--seeds", options.seeds, "Halves (default: 10, of a large data set 3)");
  command.add_option("--json", options.json, "Write the figures to this file as well");
  command.add_option("--threads", options.threads, "Runs at once (default: one a core)");
  AddPrices(command, options.prices);
}

void AddEvaluate(CLI::App& command, EvaluateCommandOptions& options) {
  command.add_option("--log", options.log, "The daemon's directory, which may be in use")
      ->required();
  command.add_option("--policy", options.policy, "Configuration file of the policy to evaluate")
      ->required();
  command.add_option("--router", options.router, "Which of the log's routers");
  command.add_option("--train-until", options.train_until,
                     "Fraction of the decisions, or position of the log, that the policy learns "
                     "up to (default: 0.5; nothing for uniform and fixed)");
  command.add_option("--cost-weight", options.cost_weight,
                     "That the policy chooses by, instead of the logged one, per USD");
  command.add_flag("--labels-independent-of-arm", options.labels_independent,
                   "You declare that whether a decision is labelled does not depend on its arm: "
                   "all labels count, not only audited ones");
  command.add_option("--seed", options.seed, "Of the bootstrap");
  command.add_option("--threads", options.threads, "Draws at once (default: one a core)");
  command.add_option("--json", options.json, "Write the table to this file as well");
  command.add_option("--report", options.report, "Write a page with plots to this folder");
}

void AddExport(CLI::App& command, ExportOptions& options) {
  command.add_option("--log", options.log, "The daemon's directory, which may be in use")
      ->required();
  command.add_option("--from", options.from, "First moment, inclusive: 2026-01-31T12:00:00Z");
  command.add_option("--to", options.to, "Last moment, exclusive");
  command.add_option("--router", options.router, "Only this one");
  command.add_option("--out", options.out, "File (default: the terminal)");
}

}  // namespace

int main(int argc, char** argv) {
  sluice::daemon::SilenceLog();
  CLI::App app("Shows what a Sluice router learns from a data set or a synthetic world.");
  app.require_subcommand(1);
  RunOptions run;
  DriveCommandOptions drive;
  auto* run_command = app.add_subcommand("run", "In this process: same options, same bytes");
  auto* drive_command = app.add_subcommand("drive", "Against a live daemon, over HTTP");
  AddRun(*run_command, run);
  AddDrive(*drive_command, drive);
  WorldsOptions worlds;
  auto* worlds_command = app.add_subcommand("worlds", "Lists the synthetic worlds");
  AddWorlds(*worlds_command, worlds);
  ParetoBenchOptions pareto;
  auto* bench_command = app.add_subcommand("bench", "Public protocols, in this process");
  bench_command->require_subcommand(1);
  AddPareto(*bench_command->add_subcommand("pareto", "The four experiments of ParetoBandit"),
            pareto);
  OfflineBenchOptions offline;
  auto* routellm_command =
      bench_command->add_subcommand("routellm", "APGR and CPT of an order of prompts, two models");
  AddOffline(*routellm_command, offline);
  routellm_command->add_option("--data-dir", offline.data_dir,
                               "Folder of routellm_*.jsonl, or of RouteLLM's evaluations");
  auto* routerbench_command =
      bench_command->add_subcommand("routerbench", "Area under the frontier, several models");
  AddOffline(*routerbench_command, offline);
  FitOptions fit;
  auto* fit_command = app.add_subcommand("fit", "What a router can start from, or be told");
  AddFit(*fit_command, fit);
  EvaluateCommandOptions evaluate;
  auto* evaluate_command =
      app.add_subcommand("evaluate", "What another policy would have been worth on a daemon's log");
  AddEvaluate(*evaluate_command, evaluate);
  ExportOptions exported;
  auto* export_command =
      app.add_subcommand("export", "Decisions and outcomes of a daemon's log as JSON lines");
  AddExport(*export_command, exported);
  CLI11_PARSE(app, argc, argv);
  // A daemon that goes away is a failed request, told and tried again; not the end of the drive.
  std::signal(SIGPIPE, SIG_IGN);
  const Streams streams{std::cout, std::cerr, stderr};
  if (worlds_command->parsed()) return ListWorlds(worlds, streams);
  if (routellm_command->parsed()) return BenchRouteLlm(offline, streams);
  if (routerbench_command->parsed()) return BenchRouterBench(offline, streams);
  if (evaluate_command->parsed()) return Evaluate(evaluate, streams);
  if (export_command->parsed()) return Export(exported, streams);
  if (bench_command->parsed()) return BenchPareto(pareto, streams);
  if (fit_command->parsed()) return Fit(fit, streams);
  return run_command->parsed() ? Run(run, streams) : Drive(drive, streams);
}
