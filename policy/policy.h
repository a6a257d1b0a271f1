// How a router chooses: estimates to a base vector (by kind), to a distribution (by exploration
// mode), to one draw. Pure functions of their arguments; any thread; no allocation.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "policy/exploration.h"
#include "policy/fitted.h"
#include "policy/posterior.h"
#include "policy/types.h"

namespace sluice::policy {

// The order is on disk: append only.
enum class PolicyKind : std::uint8_t {
  kLinUcb,
  kThompson,
  kEpsilonGreedy,
  kUniform,
  kFixed,
  kSquareCb,
  kRules,
  kLogistic,
  kClusters,
};

// When it is not sure enough that the greedy arm is nearly as good as the premium one, the premium
// one becomes the greedy arm. Off by default.
struct ConfidenceGateOptions {
  bool enabled = false;
  double probability = 0.75;      // that must be reached ...
  double margin = 0.02;           // ... of quality(greedy) >= quality(premium) - margin
  std::uint32_t labels_min = 30;  // of the greedy arm, before the gate judges it
  bool operator==(const ConfidenceGateOptions&) const = default;
};

struct PolicyOptions {
  PolicyKind kind = PolicyKind::kThompson;
  double alpha = 1;             // LinUCB: width in posterior standard deviations
  double thompson_scale = 0.5;  // Thompson: posterior standard deviations are multiplied by it
  double epsilon = 0.1;         // epsilon-greedy: epsilon/K on every eligible arm
  double gamma = 80;            // SquareCB: 1 / (K + gamma (U* - U) sqrt(t + 1))
  ArmId fixed_arm = 0;          // fixed: greedy by utility when that arm is not eligible; rules:
                                // the same where no rule matches
  ConfidenceGateOptions gate;
  // All but LinUCB and Thompson have a distribution of their own: with them only the mode natural
  // makes sense, and the configuration insists on it.
  ExplorationOptions exploration;
  FittedOptions fitted;  // logistic, clusters: greedy by what it predicts
  bool operator==(const PolicyOptions&) const = default;
};

std::string_view PolicyKindName(PolicyKind kind);
std::optional<PolicyKind> PolicyKindFromName(std::string_view name);

// Never below the baseline (Kazerouni et al. 2017): slack is what was expected for sure, at lower
// confidence bounds, beyond (1 - tolerance) times what the baseline arm was expected to give. It
// never falls below 0: an arm that it cannot pay for gives way to the baseline as the greedy arm,
// and e to what is left. The baseline itself counts with its mean (at least 0): it is the measure.
// A request for which the baseline is not eligible has no measure and changes nothing.
struct BaselineGuard {
  ArmId arm = 0;
  double slack = 0;
  double tolerance = 0.02;
  double bound_widths = 2;  // lower confidence bound: mean - bound_widths * width
};

// One request as the policy sees it. Everything that narrows arms has already narrowed `eligible`;
// nothing overrides the arm afterwards, which is what keeps the logged propensity true.
struct Situation {
  const Context* context = nullptr;
  ArmSet eligible;                  // not empty
  std::span<const ArmTerms> terms;  // by arm id
  std::uint64_t tick = 0;           // the router's count of decisions
  double cost_weight = 0;           // lambda, quality per USD: utility = quality -
  double latency_weight = 0;        // lambda * cost - mu * latency; mu is quality per second
  ExplorationBounds bounds;
  std::optional<BaselineGuard> guard;
  std::optional<ArmId> ruled;  // rules: what they say of the request (rules.h)
  // The gate's premium arm; none: it does not apply (off, not eligible, or no money for it).
  std::optional<ArmId> premium;
};

// What the draw is keyed by: the router's seed and the decision's sequence number.
struct DrawKey {
  std::uint64_t seed = 0;
  std::uint64_t sequence = 0;
};

// Estimates of the eligible arms, with utility and score filled in; with logistic and clusters the
// mean of an arm that was fitted is what the fit predicts. An arm whose estimate is not
// finite, that the posterior or `terms` does not cover, or any arm when the context has another
// dimension, cannot be scored: its entry stays 0.
Estimates Score(const PolicyOptions& options, const Posterior& posterior,
                const Situation& situation);

// The arm that is ranked first is greedy: LinUCB's optimism is part of its ranking, so that with
// exploration off it is LinUCB. The gate, then the guard, may put another arm in its place (they
// exchange their base shares), and exploration goes on around that one. Distribution first, then
// one draw. An arm that cannot be scored (above) counts as not eligible and is missing from the
// decision's eligible set. If none is left, the lowest eligible arm is chosen with propensity 1 and
// estimates of 0. An empty eligible set gives Decision{}.
//
// New arms that would together get more than their share k take part with the probability that
// gives them k: pi = c pi(all) + (1 - c) pi(without new arms), each with its own greedy arm and e,
// so that the rate asked for stays the rate seen, in every mode. The greedy arm and reasons are
// then those of the second part. Where only new arms are eligible nothing is bounded.
Decision Choose(const PolicyOptions& options, const Posterior& posterior,
                const Situation& situation, const DrawKey& key);

// What would have been drawn from with estimates that were made before: those that a record kept.
// No arm is held to a share or sought, gate and guard are not heard: what they go by is in no
// record. All 0 when nothing finite is known of any eligible arm.
Distribution Reconsider(const PolicyOptions& options, const Estimates& estimates,
                        const Situation& situation);

// The greedy choice (fixed, rules: that arm) with propensity 1, for when nothing can be logged; the
// gate and the guard are heard, and new arms that are held to a share below 1 stand back.
Decision ChooseGreedy(const PolicyOptions& options, const Posterior& posterior,
                      const Situation& situation);

// -- Base vectors, one file each. `estimates` has utility and width; eligible is not empty. ------

// All on the largest score: LinUCB, logistic, clusters. [linucb.cpp]
Shares LinUcbShares(const Estimates& estimates, ArmSet eligible);

// Probability that each arm has the largest of K independent normals (utility, scale * width),
// by Gauss-Legendre panels: within 1e-4. At most the 16 arms that reach highest (at 3 widths)
// count; widths are at least 1e-6; an arm that is not finite gets nothing. [thompson.cpp]
Shares ThompsonShares(const Estimates& estimates, ArmSet eligible, double scale);

// Inverse gap weighting (Foster and Rakhlin 2020): 1 / (K + gamma (U* - U) sqrt(tick + 1)), the
// rest on the best. [squarecb.cpp]
Shares SquareCbShares(const Estimates& estimates, ArmSet eligible, double gamma,
                      std::uint64_t tick);

// [baselines.cpp]
Shares EpsilonGreedyShares(const Estimates& estimates, ArmSet eligible, double epsilon);
Shares UniformShares(ArmSet eligible);
Shares FixedShares(const Estimates& estimates, ArmSet eligible, ArmId fixed_arm);

// Largest score, lowest id on ties.
ArmId GreedyArm(const Estimates& estimates, ArmSet eligible);

}  // namespace sluice::policy
