#include <cmath>

#include <Eigen/Dense>
#include <catch2/catch.hpp>

#include "policy/model.h"
#include "tests/support/ridge_fixtures.h"

namespace sluice::policy {
namespace {

constexpr std::size_t kDimension = 7;

ModelOptions Options(std::uint64_t half_life) {
  return {.dimension = kDimension, .half_life = half_life, .drift = {.detect = false}};
}

struct Lesson {
  std::unique_ptr<Context> context;
  QualityLesson label;
  CostLesson bill;
};

std::vector<Lesson> RandomLessons(std::uint64_t seed, std::size_t count, std::size_t arms) {
  Rng rng(seed);
  std::vector<Lesson> lessons;
  for (std::uint64_t i = 0; i < count; ++i) {
    auto context = std::make_unique<Context>(test::RandomContext(rng, kDimension));
    const auto arm = static_cast<ArmId>(rng.Below(arms));
    const QualityLesson label{.arm = arm,
                              .context = context.get(),
                              .tick = i,
                              .value = rng.Uniform(),
                              .weight = rng.Below(3) == 0 ? .3 : 1,
                              .since = i + 1};
    const CostLesson bill{
        .arm = arm, .context = context.get(), .tick = i, .log_ratio = rng.Uniform() - 1};
    lessons.push_back({std::move(context), label, bill});
  }
  return lessons;
}

void Teach(Model& model, const std::vector<Lesson>& lessons) {
  for (const Lesson& lesson : lessons) {
    model.Learn(lesson.label);
    model.LearnCost(lesson.bill);
  }
}

double Distance(Model& a, Model& b) {
  double distance = 0;
  for (ArmId arm = 0; arm < a.arms(); ++arm) {
    distance = std::max({distance, test::Distance(*a.Heads(arm).quality, *b.Heads(arm).quality),
                         test::Distance(*a.Heads(arm).cost, *b.Heads(arm).cost)});
  }
  return distance;
}

bool SameBits(Model& a, Model& b) {
  for (ArmId arm = 0; arm < a.arms(); ++arm) {
    const ArmHeads left = a.Heads(arm);
    const ArmHeads right = b.Heads(arm);
    if (left.quality->theta != right.quality->theta || left.quality->u != right.quality->u ||
        left.quality->b_n != right.quality->b_n || left.cost->theta != right.cost->theta) {
      return false;
    }
  }
  return true;
}

TEST_CASE("another order of the same labels gives the same model within 1e-12") {
  for (std::uint64_t half_life : {0, 300, 20}) {
    for (std::uint64_t seed : {1, 2, 3}) {
      CAPTURE(half_life, seed);
      auto lessons = RandomLessons(seed, 3000, 3);
      Model forwards = test::ColdModel(Options(half_life), 3);
      Model shuffled = test::ColdModel(Options(half_life), 3);
      Teach(forwards, lessons);
      Rng rng(seed, 1);
      test::Shuffle(lessons, rng);
      Teach(shuffled, lessons);
      CHECK(Distance(forwards, shuffled) < 1e-12);
    }
  }
}

TEST_CASE("when the landmark moves changes no bit of what is known") {  // oracle 3, T5
  const auto lessons = RandomLessons(4, 3000, 2);
  const ModelOptions options = Options(50);
  // Sixty half-lives: the landmark moves once on the way, or before anything is learnt, or thrice.
  Model on_the_way = test::ColdModel(options, 2);
  Teach(on_the_way, lessons);
  Model before = test::ColdModel(options, 2);
  before.Advance(3000);
  Teach(before, lessons);
  Model often = test::ColdModel(options, 2);
  for (std::size_t i = 0; i < lessons.size(); ++i) {
    if (i == 100) {
      often.Advance(33 * 50);
    }
    if (i == 2000) {
      often.Advance(66 * 50);
    }
    often.Learn(lessons[i].label);
    often.LearnCost(lessons[i].bill);
  }
  for (Model* model : {&on_the_way, &before, &often}) {
    model->Advance(66 * 50);
  }
  CHECK(SameBits(on_the_way, before));
  CHECK(SameBits(on_the_way, often));
  // Serialised and restored at any time as well.
  Model restarted = test::ColdModel(options, 2);
  for (std::size_t i = 0; i < lessons.size(); ++i) {
    restarted.Learn(lessons[i].label);
    restarted.LearnCost(lessons[i].bill);
    if (i % 300 == 0) {
      restarted = *Model::Restore(restarted.Serialise(), options);
    }
  }
  restarted.Advance(66 * 50);
  CHECK(SameBits(on_the_way, restarted));
}

TEST_CASE("what was learnt counts half as much a half-life later") {
  const auto lessons = RandomLessons(5, 500, 1);
  Model model = test::ColdModel(Options(100), 1);
  Teach(model, lessons);
  model.Advance(650);
  RidgeStatistics sums(kDimension);
  for (const Lesson& lesson : lessons) {
    const double age = 650 - static_cast<double>(lesson.label.tick);
    sums.Add(*lesson.context, lesson.label.value, lesson.label.weight * std::exp2(-age / 100));
  }
  RidgePrior prior = test::FlatPrior(kDimension, 50);
  prior.precision.back() = 1;
  prior.mean.back() = .7;
  CHECK(test::Distance(*model.Heads(0).quality, *SolveRidge(sums, prior)) < 1e-12);
}

TEST_CASE("an idle arm goes back to its prior and can still be taught and taken back") {
  const auto lessons = RandomLessons(6, 200, 1);
  Model model = test::ColdModel(Options(10), 1);
  Model cold = test::ColdModel(Options(10), 1);
  Teach(model, lessons);
  for (std::uint64_t tick = 1000; tick < 1000000; tick = tick * 3 / 2) {
    CAPTURE(tick);
    model.Advance(tick);
    REQUIRE(Model::Restore(model.Serialise(), Options(10)));
    model.Retract(lessons[tick % 100].label);
    model.Learn(lessons[tick % 100].label);
  }
  model.Advance(10000000);
  CHECK(Distance(model, cold) < 1e-12);
  for (const Lesson& lesson : lessons) {
    model.Retract(lesson.label);
    model.RetractCost(lesson.bill);
  }
  CHECK(Distance(model, cold) == 0);
}

TEST_CASE("late labels are forgotten by the tick of their decision") {
  const auto lessons = RandomLessons(7, 400, 1);
  Model punctual = test::ColdModel(Options(60), 1);
  Teach(punctual, lessons);
  punctual.Advance(2000);
  Model late = test::ColdModel(Options(60), 1);
  late.Advance(2000);
  Teach(late, lessons);
  CHECK(SameBits(punctual, late));
}

TEST_CASE("posteriors are derived anew once they have decayed by three percent") {
  Model model = test::ColdModel(Options(1000), 1);
  Teach(model, RandomLessons(8, 100, 1));
  const auto first = model.Derive();
  model.Advance(100 + 42);  // 2^-.043 = .9706
  CHECK(model.Derive()->arm(0).quality == first->arm(0).quality);
  model.Advance(100 + 46);
  const auto second = model.Derive();
  CHECK(second->arm(0).quality != first->arm(0).quality);
  CHECK(second->arm(0).cost != first->arm(0).cost);
}

TEST_CASE("contexts that wait narrow the width and nothing else") {
  Rng rng(9);
  Model model = test::ColdModel(Options(200), 2);
  Teach(model, RandomLessons(9, 300, 2));
  const std::string bytes = model.Serialise();
  const Context x = test::RandomContext(rng, kDimension);
  const auto alone = model.Derive(.5);
  std::vector<Context> waiting;
  RidgeStatistics pending(kDimension);
  for (int i = 0; i < 40; ++i) {
    waiting.push_back(test::RandomContext(rng, kDimension));
    model.AddPending(0, waiting.back());
    pending.Add(waiting.back(), 0, 1);
  }
  CHECK((model.Serialise() == bytes));
  const auto with = model.Derive(.5);
  CHECK(with->arm(1).quality == alone->arm(1).quality);
  const Estimate before = alone->Predict(0, x, {});
  const Estimate after = with->Predict(0, x, {});
  CHECK(after.mean == before.mean);
  CHECK(after.width < before.width);
  CHECK(with->arm(0).quality->sigma() == alone->arm(0).quality->sigma());
  // Half of them will have a label: A + P / 2, by hand.
  const RidgeSolution& solution = *model.Heads(0).quality;
  Eigen::MatrixXd a = Eigen::MatrixXd::Zero(kDimension, kDimension);
  for (std::size_t i = 0; i < kDimension; ++i) {
    for (std::size_t j = i; j < kDimension; ++j) {
      a(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) =
          solution.u[i * kDimension + j];
    }
  }
  a = a.transpose() * a;
  for (const Context& context : waiting) {
    a += .5 * context.cast<double>() * context.cast<double>().transpose();
  }
  const Eigen::VectorXd wide = x.cast<double>();
  CHECK(with->arm(0).quality->Predict(x.data()).variance ==
        Approx(wide.dot(a.ldlt().solve(wide))).epsilon(1e-5));
  CHECK(model.Derive()->Predict(0, x, {}).width == Approx(before.width).epsilon(1e-6));
  model.AddPending(0, x);
  CHECK(model.Derive(.5)->Predict(0, x, {}).width < after.width);
  model.RemovePending(0, x);
  CHECK(model.Derive(.5)->Predict(0, x, {}).width == Approx(after.width).epsilon(1e-6));
  // The same to the bit once nothing waits.
  for (const Context& context : waiting) {
    model.RemovePending(0, context);
  }
  CHECK(test::Same(model.Derive(.5)->Predict(0, x, {}), before));
}

TEST_CASE("thousands of contexts that come and go leave nothing behind") {
  Rng rng(10);
  Model model = test::ColdModel(Options(0), 1);
  const Context x = test::RandomContext(rng, kDimension);
  const Estimate cold = model.Derive(1)->Predict(0, x, {});
  std::vector<Context> waiting;
  for (int i = 0; i < 20000; ++i) {
    if (waiting.size() > 50) {
      const auto at = static_cast<std::ptrdiff_t>(rng.Below(waiting.size()));
      model.RemovePending(0, *(waiting.begin() + at));
      waiting.erase(waiting.begin() + at);
    }
    waiting.push_back(test::RandomContext(rng, kDimension));
    model.AddPending(0, waiting.back());
  }
  const Estimate lived = model.Derive(1)->Predict(0, x, {});
  model.ClearPending();
  CHECK(test::Same(model.Derive(1)->Predict(0, x, {}), cold));
  for (const Context& context : waiting) {
    model.AddPending(0, context);
  }
  CHECK(lived.width == Approx(model.Derive(1)->Predict(0, x, {}).width).epsilon(1e-6));
}

}  // namespace
}  // namespace sluice::policy
