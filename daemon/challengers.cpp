#include "daemon/challengers.h"

#include <algorithm>
#include <string>
#include <utility>

#include "api/operations.h"

namespace sluice::daemon {

namespace {

using policy::PromotionTest;
using policy::PromotionVerdict;
using store::Position;

constexpr std::size_t kRehearsalEntries = 2000;  // of the log, for what a test will take
constexpr std::size_t kReadMax = 250;
constexpr std::uint64_t kFireAgainUs = 60ULL * 1000 * 1000;

std::size_t IndexOf(const RouterDefinition& definition, const std::string& name) {
  const auto found =
      std::find_if(definition.challengers.begin(), definition.challengers.end(),
                   [&](const Challenger& known) { return known.options.name == name; });
  return static_cast<std::size_t>(found - definition.challengers.begin());
}

// Whether a test of `name` may go on under another definition.
bool SameTest(const RouterDefinition& before, const RouterDefinition& after,
              const std::string& name) {
  const std::size_t was = IndexOf(before, name);
  const std::size_t is = IndexOf(after, name);
  return was < before.challengers.size() && is < after.challengers.size() &&
         before.challengers[was].options == after.challengers[is].options &&
         before.challengers[was].policy == after.challengers[is].policy &&
         before.champion == after.champion;
}

struct Compared {
  const RouterDefinition& definition;
  const store::DecisionRecord& record;
  Position position = 0;
};

void Score(const Compared& compared, const policy::PolicyOptions& policy,
           policy::PromotionLabels labels, PromotionTest& test) {
  const store::DecisionRecord& record = compared.record;
  const auto arms = CompareRecord(record, policy);
  if (!arms) return test.PassTime(record.time_us);
  test.Decided({.key = compared.position,
                .time_us = record.time_us,
                .session = record.session,
                .asked = record.audit || labels == policy::PromotionLabels::kAll,
                .arms = arms->arms,
                .chosen = arms->chosen});
}

// The end of the log as the test would have seen it. What cannot be read is left out.
PromotionTest Rehearse(const RouterDefinition& definition, const Challenger& challenger,
                       const Moment& moment, PromotionTest test) {
  const Position end = moment.position;
  Position after = end - std::min<Position>(end, kRehearsalEntries);
  while (after + 1 < end) {
    const auto read = moment.store.Read(after, std::min<Position>(kReadMax, end - 1 - after));
    if (!read.ok() || read->empty()) break;
    for (const store::LogEntry& logged : *read) {
      const auto* record = std::get_if<store::DecisionRecord>(&logged.record);
      if (record == nullptr || record->router != definition.id) continue;
      Score({definition, *record, logged.position}, challenger.policy,
            policy::PromotionLabels::kAudited, test);
    }
    after = read->back().position;
  }
  return test;
}

// Labels that count, of a decision.
double RateOf(const RouterDefinition& definition, policy::PromotionLabels labels,
              double label_rate) {
  return labels == policy::PromotionLabels::kAudited ? definition.options.feedback.audit_rate
                                                     : label_rate;
}

}  // namespace

// -- Tests ----------------------------------------------------------------------------------------

// What the test will take is told from how it would have gone over the end of the log.
Challengers::Entry Challengers::Begin(const RouterDefinition& definition, std::size_t index,
                                      const Moment& moment) {
  const Challenger& challenger = definition.challengers[index];
  const policy::PromotionOptions& options = challenger.options.promotion;
  ++tests_;
  const PromotionTest fresh(PromotionTest::Kind::kTest, options,
                            policy::LevelOf(options.level, tests_));
  return {.state = ChallengerState::kTesting,
          .number = tests_,
          .since = moment.position,
          .test = fresh,
          .watch = {},
          .plan = Rehearse(definition, challenger, moment, fresh)
                      .Plan(RateOf(definition, options.labels, moment.label_rate)),
          .fired_us = 0};
}

void Challengers::Define(const RouterDefinition* before, const RouterDefinition& after,
                         const Moment& moment) {
  std::vector<Entry> placed;
  const bool stays = before != nullptr && SameTest(*before, after, promoted_);
  const bool same_rival = promoted_.empty() || stays;
  for (std::size_t i = 0; i < after.challengers.size(); ++i) {
    const std::string& name = after.challengers[i].options.name;
    if (same_rival && before != nullptr && SameTest(*before, after, name)) {
      placed.push_back(std::move(entries_[IndexOf(*before, name)]));
    } else {
      placed.push_back(Begin(after, i, moment));
    }
  }
  entries_ = std::move(placed);
  if (!stays) promoted_.clear();
}

void Challengers::Decided(const RouterDefinition& definition, Position position,
                          const store::DecisionRecord& record) {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    PromotionTest* const test = Open(entries_[i]);
    if (test == nullptr || record.policy_version < entries_[i].since) continue;
    const Challenger& challenger = definition.challengers[i];
    // Once it is in force, the one that it replaced is scored.
    const bool tested = entries_[i].state == ChallengerState::kTesting;
    Score({definition, record, position}, tested ? challenger.policy : definition.champion,
          challenger.options.promotion.labels, *test);
  }
}

void Challengers::Reported(const RouterDefinition& definition, const store::DecisionStory& story) {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    PromotionTest* const test = Open(entries_[i]);
    if (test == nullptr) continue;
    test->PassTime(story.outcomes.back().record.received_us);
    const auto labels = definition.challengers[i].options.promotion.labels;
    if (const auto label = LabelOf(definition, story, labels)) {
      test->Labelled(story.position, *label);
    }
  }
}

PromotionTest* Challengers::Open(Entry& entry) {
  if (entry.state == ChallengerState::kTesting) return &entry.test;
  return entry.state == ChallengerState::kPromoted && entry.watch ? &*entry.watch : nullptr;
}

// -- Verdicts -------------------------------------------------------------------------------------

std::optional<store::AdminRecord> Challengers::Due(const RouterDefinition& definition,
                                                   std::uint64_t now_us) {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    Entry& entry = entries_[i];
    const config::ChallengerOptions& options = definition.challengers[i].options;
    const PromotionTest* const test = Open(entry);
    if (test == nullptr || test->verdict() == PromotionVerdict::kOpen) continue;
    if (entry.fired_us != 0 && now_us < entry.fired_us + kFireAgainUs) continue;
    entry.fired_us = now_us;
    api::AdminOperation operation = api::AdminOperation::kStop;
    if (entry.state == ChallengerState::kPromoted) {
      operation = api::AdminOperation::kDemote;
    } else if (test->verdict() == PromotionVerdict::kBetter) {
      operation = options.promotion.mode == policy::PromotionMode::kPromote
                      ? api::AdminOperation::kPromote
                      : api::AdminOperation::kRecommend;
    }
    return store::AdminRecord{.router = definition.id,
                              .time_us = now_us,
                              .operation = static_cast<std::uint8_t>(operation),
                              .target = entry.number,
                              .arm = options.name};
  }
  return std::nullopt;
}

// A record that a verdict led to is about one test: when the challenger was changed, or somebody
// was faster, it says nothing any more.
void Challengers::Administer(const RouterDefinition& definition, const store::AdminRecord& record,
                             const Moment& moment) {
  const auto operation = static_cast<api::AdminOperation>(record.operation);
  const bool demotes = operation == api::AdminOperation::kDemote;
  const std::string& name = demotes && record.arm.empty() ? promoted_ : record.arm;
  const std::size_t index = IndexOf(definition, name);
  if (index >= entries_.size()) return;
  Entry& entry = entries_[index];
  const bool by_hand = record.target == 0;
  if (!by_hand && record.target != entry.number) return;
  const bool promoted = entry.state == ChallengerState::kPromoted;
  const bool testing = entry.state == ChallengerState::kTesting;
  entry.fired_us = 0;
  switch (operation) {
    case api::AdminOperation::kPromote:
      if (promoted || !(by_hand || testing)) return;
      Promote(definition, index, moment.position);
      break;
    case api::AdminOperation::kDemote:
      if (!promoted) return;
      entry.state = by_hand ? ChallengerState::kStopped : ChallengerState::kReturned;
      promoted_.clear();
      break;
    case api::AdminOperation::kRecommend:
      if (testing) entry.state = ChallengerState::kRecommended;
      return;
    case api::AdminOperation::kStop:
      if (testing || entry.state == ChallengerState::kRecommended) {
        entry.state = by_hand ? ChallengerState::kStopped : ChallengerState::kWorse;
      }
      return;
    default:
      return;
  }
  BeginAgain(definition, moment);
}

void Challengers::Promote(const RouterDefinition& definition, std::size_t index,
                          Position position) {
  for (Entry& other : entries_) {
    if (other.state == ChallengerState::kPromoted) other.state = ChallengerState::kStopped;
  }
  const config::ChallengerOptions& options = definition.challengers[index].options;
  Entry& entry = entries_[index];
  entry.state = ChallengerState::kPromoted;
  entry.since = position;
  entry.watch.emplace(PromotionTest::Kind::kWatch, options.promotion, entry.test.level());
  promoted_ = options.name;
}

void Challengers::BeginAgain(const RouterDefinition& definition, const Moment& moment) {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const ChallengerState state = entries_[i].state;
    if (state == ChallengerState::kTesting || state == ChallengerState::kRecommended) {
      entries_[i] = Begin(definition, i, moment);
    }
  }
}

// -- Telling, keeping -----------------------------------------------------------------------------

std::vector<ChallengerStanding> Challengers::Standings(const RouterDefinition& definition,
                                                       double label_rate) const {
  std::vector<ChallengerStanding> standings;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    const Challenger& challenger = definition.challengers[i];
    const double rate = RateOf(definition, challenger.options.promotion.labels, label_rate);
    standings.push_back({.name = challenger.options.name,
                         .kind = challenger.policy.kind,
                         .state = entry.state,
                         .test = entry.number,
                         .options = challenger.options.promotion,
                         .level = entry.test.level(),
                         .counts = entry.test.counts(),
                         .waiting = entry.test.waiting(),
                         .log_e_needed = entry.test.log_e_needed(),
                         .log_e_quality = entry.test.log_e_quality(),
                         .log_e_cost = entry.test.log_e_cost(),
                         .log_e_worse = entry.test.log_e_worse(),
                         .log_e_propensities = entry.test.integrity().log_most(),
                         .log_e_return = {},
                         .plan = entry.plan ? entry.plan : entry.test.Plan(rate)});
    if (entry.watch) standings.back().log_e_return = entry.watch->log_e_quality();
  }
  return standings;
}

void Challengers::Serialise(store::ByteWriter& out) const {
  out.PutString(promoted_);
  out.Put(tests_);
  out.PutCount(entries_.size());
  for (const Entry& entry : entries_) {
    out.Put(static_cast<std::uint8_t>(entry.state));
    out.Put(entry.number);
    out.Put(entry.since);
    std::string test;
    entry.test.Serialise(test);
    out.PutString(test);
    std::string watch;
    if (entry.watch) entry.watch->Serialise(watch);
    out.PutString(watch);
    out.PutBool(entry.plan.has_value());
    out.Put(entry.plan ? entry.plan->labels : 0);
    out.Put(entry.plan ? entry.plan->days : 0);
  }
}

bool Challengers::Restore(const RouterDefinition& definition, store::ByteReader& in) {
  promoted_ = in.GetString();
  tests_ = in.Get<std::uint64_t>();
  if (in.GetCount(1) != definition.challengers.size()) return false;
  for (const Challenger& challenger : definition.challengers) {
    const policy::PromotionOptions& options = challenger.options.promotion;
    const auto state = in.Get<std::uint8_t>();
    const auto number = in.Get<std::uint64_t>();
    const auto since = in.Get<Position>();
    const std::string test_bytes = in.GetString();
    const std::string watch_bytes = in.GetString();
    std::string_view left = test_bytes;
    auto test = PromotionTest::Restore(left, PromotionTest::Kind::kTest, options);
    if (!test || !left.empty() || state >= std::size(kChallengerStateNames)) return false;
    Entry entry{.state = static_cast<ChallengerState>(state),
                .number = number,
                .since = since,
                .test = *std::move(test),
                .watch = {},
                .plan = {},
                .fired_us = 0};
    left = watch_bytes;
    if (!left.empty()) {
      entry.watch = PromotionTest::Restore(left, PromotionTest::Kind::kWatch, options);
      if (!entry.watch || !left.empty()) return false;
    }
    const bool planned = in.GetBool();
    const policy::PromotionPlan plan{in.Get<double>(), in.Get<double>()};
    if (planned) entry.plan = plan;
    entries_.push_back(std::move(entry));
  }
  return promoted_.empty() || IndexOf(definition, promoted_) < entries_.size();
}

}  // namespace sluice::daemon
