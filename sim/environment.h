// What a simulation sends and what it knows about it: tasks (a prompt or an embedding) and, for
// every arm, the reward and the cost that this arm's answer has. A data set and a synthetic world
// are the same thing from here on. Plain values and pure functions; same seed, same bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "policy/context.h"

namespace sluice::sim {

// An arm of a router, or a model of a data set.
struct ArmFacts {
  std::string name;
  std::string model;
  int tier = 0;
  double price_input_per_million_usd = 0;
  double price_output_per_million_usd = 0;

  // What arms are ordered by from cheap to dear.
  double price() const { return price_input_per_million_usd + price_output_per_million_usd; }
  bool operator==(const ArmFacts&) const = default;
};

// What the simulator must know about the router that it drives.
struct RouterFacts {
  std::string name;
  std::string policy;
  double cost_weight = 0;  // per USD
  policy::ContextSource source = policy::ContextSource::kText;
  std::size_t embedding_dimension = 0;  // 0 with text
  std::vector<ArmFacts> arms;           // those that can be chosen
};

// What the answer of one arm to one task is worth. In a world the expectations are the truth that
// the drawn values scatter around; in a data set both are what was recorded.
struct Outcome {
  double reward = 0;  // in [0, 1]
  double cost_usd = 0;
  double expected_reward = 0;
  double expected_cost_usd = 0;
  bool offered = true;  // false: the arm is not there yet, and nothing compares with it
  bool operator==(const Outcome&) const = default;
};

struct Task {
  std::string text;
  std::vector<float> embedding;   // empty: text only
  std::vector<Outcome> outcomes;  // by arm of the environment
  bool operator==(const Task&) const = default;
};

struct Environment {
  std::string name;
  std::string layout;  // a data set's, and where its costs come from; empty: as dataset.h has it
  std::vector<ArmFacts> arms;
  std::vector<Task> tasks;
  bool expectations_known = false;  // true: a world, whose regret is exact

  bool has_embeddings() const { return !tasks.empty() && !tasks.front().embedding.empty(); }
};

// Puts the tasks into the order that the seed gives (Fisher-Yates).
void Permute(Environment& environment, std::uint64_t seed);

// Goes through the tasks once more, in another order each time, until there are `tasks`. Fewer than
// there are already: cuts them off.
void Repeat(Environment& environment, std::size_t tasks, std::uint64_t seed);

// The control of every claim about contexts: each task is sent with the text or embedding of
// another one, and keeps its own outcomes. No task keeps its own text (one cycle through all).
void ShuffleContexts(Environment& environment, std::uint64_t seed);

}  // namespace sluice::sim
