// Li, "Rethinking Predictive Modeling for LLM Routing: When Simple kNN Beats Complex Learned
// Routers" (arXiv 2505.12601): the quality of an arm is the mean reward of the nearest prompts that
// it answered. Kept: the neighbours and their plain mean. Other: each arm has neighbours of its
// own, since nothing is known of answers that were not asked for, and the distance is Euclidean in
// the router's own context.
#include <algorithm>
#include <limits>
#include <utility>

#include "sim/baselines/makers.h"
#include "sim/baselines/memory.h"
#include "sim/baselines/priced.h"

namespace sluice::sim {
namespace {

constexpr std::size_t kNeighbours = 25;

class NearestNeighbours final : public QualityModel {
 public:
  void Predict(const policy::Context& context, std::span<double> quality) override {
    for (std::size_t a = 0; a < quality.size(); ++a) quality[a] = MeanNear(context, a);
  }

  void Learn(const BaselineLesson& lesson, double) override {
    if (arms_.size() <= lesson.arm) arms_.resize(lesson.arm + 1);
    arms_[lesson.arm].Add(lesson.context, lesson.reward);
  }

  bool slow() const override { return true; }

 private:
  double MeanNear(const policy::Context& context, std::size_t arm) {
    if (arm >= arms_.size() || arms_[arm].size() == 0) {
      return std::numeric_limits<double>::quiet_NaN();
    }
    const Memory& memory = arms_[arm];
    near_.clear();
    for (std::size_t i = 0; i < memory.size(); ++i) {
      near_.emplace_back(memory.SquaredDistance(i, context), i);
    }
    const std::size_t k = std::min(kNeighbours, near_.size());
    std::ranges::nth_element(near_, near_.begin() + static_cast<std::ptrdiff_t>(k - 1));
    double sum = 0;
    // In the order of time, so that the sum does not depend on how the library partitions.
    std::ranges::sort(near_.begin(), near_.begin() + static_cast<std::ptrdiff_t>(k), {},
                      &std::pair<float, std::size_t>::second);
    for (std::size_t i = 0; i < k; ++i) sum += memory.reward(near_[i].second);
    return sum / static_cast<double>(k);
  }

  std::vector<Memory> arms_;
  std::vector<std::pair<float, std::size_t>> near_;  // scratch
};

}  // namespace

MadeBaseline MakeNearestNeighbours(const BaselineOptions& options) {
  return MakePriced(std::make_unique<NearestNeighbours>(), options);
}

}  // namespace sluice::sim
