// What a decision's feedback teaches: every way from one state to another, over a real definition.
#include "daemon/lessons.h"

#include <functional>

#include <catch2/catch.hpp>

#include "tests/support/event_log.h"

namespace sluice::daemon {

namespace {

using store::OutcomeRecord;

constexpr std::uint64_t kHourUs = 3600ULL * 1'000'000;
constexpr std::uint64_t kDayUs = 24 * kHourUs;
constexpr store::Position kFirstOutcome = 11;  // the decision stands at 10

// One decision of arm 0 and what is said about it, one outcome a position.
struct Story {
  explicit Story(const config::RouterOptions& options = tests::SmallRouter())
      : definition(*MakeDefinition(*MakeRecord(options, 0, nullptr))) {
    policy::Rng rng(1);
    story.position = 10;
    story.decision = tests::DecisionNumber(1, rng);
    story.decision.arm = 0;
    story.decision.list_price_usd = 0.001;
    prices.resize(3);
    for (auto& arm : prices) arm.push_back({.from = 1, .prices = {1000, 1000}});
  }

  Story& Say(const std::function<void(OutcomeRecord&)>& fill) {
    OutcomeRecord record;
    record.decision = story.decision.id;
    record.source = "user";
    record.event_id = "e" + std::to_string(story.outcomes.size());
    record.received_us = story.decision.time_us + kHourUs + story.outcomes.size();
    fill(record);
    story.outcomes.push_back({kFirstOutcome + story.outcomes.size(), record});
    return *this;
  }
  Story& Reward(double reward, const std::string& source = "user") {
    return Say([&](auto& record) {
      record.reward = reward;
      record.source = source;
    });
  }
  Story& Revoke(const std::string& source = "user") {
    return Say([&](auto& record) {
      record.revoked = true;
      record.source = source;
    });
  }

  Standing At(store::Position end) const {
    return StandingAt({*definition, excluded, prices}, story, end);
  }
  Standing Now() const { return At(kFirstOutcome + story.outcomes.size()); }
  std::string State() const { return std::string(LessonState(Now(), false)); }

  std::shared_ptr<const RouterDefinition> definition;
  store::DecisionStory story;
  std::vector<Excluded> excluded;
  std::vector<std::vector<ArmPrices>> prices;
};

}  // namespace

TEST_CASE("every way through the states of a lesson ends where it should") {
  struct Row {
    const char* name;
    std::function<void(Story&)> happens;
    const char* state;
    std::optional<double> quality;
    double weight;
  };
  const std::vector<Row> rows = {
      {"nothing", [](Story&) {}, "open", {}, 0},
      {"a cost alone", [](Story& s) { s.Say([](auto& r) { r.cost_usd = 1; }); }, "open", {}, 0},
      {"a thumb withdrawn at once",
       [](Story& s) { s.Say([](auto& r) { r.thumb = 0; }); },
       "open",
       {},
       0},
      {"nobody trusts it", [](Story& s) { s.Reward(1, "mute"); }, "open", {}, 0},
      {"first label", [](Story& s) { s.Reward(.5); }, "contributed", .5, 1},
      {"the same again", [](Story& s) { s.Reward(.5).Reward(.5); }, "contributed", .5, 1},
      {"a later one", [](Story& s) { s.Reward(.5).Reward(.75); }, "revised", .75, 1},
      {"an older seq is ignored",
       [](Story& s) {
         s.Say([](auto& r) { r.reward = .5, r.seq = 3; });
         s.Say([](auto& r) { r.reward = .9, r.seq = 2; });
       },
       "contributed", .5, 1},
      {"a weight that grows", [](Story& s) { s.Reward(.5, "survey").Reward(.5, "judge"); },
       "revised", .5, 1},
      {"two sources", [](Story& s) { s.Reward(1).Reward(0, "judge"); }, "revised", 1 / 1.7, 1},
      {"one source of little trust", [](Story& s) { s.Reward(1, "survey"); }, "contributed", 1, .4},
      {"withdrawn", [](Story& s) { s.Reward(.5).Revoke(); }, "voided", {}, 0},
      {"withdrawn before it came",
       [](Story& s) {
         s.Say([](auto& r) { r.revoked = true, r.seq = 5; });
         s.Reward(.5);
       },
       "open",
       {},
       0},
      {"one of two withdrawn", [](Story& s) { s.Reward(.5).Reward(0, "judge").Revoke("judge"); },
       "revised", .5, 1},
      {"withdrawn and said anew", [](Story& s) { s.Reward(.5).Revoke().Reward(.25); }, "revised",
       .25, 1},
      {"a source that is gone says nothing",
       [](Story& s) { s.Reward(.5, "long-gone"); },
       "open",
       {},
       0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Story story;
    row.happens(story);
    CHECK(story.State() == row.state);
    const auto quality = story.Now().quality;
    CHECK(quality.has_value() == row.quality.has_value());
    if (!quality || !row.quality) continue;
    CHECK(quality->value == Approx(*row.quality));
    CHECK(quality->weight == Approx(row.weight));
    CHECK(quality->arm == 0);
  }
  CHECK(LessonState(Story().Reward(1).Now(), true) == "closed");
}

TEST_CASE("a lesson keeps the place of its first outcome until it moves or is withdrawn") {
  Story story;
  story.Reward(.5).Reward(.75).Revoke().Reward(.25);
  CHECK(story.At(kFirstOutcome).quality->since == kFirstOutcome);
  CHECK(story.At(kFirstOutcome + 1).quality->since == kFirstOutcome);
  CHECK_FALSE(story.At(kFirstOutcome + 2).quality);
  CHECK(story.Now().quality->since == kFirstOutcome + 3);
}

TEST_CASE("a failover moves what is learnt to the arm that served") {
  Story story;
  story.Reward(.5).Say([](auto& r) {
    r.source = "gateway";
    r.served_arm = "premium";
    r.cost_usd = .02;
  });
  const Standing before = story.At(kFirstOutcome);
  CHECK(before.quality->arm == 0);
  const Standing after = story.Now();
  CHECK(after.quality->arm == 2);
  CHECK(after.quality->since == kFirstOutcome + 1);
  CHECK(after.cost->arm == 2);
  CHECK(after.served == 2);
  CHECK(after.billed_usd == .02);
}

TEST_CASE("an arm that the router got later cannot have served before") {
  Story story;
  story.Reward(.5).Say([](auto& r) { r.served_arm = "premium"; });
  story.prices[2].front().from = kFirstOutcome + 1;
  CHECK(story.Now().served_unknown);
  CHECK(story.Now().quality->arm == 0);
}

TEST_CASE("a default reward stands in until somebody says something") {
  config::RouterOptions options = tests::SmallRouter();
  options.feedback.default_reward = .9;
  Story story(options);
  const auto fires = [](OutcomeRecord& record) {
    record.source = store::kTimerSource;
    record.event_id = std::string(kDefaultEvent) + "id";
    record.reward = .9;
  };
  story.Say(fires);
  CHECK(story.Now().quality->value == Approx(.9));
  CHECK(story.Now().quality->weight == Approx(.3));
  CHECK(story.Now().spoken);
  SECTION("a late label takes its place") {
    story.Reward(.25);
    CHECK(story.Now().quality->value == Approx(.25));
    CHECK(story.Now().quality->weight == 1);
    story.Revoke();
    CHECK(story.Now().quality->value == Approx(.9));
  }
  SECTION("a word that nobody trusts ends it as well") {
    story.Reward(.25, "mute");
    CHECK_FALSE(story.Now().quality);
  }
}

TEST_CASE("what is excluded teaches nothing and is settled all the same") {
  Story story;
  story.Say([](auto& r) { r.reward = .5, r.cost_usd = .002; });
  story.Say([](auto& r) { r.reward = .75, r.cost_usd = .004; });
  story.excluded.push_back({kFirstOutcome, kFirstOutcome + 1, std::nullopt});
  CHECK(story.Now().quality->value == .5);
  CHECK(story.Now().cost->log_ratio == Approx(std::log(2)));
  CHECK(story.Now().billed_usd == .004);
  CHECK(story.Now().settled);
  story.excluded.front().after = 0;
  CHECK_FALSE(story.Now().quality);
  CHECK_FALSE(story.Now().cost);
  CHECK(story.Now().billed_usd == .004);
  CHECK(story.Now().spoken);
  SECTION("a label after the span is a first one") {
    story.Reward(.25);
    CHECK(story.Now().quality->value == .25);
    CHECK(story.Now().quality->since == kFirstOutcome + 2);
  }
  SECTION("withdrawing what is excluded changes nothing") {
    story.Revoke();
    CHECK_FALSE(story.Now().quality);
    CHECK_FALSE(story.Now().had_quality);
  }
}

TEST_CASE("what an arm that was reset loses goes to no other arm") {
  Story story;
  story.Reward(.5).Say([](auto& r) {
    r.source = "gateway";
    r.served_arm = "premium";
    r.cost_usd = .02;
  });
  const store::Position end = kFirstOutcome + 1;
  SECTION("the arm that served is reset") {
    story.excluded.push_back({0, end, policy::ArmId{2}});
    CHECK_FALSE(story.Now().quality);
    CHECK_FALSE(story.Now().cost);
  }
  SECTION("the arm that was chosen is reset") {
    story.excluded.push_back({0, end, policy::ArmId{0}});
    CHECK(story.Now().quality->arm == 2);
    CHECK(story.Now().quality->value == .5);
  }
}

TEST_CASE("an override counts for as much as the configuration says") {
  config::RouterOptions options = tests::SmallRouter();
  const double weight = GENERATE(0, .25);
  options.feedback.override_weight = weight;
  Story story(options);
  story.story.decision.learnable = false;
  story.Say([](auto& r) { r.reward = 1, r.cost_usd = .002; });
  const Standing standing = story.Now();
  CHECK(standing.cost);
  CHECK(standing.quality.has_value() == (weight > 0));
  if (standing.quality) CHECK(standing.quality->weight == weight);
}

TEST_CASE("after the window nothing is learnt and money that was given up is released") {
  config::RouterOptions options = tests::SmallRouter();
  options.feedback.revision_days = 2;
  Story story(options);
  story.Reward(.5);
  story.Say([&](auto& r) {
    r.reward = 0;
    r.cost_usd = 1;
    r.received_us = story.story.decision.time_us + 2 * kDayUs + 1;
  });
  CHECK(story.Now().quality->value == .5);
  CHECK_FALSE(story.Now().billed_usd);
  CHECK_FALSE(story.Now().settled);
  story.Say([&](auto& r) {
    r.source = store::kTimerSource;
    r.event_id = std::string(kSettleEvent) + "id";
    r.received_us = story.story.decision.time_us + 9 * kDayUs;
  });
  CHECK(story.Now().settled);
}

TEST_CASE("tokens are billed at the prices that held when it was decided") {
  Story story;
  story.prices[0].push_back({.from = 9, .prices = {2000, 2000}});
  story.prices[0].push_back({.from = 12, .prices = {8000, 8000}});
  story.Say([](auto& r) { r.input_tokens = 1, r.output_tokens = 1; });
  story.Say([](auto& r) { r.latency_ms = 250; });
  CHECK(story.Now().billed_usd == Approx(.004));
  CHECK(story.Now().cost->log_ratio == Approx(std::log(4)));
  CHECK(story.Now().latency_s == .25);
}

}  // namespace sluice::daemon
