// Off-policy evaluation: what a frozen policy pi would have been worth on decisions that another
// one drew with known propensities p. Pure functions; any thread; same samples, same bits.
//
// IPS and SNIPS (Horvitz and Thompson 1952; Swaminathan and Joachims 2015), DM, DR (Dudik et al.
// 2011), SWITCH (Wang et al. 2017). The predictions are those that were logged at the decision,
// made before its label was known, so that they are cross-fit as they stand.
//
// A label may be missing. Its decision still counts where no label is needed: in DM, in DR's first
// term and in the integrity of the propensities.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "policy/types.h"

namespace sluice::policy {

// One decision, as far as one measure of it (quality, cost) is concerned.
struct OpeSample {
  double weight = 1;          // w = pi(arm) / p(arm)
  double weight_max = 1;      // the largest w that an arm which could be drawn would have had
  double unsupported = 0;     // what pi puts on arms that could not be drawn
  std::uint64_t cluster = 0;  // what belongs together is drawn together: a session

  bool asked = false;       // a label was to come: an audit
  double label_weight = 0;  // 1 / probability of being asked; 0: there is no label that counts
  double value = 0;         // the label

  double predicted = 0;            // of the arm
  double predicted_evaluated = 0;  // sum of pi times the arms' predictions
  double predicted_logged = 0;     // sum of p times the arms' predictions
};

// Who was drawn, from what, and what pi would have drawn from.
struct OpeChoice {
  ArmSet eligible;
  ArmId arm = 0;
  const Distribution& logged;
  const Distribution& evaluated;
};

// An arm that is drawn more rarely than this has no support: its weight would be beyond any sample.
inline constexpr double kOpeSupportMin = 0x1.0p-20;

// Weight, its maximum and what is not supported; a draw without support weighs nothing.
OpeSample Weigh(const OpeChoice& choice);

// -- Estimates ------------------------------------------------------------------------------------

// What samples come to. kLogged is the plain mean of the labels, what the logging policy was worth;
// kGain is pi's DR minus the logging policy's own DR, paired.
enum class OpeFigure : std::uint8_t { kIps, kSnips, kDm, kDr, kSwitch, kLogged, kGain };
inline constexpr std::array<std::string_view, 7> kOpeFigureNames = {"ips",    "snips",  "dm",  "dr",
                                                                    "switch", "logged", "gain"};

// Not a number where labels are needed and there are none.
struct OpeEstimates {
  std::array<double, kOpeFigureNames.size()> figures{};
  double operator[](OpeFigure figure) const { return figures[static_cast<std::size_t>(figure)]; }
};

// SWITCH trusts the prediction alone where w is above this.
inline constexpr double kOpeSwitchWeight = 10;

// Sums over decisions; what is estimated is a ratio of them, so that samples can be weighted anew.
struct OpeSums {
  double decisions = 0;
  double predicted_evaluated = 0;
  double predicted_logged = 0;
  // Over labels, each times its label_weight l.
  double labels = 0;           // l
  double weights = 0;          // l w
  double values = 0;           // l v
  double weighted_values = 0;  // l w v
  double errors = 0;           // l (v - prediction)
  double weighted_errors = 0;  // l w (v - prediction)
  double switched_errors = 0;  // the same where w is small enough

  void Add(const OpeSums& sums, double times);
};

struct OpeCluster {
  std::uint64_t key = 0;
  OpeSums sums;
};
// In the order in which they begin.
std::vector<OpeCluster> ClustersOf(std::span<const OpeSample> samples);

OpeEstimates EstimatesOf(std::span<const OpeCluster> clusters);

// One draw of the bootstrap: every cluster counts Poisson(1) times, a pure function of its key,
// the seed and the draw, so that measures of the same decisions are drawn alike.
OpeEstimates Resample(std::span<const OpeCluster> clusters, std::uint64_t seed, std::uint64_t draw);

struct OpeInterval {
  double lower = 0;
  double upper = 0;
};
inline constexpr std::size_t kOpeDraws = 1000;
// The central 95 % of the draws.
OpeInterval IntervalOf(std::span<const OpeEstimates> draws, OpeFigure figure);
// The share of draws in which the figure is above 0.
double ShareAboveZero(std::span<const OpeEstimates> draws, OpeFigure figure);

// -- Betting [ope_betting.cpp] --------------------------------------------------------------------

// A confidence sequence at 95 % for the mean of w v, v in [0, value_max] (Waudby-Smith et al.
// 2022): lower from bets on w v, upper from bets on w (value_max - v), because w has mean 1. Holds
// however often it is looked at, and while the logging policy learns.
OpeInterval AnytimeInterval(std::span<const OpeSample> samples, double value_max);

// Integrity of all decisions, labelled or not (integrity.h).
double IntegrityOf(std::span<const OpeSample> samples);

// -- Whether to believe it ------------------------------------------------------------------------

struct OpeDiagnostics {
  std::size_t decisions = 0;
  std::size_t clusters = 0;
  std::size_t asked = 0;
  std::size_t labels = 0;
  double effective = 0;     // (sum l w)^2 / sum (l w)^2 over labels
  double weight_max = 0;    // of a label
  double weight_share = 0;  // of the heaviest label, of all their weight
  double weight_mean = 0;   // over all decisions, with what is not supported: 1 but for chance
  double unsupported = 0;   // mean over all decisions
  double integrity = 0;     // IntegrityOf
};
OpeDiagnostics Diagnose(std::span<const OpeSample> samples);

enum class OpeRefusal : std::uint8_t {
  kNoLabels,
  kUnjudged,   // too many of those asked about have no label: it may depend on the arm
  kEffective,  // effective sample size too small
  kHeavy,      // one label outweighs the others
  kIntegrity,
  kSupport,  // pi takes arms that were never drawn
};
inline constexpr double kOpeEffectiveMin = 200;
inline constexpr double kOpeWeightShareMax = 0.1;
inline constexpr double kOpeJudgedMin = 0.9;
inline constexpr double kOpeUnsupportedMax = 0.001;
// Empty: nothing stands against it.
std::vector<OpeRefusal> RefusalsOf(const OpeDiagnostics& diagnostics);

}  // namespace sluice::policy
