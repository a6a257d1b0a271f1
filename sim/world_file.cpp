#include "sim/world_file.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <set>
#include <system_error>
#include <utility>

#include "config/routers.h"
#include "sim/world_file_keys.h"
#include "sim/world_texts.h"

namespace sluice::sim {
namespace {

constexpr std::size_t kRequestsMax = 10'000'000;
constexpr std::size_t kEventsMax = 64;
constexpr std::size_t kClustersMax = 1024;

constexpr std::string_view kPromptsNames[] = {"text", "embedding"};
constexpr std::string_view kEventNames[] = {"fail",  "drift",      "price",  "join",
                                            "burst", "checkpoint", "restart"};
constexpr std::string_view kDelayNames[] = {"fixed", "uniform", "geometric"};
constexpr std::string_view kRuleNames[] = {"invert", "favour"};

// What a kind of event takes beside `at`.
struct Takes {
  bool arm = false;
  bool arm_needed = false;
  bool until = false;
  bool until_needed = false;
};

constexpr Takes TakesOf(EventKind kind) {
  switch (kind) {
    case EventKind::kFail:
    case EventKind::kPrice:
      return {.arm = true, .arm_needed = true, .until = true};
    case EventKind::kDrift:
      return {.arm = true, .until = true};
    case EventKind::kJoin:
      return {.arm = true, .arm_needed = true};
    case EventKind::kBurst:
      return {.until = true, .until_needed = true};
    case EventKind::kCheckpoint:
    case EventKind::kRestart:
      return {};
  }
  return {};
}

std::vector<config::RouterOptions> RoutersOf(const World& world) {
  return world.routers.empty() ? config::Defaults().routers : world.routers;
}

// One file, on its way to a world.
class Reading {
 public:
  // Without its routers only what does not depend on their arms is judged.
  Reading(World& world, bool routers_known) : world_(world), routers_known_(routers_known) {}

  void Read(WorldKeys top) {
    if (top.Require("description")) top.Text("description", world_.description);
    if (top.Require("requests")) top.Whole("requests", 1, kRequestsMax, world_.requests);
    if (top.Require("prompts")) top.Choice("prompts", kPromptsNames, world_.prompts);
    ReadReward(top);
    ReadArms(top);
    ReadEvents(top);
    ReadFeedback(top);
    CheckJoins(top);
    // Where nothing is said of any arm, all are alike.
    if (!arms_matter_) world_.arms.clear();
  }

 private:
  bool embeddings() const { return world_.prompts == Prompts::kEmbedding; }

  void ReadReward(WorldKeys& top) {
    auto keys = top.Table("reward");
    if (!keys) return;
    if (!embeddings()) return top.Complain("reward", "is for prompts = \"embedding\"");
    RewardShape& reward = world_.reward;
    keys->Number("reach", 0, 1, reward.reach);
    keys->Number("curvature", 0, 1, reward.curvature);
    keys->Whole("clusters", 0, kClustersMax, reward.clusters);
    keys->Number("spread", 0, 10, reward.spread);
    keys->RefuseOthers();
  }

  void ReadArms(WorldKeys& top) {
    for (WorldKeys& keys : top.Tables("arm")) {
      WorldArm arm;
      if (keys.Require("name")) keys.Text("name", arm.name);
      if (embeddings()) keys.Number("level", 0, 1, arm.level);
      keys.RefuseOthers();
      world_.arms.push_back(std::move(arm));
    }
    arms_matter_ = !world_.arms.empty();
    if (!routers_known_) return;
    for (const config::RouterOptions& router : RoutersOf(world_)) {
      if (world_.arms.empty()) {
        for (const auto& arm : router.arms) world_.arms.push_back({.name = arm.name});
      }
      if (router.arms.size() == world_.arms.size() || world_.routers.empty()) continue;
      top.Complain("router", "router \"" + router.name + "\" has " +
                                 std::to_string(router.arms.size()) + " arms, and the world " +
                                 std::to_string(world_.arms.size()));
    }
  }

  std::optional<std::size_t> ArmOf(WorldKeys& keys) {
    std::vector<std::string_view> names;
    for (const WorldArm& arm : world_.arms) names.push_back(arm.name);
    arms_matter_ = true;
    if (!routers_known_) return keys.Leave("arm"), 0;
    return keys.IndexIn("arm", names);
  }

  void ReadEvents(WorldKeys& top) {
    auto tables = top.Tables("event");
    if (tables.size() > kEventsMax) {
      return top.Complain("event", "must be at most " + std::to_string(kEventsMax));
    }
    for (WorldKeys& keys : tables) {
      WorldEvent event;
      if (!keys.Require("kind")) continue;
      const auto kind = keys.IndexIn("kind", kEventNames);
      if (!kind) continue;
      event.kind = static_cast<EventKind>(*kind);
      if (event.kind == EventKind::kDrift && !embeddings()) {
        keys.Complain("kind", "a drift is for prompts = \"embedding\"");
      }
      ReadEvent(keys, event);
      keys.RefuseOthers();
      world_.events.push_back(event);
    }
  }

  void ReadEvent(WorldKeys& keys, WorldEvent& event) {
    const Takes takes = TakesOf(event.kind);
    const std::size_t requests = std::max<std::size_t>(world_.requests, 2);
    if (keys.Require("at")) keys.Whole("at", 1, requests - 1, event.at);
    if (takes.arm_needed) keys.Require("arm");
    if (takes.arm && keys.Has("arm")) event.arm = ArmOf(keys);
    if (takes.until_needed) keys.Require("until");
    if (event.kind == EventKind::kDrift) event.until = event.at;
    if (takes.until) keys.Whole("until", event.at + 1, requests, event.until);
    if (event.kind == EventKind::kFail && keys.Require("by")) keys.Number("by", 0, 1, event.by);
    if (event.kind != EventKind::kPrice) return;
    if (keys.Require("factor")) keys.Number("factor", 1e-3, 1e3, event.factor);
    keys.Flag("announced", event.announced);
  }

  void CheckJoins(WorldKeys& top) {
    std::set<std::size_t> joining;
    for (const WorldEvent& event : world_.events) {
      if (event.kind == EventKind::kJoin && event.arm) joining.insert(*event.arm);
    }
    if (joining.empty() || joining.size() < world_.arms.size()) return;
    top.Complain("event", "some arm must be there from the start");
  }

  void ReadFeedback(WorldKeys& top) {
    auto keys = top.Table("feedback");
    if (!keys) return;
    FeedbackModel& feedback = world_.feedback;
    keys->Whole("delay", 0, kRequestsMax, feedback.delay);
    keys->Choice("delay_kind", kDelayNames, feedback.delay_kind);
    keys->Number("censored", 0, 1, feedback.censored);
    keys->Number("complaints", 0, 1, feedback.complaints);
    keys->Number("praise", 0, 1, feedback.praise);
    for (WorldKeys& source : keys->Tables("source")) ReadSource(source);
    keys->RefuseOthers();
  }

  void ReadSource(WorldKeys& keys) {
    PoisonedSource source;
    if (keys.Require("name")) keys.Text("name", source.name);
    if (keys.Require("share")) keys.Number("share", 0, 1, source.share);
    keys.Choice("rule", kRuleNames, source.rule);
    if (source.rule == ClaimRule::kFavour && keys.Require("arm")) {
      source.arm = ArmOf(keys).value_or(0);
    }
    if (!routers_known_) return keys.RefuseOthers();
    for (const config::RouterOptions& router : RoutersOf(world_)) {
      if (std::ranges::count(router.sources, source.name, &config::SourceOptions::name) > 0) {
        continue;
      }
      keys.Complain("name", "router \"" + router.name + "\" has no [[router.source]] of this name");
    }
    keys.RefuseOthers();
    world_.feedback.sources.push_back(std::move(source));
  }

  World& world_;
  const bool routers_known_;
  bool arms_matter_ = false;
};

bool IsPath(const std::string& name) {
  return name.find('/') != std::string::npos || name.ends_with(".toml");
}

std::string NameOf(const std::string& file) {
  std::string name = file.substr(file.rfind('/') + 1);
  if (name.ends_with(".toml")) name.resize(name.size() - std::size(".toml") + 1);
  return name;
}

std::vector<config::Problem> About(const std::string& file, std::string text) {
  return {{.file = file, .line = 0, .field = "", .text = std::move(text)}};
}

// The keys that are the world's own; all others are for ParseRouters to read or to refuse.
constexpr std::string_view kWorldKeys[] = {"description", "requests", "prompts", "reward",
                                           "arm",         "event",    "feedback"};

}  // namespace

config::Checked<World> ParseWorld(std::string_view toml, const std::string& file) {
  World world;
  world.name = NameOf(file);
  std::vector<config::Problem> problems;
  auto routers = config::ParseRouters(toml, file, kWorldKeys);
  if (auto* found = std::get_if<1>(&routers)) problems = std::move(*found);
  if (auto* read = std::get_if<0>(&routers)) world.routers = std::move(*read);
  try {
    const toml::table root = toml::parse(toml);
    Reading(world, problems.empty()).Read(WorldKeys(root, "", file, problems));
  } catch (const toml::parse_error&) {
    return problems;  // ParseRouters has said so.
  }
  std::ranges::stable_sort(problems, {}, &config::Problem::line);
  if (!problems.empty()) return problems;
  return world;
}

config::Checked<World> LoadWorld(const std::string& name) {
  if (IsPath(name)) {
    std::ifstream file(name, std::ios::binary);
    if (!file) {
      return About(
          name, "cannot be opened: " + std::error_code(errno, std::generic_category()).message());
    }
    return ParseWorld(std::string{std::istreambuf_iterator<char>(file), {}}, name);
  }
  for (const WorldText& text : WorldTexts()) {
    if (text.name == name) return ParseWorld(text.toml, name + ".toml");
  }
  std::string known;
  for (const std::string& one : WorldNames()) known += (known.empty() ? "" : ", ") + one;
  return About(
      "", "there is no world \"" + name + "\"; there are " + known + ", and files by their path");
}

std::vector<std::string> WorldNames() {
  std::vector<std::string> names;
  for (const WorldText& text : WorldTexts()) names.emplace_back(text.name);
  std::ranges::sort(names);
  return names;
}

std::string_view DefaultWorld(const RouterFacts& router) {
  return router.source == policy::ContextSource::kText ? "tasks" : "linear";
}

std::variant<Environment, std::string> MakeWorld(const WorldOptions& options,
                                                 const RouterFacts& router) {
  auto world = LoadWorld(options.name);
  if (const auto* problems = std::get_if<1>(&world)) return config::ToString(problems->front());
  return MakeEnvironment(std::get<World>(world), options, router);
}

}  // namespace sluice::sim
