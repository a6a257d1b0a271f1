// How often challengers pass over many logs: those that are not better, at most as often as the
// level says, whatever labelling, delay, sessions and drift do; those that are better, how soon.
// A small world writes the records that a router would; the product scores and folds them. Quick
// here; in full: test_daemon "[sweep]".
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <deque>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "daemon/challengers.h"
#include "policy/policy.h"
#include "policy/rng.h"
#include "tests/support/event_log.h"

namespace sluice::daemon {

namespace {

constexpr std::size_t kArms = 3;
constexpr std::uint64_t kSecondUs = 1'000'000;
constexpr double kAuditRate = 0.25;
constexpr double kExploration = 0.2;

struct World {
  const char* name = "";
  double gain = 0;              // of the challenger over the policy in force, a decision
  bool depends_on_arm = false;  // who is labelled by users, and how long audits take
  bool sessions = false;        // several turns, longer where answers were good
  bool drift = false;           // quality and estimates move, the policy in force follows
  policy::PromotionLabels labels = policy::PromotionLabels::kAudited;
  double quality = 0.6;  // of every arm, at the requests that they differ about
  std::uint64_t decisions = 20'000;
};

struct Ends {
  std::size_t runs = 0;
  std::size_t worse = 0;
  std::vector<std::uint64_t> passed;  // decisions that each took

  double Share() const { return static_cast<double>(passed.size()) / static_cast<double>(runs); }
  // With 3.29 standard errors of a share.
  double Allowed(double share) const {
    return share + 3.29 * std::sqrt(share * (1 - share) / static_cast<double>(runs));
  }
  std::uint64_t Median() const {
    std::vector<std::uint64_t> sorted = passed;
    std::sort(sorted.begin(), sorted.end());
    return sorted.empty() ? 0 : sorted[sorted.size() / 2];
  }
};

// The router takes Thompson's choices; LinUCB challenges it. At half of the requests the second arm
// is less known: the one avoids it there and the other wants it.
config::RouterOptions Options(const World& world) {
  config::RouterOptions options = tests::SmallRouter();
  options.policy.exploration.cap = kExploration;
  options.policy.exploration.floor = 0.1;
  options.feedback.audit_rate = kAuditRate;
  config::ChallengerOptions challenger;
  challenger.name = "optimist";
  challenger.policy.kind = policy::PolicyKind::kLinUcb;
  challenger.promotion.labels = world.labels;
  // The first test has half of the level: with it the chance is the 5 % that are asked for.
  challenger.promotion.level = 0.1;
  options.challengers = {challenger};
  return options;
}

std::shared_ptr<const RouterDefinition> DefinitionOf(const World& world) {
  const auto record = MakeRecord(Options(world), 0, nullptr, 1);
  REQUIRE(record.ok());
  const auto definition = MakeDefinition(*record);
  REQUIRE(definition.ok());
  return *definition;
}

// One log.
class Run {
 public:
  Run(const World& world, const RouterDefinition& definition, std::uint64_t seed)
      : world_(world), definition_(definition), rng_(seed), store_(store::MakeMemoryStore()) {
    challengers_.Define(nullptr, definition, {.position = 0, .store = *store_});
    const auto compared = CompareRecord(RecordOf(0, true), definition.challengers[0].policy);
    const policy::ComparedArm& second = compared.value().arms[1];
    taken_more_ = static_cast<double>(second.other_q32 - second.logged_q32) * 0x1p-32;
  }

  // Until a verdict: what it asks for, and how many decisions it took.
  struct End {
    std::optional<api::AdminOperation> asks;
    std::uint64_t decisions = 0;
  };
  End Play() {
    for (std::uint64_t i = 1; i <= world_.decisions; ++i) {
      Decide(i);
      Report(i);
      const auto due = challengers_.Due(definition_, kSecondUs);
      if (due) return {static_cast<api::AdminOperation>(due->operation), i};
    }
    return {};
  }

 private:
  struct Pending {
    std::uint64_t due = 0;
    store::DecisionStory story;
  };

  // What the arms are believed to be like, and are.
  double Level(std::uint64_t i) const {
    return world_.drift ? 0.1 * std::sin(static_cast<double>(i) / 700) : 0;
  }
  static std::array<double, kArms> Means(bool open) {
    return open ? std::array{0.62, 0.58, 0.58} : std::array{0.7, 0.5, 0.5};
  }
  static double Width(bool open, std::size_t arm) {
    return open && arm > 0 ? (arm == 1 ? 0.08 : 0.05) : 0.02;
  }

  const policy::Distribution& Logged(bool open) {
    auto& cached = logged_[open ? 1 : 0];
    if (cached) return *cached;
    policy::PolicyOptions options = definition_.champion;
    policy::Situation situation;
    situation.eligible = policy::ArmSet::FirstN(kArms);
    policy::Estimates estimates{};
    for (std::size_t arm = 0; arm < kArms; ++arm) {
      estimates[arm].mean = Means(open)[arm];
      estimates[arm].width = Width(open, arm);
    }
    cached = policy::Reconsider(options, estimates, situation);
    return *cached;
  }

  store::DecisionRecord RecordOf(std::uint64_t i, bool open) {
    store::DecisionRecord record;
    record.time_us = i * kSecondUs;
    record.tick = i;
    record.eligible = (1U << kArms) - 1;
    const policy::Distribution& logged = Logged(open);
    for (std::uint16_t arm = 0; arm < kArms; ++arm) {
      record.shares.push_back({.arm = arm,
                               .probability_q32 = logged.q32[arm],
                               .mean = static_cast<float>(Means(open)[arm] + Level(i)),
                               .width = static_cast<float>(Width(open, arm)),
                               .expected_cost_usd = 0.001F});
    }
    record.arm = policy::Sample(logged, policy::ArmSet::FirstN(kArms), rng_.Bits());
    record.exploration = 1 - logged.Probability(0);
    record.audit = rng_.Uniform() < kAuditRate;
    return record;
  }

  // At the open half all arms are equally good, but for what the challenger gains by taking the
  // second more often.
  double QualityOf(const store::DecisionRecord& record, bool open, std::uint64_t i) const {
    double quality = open ? world_.quality : (record.arm == 0 ? 0.7 : 0.45);
    if (open && record.arm == 1) quality += 2 * world_.gain / taken_more_;
    return std::clamp(quality + Level(i) + mood_, 0.0, 1.0);
  }

  void Decide(std::uint64_t i) {
    const bool open = rng_.Uniform() < 0.5;
    Pending pending{.due = i, .story = {i, RecordOf(i, open), {}}};
    store::DecisionRecord& record = pending.story.decision;
    if (world_.sessions && !in_session_) {
      session_ = rng_.Bits() | 1;
      mood_ = 0.3 * (rng_.Uniform() - 0.5);
    }
    record.session = world_.sessions ? session_ : 0;
    challengers_.Decided(definition_, i, record);
    const double reward = rng_.Uniform() < QualityOf(record, open, i) ? 1 : 0;
    in_session_ = rng_.Uniform() < (reward > 0 ? 0.85 : 0.5);
    const bool listens = world_.labels == policy::PromotionLabels::kAll;
    const double chatty = world_.depends_on_arm && record.arm == 1 ? 0.3 : 0.2;
    if (rng_.Uniform() < (listens ? chatty : 0.0)) Say(pending, "user", reward);
    if (record.audit && !listens) Say(pending, "judge", reward);
    if (pending.story.outcomes.empty()) return;
    const bool slow = world_.depends_on_arm && record.arm == 0;
    pending.due += slow ? 400 : 1;
    pending_[slow ? 1 : 0].push_back(std::move(pending));
  }

  static void Say(Pending& pending, const char* source, double reward) {
    store::OutcomeRecord outcome;
    outcome.source = source;
    outcome.event_id = source;
    outcome.received_us = pending.story.decision.time_us;
    outcome.reward = reward;
    pending.story.outcomes.push_back({pending.story.position, outcome});
  }

  void Report(std::uint64_t now) {
    for (std::deque<Pending>& queue : pending_) {
      for (; !queue.empty() && queue.front().due <= now; queue.pop_front()) {
        challengers_.Reported(definition_, queue.front().story);
      }
    }
  }

  const World& world_;
  const RouterDefinition& definition_;
  policy::Rng rng_;
  std::unique_ptr<store::Store> store_;
  Challengers challengers_;
  std::array<std::optional<policy::Distribution>, 2> logged_;
  std::array<std::deque<Pending>, 2> pending_;  // those that take longer apart
  double taken_more_ = 1;  // the second arm by the challenger, at the open half
  std::uint64_t session_ = 0;
  bool in_session_ = false;
  double mood_ = 0;
};

Ends Sweep(const World& world, std::size_t runs) {
  const auto definition = DefinitionOf(world);
  Ends ends{.runs = runs, .worse = 0, .passed = {}};
  for (std::size_t i = 0; i < runs; ++i) {
    const Run::End end = Run(world, *definition, policy::RandomBits(17, i, 0)).Play();
    if (end.asks == api::AdminOperation::kRecommend) ends.passed.push_back(end.decisions);
    if (end.asks == api::AdminOperation::kStop) ++ends.worse;
  }
  std::printf("%-44s %5zu runs: passed %6.2f %%, median %6zu decisions, found worse %6.2f %%\n",
              world.name, runs, 100 * ends.Share(), static_cast<std::size_t>(ends.Median()),
              100 * static_cast<double>(ends.worse) / static_cast<double>(runs));
  std::fflush(stdout);
  return ends;
}

const World kNulls[] = {
    {.name = "equal"},
    {.name = "equal, labels and delay by arm", .depends_on_arm = true},
    {.name = "equal, sessions", .sessions = true},
    {.name = "equal, drift", .drift = true},
    {.name = "equal, all of these", .depends_on_arm = true, .sessions = true, .drift = true},
    {.name = "equal, better than believed, labels by arm", .depends_on_arm = true, .quality = 0.9},
};
constexpr std::array<double, 3> kGains = {.01, .03, .1};

// At most the level, and the two other promises.
void CheckSweep(std::size_t runs) {
  for (const World& world : kNulls) {
    const Ends ends = Sweep(world, runs);
    CHECK(ends.Share() <= ends.Allowed(0.05));
  }
  CHECK(Sweep({.name = "worse by .1", .gain = -.1}, runs).passed.empty());
  double before = 0;
  for (const double gain : kGains) {
    const std::string name = "better by " + std::to_string(gain).substr(0, 4);
    const Ends ends = Sweep({.name = name.c_str(), .gain = gain, .decisions = 200'000}, runs / 10);
    CHECK(ends.Share() >= before);
    before = ends.Share();
  }
  CHECK(before == 1);
}

}  // namespace

TEST_CASE("challengers pass as often as they may and should") {
  CheckSweep(10);
}

TEST_CASE("challengers pass as often as they may and should over 2000 logs", "[.][sweep]") {
  CheckSweep(2000);
}

}  // namespace sluice::daemon
