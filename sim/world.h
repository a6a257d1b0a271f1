// A world as its file says it (sim/worlds/*.toml, world_file.h): what is sent, what the arms'
// answers are worth, what happens along the requests, how feedback comes, and who plays it. Plain
// values and pure functions; same world, seed and length, same bytes.
//
// Arms are meant by their place. Requests are counted from 0 for each router by itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/config.h"
#include "sim/environment.h"
#include "sim/feedback_model.h"

namespace sluice::sim {

enum class Prompts : std::uint8_t { kText, kEmbedding };

// What happens, and what it takes. Its file names them in this order.
enum class EventKind : std::uint8_t {
  kFail,        // the arm's quality is lower by `by` from `at` until `until`; nobody says so
  kDrift,       // embeddings: what is good at what turns into something else until `until`
  kPrice,       // the arm costs `factor` times as much; the router is told when it is `announced`
  kJoin,        // the arm is there from now on
  kBurst,       // what is reported of these requests comes together, with the last of them
  kCheckpoint,  // what was learnt is kept
  kRestart,     // the process ends without a word and another one takes up its store
};

inline constexpr std::size_t kEver = static_cast<std::size_t>(-1);

// [at, until), in requests of a run that is as long as the file says.
struct WorldEvent {
  EventKind kind = EventKind::kFail;
  std::optional<std::size_t> arm = {};  // none: every arm
  std::size_t at = 0;
  std::size_t until = kEver;  // of a drift: when it is over; `at`: at once
  double by = 0;
  double factor = 1;
  bool announced = true;
  bool operator==(const WorldEvent&) const = default;
};

struct WorldArm {
  std::string name;
  double level = 0.5;  // embeddings: mean quality
  bool operator==(const WorldArm&) const = default;
};

// Embeddings: the mean reward of an arm is level + reach ((1 - curvature) <u, x> +
// curvature sqrt(d) <u, x> <v, x>), u and v directions of the arm, x the embedding of length 1.
struct RewardShape {
  double reach = 0.3;
  double curvature = 0;      // 0: linear, 1: without any linear part
  std::size_t clusters = 0;  // 0: embeddings from everywhere; else around so many centres ...
  double spread = 0.5;       // ... this far away from them
  bool operator==(const RewardShape&) const = default;
};

struct World {
  std::string name;
  std::string description;  // one sentence
  std::size_t requests = 0;
  Prompts prompts = Prompts::kText;
  RewardShape reward;
  std::vector<WorldArm> arms;  // empty: any number of arms plays it, none is special
  std::vector<WorldEvent> events;
  FeedbackModel feedback;
  std::vector<config::RouterOptions> routers;  // empty: the defaults play it

  // Nothing happens and everything is told at once: what a live daemon can be sent as well.
  bool is_plain() const { return events.empty() && feedback == FeedbackModel{}; }
};

// How long, and which of all such worlds.
struct WorldOptions {
  std::string name;  // of one of the files, or a path to one
  std::uint64_t seed = 1;
  std::size_t tasks = 4000;
};

// The tasks of the world for the router's arms. The alternative is a sentence that says what does
// not fit and what to pass instead.
std::variant<Environment, std::string> MakeEnvironment(const World& world,
                                                       const WorldOptions& options,
                                                       const RouterFacts& router);

// Prompts of nine kinds, from small talk to legal analysis, whose wording carries how hard they
// are. Cheap arms do well on easy kinds only. [text_world.cpp]
Environment MakeTextWorld(const World& world, const WorldOptions& options,
                          const RouterFacts& router);
// Embeddings of length 1, and rewards as RewardShape says. [embedding_world.cpp]
Environment MakeEmbeddingWorld(const World& world, const WorldOptions& options,
                               const RouterFacts& router);

}  // namespace sluice::sim
