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

// Fisher-Yates.
void Shuffle(std::vector<Task>& tasks, policy::Rng& rng) {
  for (std::size_t i = tasks.size(); i > 1; --i) std::swap(tasks[i - 1], tasks[rng.Below(i)]);
}

}  // namespace

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
