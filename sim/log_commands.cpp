#include "sim/log_commands.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <limits>
#include <ostream>
#include <utility>

#include "config/config.h"
#include "sim/evaluate.h"
#include "sim/report_evaluate.h"
#include "sim/report_evaluate_plots.h"
#include "sim/report_export.h"
#include "sim/report_page.h"
#include "sim/said.h"
#include "sim/times.h"

namespace sluice::sim {
namespace {

// The router that a file configures: its only one, or the one of that name.
Said<config::RouterOptions> LoadPolicy(const std::string& path, const std::string& router) {
  auto loaded = config::Load(path);
  if (const auto* problems = std::get_if<std::vector<config::Problem>>(&loaded)) {
    std::string text;
    for (const config::Problem& problem : *problems) {
      text += (text.empty() ? "" : "\n") + config::ToString(problem);
    }
    return text;
  }
  auto& routers = std::get<config::Options>(loaded).routers;
  if (routers.size() == 1) return std::move(routers.front());
  const std::string name = router.empty() ? "default" : router;
  const auto found = std::ranges::find(routers, name, &config::RouterOptions::name);
  if (found == routers.end()) return path + " configures no router \"" + name + "\"";
  return std::move(*found);
}

// "0.25" or "1200".
template <typename Number>
std::optional<Number> Parse(const std::string& text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::string> SetSplit(const std::string& text, EvaluateOptions& options) {
  if (text.empty()) return std::nullopt;
  if (text.find('.') == std::string::npos) {
    options.train_until = Parse<store::Position>(text);
    if (options.train_until) return std::nullopt;
  } else {
    options.train_fraction = Parse<double>(text);
    const double fraction = options.train_fraction.value_or(-1);
    if (fraction >= 0 && fraction < 1) return std::nullopt;
  }
  return "--train-until takes a fraction of the decisions (0.5) or a position of the log (1200)";
}

Said<EvaluateOptions> OptionsOf(const EvaluateCommandOptions& command) {
  auto policy = LoadPolicy(command.policy, command.router);
  if (auto* problem = std::get_if<std::string>(&policy)) return std::move(*problem);
  EvaluateOptions options;
  options.router = command.router;
  options.policy = std::get<config::RouterOptions>(std::move(policy));
  options.cost_weight = command.cost_weight;
  const policy::ObjectiveOptions& objective = options.policy.objective;
  // What the file says of lambda is the policy's own; what it leaves at the default is not.
  if (!options.cost_weight && objective.objective == policy::Objective::kCostWeight &&
      objective.cost_weight != config::kCostWeightDefault) {
    options.cost_weight = objective.cost_weight;
  }
  options.labels_independent = command.labels_independent;
  options.seed = command.seed;
  options.threads = command.threads;
  if (auto problem = SetSplit(command.train_until, options)) return *problem;
  return options;
}

struct Window {
  std::uint64_t from_us = 0;
  std::uint64_t to_us = std::numeric_limits<std::uint64_t>::max();
};

Said<Window> WindowOf(const ExportOptions& options) {
  Window window;
  for (const auto& [text, bound] :
       {std::pair(&options.from, &window.from_us), std::pair(&options.to, &window.to_us)}) {
    if (text->empty()) continue;
    const auto time = ParseTime(*text);
    if (!time) return "\"" + *text + "\" is no time as 2026-01-31T12:00:00Z or 2026-01-31";
    *bound = *time;
  }
  return window;
}

// Writes the lines; how many.
Said<std::size_t> WriteLines(const store::Store& store, const ExportOptions& options,
                             const Window& window, std::ostream& out, std::FILE* progress) {
  auto read = ReadRouters(store);
  if (auto* problem = std::get_if<std::string>(&read)) return std::move(*problem);
  const auto& routers = std::get<std::vector<LoggedRouter>>(read);
  if (!options.router.empty() && std::ranges::none_of(routers, [&](const LoggedRouter& router) {
        return router.newest().name() == options.router;
      })) {
    return "the log has no router \"" + options.router + "\"";
  }
  Progress bar(progress, "exporting", store.last_position());
  std::size_t lines = 0;
  std::optional<std::string> problem;
  const auto failed = WalkLog(store, {0, store.last_position()}, [&](store::LogEntry& entry) {
    bar.Add();
    const auto* record = std::get_if<store::DecisionRecord>(&entry.record);
    if (record == nullptr || record->router >= routers.size() || problem) return;
    if (record->time_us < window.from_us || record->time_us >= window.to_us) return;
    const LoggedRouter& router = routers[record->router];
    if (!options.router.empty() && router.newest().name() != options.router) return;
    const auto story = store.FindDecision(record->id);
    if (!story || !*story) {
      problem = story ? "a decision of the log is not in its index" : story.error().message;
      return;
    }
    out << ExportLine(router, **story) << "\n";
    ++lines;
  });
  if (failed) return *failed;
  if (problem) return *problem;
  return lines;
}

}  // namespace

int Evaluate(const EvaluateCommandOptions& command, const Streams& streams) {
  const auto options = OptionsOf(command);
  if (const auto* problem = std::get_if<std::string>(&options)) return Refuse(*problem, streams);
  const auto store = store::OpenStoreReadOnly(command.log);
  if (!store) return Refuse(store.error().message, streams);
  const auto evaluated = EvaluateLog(**store, std::get<EvaluateOptions>(options), streams.progress);
  if (const auto* problem = std::get_if<std::string>(&evaluated)) return Refuse(*problem, streams);
  const auto& evaluation = std::get<Evaluation>(evaluated);
  const std::string tables = RenderEvaluation(evaluation);
  streams.out << tables << std::flush;
  if (!command.report.empty()) {
    const std::string problem = WritePage(
        command.report, {.title = "Sluice: what \"" + evaluation.policy + "\" would have had",
                         .introduction = RenderVerdict(evaluation),
                         .plots = EvaluationPlots(evaluation),
                         .tables = tables,
                         .json = EvaluationJson(evaluation)});
    if (!problem.empty()) return Refuse(problem, streams);
  }
  if (command.json.empty()) return kDone;
  std::ofstream file(command.json, std::ios::binary | std::ios::trunc);
  file << EvaluationJson(evaluation);
  file.close();
  return file ? kDone : Refuse("cannot write " + command.json, streams);
}

int Export(const ExportOptions& options, const Streams& streams) {
  const auto window = WindowOf(options);
  if (const auto* problem = std::get_if<std::string>(&window)) return Refuse(*problem, streams);
  const auto store = store::OpenStoreReadOnly(options.log);
  if (!store) return Refuse(store.error().message, streams);
  std::ofstream file;
  if (!options.out.empty()) file.open(options.out, std::ios::binary | std::ios::trunc);
  std::ostream& out = options.out.empty() ? streams.out : file;
  const auto written =
      WriteLines(**store, options, std::get<Window>(window), out, streams.progress);
  if (const auto* problem = std::get_if<std::string>(&written)) return Refuse(*problem, streams);
  out.flush();
  if (!out) return Refuse("cannot write " + options.out, streams);
  if (!options.out.empty()) {
    streams.err << std::get<std::size_t>(written) << " decisions written to " << options.out
                << "\n";
  }
  return kDone;
}

}  // namespace sluice::sim
