#include <algorithm>
#include <string>

#include <catch2/catch.hpp>

#include "policy/rng.h"
#include "sim/baselines/baseline.h"
#include "sim/baselines/player.h"
#include "sim/baselines/recorded_answers.h"

namespace sluice::sim {
namespace {

// What one prompt looks like and what each arm's answer to it is worth.
using Draw = Task (*)(policy::Rng& rng);

Outcome Of(double reward, double cost_usd, policy::Rng& rng) {
  const double seen = std::clamp(reward + 0.05 * rng.Normal(), 0.0, 1.0);
  const double paid = cost_usd * (0.5 + rng.Uniform());
  return {seen, paid, reward, cost_usd};
}

Task Prompt(double first, policy::Rng& rng) {
  Task task;
  task.embedding = {static_cast<float>(first + 0.1 * rng.Normal()),
                    static_cast<float>(rng.Normal())};
  return task;
}

// Two kinds, told by the first feature: arm 0 is good at one, arm 1 at the other, arm 2 at neither.
// All cost the same.
Task OfTwoKinds(policy::Rng& rng) {
  const bool left = rng.Uniform() < 0.5;
  Task task = Prompt(left ? -1 : 1, rng);
  task.outcomes = {Of(left ? 0.9 : 0.3, 1e-4, rng), Of(left ? 0.3 : 0.9, 1e-4, rng),
                   Of(0.5, 1e-4, rng)};
  return task;
}

// Easy and hard prompts, and three arms from cheap to dear.
Task EasyOrHard(policy::Rng& rng) {
  const bool hard = rng.Uniform() < 0.5;
  Task task = Prompt(hard ? 1 : -1, rng);
  task.outcomes = {Of(hard ? 0.3 : 0.9, 1e-5, rng), Of(hard ? 0.6 : 0.9, 1e-4, rng),
                   Of(hard ? 0.9 : 0.92, 1e-3, rng)};
  return task;
}

const std::vector<ArmFacts> kArms = {{"small", "small", 1, 0.01, 0.03},
                                     {"middle", "middle", 2, 0.1, 0.3},
                                     {"large", "large", 3, 1, 3}};

BaselinePlayerOptions OptionsOf(double budget_usd, std::uint64_t seed = 1) {
  BaselinePlayerOptions options{.context = {}, .seed = seed, .budget_usd = budget_usd};
  options.context.source = policy::ContextSource::kEmbedding;
  options.context.projection = policy::Projection::kAsGiven;
  options.context.dimension = 2;
  return options;
}

// A course of requests, and what came of its second half.
struct Course {
  std::vector<Answered> answered;
  std::vector<Task> tasks;
  double reward = 0;  // expected, of the second half
  double cost_usd = 0;
};

constexpr std::size_t kRequests = 3000;

Course Play(std::string_view name, Draw draw, double budget_usd, std::uint64_t seed = 1) {
  policy::Rng rng(7);
  BaselinePlayer player(name, OptionsOf(budget_usd, seed));
  Course course;
  for (std::size_t i = 0; i < kRequests; ++i) {
    const Task task = draw(rng);
    const auto all = policy::ArmSet::FirstN(kArms.size());
    course.answered.push_back(player.Ask(task, task.outcomes, kArms, all));
    player.Teach(course.answered.back(), task.outcomes);
    course.tasks.push_back(task);
    if (i < kRequests / 2) continue;
    const Outcome& served = task.outcomes[course.answered.back().called.back()];
    course.reward += served.expected_reward / (kRequests / 2.0);
    course.cost_usd += course.answered.back().paid_usd / (kRequests / 2.0);
  }
  return course;
}

std::vector<policy::ArmId> ServedOf(const Course& course) {
  std::vector<policy::ArmId> served;
  for (const Answered& answered : course.answered) served.push_back(answered.called.back());
  return served;
}

// Trains it on what all arms did on prompts of two kinds.
std::unique_ptr<Baseline> Trained(std::string_view name, std::size_t rows) {
  auto baseline = MakeBaseline(name, {.dimension = 3});
  policy::Rng rng(11);
  for (std::size_t i = 0; i < rows; ++i) {
    const Task task = OfTwoKinds(rng);
    policy::Context context(3);
    context << task.embedding[0], task.embedding[1], 1;
    for (policy::ArmId arm = 0; arm < kArms.size(); ++arm) {
      baseline->Learn({.context = context,
                       .tick = i,
                       .arm = arm,
                       .reward = task.outcomes[arm].reward,
                       .cost_usd = task.outcomes[arm].cost_usd,
                       .list_price_usd = 1e-3});
    }
  }
  return baseline;
}

policy::Context ContextAt(float first) {
  policy::Context context(3);
  context << first, 0, 1;
  return context;
}

const std::vector<std::string> kByPrompt = {"knn", "mf", "bt", "metallm", "mixllm"};

// Nearly the best (.9) where no arm alone has more than .6.
constexpr double kFoundOut = 0.85;
constexpr double kUniformCost = (1e-5 + 1e-4 + 1e-3) / 3;
constexpr double kUniformReward = (0.6 + 0.75 + 0.91) / 3;

}  // namespace

TEST_CASE("every baseline has a name of its own and is made by it") {
  std::vector<std::string_view> names;
  for (const BaselineFacts& facts : Baselines()) {
    CHECK(std::ranges::find(names, facts.name) == names.end());
    CHECK(MakeBaseline(facts.name, {.dimension = 3}) != nullptr);
    names.push_back(facts.name);
  }
  CHECK(names.size() == 10);
  CHECK(MakeBaseline("none", {.dimension = 3}) == nullptr);
}

TEST_CASE("baselines that look at the prompt send each kind to the arm that is good at it") {
  for (const std::string& name : kByPrompt) {
    CAPTURE(name);
    CHECK(Play(name, OfTwoKinds, 1e-2).reward > kFoundOut);
  }
  // The best single arm has .6.
  CHECK(Play("static", OfTwoKinds, 1e-2).reward < 0.62);
}

TEST_CASE("every baseline is better than uniform choice at what uniform choice costs") {
  for (const BaselineFacts& facts : Baselines()) {
    CAPTURE(facts.name);
    CHECK(Play(facts.name, EasyOrHard, kUniformCost).reward > kUniformReward);
  }
}

TEST_CASE("every baseline keeps its budget on a stationary world") {
  for (const BaselineFacts& facts : Baselines()) {
    for (const double budget_usd : {6e-5, 3e-4}) {
      CAPTURE(facts.name, budget_usd);
      CHECK(Play(facts.name, EasyOrHard, budget_usd).cost_usd == Approx(budget_usd).epsilon(0.05));
    }
  }
}

TEST_CASE("a baseline calls nothing but what is available") {
  for (const BaselineFacts& facts : Baselines()) {
    CAPTURE(facts.name);
    policy::Rng rng(3);
    BaselinePlayer player(facts.name, OptionsOf(3e-4));
    for (int i = 0; i < 600; ++i) {
      const Task task = EasyOrHard(rng);
      const auto available = policy::ArmSet::FromBits(1 + rng.Below(7));
      const Answered answered = player.Ask(task, task.outcomes, kArms, available);
      for (const policy::ArmId arm : answered.called) REQUIRE(available.Has(arm));
      player.Teach(answered, task.outcomes);
    }
  }
}

TEST_CASE("a seed is the whole course of a baseline") {
  for (const BaselineFacts& facts : Baselines()) {
    CAPTURE(facts.name);
    const bool same = ServedOf(Play(facts.name, EasyOrHard, 3e-4)) ==
                      ServedOf(Play(facts.name, EasyOrHard, 3e-4));
    CHECK(same);
  }
  const bool drawn =
      ServedOf(Play("mixllm", EasyOrHard, 3e-4)) != ServedOf(Play("mixllm", EasyOrHard, 3e-4, 2));
  CHECK(drawn);
}

TEST_CASE("a baseline finds out about an arm that joins and is better") {
  for (const BaselineFacts& facts : Baselines()) {
    CAPTURE(facts.name);
    policy::Rng rng(5);
    BaselinePlayer player(facts.name, OptionsOf(3e-4));
    const std::span arms(kArms);
    int last = 0;
    for (int i = 0; i < 2000; ++i) {
      Task task = EasyOrHard(rng);
      // What was dear is as cheap as the small arm, and only now there.
      task.outcomes[2].cost_usd = task.outcomes[0].cost_usd;
      std::vector<ArmFacts> known(arms.begin(), arms.begin() + (i < 1000 ? 2 : 3));
      if (known.size() == 3) known[2].price_output_per_million_usd = 0;
      if (known.size() == 3) known[2].price_input_per_million_usd = 0.05;
      const Answered answered =
          player.Ask(task, task.outcomes, known, policy::ArmSet::FirstN(known.size()));
      player.Teach(answered, task.outcomes);
      if (i >= 1500 && answered.called.back() == 2) ++last;
    }
    CHECK(last > 250);
  }
}

TEST_CASE("a baseline that predicts ranks the arms of each kind after labelled rows alone") {
  for (const std::string name : {"knn", "mf", "bt", "metallm", "mixllm", "conformal"}) {
    CAPTURE(name);
    const auto baseline = Trained(name, 600);
    const auto left = baseline->Predict(ContextAt(-1), 3);
    const auto right = baseline->Predict(ContextAt(1), 3);
    REQUIRE(left.size() == 3);
    CHECK(left[0] > left[2]);
    CHECK(left[2] > left[1]);
    CHECK(right[1] > right[2]);
    CHECK(right[2] > right[0]);
  }
  CHECK(Trained("cascade", 10)->Predict(ContextAt(1), 3).empty());
}

TEST_CASE("the nearest neighbours say the mean reward of the prompts around") {
  const auto baseline = Trained("knn", 600);
  const auto left = baseline->Predict(ContextAt(-1), 4);
  CHECK(left[0] == Approx(0.9).margin(0.03));
  CHECK(left[1] == Approx(0.3).margin(0.03));
  CHECK(left[2] == Approx(0.5).margin(0.03));
  // Nothing is known of it: the mean of the others.
  CHECK(left[3] == Approx((left[0] + left[1] + left[2]) / 3));
}

TEST_CASE("the static best comes close to the blind mix") {
  // Half large, half middle.
  const double budget_usd = (1e-3 + 1e-4) / 2;
  CHECK(Play("static", EasyOrHard, budget_usd).reward > (0.91 + 0.75) / 2 - 0.02);
}

TEST_CASE("thresholds split the prompts at 3 and 7 tenths of their difficulty") {
  const Course course = Play("thresholds", EasyOrHard, 0);
  std::vector<double> shares(3, 0.0);
  for (std::size_t i = kRequests / 2; i < kRequests; ++i) {
    shares[course.answered[i].called.back()] += 2.0 / kRequests;
  }
  CHECK(shares[0] == Approx(0.3).margin(0.05));
  CHECK(shares[1] == Approx(0.4).margin(0.05));
  CHECK(shares[2] == Approx(0.3).margin(0.05));
}

TEST_CASE("a looser budget never buys less with thresholds and with the gate") {
  for (const std::string name : {"thresholds", "conformal"}) {
    double before = 0;
    for (const double budget_usd : {3e-5, 1e-4, 3e-4, 6e-4}) {
      CAPTURE(name, budget_usd);
      const double reward = Play(name, EasyOrHard, budget_usd).reward;
      CHECK(reward > before);
      before = reward;
    }
  }
}

TEST_CASE("a cascade pays every call and serves the last one") {
  for (const std::string name : {"cascade", "abc"}) {
    CAPTURE(name);
    const Course course = Play(name, EasyOrHard, 3e-4);
    std::vector<std::size_t> times(kArms.size() + 1, 0);  // by number of calls
    for (std::size_t i = 0; i < kRequests; ++i) {
      const Answered& answered = course.answered[i];
      double paid = 0;
      for (const policy::ArmId arm : answered.called) {
        paid += course.tasks[i].outcomes[arm].cost_usd;
      }
      REQUIRE(answered.paid_usd == Approx(paid));
      // From cheap to dear.
      REQUIRE(std::ranges::is_sorted(answered.called));
      ++times[answered.called.size()];
    }
    // Some stop early, some climb to the top.
    CHECK(times[1] + times[2] > kRequests / 10);
    CHECK(times[3] > kRequests / 10);
  }
}

TEST_CASE("agreement and confidence come from the recorded rewards") {
  const std::vector<Outcome> outcomes = {{.reward = 0.5}, {.reward = 0.55}, {.reward = 0.56}};
  RecordedAnswers answers(outcomes, policy::ArmSet::FirstN(3), 1, 0);
  CHECK(answers.Agree(0, 1));
  CHECK_FALSE(answers.Agree(0, 2));
  double sum = 0;
  double squares = 0;
  constexpr int kDraws = 4000;
  for (int i = 0; i < kDraws; ++i) {
    const double confidence =
        RecordedAnswers(outcomes, policy::ArmSet::FirstN(3), 1, static_cast<std::uint64_t>(i))
            .Call(0);
    sum += confidence;
    squares += (confidence - 0.5) * (confidence - 0.5);
  }
  CHECK(sum / kDraws == Approx(0.5).margin(0.01));
  CHECK(squares / kDraws == Approx(0.01).epsilon(0.1));
}

}  // namespace sluice::sim
