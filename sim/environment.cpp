#include "sim/environment.h"

#include <utility>

#include "policy/rng.h"

namespace sluice::sim {
namespace {

// Streams of the seed: orders, shuffles and worlds never share draws.
constexpr std::uint64_t kOrderStream = 0x6f72646572;      // "order"
constexpr std::uint64_t kShuffleStream = 0x73687566666c;  // "shuffl"

constexpr std::string_view kTasks = "tasks";
constexpr std::string_view kLinear = "linear";

std::string Wants(const RouterFacts& router) {
  if (router.source == policy::ContextSource::kText) return "text";
  return "embeddings of dimension " + std::to_string(router.embedding_dimension);
}

}  // namespace

std::vector<std::string> WorldNames() {
  return {std::string(kTasks), std::string(kLinear)};
}

std::string_view DefaultWorld(const RouterFacts& router) {
  return router.source == policy::ContextSource::kText ? kTasks : kLinear;
}

std::variant<Environment, std::string> MakeWorld(const WorldOptions& options,
                                                 const RouterFacts& router) {
  if (options.name != kTasks && options.name != kLinear) {
    return "there is no world \"" + options.name + "\"; pass --world tasks or --world linear";
  }
  if (options.name != DefaultWorld(router)) {
    return "router \"" + router.name + "\" asks for " + Wants(router) + ", which world \"" +
           options.name + "\" does not send; pass --world " + std::string(DefaultWorld(router));
  }
  if (router.arms.empty()) return "router \"" + router.name + "\" has no arms";
  if (options.name == kTasks) return MakeTasksWorld(options, router.arms);
  return MakeLinearWorld(options, router);
}

void Permute(Environment& environment, std::uint64_t seed) {
  policy::Rng rng(seed, kOrderStream);
  auto& tasks = environment.tasks;
  for (std::size_t i = tasks.size(); i > 1; --i) {
    std::swap(tasks[i - 1], tasks[rng.Below(i)]);
  }
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
