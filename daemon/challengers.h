// The challengers of a router: policies that are scored on its log without acting, and the tests
// that they go through. A part of the router's fold: pure consequence of the entries, its bytes are
// part of the checkpoint. The learner's thread only.
//
// A challenger is scored on the estimates that the record kept (mean, width, cost, latency), not on
// a posterior of its own: it differs from the policy in force only in how it chooses, and if it
// were promoted it would choose from exactly these. Given the past they are fixed before the draw,
// so that every increment meets the test's null; what is frozen for the length of a test is how the
// challenger chooses, and whom it is compared with. It explores as it would in force, by the
// router's mode and bounds; where a budget or an alarm changed these, at the rate that was logged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/roster.h"
#include "policy/promotion.h"
#include "store/bytes.h"
#include "store/store.h"

namespace sluice::daemon {

// The order is in checkpoints: append only.
enum class ChallengerState : std::uint8_t {
  kTesting,
  kRecommended,
  kPromoted,  // its policy is in force
  kWorse,     // shown to be worse, the test is over
  kReturned,  // was promoted, and the former policy is back
  kStopped,   // by hand
};
inline constexpr std::string_view kChallengerStateNames[] = {"testing", "recommended", "promoted",
                                                             "worse",   "returned",    "stopped"};

// What is told of one.
struct ChallengerStanding {
  std::string name;
  policy::PolicyKind kind{};
  ChallengerState state = ChallengerState::kTesting;
  std::uint64_t test = 0;
  policy::PromotionOptions options;
  double level = 0;
  policy::PromotionCounts counts;
  std::size_t waiting = 0;
  double log_e_needed = 0;
  double log_e_quality = 0;
  double log_e_cost = 0;
  double log_e_worse = 0;
  double log_e_propensities = 0;  // policy::Integrity's: beyond its alarm nobody passes
  std::optional<double> log_e_return;
  std::optional<policy::PromotionPlan> plan;
};

// What a record says of an eligible arm, beside what `policy` would have drawn from. Empty: nothing
// was drawn by a policy there, or by something that is in no record.
struct ComparedRecord {
  std::vector<policy::ComparedArm> arms;
  std::size_t chosen = 0;
};
std::optional<ComparedRecord> CompareRecord(const store::DecisionRecord& record,
                                            const policy::PolicyOptions& policy);

// What the story's last outcome says about the quality of the chosen arm, to whom `labels` listen.
// Outer empty: nothing; inner empty: another arm answered.
std::optional<std::optional<double>> LabelOf(const RouterDefinition& definition,
                                             const store::DecisionStory& story,
                                             policy::PromotionLabels labels);

// Where the log stands, for what a test will take.
struct Moment {
  store::Position position = 0;  // of the entry that is folded
  const store::Store& store;
  double label_rate = 0;  // labels a decision so far
};

class Challengers {
 public:
  // The router is defined as `after` from here on. A challenger that is defined as before,
  // beside the same configured policy, goes on with its test; the others begin one. What was
  // promoted stays in force if it is unchanged. Reads the end of the log, to say what tests take.
  void Define(const RouterDefinition* before, const RouterDefinition& after, const Moment& moment);

  void Decided(const RouterDefinition& definition, store::Position position,
               const store::DecisionRecord& record);
  void Reported(const RouterDefinition& definition, const store::DecisionStory& story);
  void Administer(const RouterDefinition& definition, const store::AdminRecord& record,
                  const Moment& moment);

  // Of the challenger in force; empty: none.
  const std::string& promoted() const { return promoted_; }

  // What a verdict asks for and is not in the log yet. Given again after a minute if it does not
  // come back.
  std::optional<store::AdminRecord> Due(const RouterDefinition& definition, std::uint64_t now_us);

  std::vector<ChallengerStanding> Standings(const RouterDefinition& definition,
                                            double label_rate) const;

  void Serialise(store::ByteWriter& out) const;
  bool Restore(const RouterDefinition& definition, store::ByteReader& in);

 private:
  struct Entry {
    ChallengerState state = ChallengerState::kTesting;
    std::uint64_t number = 0;   // of its test
    store::Position since = 0;  // decisions of older policy versions do not count
    policy::PromotionTest test;
    std::optional<policy::PromotionTest> watch;  // while promoted
    std::optional<policy::PromotionPlan> plan;   // from before it began
    std::uint64_t fired_us = 0;                  // not part of the bytes
  };
  Entry Begin(const RouterDefinition& definition, std::size_t index, const Moment& moment);
  void Promote(const RouterDefinition& definition, std::size_t index, store::Position position);
  // Whom tests are compared with has changed.
  void BeginAgain(const RouterDefinition& definition, const Moment& moment);
  // The test that labels and decisions go to now; null: none.
  static policy::PromotionTest* Open(Entry& entry);

  std::vector<Entry> entries_;  // by index of the definition's
  std::string promoted_;
  std::uint64_t tests_ = 0;  // begun so far: their levels are spent
};

}  // namespace sluice::daemon
