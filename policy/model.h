// The learner's state of one router: sufficient statistics of every arm. This is the truth that a
// checkpoint holds; a Posterior is derived from it. One thread at a time (the learner's).
//
// The statistics know nothing of the policy that chose: the policy, its exploration and the weight
// of cost can change without invalidating anything that was learnt.
//
// Forgetting (Cormode et al. 2009, forward decay): a contribution of tick t = n H + p, 0 <= p < H,
// enters with the factor f = ldexp(w exp2(p / H), n - L), a function of its own decision only, L
// being the landmark in whole half-lives; at tick T the sums count times g = exp2((L H - T) / H).
// Moving the landmark is exact, so order, batches and restarts never change a bit of a sum.
//
// A label is taken back or changed by giving the lesson again as it was given first; the model
// remembers which resets its arm has had since (`since`), and scales by them.
//
// An arm that is reset keeps aside what it was. Once new labels are likelier under that than under
// what was learnt since, the two change places: a fault that passes costs no more than noticing.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/cost_latency.h"
#include "policy/drift.h"
#include "policy/forgetting.h"
#include "policy/lessons.h"
#include "policy/posterior.h"
#include "policy/regression.h"
#include "policy/ridge.h"
#include "policy/types.h"

namespace sluice::policy {

struct ModelOptions {
  std::size_t dimension = 0;      // with the bias
  double feature_precision = 50;  // prior precision of each feature
  double bias_precision = 1;
  double quality_mean = 0.7;                         // prior mean of quality, on the bias
  double cost_log_ratio_mean = -1.2039728043259361;  // prior mean of ln(cost / list price): ln 0.3
  double noise_shape = 5;                            // normal-inverse-gamma a0, b0
  double noise_scale = 0.16;
  std::uint64_t half_life = 0;  // in decisions of the router; 0: nothing is forgotten
  DriftOptions drift;
  bool operator==(const ModelOptions&) const = default;
};

enum class Alarm : std::uint8_t {
  kNone,
  kReset,   // the arm left what was learnt of it
  kReturn,  // the arm is again what it was before a reset
  kFreeze,  // most arms left what was learnt of them at once
};

// One arm at the current tick, in double: what the pacer solves with.
struct ArmHeads {
  const RidgeSolution* quality = nullptr;  // live until the model changes
  const RidgeSolution* cost = nullptr;
  double cost_ratio = 1;  // calibration of exp(cost'x)
  double latency_s = 0;   // expected; 0 when nothing is known
};

class Model {
 public:
  // Cold: no arms yet.
  explicit Model(const ModelOptions& options);

  // Adds one arm; its id is the number of arms before the call. Empty, and nothing is added, when
  // offline statistics are not of this model (dimension, finite, positive definite).
  std::optional<ArmId> AddArm(const ArmStart& start = {});
  std::size_t arms() const { return arms_.size(); }
  const ModelOptions& options() const { return options_; }

  // The router's clock; it never goes back, and a lesson moves it to its own tick at least.
  void Advance(std::uint64_t tick);
  std::uint64_t tick() const { return clock_.tick(); }

  // Quality.

  // Adds a label. The detector sees its residual against the model just before; an alarm resets the
  // arm or brings back what it was (before the label is added), or says that learning is to freeze,
  // without a reset.
  Alarm Learn(const QualityLesson& lesson);
  // Of what Learn added; the detector does not see it.
  void Revise(const QualityLesson& was, double value);
  void Retract(const QualityLesson& was);
  // The arm has become another model of the same name: what was learnt counts as at most `strength`
  // observations (rounded up to a power of two of what it was). `at` is an order number above every
  // lesson so far, as QualityLesson::since.
  void Fade(ArmId arm, double strength, std::uint64_t at);

  // Cost and latency. Alarms leave them alone.

  void LearnCost(const CostLesson& lesson);
  void ReviseCost(const CostLesson& was, double log_ratio);
  void RetractCost(const CostLesson& was);
  // Calibration, once a settled decision: sums of what was billed and of what exp(cost'x) predicts
  // now, at rates .998 and .8; where the two differ by more than threefold the slow one follows.
  void Calibrate(const CostLesson& settled);
  // Exponentially weighted mean and variance of ln(latency), half-life 500 answers.
  void LearnLatency(ArmId arm, double latency_s);

  // Contexts that wait for a label (policy "linucb"). Not part of the truth: never in the sums,
  // not in the bytes; the caller builds them again after a start.

  void AddPending(ArmId arm, const Context& context);
  void RemovePending(ArmId arm, const Context& context);
  void ClearPending();

  // What follows from it.

  std::uint64_t labels() const { return labels_; }  // ever learnt, retracted ones excluded
  std::uint64_t alarms(ArmId arm) const;            // of any kind, ever
  double cost_ratio(ArmId arm) const;               // billed over predicted
  double latency_s(ArmId arm) const;                // expected; 0 when nothing is known
  ArmHeads Heads(ArmId arm);                        // null solutions: cannot be factored

  // The posterior of the statistics at the current tick; factors only what changed since the last
  // call or decayed by more than 3 %. An arm whose statistics cannot be factored keeps its last
  // factor and is named in quarantined(). `pending_weight` is the share of decisions that get a
  // label (0: pending contexts do not count).
  std::shared_ptr<const Posterior> Derive(double pending_weight = 0);
  ArmSet quarantined() const { return quarantined_; }
  // Whether Restore would take what Serialise gives now: no arm is, or would be, in quarantine.
  bool Sound();

  // Same statistics, same bytes. Versioned; restored only under the options it was written with. A
  // restored model goes on as the one that was written, to the bit.
  std::string Serialise() const;
  static std::optional<Model> Restore(std::string_view bytes, const ModelOptions& options);
  // One arm's sums as they count now, for another model of the same dimension to start from.
  std::string ArmStatistics(ArmId arm) const;

 private:
  // What is not in force: the arm as it was, without the labels from `until` on.
  struct Former {
    Regression quality;
    ResetHistory resets;
    std::uint64_t until = 0;
    Recurrence recurrence;
  };

  struct Arm {
    Regression quality;
    Regression cost;
    CostCalibration calibration;
    LatencyHead latency;

    Cusum cusum;
    ResetHistory resets;
    std::optional<Former> former;
    std::uint32_t cool_down = 0;  // labels that the detector still sleeps through
    std::uint64_t alarms = 0;
    std::uint64_t last_alarm = 0;  // by lessons_; 0: none that counts towards a freeze
    std::uint64_t last_label = 0;  // by lessons_; 0: none
  };

  Arm NewArm() const;
  Arm& Taught(ArmId arm, const Context* context);
  Alarm Watch(Arm& arm, const QualityLesson& lesson);
  bool Returns(Arm& arm, const QualityLesson& lesson);
  void Reset(Arm& arm, std::uint64_t at);
  bool MostArmsAlarm(const Arm& alarmed) const;
  double QualityFactor(const ResetHistory& resets, const QualityLesson& lesson) const;
  template <typename Change>
  void ForSumsOf(Arm& arm, const QualityLesson& lesson, const Change& change) const;

  std::optional<Arm> Start(const ArmStart& start);
  Arm StartAsOthers(ArmSet others);
  Arm StartAsArm(ArmId source, double strength);
  std::optional<Arm> StartFromStatistics(std::string_view bytes, double strength) const;
  Arm StartFromPredictions(const ArmStart& start) const;

  void AppendArm(std::string& out, const Arm& arm) const;
  std::optional<Arm> TakeArm(std::string_view bytes) const;
  bool TakeFormer(std::string_view& in, std::optional<Former>& former) const;
  bool TakeCounters(std::string_view& in);
  bool TakeArms(std::string_view in);

  ModelOptions options_;
  std::shared_ptr<const RidgePrior> quality_prior_;
  std::shared_ptr<const RidgePrior> cost_prior_;
  Forgetting clock_;
  std::vector<Arm> arms_;
  std::uint64_t lessons_ = 0;  // Learn calls, retracted or not
  std::uint64_t labels_ = 0;
  std::uint64_t next_since_ = 0;  // labels that were ever learnt have smaller order numbers
  ArmSet quarantined_;
};

}  // namespace sluice::policy
