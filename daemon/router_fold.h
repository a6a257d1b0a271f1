// What folding the log has made of one router: its definition, its model, the context map, the
// pacers and ledgers of its scopes, what waits for feedback, and counts. A pure consequence of the
// log's entries in order; a checkpoint is its bytes. The learner's thread only.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/challengers.h"
#include "daemon/fold_report.h"
#include "daemon/lessons.h"
#include "daemon/map_samples.h"
#include "daemon/open_decisions.h"
#include "daemon/snapshot.h"
#include "daemon/tally.h"
#include "policy/context_map.h"
#include "policy/model.h"
#include "policy/pacer.h"
#include "store/bytes.h"
#include "store/store.h"

namespace sluice::daemon {

class PriorMeans;
struct RouterCounters;

class RouterFold {
 public:
  // The store outlives the fold; it is read to fold again and to fit maps. So does the memory.
  explicit RouterFold(const store::Store& store, const policy::EncodingMemory* memory = nullptr);

  // Entries of this router, in log order. An error leaves the fold to be thrown away.
  store::Result<store::Done> Define(store::Position position, const store::RouterRecord& record);
  store::Result<store::Done> Decided(store::Position position, const store::DecisionRecord& record);
  // `story` has the decision and its outcomes up to the one at this position, which is the last.
  enum class Taught : std::uint8_t { kNothing, kSomething, kNotLearnable };
  Taught Reported(store::Position position, const store::DecisionStory& story);
  store::Result<store::Done> Administer(store::Position position, const store::AdminRecord& record);

  // Whether the last decision changed what requests read (a lambda, a context map).
  bool changed() const { return changed_; }

  // Decisions of this and later versions were held in the ledgers that this fold publishes.
  void GoLive(store::Position from) { live_from_ = from; }

  const RouterDefinition& definition() const { return *definition_; }
  bool frozen() const;
  const policy::Model& model() const { return *model_; }

  // What requests read; derives what changed. Publishes the ledgers.
  RouterView View();

  // Outcomes that are due because nobody said anything, oldest first, at most `count_max`. A record
  // that was given is given again only when it does not come back from the log.
  std::vector<store::OutcomeRecord> DueTimers(std::uint64_t now_us, std::size_t count_max);
  // The definition with every price change that is due; empty: none is.
  std::optional<store::RouterRecord> DuePrices(std::uint64_t now_us) const;

  // What a challenger's test has shown and is not in the log yet.
  std::optional<store::AdminRecord> DueVerdict(std::uint64_t now_us) {
    return challengers_.Due(*definition_, now_us);
  }

  FoldReport MakeReport() const;
  // What was learnt of an arm, marked with the space that its contexts are of.
  std::string ArmStatistics(policy::ArmId arm) const;
  // The statistics of marked bytes; empty when they are of another space or do not fit.
  std::optional<std::string_view> StatisticsIn(std::string_view marked) const;
  // What the decision's feedback says and what of it stands in the model.
  Standing StandingOf(const store::DecisionStory& story) const;

  bool Sound() { return model_ == nullptr || model_->Sound(); }  // a start would take its bytes
  void Serialise(store::ByteWriter& out) const;
  // False when the bytes are not whole or their parts do not fit each other.
  bool Restore(store::ByteReader& in);

 private:
  // Policy versions (positions) for which a plan was configured.
  struct Tenure {
    store::Position from = 0;
    store::Position until = kNoEnd;
  };
  // Who answers under an arm's name from a position on.
  struct ArmModel {
    store::Position from = 0;
    std::string model;
  };
  struct ScopeState {
    std::string plan;
    policy::Pacer pacer;
    Ledger ledger;
    std::shared_ptr<ScopeLive> live;
    std::vector<Tenure> tenures;
  };

  // -- Definition [router_fold.cpp]
  void NoteArmModels(store::Position position);
  void FadeChanged(store::Position position);
  bool NotePrices(store::Position position);  // a price that was known is another one now
  void PlaceScopes(store::Position position);
  void SolveAnew(bool repriced);
  // The scope that a decision was made under: its money stays there, whatever is configured since.
  ScopeState& HomeOf(const store::DecisionRecord& record);
  // The ledgers that its money stands in: the router's own, and the plan's (or null).
  std::array<ScopeState*, 2> BoundBy(ScopeState& scope);
  std::uint64_t SpaceOfContexts() const;
  LessonRules Rules() const { return {*definition_, excluded_, prices_}; }
  void PutInForce();  // the policy of whom the challengers say
  void TellTests(store::Position position) const;
  double LabelRate() const;
  bool HasCeiling() const;
  bool PredictsOffline() const;  // quality is what was fitted, not what the model says
  bool CountsPending() const;    // contexts widen what is known before their labels are there

  // -- Decisions and outcomes [router_fold_events.cpp]
  struct Difference {
    const Standing& before;
    const Standing& after;
    const policy::Context& context;
    std::uint64_t tick;
  };
  static void TeachCost(const Difference& difference, policy::Model& model);
  static policy::Alarm TeachQuality(const Difference& difference, policy::Model& model);
  void CountObserved(const store::DecisionRecord& record);
  void WaitFor(store::Position position, const store::DecisionRecord& record,
               const std::optional<policy::Context>& context);
  void StopWaiting(const OpenDecisions::Entry& entry);
  bool IsNew(policy::ArmId arm) const;
  void Settle(const store::DecisionStory& story, const Standing& before, const Standing& after);
  void CountCost(const Standing& standing, int sign);
  Taught Teach(const store::DecisionStory& story, const Standing& before, const Standing& after,
               store::Position position);
  void Count(const Standing& before, const Standing& after);
  void NoteLabel(const store::DecisionRecord&, const Standing& before, const Standing& after);
  void NoteAlarm(policy::Alarm alarm, store::Position position);

  // -- Money [router_fold_pacing.cpp]
  void Pace(const store::DecisionRecord& record, const policy::Context* context);
  policy::PacedDecision PacedOf(const store::DecisionRecord&, const policy::Context*) const;
  std::vector<policy::PacedArm> PacedArms();
  void SolveWhenDue(ScopeState& scope);
  policy::Draws DrawsOf(const ScopeState& scope) const;
  double CapInForce() const;
  void RecomputeBonuses(policy::Alarm alarm);
  void NotePolicy(const policy::PolicyOptions& before);

  // -- Context maps, folding again [router_refold.cpp]
  // The decision's context in the space of the current map; empty when the log kept too little.
  std::optional<policy::Context> ContextOf(const store::DecisionRecord& record) const;
  std::string_view RawBytes(const store::DecisionRecord& record) const;
  store::Result<store::Done> Sample(store::Position position, const store::DecisionRecord& record);
  // Folds again from `from`. False: the inputs make no map, and nothing was folded.
  store::Result<bool> FitMap(store::Position position, store::Position from);
  store::Position Oldest() const { return marks_.size() < kMarksMax ? 0 : marks_.front(); }
  // The model again, from the entries in (from, position]; what is older is in the prior means.
  store::Result<store::Done> Refold(store::Position position, store::Position from,
                                    const PriorMeans& older);
  struct Again;
  store::Result<store::Done> RefoldEntry(const store::LogEntry& entry, Again& again);
  store::Result<store::Done> BeginAnew(const store::RouterRecord&, const RouterDefinition&);
  void RestorePending();

  // -- [router_fold_bytes.cpp]
  bool RestoreModel(std::string_view model_bytes, std::string_view map_bytes);
  bool RestoreArmModels(store::ByteReader& in);
  bool RestoreScopes(store::ByteReader& in);

  const store::Store& store_;
  const policy::EncodingMemory* memory_;
  std::shared_ptr<const RouterDefinition> definition_;
  std::string record_;  // encoded RouterRecord in force
  std::unique_ptr<policy::Model> model_;
  std::shared_ptr<const policy::ContextMap> map_;
  store::Position map_fitted_at_ = 0;
  MapSamples samples_;
  std::deque<store::Position> marks_;  // of every 1,000th decision, the newest 21
  store::Position learnt_from_ = 0;    // the last fold left out decisions up to here
  std::vector<Excluded> excluded_;
  std::vector<std::vector<ArmPrices>> prices_;     // by arm
  std::vector<std::vector<ArmModel>> arm_models_;  // by arm, as long as it is away the last one
  // By index of the definition's; behind them plans that are gone, for their unsettled money.
  std::vector<ScopeState> scopes_;
  OpenDecisions open_;
  Challengers challengers_;
  RouterTally tally_;
  std::uint64_t alarm_until_tick_ = 0;
  std::size_t founding_arms_ = 0;  // that the router began with: never new
  std::shared_ptr<RouterCounters> counters_;
  store::Position live_from_ = kNoEnd;  // not live yet
  bool changed_ = false;
};

}  // namespace sluice::daemon
