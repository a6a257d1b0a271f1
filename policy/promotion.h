// Whether a challenger would choose better than the policy that a router is served by, told from
// the router's log while the challenger does nothing (algorithms: off-policy gate by betting).
//
// The null is conditional, for every decision alike: given the past, what the challenger would take
// is worth no more than what is taken. It is tested by w = pi(arm) / p(arm), p as logged, pi the
// challenger's on the same context, mask, lambda, estimates and rate of exploration.
//
// Nobody passes whose weights say that the propensities are not what arms were drawn with.
//
// Bets are settled in the order of the decisions, not of their labels: arms that answer sooner than
// others would win bets that the others have not lost yet. A decision waits until its first label
// is there, or its time is over. An audit that never came back is settled at its worst.
//
// Values; one thread at a time; same calls, same bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "policy/betting.h"
#include "policy/integrity.h"

namespace sluice::policy {

// What follows when a challenger is shown to be better.
enum class PromotionMode : std::uint8_t { kRecommend, kPromote };

// Whose labels count. Who is labelled by chance (an audit), whatever arm was taken; or everybody,
// where the operator declares that neither labelling nor its delay depends on the arm.
enum class PromotionLabels : std::uint8_t { kAudited, kAll };

struct PromotionOptions {
  PromotionMode mode = PromotionMode::kRecommend;
  PromotionLabels labels = PromotionLabels::kAudited;
  // Chance of ever promoting what is not better; of all tests of the router together, see LevelOf.
  double level = 0.05;
  double margin = 0.05;  // share of its cost that the challenger may be dearer
  std::uint32_t labels_min = 500;
  std::uint32_t judged_within_s = 86400;
  double gain_assumed = 0.03;  // quality, for saying how long a test will take
  bool operator==(const PromotionOptions&) const = default;
};

// The k-th test of a router (from 1) gets level / (k (k + 1)): together, at most level.
double LevelOf(double level, std::uint64_t test);

// -- One decision ---------------------------------------------------------------------------------

// An eligible arm, as logged, and as the challenger would have it.
struct ComparedArm {
  std::uint64_t logged_q32 = 0;
  std::uint64_t other_q32 = 0;
  double quality = 0;  // expected, logged
  double cost_usd = 0;
};

// What a decision puts at stake: D = (shift + (weight - 1) (value - baseline)) / kStakeBound, for a
// value in [0, 1]: doubly robust, with a baseline h_a that is clipped to (bound - 1) / (w_a - 1).
//
// Valid whatever the baselines are: they are known before the draw, so that with shift =
// sum_a (pi_a - p_a) h_a over the arms that could be drawn E[D] is (value of pi - value of p) /
// bound, less what pi would have got from arms that cannot be drawn, which is not negative.
// And D >= -1: where w_a > 1, (w_a - 1) (value - h_a) >= -(bound - 1) by the clipping, elsewhere it
// is at least -1, and the shift is at least -1.
struct Stake {
  double weight = 1;
  double shift = 0;
  double baseline = 0;
};
inline constexpr double kStakeBound = 16;

Stake QualityStake(std::span<const ComparedArm> arms, std::size_t chosen);
Stake LossStake(std::span<const ComparedArm> arms, std::size_t chosen);  // of value 1 - quality
double IncrementOf(const Stake& stake, double value);
// The smallest that any value would give.
double WorstIncrementOf(const Stake& stake);

struct ComparedDecision {
  std::uint64_t key = 0;  // rises from decision to decision
  std::uint64_t time_us = 0;
  std::uint64_t session = 0;  // 0: none
  bool asked = false;         // its label counts when it comes
  std::span<const ComparedArm> arms;
  std::size_t chosen = 0;  // index into arms; its logged probability is above 0
};

// -- A test ---------------------------------------------------------------------------------------

enum class PromotionVerdict : std::uint8_t { kOpen, kBetter, kWorse };

// About how many labels it takes, and days at the rate that was seen.
struct PromotionPlan {
  double labels = 0;
  double days = 0;
};

struct PromotionCounts {
  std::uint64_t decisions = 0;
  std::uint64_t labels = 0;
  std::uint64_t missing = 0;  // asked for, and not there in time
  double weights = 0;         // of labels
  double squares = 0;
  double gain = 0;  // sum over labels, in quality
  double cost_usd = 0;
  double other_cost_usd = 0;
  double dearest_usd = 0;  // sum over decisions of the dearest arm's expected cost
  double variance = 0;     // sum over decisions of what a label's bet is expected to vary by
  double unsupported = 0;  // sum over decisions of what the challenger puts on arms not drawn
  std::uint64_t asked = 0;
  std::uint64_t first_us = 0;
  std::uint64_t last_us = 0;

  double effective() const { return squares > 0 ? weights * weights / squares : 0; }
};

class PromotionTest {
 public:
  // A watch looks for quality alone, without a least number of labels: whether who was replaced
  // would do better.
  enum class Kind : std::uint8_t { kTest, kWatch };
  PromotionTest(Kind kind, const PromotionOptions& options, double level);

  // In the order of the log. After the verdict nothing is folded.
  void Decided(const ComparedDecision& decision);
  // The first says it; empty: what came says nothing about the arm that was chosen.
  void Labelled(std::uint64_t key, std::optional<double> quality);
  // Whose label is not there by now.
  void PassTime(std::uint64_t now_us);

  PromotionVerdict verdict() const { return verdict_; }
  const PromotionCounts& counts() const { return counts_; }
  std::size_t waiting() const { return waiting_.size(); }
  double level() const { return level_; }
  double log_e_needed() const;
  double log_e_quality() const { return quality_.log_e(); }
  double log_e_cost() const { return cost_.log_e(); }
  double log_e_worse() const { return worse_.log_e(); }
  const Integrity& integrity() const { return integrity_; }

  // Given the labels that a decision gets on average. Empty while too little was seen, or when no
  // bet would win on such a gain.
  std::optional<PromotionPlan> Plan(double label_rate) const;

  void Serialise(std::string& out) const;
  static std::optional<PromotionTest> Restore(std::string_view& in, Kind kind,
                                              const PromotionOptions& options);

 private:
  struct Waiting {
    std::uint64_t key = 0;
    std::uint64_t time_us = 0;
    std::uint64_t session = 0;
    Stake quality;
    Stake loss;
    bool closed = false;
    std::optional<double> value;
  };
  void BetOnCost(const ComparedDecision& decision);
  void SettleFirst();
  void SettleClosed();
  void Judge();

  Kind kind_;
  PromotionOptions options_;
  double level_;
  PromotionVerdict verdict_ = PromotionVerdict::kOpen;
  PromotionCounts counts_;
  BettingProcess quality_;       // better
  BettingProcess cost_;          // not dearer
  BettingProcess worse_;         // worse
  Integrity integrity_;          // of every decision
  std::deque<Waiting> waiting_;  // by key
};

}  // namespace sluice::policy
