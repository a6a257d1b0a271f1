#include "sim/environment.h"

#include <algorithm>
#include <utility>

#include "policy/rng.h"

namespace sluice::sim {
namespace {

// Streams of the seed: orders, shuffles and worlds never share draws.
constexpr std::uint64_t kOrderStream = 0x6f72646572;      // "order"
constexpr std::uint64_t kRepeatStream = 0x726570656174;   // "repeat"
constexpr std::uint64_t kShuffleStream = 0x73687566666c;  // "shuffl"

constexpr std::string_view kTasks = "tasks";
constexpr std::string_view kLinear = "linear";
constexpr std::string_view kCollapse = "collapse";

// Fisher-Yates.
void Shuffle(std::vector<Task>& tasks, policy::Rng& rng) {
  for (std::size_t i = tasks.size(); i > 1; --i) std::swap(tasks[i - 1], tasks[rng.Below(i)]);
}

std::string Wants(const RouterFacts& router) {
  if (router.source == policy::ContextSource::kText) return "text";
  return "embeddings of dimension " + std::to_string(router.embedding_dimension);
}

}  // namespace

std::vector<std::string> WorldNames() {
  return {std::string(kTasks), std::string(kLinear), std::string(kCollapse)};
}

std::string_view DefaultWorld(const RouterFacts& router) {
  return router.source == policy::ContextSource::kText ? kTasks : kLinear;
}

std::variant<Environment, std::string> MakeWorld(const WorldOptions& options,
                                                 const RouterFacts& router) {
  if (options.name != kTasks && options.name != kLinear && options.name != kCollapse) {
    return "there is no world \"" + options.name +
           "\"; pass --world tasks, --world linear or --world collapse";
  }
  const bool sends_text = options.name == kTasks;
  if (sends_text != (router.source == policy::ContextSource::kText)) {
    return "router \"" + router.name + "\" asks for " + Wants(router) + ", which world \"" +
           options.name + "\" does not send; pass --world " + std::string(DefaultWorld(router));
  }
  if (router.arms.empty()) return "router \"" + router.name + "\" has no arms";
  if (options.name == kTasks) return MakeTasksWorld(options, router.arms);
  if (options.name == kLinear) return MakeLinearWorld(options, router);
  if (router.arms.size() != kCollapseArms) {
    return "world \"collapse\" is of four arms; router \"" + router.name + "\" has " +
           std::to_string(router.arms.size());
  }
  return MakeCollapseWorld(options, router);
}

void Permute(Environment& environment, std::uint64_t seed) {
  policy::Rng rng(seed, kOrderStream);
  Shuffle(environment.tasks, rng);
}

void Repeat(Environment& environment, std::size_t tasks, std::uint64_t seed) {
  policy::Rng rng(seed, kRepeatStream);
  std::vector<Task> again = environment.tasks;
  while (environment.tasks.size() < tasks && !again.empty()) {
    Shuffle(again, rng);
    environment.tasks.insert(environment.tasks.end(), again.begin(), again.end());
  }
  environment.tasks.resize(std::min(tasks, environment.tasks.size()));
}

void ShuffleContexts(Environment& environment, std::uint64_t seed) {
  policy::Rng rng(seed, kShuffleStream);
  auto& tasks = environment.tasks;
  // Sattolo's algorithm: a cyclic permutation, so that nothing stays where it was.
  for (std::size_t i = tasks.size(); i > 1; --i) {
    const std::size_t j = rng.Below(i - 1);
    std::swap(tasks[i - 1].text, tasks[j].text);
    std::swap(tasks[i - 1].embedding, tasks[j].embedding);
  }
}

}  // namespace sluice::sim
