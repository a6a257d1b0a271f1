// Kolawole et al., "Agreement-Based Cascading for Efficient Inference" (arXiv 2407.02348): small
// models answer together, and a larger one is asked when they disagree. Kept: going on until two
// answers agree. Other: a tier is one arm, so the two cheapest arms are the first ensemble. The
// budget says how many arms a request may climb at most: one, two, ... or all of them.
//
// The agreement is not real. An outcome table holds no answers, so two agree when their recorded
// rewards are within .05 (recorded_answers.h): two wrong answers agree as well as two right ones,
// and two different ones that are equally good too. This flatters the cascade, and its row is no
// promise of what one would do.
#include <algorithm>
#include <cmath>

#include "sim/baselines/cascade.h"
#include "sim/baselines/makers.h"

namespace sluice::sim {
namespace {

class AgreementCascade final : public Cascade {
 public:
  explicit AgreementCascade(const BaselineOptions& options) : Cascade(options, 0) {}

 private:
  // Each 64th of thrift is one arm fewer.
  static bool MayGoOn(std::size_t calls, double thrift) {
    return static_cast<double>(calls) < kSteps * (1 - thrift);
  }

  bool GoesOn(const Step& step, const LastAnswer& answer, double thrift) const override {
    return !answer.agrees && MayGoOn(step.calls, thrift);
  }

  double ShareGoingOn(const Step& step, double thrift) const override {
    if (!MayGoOn(step.calls, thrift)) return 0;
    if (step.calls > apart_.size() || apart_[step.calls - 1].empty()) return 1;
    const auto& apart = apart_[step.calls - 1];
    return static_cast<double>(std::ranges::count(apart, true)) / static_cast<double>(apart.size());
  }

  void Saw(std::size_t calls, const LastAnswer& answer) override {
    if (apart_.size() < calls) apart_.resize(calls);
    PushRecent(!answer.agrees, apart_[calls - 1]);
  }

  static constexpr double kSteps = policy::kArmsMax;
  std::vector<std::deque<bool>> apart_;  // by number of calls: whether no two agreed
};

}  // namespace

MadeBaseline MakeAgreementCascade(const BaselineOptions& options) {
  return std::make_unique<AgreementCascade>(options);
}

}  // namespace sluice::sim
