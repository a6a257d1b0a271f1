#include "tests/data/prototype_u.h"

#include <algorithm>
#include <cmath>
#include <deque>

#include <Eigen/Dense>

namespace sluice::tests {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kFeaturePrecision = 50;
constexpr double kQualityMean = 0.7;
constexpr double kCostRatio = 0.3;
constexpr std::size_t kRing = 300;
constexpr std::size_t kEvery = 10;
constexpr double kHorizon = 100;

// One arm: statistics of reward (S, b) and cost (G, g), as the README names them.
struct Arm {
  explicit Arm(Eigen::Index d)
      : S(MatrixXd::Zero(d, d)), G(S), b(VectorXd::Zero(d)), g(b), m(b), q(b), theta(b), phi(b) {
    L = VectorXd::Constant(d, kFeaturePrecision);
    L[d - 1] = 1;
    m[d - 1] = kQualityMean;
    q[d - 1] = std::log(kCostRatio);
    Solve();
  }
  void Solve() {
    A = S;
    A.diagonal() += L;
    factor.compute(A);
    theta = factor.solve(b + L.cwiseProduct(m));
    MatrixXd B = G;
    B.diagonal() += L;
    phi = B.llt().solve(g + L.cwiseProduct(q));
  }
  double Width(const VectorXd& x) const {
    return std::sqrt(std::max(s2 * x.dot(factor.solve(x)), 1e-12));
  }

  MatrixXd S, G, A;
  VectorXd b, g, L, m, q, theta, phi;
  Eigen::LLT<MatrixXd> factor;
  double n = 0, s2 = 0.03, corr = 1, up = 0, down = 0, price = 0;
};

struct Kept {
  VectorXd x;
  std::array<double, 4> u{};
};

class PrototypeU {
 public:
  PrototypeU(double budget, Eigen::Index d) : B_(budget), epred_(budget), eact_(budget), d_(d) {}

  // The arms of this request with their blended list prices, per 1,000 tokens.
  void SetPrices(const std::vector<double>& prices, bool pooled) {
    for (std::size_t a = 0; a < arms_.size(); ++a) jump_ |= arms_[a].price != prices[a];
    const std::size_t known = arms_.size();
    for (std::size_t a = known; a < prices.size(); ++a) {
      arms_.emplace_back(d_);
      jump_ = true;
      if (pooled && known > 0) Pool(known);
    }
    for (std::size_t a = 0; a < prices.size(); ++a) arms_[a].price = prices[a];
  }

  std::size_t Choose(const VectorXd& x, std::optional<std::size_t> forced) {
    Kept kept{x, {}};
    for (std::size_t a = 0; a < arms_.size(); ++a) kept.u[a] = arms_[a].Width(x);
    ring_.push_back(kept);
    if (ring_.size() > kRing) ring_.pop_front();
    if (t_ % kEvery == 0 || jump_) Solve();
    jump_ = false;
    ++t_;
    return forced.value_or(Best(ring_.back(), lambda_));
  }

  void Learn(std::size_t chosen, double r, double c) {
    Arm& arm = arms_[chosen];
    const VectorXd& x = ring_.back().x;
    const double predicted = CostOf(arm, x);
    const double u = ring_.back().u[chosen];
    const double res = r - arm.theta.dot(x);
    const bool alarm = Alarm(arm, res / std::sqrt(arm.s2 + u * u), r);
    arm.S += x * x.transpose();
    arm.b += r * x;
    arm.G += x * x.transpose();
    arm.g += std::log(std::max(c, 1e-9) / arm.price) * x;
    arm.n += 1;
    arm.Solve();
    if (alarm) {
      for (Kept& kept : ring_) kept.u[chosen] = arm.Width(kept.x);
    }
    const double w = std::max(0.01, 1 / (arm.n + 10));
    arm.s2 = (1 - w) * arm.s2 + w * res * res;
    arm.corr *= std::exp(0.5 * w * (std::min(20.0, c / predicted) - 1));
    arm.corr = std::clamp(arm.corr, 0.3, 5.0);
    bank_ = std::clamp(bank_ + B_ - c, -400 * B_, 25 * B_);
    epred_ = 0.995 * epred_ + 0.005 * predicted;
    eact_ = 0.995 * eact_ + 0.005 * c;
    kap_ = std::clamp(eact_ / epred_, 0.5, 2.0);
  }

 private:
  static double CostOf(const Arm& arm, const VectorXd& x) {
    return arm.price * std::exp(std::min(arm.phi.dot(x), 4.0)) * arm.corr;
  }

  // A new arm's prior is the mean of the others' estimates.
  void Pool(std::size_t known) {
    Arm& arm = arms_.back();
    arm.m.setZero();
    arm.q.setZero();
    for (std::size_t a = 0; a < known; ++a) {
      arm.m += arms_[a].theta / static_cast<double>(known);
      arm.q += arms_[a].phi / static_cast<double>(known);
    }
    arm.theta = arm.m;
    arm.phi = arm.q;
  }

  bool Alarm(Arm& arm, double z, double r) const {
    arm.up = std::max(0.0, arm.up + z - 0.5);
    arm.down = std::max(0.0, arm.down - z - 0.5);
    if (arm.up <= 12 && arm.down <= 12) return false;
    arm.S *= 0.05;
    arm.b *= 0.05;
    arm.n *= 0.05;
    arm.up = arm.down = 0;
    arm.m.setZero();
    arm.m[d_ - 1] = 0.5 * (kQualityMean + r);
    return true;
  }

  std::size_t Best(const Kept& kept, double lambda) const {
    std::size_t best = 0;
    double most = -INFINITY;
    for (std::size_t a = 0; a < arms_.size(); ++a) {
      const double score =
          arms_[a].theta.dot(kept.x) + kept.u[a] - lambda * CostOf(arms_[a], kept.x);
      if (score > most) {
        most = score;
        best = a;
      }
    }
    return best;
  }

  struct Scored {
    std::array<double, 4> value{};
    std::array<double, 4> cost{};
  };
  double Spend(const std::vector<Scored>& scored, double lambda) const {
    double sum = 0;
    for (const Scored& one : scored) {
      std::size_t best = 0;
      for (std::size_t a = 1; a < arms_.size(); ++a) {
        if (one.value[a] - lambda * one.cost[a] > one.value[best] - lambda * one.cost[best]) {
          best = a;
        }
      }
      sum += one.cost[best];
    }
    return kap_ * sum / static_cast<double>(scored.size());
  }

  // The smallest lambda that spends at most the target over the ring.
  void Solve() {
    std::vector<Scored> scored;
    for (const Kept& kept : ring_) {
      Scored one;
      for (std::size_t a = 0; a < arms_.size(); ++a) {
        one.value[a] = arms_[a].theta.dot(kept.x) + kept.u[a];
        one.cost[a] = CostOf(arms_[a], kept.x);
      }
      scored.push_back(one);
    }
    const double target = std::clamp(B_ + bank_ / kHorizon, 0.1 * B_, 4 * B_);
    lambda_ = 0;
    if (Spend(scored, 0) <= target) return;
    double low = std::log(1e-3);
    double high = std::log(1e6);
    for (int i = 0; i < 32; ++i) {
      const double middle = 0.5 * (low + high);
      (Spend(scored, std::exp(middle)) <= target ? high : low) = middle;
    }
    lambda_ = std::exp(high);
  }

  const double B_;
  double epred_, eact_;
  const Eigen::Index d_;
  std::vector<Arm> arms_;
  std::deque<Kept> ring_;
  double bank_ = 0, kap_ = 1, lambda_ = 0;
  std::size_t t_ = 0;
  bool jump_ = false;
};

VectorXd ContextOf(const sim::Task& task) {
  VectorXd x(static_cast<Eigen::Index>(task.embedding.size()) + 1);
  for (std::size_t i = 0; i < task.embedding.size(); ++i) {
    x[static_cast<Eigen::Index>(i)] = task.embedding[i];
  }
  x[x.size() - 1] = 1;
  return x;
}

std::vector<double> PricesIn(const sim::ParetoPhase& phase, std::size_t arms,
                             const sim::ParetoRun& run) {
  std::vector<double> prices;
  for (std::size_t a = 0; a < arms; ++a) {
    prices.push_back(sim::InPhase(phase, a, run.data.arms[a]).price() / 2 / 1000);
  }
  return prices;
}

}  // namespace

sim::Choices PlayPrototypeU(const sim::ParetoRun& run) {
  const auto dimension = run.data.rows.front().embedding.size() + 1;
  PrototypeU policy(run.parameters.budget_usd, static_cast<Eigen::Index>(dimension));
  sim::Choices choices;
  const sim::ParetoPhase burn_in;
  for (std::size_t s = 0; s < run.stream.segments.size(); ++s) {
    const sim::ParetoPhase& phase = s == 0 ? burn_in : run.parameters.phases[s - 1];
    const std::size_t arms = s == 0 ? sim::kParetoArms : run.parameters.arms();
    policy.SetPrices(PricesIn(phase, arms, run), run.parameters.forced == 0);
    for (std::size_t i = 0; i < run.stream.segments[s].size(); ++i) {
      const sim::Task& task = run.data.rows[run.stream.segments[s][i]];
      const bool forced = s > 0 && i < run.parameters.forced;
      const std::size_t arm = policy.Choose(
          ContextOf(task), forced ? std::optional<std::size_t>(sim::kNewcomer) : std::nullopt);
      const sim::Outcome outcome = sim::InPhase(phase, arm, task.outcomes[arm]);
      policy.Learn(arm, outcome.reward, outcome.cost_usd);
      choices.push_back(static_cast<std::int32_t>(arm));
    }
  }
  return choices;
}

}  // namespace sluice::tests
