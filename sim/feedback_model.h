// How outcomes become feedback: when it comes, which of them are rated, and what others claim. The
// cost of an answer always comes; its gateway knows it. All draws are functions of (seed, task), so
// that two policies meet the same luck. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::sim {

enum class DelayKind : std::uint8_t { kFixed, kUniform, kGeometric };

// What a poisoned source says.
enum class ClaimRule : std::uint8_t {
  kInvert,  // good is bad and bad is good
  kFavour,  // 1 of its favourite arm, 0 of all others
};

// Somebody else who rates, too. How far it is trusted is the router's ([[router.source]]).
struct PoisonedSource {
  std::string name;
  double share = 0;  // of all outcomes, whoever else rates them
  ClaimRule rule = ClaimRule::kInvert;
  std::size_t arm = 0;  // favourite
  bool operator==(const PoisonedSource&) const = default;
};

struct FeedbackModel {
  std::size_t delay = 0;  // mean, in requests; uniform: from 0 to twice as many
  DelayKind delay_kind = DelayKind::kFixed;
  double censored = 0;  // share of outcomes that nobody would ever rate
  // Of the others, how many are rated: of those worth nothing, and of perfect ones. In between on
  // the straight line.
  double complaints = 1;
  double praise = 1;
  std::vector<PoisonedSource> sources = {};
  bool operator==(const FeedbackModel&) const = default;
};

// What makes draws: which world, and which of its tasks.
struct TaskKey {
  std::uint64_t seed = 0;
  std::size_t task = 0;
};

std::size_t DelayOf(const FeedbackModel& model, const TaskKey& key);
bool IsRated(const FeedbackModel& model, const TaskKey& key, double reward);
// What the model's source `source` says of an outcome of `arm`, if anything.
std::optional<double> ClaimOf(const FeedbackModel& model, std::size_t source, const TaskKey& key,
                              std::size_t arm, double reward);

}  // namespace sluice::sim
