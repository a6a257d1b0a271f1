#include "sim/stage.h"

#include <ostream>
#include <utility>

#include "policy/rng.h"
#include "sim/dataset.h"
#include "sim/experiment.h"
#include "sim/world_file.h"

namespace sluice::sim {
namespace {

constexpr std::string_view kDefaultRouter = "default";

// -- Routers

Said<std::vector<config::RouterOptions>> ConfiguredRouters(const RunOptions& options,
                                                           const World* world) {
  if (world != nullptr && options.config.empty() && !world->routers.empty()) return world->routers;
  auto loaded = options.config.empty() ? Said<config::Options>(config::Defaults())
                                       : Say(config::Load(options.config));
  if (auto* problem = std::get_if<std::string>(&loaded)) return *problem;
  return std::move(std::get<config::Options>(loaded).routers);
}

// What the flags say instead; it must be something that a file could say as well.
Said<config::RouterOptions> WithFlags(config::RouterOptions router, const RunOptions& options) {
  if (options.cost_weight) router.objective.cost_weight = *options.cost_weight;
  if (!options.policy.empty()) {
    const auto kind = policy::PolicyKindFromName(options.policy);
    if (!kind) return "there is no policy \"" + options.policy + "\"";
    router.policy.kind = *kind;
    const bool baseline =
        *kind != policy::PolicyKind::kLinUcb && *kind != policy::PolicyKind::kThompson;
    if (baseline) router.policy.exploration.mode = policy::ExplorationMode::kNatural;
  }
  return Say(config::ParseRouter(config::PrintRouter(router)));
}

// -- Data sets

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

Said<Prepared> LoadData(const SourceOptions& options, const RouterFacts& router) {
  auto loaded = Say(LoadDataset(options.data, options.prices));
  if (auto* problem = std::get_if<std::string>(&loaded)) return *problem;
  auto environment = std::get<Environment>(std::move(loaded));
  if (auto problem = Mismatch(environment, router)) return *problem;
  auto pairs = PairArms(router, environment, options.arms);
  if (auto* problem = std::get_if<std::string>(&pairs)) return *problem;
  Heading heading;
  for (const Pair& pair : std::get<0>(pairs)) {
    heading.paired_with.push_back(environment.arms[pair.model].name);
    heading.paired_by.emplace_back(PairedByName(pair.by));
  }
  heading.source = "data set " + environment.name;
  heading.layout = environment.layout;
  return Prepared{std::move(heading), Arrange(std::move(environment), router, std::get<0>(pairs))};
}

// -- What is sent

// The tasks in the order that the seed gives, as they are sent, and what to print about them.
void Arrange(Prepared& prepared, const SourceOptions& options, const RouterFacts& router,
             std::uint64_t seed) {
  Environment& environment = prepared.environment;
  // A world's order is its own: what changes in it changes at its time.
  if (!environment.expectations_known) {
    Permute(environment, seed);
    if (options.limit) Repeat(environment, *options.limit, seed);
  }
  // What the router does not read is not sent.
  const bool text = router.source == policy::ContextSource::kText;
  for (Task& task : environment.tasks) {
    if (text) task.embedding.clear();
    if (!text) task.text.clear();
  }
  if (options.shuffle_contexts) ShuffleContexts(environment, seed);
  Heading& heading = prepared.heading;
  heading.router = router;
  heading.seed = seed;
  heading.requests = environment.tasks.size();
  heading.contexts_shuffled = options.shuffle_contexts;
  heading.expectations_known = environment.expectations_known;
}

Said<Prepared> MakeTasks(const World& world, const WorldOptions& options,
                         const RouterFacts& router) {
  auto made = MakeEnvironment(world, options, router);
  if (auto* problem = std::get_if<std::string>(&made)) return *problem;
  Prepared prepared;
  prepared.heading.source = "world " + world.name;
  prepared.heading.description = world.description;
  prepared.environment = std::get<Environment>(std::move(made));
  return prepared;
}

// Routers of one file live in worlds of their own; the first one in that of the seed.
std::uint64_t SeedOf(std::uint64_t seed, std::size_t place) {
  return place == 0 ? seed : policy::RandomBits(seed, place, 0);
}

Said<World> WorldFor(const SourceOptions& options, const RouterFacts& router) {
  return Say(LoadWorld(options.world.empty() ? std::string(DefaultWorld(router)) : options.world));
}

constexpr const char* kNoPairs = "--arm pairs the models of a data set; a world has none";

}  // namespace

Said<Prepared> PrepareDrive(const SourceOptions& options, const RouterFacts& router) {
  Said<Prepared> made;
  if (!options.data.empty()) {
    made = LoadData(options, router);
  } else {
    if (!options.arms.empty()) return kNoPairs;
    const auto found = WorldFor(options, router);
    if (const auto* problem = std::get_if<std::string>(&found)) return *problem;
    const World& world = std::get<World>(found);
    if (!world.is_plain()) {
      return "what happens in world \"" + world.name + "\" happens in `run` only";
    }
    made = MakeTasks(world, {world.name, options.seed, options.limit.value_or(world.requests)},
                     router);
  }
  if (auto* prepared = std::get_if<Prepared>(&made)) {
    prepared->heading.command = "drive";
    Arrange(*prepared, options, router, options.seed);
  }
  return made;
}

Said<Stage> Stage::Make(const RunOptions& options) {
  Stage stage;
  stage.options_ = options;
  const SourceOptions& source = options.source;
  if (source.data.empty() && !source.arms.empty()) return kNoPairs;
  if (!source.world.empty()) {
    auto world = WorldFor(source, {});
    if (auto* problem = std::get_if<std::string>(&world)) return *problem;
    stage.world_ = std::get<World>(std::move(world));
  }
  if (auto problem = stage.TakeRouters()) return *problem;
  const RouterFacts first = FactsOf(stage.routers_.front());
  if (!source.data.empty()) {
    auto data = LoadData(source, first);
    if (auto* problem = std::get_if<std::string>(&data)) return *problem;
    stage.data_ = std::get<Prepared>(std::move(data));
    if (options.orders > 1) {
      stage.memory_ =
          std::make_shared<EncodedTexts>(stage.data_->environment.tasks, stage.routers_.front());
    }
  } else if (!stage.world_) {
    auto world = WorldFor(source, first);
    if (auto* problem = std::get_if<std::string>(&world)) return *problem;
    stage.world_ = std::get<World>(std::move(world));
  }
  return stage;
}

// Those that the options name: of the world's file all, of a configuration one.
std::optional<std::string> Stage::TakeRouters() {
  const World* world = world_ ? &*world_ : nullptr;
  auto configured = ConfiguredRouters(options_, world);
  if (auto* problem = std::get_if<std::string>(&configured)) return *problem;
  const bool all = options_.router.empty() && options_.config.empty();
  const std::string_view name = options_.router.empty() ? kDefaultRouter : options_.router;
  auto& routers = std::get<0>(configured);
  for (std::size_t place = 0; place < routers.size(); ++place) {
    if (!all && routers[place].name != name) continue;
    auto router = WithFlags(std::move(routers[place]), options_);
    if (auto* problem = std::get_if<std::string>(&router)) return *problem;
    routers_.push_back(std::get<0>(std::move(router)));
    // In a configuration the place means nothing.
    places_.push_back(options_.config.empty() ? place : 0);
  }
  if (!routers_.empty()) return std::nullopt;
  return "the configuration has no router \"" + std::string(name) + "\"";
}

std::string Stage::Pairing() const {
  std::string text;
  for (const config::RouterOptions& router : routers_) {
    Heading heading = data_ ? data_->heading : Heading{};
    heading.router = FactsOf(router);
    if (routers_.size() > 1) text += "router " + router.name + "\n";
    text += RenderPairing(heading);
  }
  return text;
}

std::size_t Stage::requests() const {
  const std::size_t of_all = data_ ? data_->environment.tasks.size() : world_->requests;
  return routers_.size() * options_.source.limit.value_or(of_all);
}

FeedbackModel Stage::Feedback() const {
  FeedbackModel model = world_ ? world_->feedback : FeedbackModel{};
  if (options_.feedback_delay == 0) return model;
  model.delay = options_.feedback_delay;
  model.delay_kind = DelayKind::kFixed;
  return model;
}

Said<Prepared> Stage::Prepare(std::size_t router, std::uint64_t seed) const {
  const RouterFacts facts = FactsOf(routers_[router]);
  Said<Prepared> made;
  if (data_) {
    made = *data_;
  } else {
    made = MakeTasks(*world_,
                     {.name = world_->name,
                      .seed = SeedOf(seed, places_[router]),
                      .tasks = options_.source.limit.value_or(world_->requests)},
                     facts);
  }
  if (auto* prepared = std::get_if<Prepared>(&made)) {
    prepared->heading.command = "run";
    prepared->heading.feedback_delay = Feedback().delay;
    Arrange(*prepared, options_.source, facts, seed);
  }
  return made;
}

Said<std::vector<Played>> Stage::Play(std::uint64_t seed, Progress& progress) const {
  std::vector<Prepared> prepared;
  for (std::size_t r = 0; r < routers_.size(); ++r) {
    auto made = Prepare(r, seed);
    if (auto* problem = std::get_if<std::string>(&made)) return *problem;
    prepared.push_back(std::get<Prepared>(std::move(made)));
  }
  std::vector<Player> players;
  for (std::size_t r = 0; r < routers_.size(); ++r) {
    const Environment& environment = prepared[r].environment;
    players.push_back(
        {environment,
         {.router = routers_[r],
          .feedback = Feedback(),
          .timeline = world_ ? Timeline(*world_, environment.tasks.size()) : Timeline{},
          .seed = SeedOf(seed, places_[r]),
          .traced = !options_.report.empty(),
          .memory = memory_.get()}});
  }
  auto courses = RunTogether(players, progress);
  if (auto* problem = std::get_if<std::string>(&courses)) return *problem;
  std::vector<Played> played;
  for (std::size_t r = 0; r < routers_.size(); ++r) {
    Course& course = std::get<0>(courses)[r];
    const Summary summary = Summarise(prepared[r].environment, course.choices,
                                      routers_[r].objective.cost_weight, course.told);
    const policy::ObjectiveOptions& objective = routers_[r].objective;
    played.push_back(
        {std::move(prepared[r].heading), summary, std::move(course.choices),
         std::move(course.trace),
         objective.objective == policy::Objective::kBudget ? objective.budget_usd : 0});
  }
  return played;
}

}  // namespace sluice::sim
