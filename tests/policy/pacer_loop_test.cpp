// The pacer in closed loop: a world of three arms 530 times apart in price, in which every request
// says beforehand how good each answer would be, and costs are known only after a delay.
#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <numeric>

#include <catch2/catch.hpp>

#include "policy/pacer.h"
#include "tests/support/pacer_fixtures.h"

namespace sluice::policy {
namespace {

constexpr std::array<double, 3> kCosts{2.9e-5, 5.3e-4, 1.5e-2};
constexpr std::array<double, 3> kQualities{.79, .89, .93};
constexpr double kBudget = 1.9e-3;

struct LoopOptions {
  std::size_t delay = 0;
  double predictor = 1;        // what is predicted, over what is true, before calibration
  std::size_t drop_begin = 0;  // of a hidden price change of the dearest arm ...
  std::size_t drop_end = 0;    // ... until here
  double drop = 1.0 / 40;
  double explored = 0;  // e, uniform over the other arms
  double budget = kBudget;
  std::size_t requests = 20000;
  std::uint64_t seed = 1;
};

// The ratio of what was billed to what was predicted, at two rates (Model::Calibrate).
struct Calibration {
  double billed = 0;
  double predicted = 0;
  double fast_billed = 0;
  double fast_predicted = 0;

  explicit Calibration(double base)
      : billed(20 * base), predicted(20 * base), fast_billed(5 * base), fast_predicted(5 * base) {}
  double Ratio() const { return billed / predicted; }
  void Add(double actual, double base) {
    billed = .998 * billed + actual;
    predicted = .998 * predicted + base;
    fast_billed = .8 * fast_billed + actual;
    fast_predicted = .8 * fast_predicted + base;
    const double fast = fast_billed / fast_predicted;
    if (fast > 3 * Ratio() || fast < Ratio() / 3) {
      billed = 20 * base * fast;
      predicted = 20 * base;
    }
  }
};

struct Pending {
  std::size_t arm;
  double expected;
  double actual;
};

class Loop {
 public:
  explicit Loop(const LoopOptions& options)
      : options_(options),
        rng_(options.seed),
        pacer_({.objective = Objective::kBudget, .budget_usd = options.budget}) {
    for (std::size_t a = 0; a < 3; ++a) {
      std::vector<double> theta(4, 0.0);
      theta[a] = .08;
      theta[3] = kQualities[a];
      heads_.Add(theta, {0, 0, 0, std::log(options.predictor)}, kCosts[a]);
      calibrations_.emplace_back(kCosts[a] * options.predictor);
    }
  }

  // What every request cost.
  std::vector<double> Run() {
    std::vector<double> spent;
    for (std::size_t t = 0; t < options_.requests; ++t) {
      spent.push_back(Request(t));
      if (pacer_.Due()) {
        for (std::size_t a = 0; a < 3; ++a) {
          heads_.cost_ratio[a] = calibrations_[a].Ratio();
        }
        pacer_.Solve(heads_.Arms());
      }
    }
    return spent;
  }

  const Pacer& pacer() const { return pacer_; }
  double scale_mean() const { return scale_sum_ / static_cast<double>(options_.requests); }
  void SetBudget(double budget) {
    pacer_.SetOptions({.objective = Objective::kBudget, .budget_usd = budget});
  }

 private:
  double Predicted(std::size_t arm) const {
    return kCosts[arm] * options_.predictor * heads_.cost_ratio[arm];
  }

  std::size_t Greedy(const std::array<float, 4>& context) const {
    std::size_t best = 0;
    double best_utility = -HUGE_VAL;
    for (std::size_t a = 0; a < 3; ++a) {
      const double utility = kQualities[a] + .08 * static_cast<double>(context[a]) -
                             pacer_.cost_weight() * Predicted(a);
      if (utility > best_utility) {
        best = a;
        best_utility = utility;
      }
    }
    return best;
  }

  double Request(std::size_t t) {
    std::array<float, 4> context{0, 0, 0, 1};
    for (std::size_t a = 0; a < 3; ++a) {
      context[a] = static_cast<float>(rng_.Normal());
    }
    const std::size_t greedy = Greedy(context);
    const double scale = pacer_.exploration_scale();
    scale_sum_ += scale;
    const double e = options_.explored * scale;
    const std::size_t arm = rng_.Uniform() < e ? (greedy + 1 + rng_.Below(2)) % 3 : greedy;
    const double others = (Predicted((greedy + 1) % 3) + Predicted((greedy + 2) % 3)) / 2;
    const bool cheap = t >= options_.drop_begin && t < options_.drop_end && arm == 2;
    const double actual =
        kCosts[arm] * (cheap ? options_.drop : 1) * std::exp(.5 * rng_.Normal() - .125);
    pacer_.Decided({.context = context,
                    .expected_cost_usd = Predicted(arm),
                    .surcharge_usd = e * (others - Predicted(greedy)),
                    .exploration_scale = scale});
    pending_.push_back({arm, Predicted(arm), actual});
    if (pending_.size() > options_.delay) {
      const Pending settled = pending_.front();
      pending_.pop_front();
      pacer_.Settled(settled.expected, settled.actual);
      calibrations_[settled.arm].Add(settled.actual, kCosts[settled.arm] * options_.predictor);
    }
    return actual;
  }

  LoopOptions options_;
  Rng rng_;
  Pacer pacer_;
  test::HeadsOfArms heads_;
  std::vector<Calibration> calibrations_;
  std::deque<Pending> pending_;
  double scale_sum_ = 0;
};

// Mean of what the requests [begin, end) cost, over the budget.
double Use(const std::vector<double>& spent, std::size_t begin, std::size_t end,
           double budget = kBudget) {
  const auto from = spent.begin() + static_cast<std::ptrdiff_t>(begin);
  const auto to = spent.begin() + static_cast<std::ptrdiff_t>(end);
  return std::accumulate(from, to, 0.0) / static_cast<double>(end - begin) / budget;
}

// After a label delay of 2,000 a predictor that is wrong by half or double is known to be wrong by
// request 4,000, and what it misled to is made up for by request 9,000.
std::size_t SettledBy(const LoopOptions& options) {
  return options.delay > 500 && options.predictor != 1 ? 9000 : 5000;
}

TEST_CASE("spend keeps the budget at any delay of feedback and with a predictor that is wrong") {
  for (std::size_t delay : {0, 500, 2000}) {
    for (double predictor : {1., .5, 2.}) {
      for (std::uint64_t seed : {1, 2, 3}) {
        const LoopOptions options{.delay = delay, .predictor = predictor, .seed = seed};
        const auto spent = Loop(options).Run();
        const double use = Use(spent, SettledBy(options), options.requests);
        CAPTURE(delay, predictor, seed, use);
        CHECK(std::abs(use - 1) < .03);  // oracle 15
      }
    }
  }
}

TEST_CASE("a hidden change of price is caught up with and its excess paid back") {
  for (std::size_t delay : {0, 500}) {
    for (std::uint64_t seed : {1, 2, 3}) {
      const LoopOptions options{
          .delay = delay, .drop_begin = 8000, .drop_end = 14000, .seed = seed};
      const auto spent = Loop(options).Run();
      CAPTURE(delay, seed);
      CHECK(std::abs(Use(spent, 2000, 8000) - 1) < .06);
      CHECK(Use(spent, 9000, 14000) < .3);  // all on the best arm costs a fifth of the budget
      CHECK(Use(spent, 14000, 14600) < (delay == 0 ? 1.7 : 5));
      CHECK(Use(spent, 14600, 20000) < 1.03);
      CHECK(Use(spent, 2000, 20000) < 1.03);
      CHECK(std::abs(Use(spent, 17000, 20000) - 1) < .08);
    }
  }
}

TEST_CASE("what exploring costs is inside the budget") {
  for (double explored : {.005, .05, .1}) {
    const auto spent = Loop({.explored = explored}).Run();
    CAPTURE(explored);
    CHECK(std::abs(Use(spent, 5000, 20000) - 1) < .03);
  }
}

TEST_CASE("exploring that the budget cannot pay shrinks until it can") {
  for (double budget : {5e-5, 1e-4, 2e-4}) {
    CAPTURE(budget);
    Loop loop({.explored = .05, .budget = budget});
    const auto spent = loop.Run();
    const double use = Use(spent, 5000, 20000, budget);
    CHECK(use < 1.03);
    CHECK(use > .7);  // an explored answer costs up to 300 budgets: the bank cannot save for all
    CHECK(loop.scale_mean() > .01);
    CHECK(loop.scale_mean() < .7);
  }
  // Unscaled, exploring alone costs twice the largest of these budgets.
  CHECK(.05 * (kCosts[1] + kCosts[2]) / 2 > 1.9 * 2e-4);
}

TEST_CASE("exploring comes back when there is money again") {
  Loop loop({.explored = .05, .budget = 2e-5, .requests = 3000});
  loop.Run();
  CHECK(loop.pacer().exploration_scale() == 0);  // the cheapest arm costs more than that
  loop.SetBudget(kBudget);
  const auto spent = loop.Run();
  CHECK(loop.pacer().exploration_scale() == 1);
  CHECK(Use(spent, 1000, 3000) > .8);
}

}  // namespace
}  // namespace sluice::policy
