#include "policy/policy.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "policy/guards.h"
#include "policy/rng.h"

namespace sluice::policy {
namespace {

constexpr std::uint64_t kArmStream = 0;  // the stream of RandomBits that arms are drawn from

// Of exploration, for the arms that are sought; the rest is left to the others, so that the log can
// say of them as well what they would give.
constexpr double kSoughtShare = 0.9;

constexpr std::array<std::pair<PolicyKind, std::string_view>, 9> kKindNames{{
    {PolicyKind::kLinUcb, "linucb"},
    {PolicyKind::kThompson, "thompson"},
    {PolicyKind::kEpsilonGreedy, "epsilon_greedy"},
    {PolicyKind::kUniform, "uniform"},
    {PolicyKind::kFixed, "fixed"},
    {PolicyKind::kSquareCb, "squarecb"},
    {PolicyKind::kRules, "rules"},
    {PolicyKind::kLogistic, "logistic"},
    {PolicyKind::kClusters, "clusters"},
}};

// Utility and score. False when they are no numbers.
bool Rate(const PolicyOptions& options, const Situation& situation, Estimate& estimate) {
  estimate.utility = estimate.mean - situation.cost_weight * estimate.expected_cost_usd -
                     situation.latency_weight * estimate.expected_latency_s;
  estimate.score = options.kind == PolicyKind::kLinUcb
                       ? estimate.utility + options.alpha * estimate.width
                       : estimate.utility;
  return std::isfinite(estimate.utility) && std::isfinite(estimate.width) &&
         std::isfinite(estimate.score);
}

// What was fitted offline says of the arms in one context.
class Forecast {
 public:
  Forecast(const PolicyOptions& options, const Context& context)
      : options_(options), context_(context) {
    if (options.kind == PolicyKind::kClusters) {
      cluster_ = NearestCluster(options.fitted.centroids, context);
    }
  }

  // Empty: the policy does not predict, or the arm was not fitted.
  std::optional<double> Quality(ArmId arm) const {
    if (options_.kind == PolicyKind::kLogistic) {
      return LogisticQuality(options_.fitted, arm, context_);
    }
    return cluster_ ? ClusterQuality(options_.fitted, arm, *cluster_) : std::nullopt;
  }

 private:
  const PolicyOptions& options_;
  const Context& context_;
  std::optional<std::size_t> cluster_;
};

// Fills in the estimates of the arms that can be scored and returns which these are: an arm that
// the posterior does not know, or knows nothing finite about, is left out and its entry stays 0.
ArmSet ScoreInto(const PolicyOptions& options, const Posterior& posterior,
                 const Situation& situation, Estimates& estimates) {
  ArmSet usable;
  if (static_cast<std::size_t>(situation.context->size()) != posterior.dimension()) {
    return usable;
  }
  const Forecast forecast(options, *situation.context);
  for (ArmId arm : situation.eligible) {
    if (arm >= posterior.arms() || arm >= situation.terms.size()) {
      continue;
    }
    Estimate estimate =
        posterior.Predict(arm, *situation.context, situation.terms[arm], situation.tick);
    if (const auto quality = forecast.Quality(arm); quality && std::isfinite(estimate.mean)) {
      estimate.mean = *quality;
    }
    if (Rate(options, situation, estimate)) {
      estimates[arm] = estimate;
      usable.Add(arm);
    }
  }
  return usable;
}

// A request whose arms are scored but not yet ranked.
struct Scored {
  const PolicyOptions& options;
  const Posterior* posterior;  // null: estimates alone are known
  const Situation& situation;
  const Estimates& estimates;
  ArmSet eligible;
  std::optional<Baseline> baseline;
};

Scored ScoredOf(const PolicyOptions& options, const Posterior& posterior,
                const Situation& situation, const Decision& decision) {
  Scored scored{options, &posterior, situation, decision.estimates, decision.eligible, {}};
  if (situation.guard && decision.eligible.Has(situation.guard->arm)) {
    scored.baseline.emplace(*situation.guard, decision.estimates, decision.eligible);
  }
  return scored;
}

// One way to play a set of arms.
struct Play {
  Shares shares{};
  ArmId ranked = 0;  // first, by score
  ArmId greedy = 0;  // what the gate and the guard make of it
  double rate = 0;   // e
  bool gated = false;
  bool sought = false;
  bool limited = false;
  bool split = false;  // of two plays that differ in their greedy arm; `greedy` is the second's
};

// The others have a distribution that is no ranking, or rank by what was fitted offline, of which
// what was learnt says no confidence.
bool RanksByLearnt(PolicyKind kind) {
  return kind == PolicyKind::kLinUcb || kind == PolicyKind::kThompson ||
         kind == PolicyKind::kEpsilonGreedy || kind == PolicyKind::kSquareCb;
}

bool Gated(const Scored& scored, ArmSet arms, ArmId ranked) {
  const ConfidenceGateOptions& gate = scored.options.gate;
  const std::optional<ArmId> premium = scored.situation.premium;
  return gate.enabled && RanksByLearnt(scored.options.kind) && premium && arms.Has(*premium) &&
         *premium != ranked && scored.posterior != nullptr && ranked < scored.posterior->arms() &&
         scored.posterior->arm(ranked).quality_count >= gate.labels_min &&
         GateDoubts(gate, scored.estimates[ranked], scored.estimates[*premium]);
}

// The largest score; with rules, what they say wherever it is eligible.
ArmId RankedFirst(const Scored& scored, ArmSet arms) {
  if (scored.options.kind == PolicyKind::kRules) {
    const ArmId ruled = scored.situation.ruled.value_or(scored.options.fixed_arm);
    if (arms.Has(ruled)) {
      return ruled;
    }
  }
  return GreedyArm(scored.estimates, arms);
}

Play Rank(const Scored& scored, ArmSet arms) {
  Play play;
  play.ranked = RankedFirst(scored, arms);
  play.gated = Gated(scored, arms, play.ranked);
  play.greedy = play.gated ? *scored.situation.premium : play.ranked;
  if (scored.baseline && arms.Has(scored.baseline->arm()) &&
      !scored.baseline->Affords(play.greedy)) {
    play.gated = play.gated && play.greedy == scored.baseline->arm();
    play.greedy = scored.baseline->arm();
  }
  return play;
}

Shares BaseShares(const Scored& scored, ArmSet arms) {
  const PolicyOptions& options = scored.options;
  switch (options.kind) {
    case PolicyKind::kLinUcb:
    case PolicyKind::kLogistic:
    case PolicyKind::kClusters:
      return LinUcbShares(scored.estimates, arms);
    case PolicyKind::kThompson:
      return ThompsonShares(scored.estimates, arms, options.thompson_scale);
    case PolicyKind::kEpsilonGreedy:
      return EpsilonGreedyShares(scored.estimates, arms, options.epsilon);
    case PolicyKind::kUniform:
      return UniformShares(arms);
    case PolicyKind::kSquareCb:
      return SquareCbShares(scored.estimates, arms, options.gamma, scored.situation.tick);
    case PolicyKind::kRules:
      return FixedShares(scored.estimates, arms, RankedFirst(scored, arms));
    case PolicyKind::kFixed:
      break;
  }
  return FixedShares(scored.estimates, arms, options.fixed_arm);
}

// Those of the arms that are explored before all others: none where the rate is the policy's own.
ArmSet SoughtArms(const Scored& scored, ArmSet arms, ArmId greedy) {
  if (!IsRateAsked(scored.options.exploration.mode)) {
    return ArmSet();
  }
  ArmSet sought = arms & scored.situation.bounds.sought;
  sought.Remove(greedy);
  return sought;
}

Shares WithSought(Shares others, ArmSet sought) {
  for (double& share : others) {
    share *= 1 - kSoughtShare;
  }
  for (const ArmId arm : sought) {
    others[arm] += kSoughtShare / static_cast<double>(sought.Size());
  }
  return others;
}

Play PlayOf(const Scored& scored, ArmSet arms) {
  Play play = Rank(scored, arms);
  const ExplorationOptions& options = scored.options.exploration;
  const ExplorationBounds& bounds = scored.situation.bounds;
  Shares base = BaseShares(scored, arms);
  if (base[play.ranked] > base[play.greedy]) {
    std::swap(base[play.ranked], base[play.greedy]);
  }
  const ArmSet sought = SoughtArms(scored, arms, play.greedy);
  Shares others = OtherShares(base, arms, play.greedy);
  double natural = NaturalRate(base, arms, play.greedy);
  if (!sought.Empty()) {
    others = WithSought(others, sought);
    natural = 1;
  }
  const double wanted = arms.Size() > 1 ? ExplorationRate(natural, options, bounds.cap) : 0;
  play.rate = AllowedRate(wanted, options, bounds);
  if (scored.baseline) {
    play.rate = std::min(
        play.rate, scored.baseline->RateMax(others, arms, play.greedy, options.arm_floor > 0));
  }
  play.sought = !sought.Empty() && play.rate > 0;
  play.limited = play.rate < wanted;
  play.shares = MixIn(others, arms, play.greedy, play.rate, options.arm_floor);
  return play;
}

ArmSet Without(ArmSet arms, ArmSet others) {
  return ArmSet::FromBits(arms.bits() & ~others.bits());
}

// The new arms that others can stand in for. The guard's arm is what others are measured by.
ArmSet HeldArms(const Scored& scored) {
  ArmSet held = scored.eligible & scored.situation.bounds.new_arms;
  if (scored.baseline) {
    held.Remove(scored.baseline->arm());
  }
  return held == scored.eligible ? ArmSet() : held;
}

// The play of all arms, diluted with that of the old ones until the new ones keep their share.
Play PlayWithNewArms(const Scored& scored) {
  const ArmSet held = HeldArms(scored);
  Play play = PlayOf(scored, scored.eligible);
  double share = 0;
  for (ArmId arm : held) {
    share += play.shares[arm];
  }
  const double share_max = std::max(0.0, scored.situation.bounds.new_arm_share);
  if (!(share > share_max)) {
    return play;
  }
  const double part = share_max / share;
  Play diluted = PlayOf(scored, Without(scored.eligible, held));
  for (ArmId arm : scored.eligible) {
    diluted.shares[arm] = part * play.shares[arm] + (1 - part) * diluted.shares[arm];
  }
  diluted.rate = part * play.rate + (1 - part) * diluted.rate;
  diluted.sought = diluted.sought || play.sought;
  diluted.limited = diluted.limited || play.limited;
  diluted.split = diluted.greedy != play.greedy;
  return diluted;
}

void GiveEverythingTo(ArmId arm, Decision& decision) {
  decision.distribution = Distribution{};
  decision.distribution.q32[arm] = kProbabilityOne;
  decision.arm = arm;
}

// Scored, and the lowest arm when none can be.
Decision Begin(const PolicyOptions& options, const Posterior& posterior,
               const Situation& situation) {
  Decision decision;
  decision.eligible = ScoreInto(options, posterior, situation, decision.estimates);
  if (decision.eligible.Empty()) {
    decision.eligible.Add(situation.eligible.First());
  }
  return decision;
}

}  // namespace

std::string_view PolicyKindName(PolicyKind kind) {
  for (const auto& [known, name] : kKindNames) {
    if (known == kind) {
      return name;
    }
  }
  return "unknown";
}

std::optional<PolicyKind> PolicyKindFromName(std::string_view name) {
  for (const auto& [kind, known] : kKindNames) {
    if (known == name) {
      return kind;
    }
  }
  return std::nullopt;
}

Estimates Score(const PolicyOptions& options, const Posterior& posterior,
                const Situation& situation) {
  Estimates estimates{};
  ScoreInto(options, posterior, situation, estimates);
  return estimates;
}

Decision Choose(const PolicyOptions& options, const Posterior& posterior,
                const Situation& situation, const DrawKey& key) {
  if (situation.eligible.Empty()) {
    return Decision{};
  }
  Decision decision = Begin(options, posterior, situation);
  const Scored scored = ScoredOf(options, posterior, situation, decision);
  const Play play = PlayWithNewArms(scored);
  decision.greedy_arm = play.greedy;
  decision.gated = play.gated;
  decision.sought = play.sought;
  decision.limited = play.limited;
  decision.distribution = ToFixedPoint(play.shares, decision.eligible, play.greedy);
  if (scored.baseline) {
    decision.slack_change = scored.baseline->Change(decision.distribution, decision.eligible);
    if (!scored.baseline->Covers(decision.slack_change)) {
      // Rounding to fractions of 2^32 took more than there is.
      decision.limited = true;
      GiveEverythingTo(play.greedy, decision);
      decision.slack_change = scored.baseline->Change(decision.distribution, decision.eligible);
    }
  }
  const double not_greedy = 1 - decision.distribution.Probability(play.greedy);
  decision.exploration = play.split ? std::min(play.rate, not_greedy) : not_greedy;
  decision.arm = Sample(decision.distribution, decision.eligible,
                        RandomBits(key.seed, key.sequence, kArmStream));
  return decision;
}

Distribution Reconsider(const PolicyOptions& options, const Estimates& estimates,
                        const Situation& situation) {
  Decision decision;
  for (ArmId arm : situation.eligible) {
    Estimate estimate = estimates[arm];
    if (Rate(options, situation, estimate)) {
      decision.estimates[arm] = estimate;
      decision.eligible.Add(arm);
    }
  }
  if (decision.eligible.Empty()) {
    return Distribution{};
  }
  const Scored scored{options, nullptr, situation, decision.estimates, decision.eligible, {}};
  const Play play = PlayOf(scored, decision.eligible);
  return ToFixedPoint(play.shares, decision.eligible, play.greedy);
}

Decision ChooseGreedy(const PolicyOptions& options, const Posterior& posterior,
                      const Situation& situation) {
  if (situation.eligible.Empty()) {
    return Decision{};
  }
  Decision decision = Begin(options, posterior, situation);
  const Scored scored = ScoredOf(options, posterior, situation, decision);
  const bool held = situation.bounds.new_arm_share < 1;
  const ArmSet arms = held ? Without(decision.eligible, HeldArms(scored)) : decision.eligible;
  const Play play = Rank(scored, arms);
  decision.greedy_arm = play.greedy;
  decision.gated = play.gated;
  const bool fixed = options.kind == PolicyKind::kFixed && arms.Has(options.fixed_arm) &&
                     (!scored.baseline || scored.baseline->Affords(options.fixed_arm));
  GiveEverythingTo(fixed ? options.fixed_arm : play.greedy, decision);
  decision.exploration = decision.arm == decision.greedy_arm ? 0 : 1;
  if (scored.baseline) {
    decision.slack_change = scored.baseline->Change(decision.distribution, decision.eligible);
  }
  return decision;
}

}  // namespace sluice::policy
