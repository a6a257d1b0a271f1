// Learners that are told what every arm did on some rows of a data set and say what each would do
// on others: what routing on a prompt is worth when nothing has to be explored. The product's own
// statistics, and whatever else is to stand beside them. Same arguments, same numbers; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/encoded_texts.h"
#include "sim/environment.h"
#include "sim/progress.h"

namespace sluice::sim {

// Rows of an environment: told, and predicted.
struct Halves {
  std::vector<std::size_t> fit;
  std::vector<std::size_t> score;
};

// The published halves: the first and the rest of numpy's default_rng(seed).permutation(rows).
Halves HalvesOf(std::size_t rows, std::uint64_t seed);

struct Predicted {
  double reward = 0;
  double cost_usd = 0;
};

class OfflineLearner {
 public:
  virtual ~OfflineLearner() = default;
  virtual std::string name() const = 0;
  // By row of `halves.score`, then by arm. Every row has a text.
  virtual std::vector<std::vector<Predicted>> Predict(const Environment& environment,
                                                      const Halves& halves) const = 0;
};

// "map": the product once its context map is fitted, on the first 300 distinct prompts that it is
// told of; "scalars": before. Then routers of the literature (offline_baseline.h).
std::vector<std::string> OfflineLearnerNames();
inline constexpr std::size_t kOwnOfflineLearners = 2;  // of them, the first
// The memory outlives the learner. Null: there is none of this name.
std::unique_ptr<const OfflineLearner> MakeOfflineLearner(std::string_view name,
                                                         const EncodedTexts& memory);

// Several learners on the halves of several seeds.
struct OfflineRuns {
  const Environment& environment;
  std::vector<std::unique_ptr<const OfflineLearner>> learners;
  std::vector<std::uint64_t> seeds;
  std::size_t threads = 0;  // 0: one a core
};
// One of them. Told on any thread, in any order.
struct OfflineRun {
  std::size_t learner = 0;
  std::size_t seed = 0;  // index
  Halves halves;
  std::vector<std::vector<Predicted>> predicted;
};
void PlayOffline(const OfflineRuns& runs, Progress& progress,
                 const std::function<void(const OfflineRun& run)>& tell);

}  // namespace sluice::sim
