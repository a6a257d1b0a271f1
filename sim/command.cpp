#include "sim/command.h"

#include <algorithm>
#include <fstream>
#include <ostream>

#include "config/config.h"
#include "sim/dataset.h"
#include "sim/experiment.h"
#include "sim/report.h"

namespace sluice::sim {
namespace {

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kRefused = 2;

// A value, or sentences for the user.
template <typename T>
using Said = std::variant<T, std::string>;

template <typename T>
Said<T> Say(config::Checked<T> checked) {
  if (auto* value = std::get_if<T>(&checked)) return std::move(*value);
  std::string text;
  for (const config::Problem& problem : std::get<1>(checked)) {
    text += (text.empty() ? "" : "\n") + config::ToString(problem);
  }
  return text;
}

int Refuse(const std::string& text, const Streams& streams) {
  streams.err << "sluice-sim: " << text << "\n";
  return kRefused;
}

// What was loaded or made, with the router's arms and what to print about it.
struct Prepared {
  Heading heading;
  Environment environment;  // in the order of the file, or of the world
};

Said<Prepared> PrepareWorld(const SourceOptions& options, const RouterFacts& router,
                            Heading heading) {
  WorldOptions world{.name = options.world, .seed = options.seed};
  if (world.name.empty()) world.name = DefaultWorld(router);
  if (options.limit) world.tasks = *options.limit;
  auto made = MakeWorld(world, router);
  if (auto* problem = std::get_if<std::string>(&made)) return *problem;
  heading.source = "world " + world.name;
  return Prepared{std::move(heading), std::get<Environment>(std::move(made))};
}

// Whether the rows hold what the router asks for.
std::optional<std::string> Mismatch(const Environment& environment, const RouterFacts& router) {
  const std::string name = "\"" + environment.name + "\"";
  const bool text = router.source == policy::ContextSource::kText;
  for (std::size_t i = 0; i < environment.tasks.size(); ++i) {
    const Task& task = environment.tasks[i];
    const std::string row = "row " + std::to_string(i + 1) + " of " + name;
    if (text && task.text.empty()) return row + " has no prompt, and the router reads text";
    if (!text && task.embedding.size() != router.embedding_dimension) {
      return row + " has " + std::to_string(task.embedding.size()) +
             " numbers in its embedding; the router asks for " +
             std::to_string(router.embedding_dimension);
    }
  }
  return std::nullopt;
}

Said<Prepared> PrepareData(const SourceOptions& options, const RouterFacts& router,
                           Heading heading) {
  auto loaded = Say(LoadDataset(options.data));
  if (auto* problem = std::get_if<std::string>(&loaded)) return *problem;
  auto environment = std::get<Environment>(std::move(loaded));
  if (auto problem = Mismatch(environment, router)) return *problem;
  auto pairs = PairArms(router, environment, options.arms);
  if (auto* problem = std::get_if<std::string>(&pairs)) return *problem;
  for (const Pair& pair : std::get<0>(pairs)) {
    heading.paired_with.push_back(environment.arms[pair.model].name);
    heading.paired_by.emplace_back(PairedByName(pair.by));
  }
  heading.source = "data set " + environment.name;
  return Prepared{std::move(heading), Arrange(std::move(environment), router, std::get<0>(pairs))};
}

Said<Prepared> Prepare(const std::string& command, const SourceOptions& options,
                       const RouterFacts& router) {
  Heading heading;
  heading.command = command;
  heading.router = router;
  heading.contexts_shuffled = options.shuffle_contexts;
  if (!options.data.empty()) return PrepareData(options, router, std::move(heading));
  if (!options.arms.empty()) return "--arm pairs the models of a data set; a world has none";
  return PrepareWorld(options, router, std::move(heading));
}

// The tasks in the order that `seed` gives, as they are sent.
Environment InOrder(const Prepared& prepared, const SourceOptions& options, std::uint64_t seed) {
  Environment environment = prepared.environment;
  // A world's order is its own: what changes in it changes at its time.
  if (!environment.expectations_known) Permute(environment, seed);
  if (options.limit) Repeat(environment, *options.limit, seed);
  // What the router does not read is not sent.
  const bool text = prepared.heading.router.source == policy::ContextSource::kText;
  for (Task& task : environment.tasks) {
    if (text) task.embedding.clear();
    if (!text) task.text.clear();
  }
  if (options.shuffle_contexts) ShuffleContexts(environment, seed);
  return environment;
}

Heading HeadingOf(const Prepared& prepared, const Environment& environment, std::uint64_t seed,
                  std::size_t feedback_delay) {
  Heading heading = prepared.heading;
  heading.seed = seed;
  heading.requests = environment.tasks.size();
  heading.feedback_delay = feedback_delay;
  heading.expectations_known = environment.expectations_known;
  return heading;
}

bool WriteFile(const std::string& path, const std::string& text, const Streams& streams) {
  if (path.empty()) return true;
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) streams.err << "sluice-sim: cannot write " << path << "\n";
  return static_cast<bool>(file);
}

Said<config::RouterOptions> ConfiguredRouter(const RunOptions& options) {
  auto loaded = options.config.empty() ? Said<config::Options>(config::Defaults())
                                       : Say(config::Load(options.config));
  if (auto* problem = std::get_if<std::string>(&loaded)) return *problem;
  auto& routers = std::get<config::Options>(loaded).routers;
  const auto found = std::find_if(routers.begin(), routers.end(), [&options](const auto& router) {
    return router.name == options.router;
  });
  if (found == routers.end()) return "the configuration has no router \"" + options.router + "\"";
  return std::move(*found);
}

Said<config::RouterOptions> RouterFor(const RunOptions& options) {
  auto configured = ConfiguredRouter(options);
  if (auto* problem = std::get_if<std::string>(&configured)) return *problem;
  auto router = std::get<config::RouterOptions>(std::move(configured));
  if (options.cost_weight) router.objective.cost_weight = *options.cost_weight;
  if (!options.policy.empty()) {
    const auto kind = policy::PolicyKindFromName(options.policy);
    if (!kind) return "there is no policy \"" + options.policy + "\"";
    router.policy.kind = *kind;
    const bool baseline =
        *kind != policy::PolicyKind::kLinUcb && *kind != policy::PolicyKind::kThompson;
    if (baseline) router.policy.exploration.mode = policy::ExplorationMode::kNatural;
  }
  // What the flags changed must be something that a file could say as well.
  return Say(config::ParseRouter(config::PrintRouter(router)));
}

// One course in the order of `seed`.
Said<Order> RunOrder(const Prepared& prepared, const RunOptions& options,
                     const config::RouterOptions& router, std::uint64_t seed,
                     const Streams& streams) {
  const Environment environment = InOrder(prepared, options.source, seed);
  Progress progress(streams.progress, "running", environment.tasks.size());
  auto choices = RunExperiment(environment, {router, options.feedback_delay}, progress);
  if (auto* problem = std::get_if<std::string>(&choices)) return *problem;
  const Choices& made = std::get<Choices>(choices);
  Order order{seed, Summarise(environment, made, router.objective.cost_weight)};
  if (options.orders > 1) return order;
  const Heading heading = HeadingOf(prepared, environment, seed, options.feedback_delay);
  streams.out << RenderTable(heading, order.summary);
  if (!WriteFile(options.json, RenderJson(heading, order.summary, made, nullptr), streams)) {
    return "the results were not kept";
  }
  return order;
}

}  // namespace

int Run(const RunOptions& options, const Streams& streams) {
  if (options.orders > 1 && !options.json.empty()) {
    return Refuse("--json keeps one course; pass it without --orders", streams);
  }
  const auto configured = RouterFor(options);
  if (const auto* problem = std::get_if<std::string>(&configured)) return Refuse(*problem, streams);
  const auto& router = std::get<config::RouterOptions>(configured);
  std::vector<Order> orders;
  std::optional<Prepared> prepared;
  for (std::size_t i = 0; i < options.orders; ++i) {
    const std::uint64_t seed = options.source.seed + i;
    // A data set is loaded once and ordered anew; a world is made anew.
    if (!prepared || options.source.data.empty()) {
      SourceOptions source = options.source;
      source.seed = seed;
      auto made = Prepare("run", source, FactsOf(router));
      if (const auto* problem = std::get_if<std::string>(&made)) return Refuse(*problem, streams);
      prepared = std::get<Prepared>(std::move(made));
      if (i == 0) streams.out << RenderPairing(prepared->heading) << "\n";
    }
    auto order = RunOrder(*prepared, options, router, seed, streams);
    if (const auto* problem = std::get_if<std::string>(&order)) return Refuse(*problem, streams);
    orders.push_back(std::get<Order>(std::move(order)));
  }
  if (options.orders > 1) streams.out << RenderOrders(orders);
  return kDone;
}

int Drive(const DriveCommandOptions& options, const Streams& streams) {
  if (options.drive.lockstep && options.drive.connections > 1) {
    return Refuse("--lockstep needs --connections 1", streams);
  }
  const auto asked = FetchRouter(options.drive);
  if (const auto* problem = std::get_if<std::string>(&asked)) return Refuse(*problem, streams);
  const auto& router = std::get<RouterFacts>(asked);
  const auto made = Prepare("drive", options.source, router);
  if (const auto* problem = std::get_if<std::string>(&made)) return Refuse(*problem, streams);
  const auto& prepared = std::get<Prepared>(made);
  streams.out << RenderPairing(prepared.heading) << std::endl;

  const Environment environment = InOrder(prepared, options.source, options.source.seed);
  DriveResult result;
  {
    Progress progress(streams.progress, "driving", environment.tasks.size());
    result = Drive(environment, options.drive, progress);
  }
  const Heading heading =
      HeadingOf(prepared, environment, options.source.seed, options.drive.feedback_delay);
  const Summary summary = Summarise(environment, result.choices, router.cost_weight);
  streams.out << RenderTable(heading, summary) << std::flush;
  streams.err << RenderTraffic(result.traffic);
  const std::string json = RenderJson(heading, summary, result.choices, &result.traffic);
  if (!WriteFile(options.json, json, streams)) return kRefused;
  return result.traffic.failures() == 0 || options.failures_ok ? kDone : kFailed;
}

}  // namespace sluice::sim
