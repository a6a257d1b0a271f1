// Rewards of embeddings: r = the mean that RewardShape gives + .1 N(0, 1), clipped to [0, 1], of
// which the expectations know.
//
// Linear, levels .5, reach .3: with d = 16, four arms and no weight of cost, Thompson sampling has
// a cumulative regret near 50 after 20,000 tasks and uniform choice one near 1,600.
#include <cmath>
#include <numbers>

#include "policy/rng.h"
#include "sim/timeline.h"
#include "sim/world.h"

namespace sluice::sim {
namespace {

constexpr std::uint64_t kArmStream = 0x6c696e6172;       // "linar"
constexpr std::uint64_t kTaskStream = 0x6c696e746b;      // "lintk"
constexpr std::uint64_t kBendStream = 0x62656e64;        // "bend"
constexpr std::uint64_t kDriftStream = 0x6472696674;     // "drift"
constexpr std::uint64_t kCentreStream = 0x63656e747265;  // "centre"

constexpr double kNoise = 0.1;
constexpr double kInputTokens = 100;
constexpr double kOutputTokens = 100;
constexpr double kTokenSpread = 0.4;  // sd of ln(tokens)

using Vector = std::vector<double>;

void ScaleToOne(Vector& vector) {
  double square = 0;
  for (const double entry : vector) square += entry * entry;
  for (double& entry : vector) entry /= std::sqrt(square);
}

Vector Direction(std::size_t dimension, policy::Rng& rng) {
  Vector direction(dimension);
  for (double& entry : direction) entry = rng.Normal();
  ScaleToOne(direction);
  return direction;
}

std::vector<Vector> Directions(std::size_t count, std::size_t dimension, policy::Rng& rng) {
  std::vector<Vector> directions;
  for (std::size_t i = 0; i < count; ++i) directions.push_back(Direction(dimension, rng));
  return directions;
}

double Dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (std::size_t k = 0; k < a.size(); ++k) sum += a[k] * b[k];
  return sum;
}

// E[clip(N(mean, kNoise), 0, 1)]: the clipped tails' share of the density is added back.
double ExpectedClipped(double mean) {
  const auto cumulative = [](double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); };
  const auto density = [](double z) {
    return std::exp(-0.5 * z * z) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
  };
  const double low = (0 - mean) / kNoise;
  const double high = (1 - mean) / kNoise;
  return mean * (cumulative(high) - cumulative(low)) + kNoise * (density(low) - density(high)) + 1 -
         cumulative(high);
}

Outcome Draw(double mean, const ArmFacts& arm, const ArmTruth& truth, policy::Rng& rng) {
  Outcome outcome;
  outcome.offered = truth.offered;
  outcome.expected_reward = ExpectedClipped(mean);
  outcome.reward = std::fmin(1, std::fmax(0, mean + kNoise * rng.Normal()));
  const double output_factor =
      std::exp(kTokenSpread * rng.Normal() - 0.5 * kTokenSpread * kTokenSpread);
  const double usd_per_million = 1e-6 * truth.price_factor;
  const double input_usd = usd_per_million * arm.price_input_per_million_usd * kInputTokens;
  const double output_usd = usd_per_million * arm.price_output_per_million_usd * kOutputTokens;
  outcome.expected_cost_usd = input_usd + output_usd;
  outcome.cost_usd = input_usd + output_usd * output_factor;
  return outcome;
}

// What the arms are good at, as time goes by, and around what embeddings lie.
class Truth {
 public:
  Truth(const World& world, const WorldOptions& options, const RouterFacts& router)
      : world_(world), timeline_(world, options.tasks), dimension_(router.embedding_dimension) {
    const std::size_t arms = router.arms.size();
    const auto drawn = [&](std::size_t count, std::uint64_t stream) {
      policy::Rng rng(options.seed, stream);
      return Directions(count, dimension_, rng);
    };
    straight_ = drawn(arms, kArmStream);
    if (world.reward.curvature > 0) bent_ = drawn(arms, kBendStream);
    centres_ = drawn(world.reward.clusters, kCentreStream);
    turned_ = drawn(arms * timeline_.events().size(), kDriftStream);
  }

  const Timeline& timeline() const { return timeline_; }

  Vector Embedding(policy::Rng& rng) const {
    if (centres_.empty()) return Direction(dimension_, rng);
    Vector x = centres_[rng.Below(centres_.size())];
    const Vector away = Direction(dimension_, rng);
    for (std::size_t k = 0; k < x.size(); ++k) x[k] += world_.reward.spread * away[k];
    ScaleToOne(x);
    return x;
  }

  double Mean(std::size_t arm, std::size_t task, const Vector& x) const {
    const RewardShape& shape = world_.reward;
    const double level = world_.arms.empty() ? WorldArm{}.level : world_.arms[arm].level;
    double mean = level - timeline_.TruthOf(arm, task).lost;
    const Vector direction = DirectionOf(arm, task);
    const double slope = shape.reach * (1 - shape.curvature);
    for (std::size_t k = 0; k < x.size(); ++k) mean += slope * direction[k] * x[k];
    if (bent_.empty()) return mean;
    // As widely spread as the linear part.
    const double bend = shape.reach * shape.curvature * std::sqrt(static_cast<double>(x.size()));
    return mean + bend * Dot(direction, x) * Dot(bent_[arm], x);
  }

 private:
  // Drifts turn it, one after another, to directions of their own.
  Vector DirectionOf(std::size_t arm, std::size_t task) const {
    Vector direction = straight_[arm];
    const auto& events = timeline_.events();
    for (std::size_t e = 0; e < events.size(); ++e) {
      if (events[e].kind != EventKind::kDrift) continue;
      const double share = timeline_.Turned(events[e], arm, task);
      if (share == 0) continue;
      const Vector& to = turned_[e * straight_.size() + arm];
      for (std::size_t k = 0; k < direction.size(); ++k) {
        direction[k] += share * (to[k] - direction[k]);
      }
      ScaleToOne(direction);
    }
    return direction;
  }

  const World& world_;
  const Timeline timeline_;
  const std::size_t dimension_;
  std::vector<Vector> straight_;  // by arm
  std::vector<Vector> bent_;      // by arm; empty: rewards are linear
  std::vector<Vector> centres_;
  std::vector<Vector> turned_;  // by event, then arm
};

}  // namespace

Environment MakeEmbeddingWorld(const World& world, const WorldOptions& options,
                               const RouterFacts& router) {
  const std::vector<ArmFacts>& arms = router.arms;
  Environment made{.name = world.name, .arms = arms, .tasks = {}, .expectations_known = true};
  const Truth truth(world, options, router);
  policy::Rng rng(options.seed, kTaskStream);
  made.tasks.reserve(options.tasks);
  for (std::size_t i = 0; i < options.tasks; ++i) {
    const Vector x = truth.Embedding(rng);
    Task task;
    task.embedding.assign(x.begin(), x.end());
    for (std::size_t a = 0; a < arms.size(); ++a) {
      const ArmTruth now = truth.timeline().TruthOf(a, i);
      task.outcomes.push_back(Draw(truth.Mean(a, i, x), arms[a], now, rng));
    }
    made.tasks.push_back(std::move(task));
  }
  return made;
}

}  // namespace sluice::sim
