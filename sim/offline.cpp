#include "sim/offline.h"

#include "sim/numpy_permutation.h"
#include "sim/offline_baseline.h"
#include "sim/offline_product.h"
#include "sim/parallel.h"

namespace sluice::sim {
namespace {

constexpr std::string_view kMap = "map";
constexpr std::string_view kScalars = "scalars";

class Product final : public OfflineLearner {
 public:
  Product(std::string_view name, const EncodedTexts& memory) : name_(name), memory_(memory) {}

  std::string name() const override { return name_; }

  std::vector<std::vector<Predicted>> Predict(const Environment& environment,
                                              const Halves& halves) const override {
    OfflineContexts contexts(environment, memory_);
    if (name_ == kMap) contexts.FitMap(halves.fit);
    const OfflineModel model(environment, halves, contexts);
    std::vector<std::vector<Predicted>> rows;
    for (const std::size_t row : halves.score) rows.push_back(model.Predict(row));
    return rows;
  }

 private:
  std::string name_;
  const EncodedTexts& memory_;
};

}  // namespace

Halves HalvesOf(std::size_t rows, std::uint64_t seed) {
  const auto order = NumpyGenerator(seed).Permutation(rows);
  const auto middle = order.begin() + static_cast<std::ptrdiff_t>(rows / 2);
  return {{order.begin(), middle}, {middle, order.end()}};
}

std::vector<std::string> OfflineLearnerNames() {
  std::vector<std::string> names{std::string(kMap), std::string(kScalars)};
  for (std::string& name : OfflineBaselineNames()) names.push_back(std::move(name));
  return names;
}

std::unique_ptr<const OfflineLearner> MakeOfflineLearner(std::string_view name,
                                                         const EncodedTexts& memory) {
  if (name != kMap && name != kScalars) return MakeOfflineBaseline(name, memory);
  return std::make_unique<Product>(name, memory);
}

void PlayOffline(const OfflineRuns& runs, Progress& progress,
                 const std::function<void(const OfflineRun& run)>& tell) {
  const std::size_t count = runs.learners.size() * runs.seeds.size();
  const std::size_t threads = runs.threads > 0 ? runs.threads : ThreadsOfMachine();
  ForEach(count, threads, [&](std::size_t i) {
    OfflineRun run{.learner = i / runs.seeds.size(), .seed = i % runs.seeds.size()};
    run.halves = HalvesOf(runs.environment.tasks.size(), runs.seeds[run.seed]);
    run.predicted = runs.learners[run.learner]->Predict(runs.environment, run.halves);
    tell(run);
    progress.Add();
  });
}

}  // namespace sluice::sim
