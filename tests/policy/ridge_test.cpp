#include "policy/ridge.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include <Eigen/Dense>
#include <catch2/catch.hpp>

#include "policy/cholesky.h"
#include "tests/support/ridge_fixtures.h"

namespace sluice::policy {
namespace {

using test::Dot;
using test::FlatPrior;
using test::LargestDifference;
using test::RandomContributions;
using test::StatisticsOf;
using Vector = std::vector<double>;

// x' A^-1 x = |W x|^2.
double VarianceAt(const RidgeSolution& solution, Vector x) {
  SolveTransposed(solution.u, x);
  return Dot(x, x);
}

TEST_CASE("four exact rows give the exact posterior") {  // oracle 1
  const Vector rows[] = {{1, 0, 1}, {0, 1, 1}, {1, 1, 1}, {2, -1, 1}};
  const double targets[] = {1, 0, .5, 1};
  RidgeStatistics statistics(3);
  for (int i = 0; i < 4; ++i) {
    statistics.Add(rows[i], targets[i], 1);
  }
  RidgePrior prior = FlatPrior(3, 1);
  prior.a0 = 2;
  prior.b0 = .5;
  const auto solution = SolveRidge(statistics, prior);
  REQUIRE(solution);
  const Vector theta{39.0 / 112, -11.0 / 112, 27.0 / 112};
  CHECK(LargestDifference(solution->theta, theta) < 1e-12);
  CHECK(solution->log_determinant == Approx(std::log(56)).epsilon(1e-12));
  CHECK(solution->a_n == 4);
  CHECK(solution->b_n == Approx(.6897321428571429).epsilon(1e-12));
  const Vector x{1, 2, 1};
  CHECK(Dot(solution->theta, x) == Approx(11.0 / 28).epsilon(1e-12));
  CHECK(VarianceAt(*solution, x) == Approx(10.0 / 7).epsilon(1e-12));
}

struct GeneratedArm {
  double n, n_effective;
  Vector theta;
  double mean, variance, log_determinant, a_n, b_n;
};

const std::vector<GeneratedArm> kGenerated{
    {300.5,
     323.367054611,
     {0.011087382248765, 0.003500108349835, 0.007406268377012, 0.011653985288670,
      0.515230266617408},
     0.522724992339444,
     0.007082539161724,
     24.047434407542,
     155.25,
     12.327434830199753},
    {285.5,
     303.293953488,
     {-0.008091909517176, 0.025419100740167, -0.033038710999539, 0.007797747278130,
      0.513151012950521},
     0.489900039175379,
     0.008083316235080,
     23.856256849148,
     147.75,
     11.989820525082575},
    {294,
     317.779411765,
     {0.001656536047227, -0.025815010497209, 0.006866665366375, -0.018961624190441,
      0.492856276402946},
     0.500053409580699,
     0.007598155109205,
     23.901162687039,
     152,
     12.704886352596407}};

TEST_CASE("a thousand generated rows give the reference posterior of all three arms") {  // oracle 2
  std::vector<RidgeStatistics> arms(3, RidgeStatistics(5));
  for (std::uint64_t i = 0; i < 1000; ++i) {
    Vector x(5, 1.0);
    for (std::uint64_t j = 0; j < 4; ++j) {
      x[j] = 2 * RandomUniform(7, 5 * i + j, 0) - 1;
    }
    const auto arm = static_cast<std::size_t>(3 * RandomUniform(7, i, 2));
    arms[arm].Add(x, RandomUniform(7, i, 1), RandomUniform(7, i, 3) < .25 ? .5 : 1);
  }
  CHECK(arms[0].count() == 343);
  CHECK(arms[1].count() == 319);
  CHECK(arms[2].count() == 338);
  RidgePrior prior = FlatPrior(5, .5);
  prior.mean[4] = .5;
  const Vector x{.3, -.2, .5, .1, 1};
  for (std::size_t arm = 0; arm < 3; ++arm) {
    CAPTURE(arm);
    const GeneratedArm& expected = kGenerated[arm];
    const auto solution = SolveRidge(arms[arm], prior);
    REQUIRE(solution);
    CHECK(arms[arm].n() == Approx(expected.n).epsilon(1e-12));
    CHECK(arms[arm].n_effective() == Approx(expected.n_effective).epsilon(1e-10));
    CHECK(LargestDifference(solution->theta, expected.theta) < 1e-12);
    CHECK(Dot(solution->theta, x) == Approx(expected.mean).epsilon(1e-10));
    CHECK(VarianceAt(*solution, x) == Approx(expected.variance).epsilon(1e-10));
    CHECK(solution->log_determinant == Approx(expected.log_determinant).epsilon(1e-10));
    CHECK(solution->a_n == expected.a_n);
    CHECK(solution->b_n == Approx(expected.b_n).epsilon(1e-10));
  }
}

TEST_CASE("one at a time equals the batch solution after a hundred thousand") {  // oracle 3
  constexpr std::size_t kDimension = 17;
  const auto contributions = RandomContributions(kDimension, 100000);
  const RidgeStatistics statistics = StatisticsOf(contributions);
  const auto solution = SolveRidge(statistics, FlatPrior(kDimension, 2));
  REQUIRE(solution);
  Eigen::MatrixXd x(100000, kDimension);
  Eigen::VectorXd weight(100000);
  Eigen::VectorXd target(100000);
  for (Eigen::Index i = 0; i < x.rows(); ++i) {
    const test::Contribution& c = contributions[static_cast<std::size_t>(i)];
    x.row(i) = c.x.cast<double>();
    weight[i] = c.weight;
    target[i] = c.target;
  }
  const Eigen::MatrixXd s = x.transpose() * weight.asDiagonal() * x;
  const Eigen::VectorXd b = x.transpose() * weight.asDiagonal() * target;
  Vector sums{weight.sum(), weight.squaredNorm(), target.dot(weight.asDiagonal() * target)};
  sums.insert(sums.end(), b.begin(), b.end());
  for (Eigen::Index i = 0; i < s.rows(); ++i) {
    sums.insert(sums.end(), s.row(i).begin() + i, s.row(i).end());
  }
  CHECK(LargestDifference(test::SumsOf(statistics), sums) < 1e-12 * test::Largest(sums));
  const Eigen::MatrixXd a = 2 * Eigen::MatrixXd::Identity(kDimension, kDimension) + s;
  const Eigen::VectorXd theta = a.ldlt().solve(b);
  CHECK(LargestDifference(solution->theta, Vector(theta.begin(), theta.end())) < 1e-12);
}

TEST_CASE("another order of the same events gives the same posterior within 1e-12") {
  constexpr std::size_t kDimension = 17;
  const RidgePrior prior = FlatPrior(kDimension, 2);
  for (std::uint64_t seed : {1, 2, 3}) {
    CAPTURE(seed);
    auto contributions = RandomContributions(kDimension, 20000, seed);
    const RidgeStatistics forwards = StatisticsOf(contributions);
    Rng rng(seed, 1);
    test::Shuffle(contributions, rng);
    const RidgeStatistics shuffled = StatisticsOf(contributions);
    const Vector sums = test::SumsOf(forwards);
    CHECK(LargestDifference(sums, test::SumsOf(shuffled)) < 1e-13 * test::Largest(sums));
    const auto a = SolveRidge(forwards, prior);
    const auto b = SolveRidge(shuffled, prior);
    REQUIRE(a);
    REQUIRE(b);
    CHECK(test::Distance(*a, *b) < 1e-12);
  }
}

TEST_CASE("the float factor predicts what the double posterior says") {
  for (std::size_t dimension : {1u, 2u, 7u, 8u, 9u, 26u, 65u, 129u, 385u}) {
    CAPTURE(dimension);
    const RidgeStatistics statistics = StatisticsOf(RandomContributions(dimension, 500));
    const RidgePrior prior = FlatPrior(dimension, 1);
    const auto solution = SolveRidge(statistics, prior);
    REQUIRE(solution);
    const auto factor = RidgeFactor::Derive(*solution);
    REQUIRE(factor);
    Rng rng(dimension);
    for (int i = 0; i < 20; ++i) {
      const Context x = test::RandomContext(rng, dimension);
      const Vector wide(x.begin(), x.end());
      const Prediction prediction = factor->Predict(x.data());
      CHECK(std::abs(prediction.mean - Dot(solution->theta, wide)) < 1e-6);
      CHECK(prediction.mean == factor->Mean(x.data()));
      CHECK(prediction.variance == Approx(VarianceAt(*solution, wide)).epsilon(1e-6));
      const Prediction exact = PredictExactly(*solution, x);
      CHECK(exact.mean == Approx(Dot(solution->theta, wide)).epsilon(1e-13));
      CHECK(exact.variance == Approx(VarianceAt(*solution, wide)).epsilon(1e-13));
    }
    CHECK(factor->sigma() == std::sqrt(solution->b_n / solution->a_n));
    CHECK(factor->log_determinant() == solution->log_determinant);
  }
}

TEST_CASE("the inverse factor undoes the precision matrix at any size") {
  for (std::size_t d : {1u, 7u, 8u, 9u, 16u, 63u, 200u}) {
    CAPTURE(d);
    const auto contributions = RandomContributions(d, 2 * d);
    const auto solution = SolveRidge(StatisticsOf(contributions), FlatPrior(d, 1));
    REQUIRE(solution);
    const auto n = static_cast<Eigen::Index>(d);
    Eigen::MatrixXd a = Eigen::MatrixXd::Identity(n, n);
    for (const test::Contribution& c : contributions) {
      const Eigen::VectorXd x = c.x.cast<double>();
      a += c.weight * x * x.transpose();
    }
    const Vector inverse = InvertCholesky(solution->u, d);
    const Eigen::Map<const Eigen::Matrix<double, -1, -1, Eigen::RowMajor>> w(inverse.data(), n, n);
    const Eigen::MatrixXd identity = w * a * w.transpose();
    CHECK((identity - Eigen::MatrixXd::Identity(n, n)).cwiseAbs().maxCoeff() < 1e-10);
    CHECK(solution->log_determinant ==
          Approx(a.ldlt().vectorD().array().log().sum()).epsilon(1e-10).margin(1e-12));
  }
}

TEST_CASE("every build of ours gives the same bits") {
  struct Golden {
    std::size_t dimension;
    std::uint64_t statistics, theta, w, predictions;
  };
  const Golden golden[] = {{5, 0x2467583e257b01f0ULL, 0xa08b9c53c2c000b8ULL, 0xdb3b0afcc26cb572ULL,
                            0xdb5b5b9736e27183ULL},
                           {65, 0xc5f7dda541bfedaaULL, 0x565a25d277c84c8dULL, 0xd335e3244d4cfb99ULL,
                            0xd09f0546a31b0935ULL},
                           {130, 0x8c5f27787d7a58b1ULL, 0xf040c61cafb950dbULL,
                            0xe57d71a2f1f38a6eULL, 0xa39fe7b3709b63f4ULL}};
  for (const Golden& expected : golden) {
    CAPTURE(expected.dimension);
    const RidgeStatistics statistics = StatisticsOf(RandomContributions(expected.dimension, 300));
    const RidgePrior prior = FlatPrior(expected.dimension, 1);
    const auto solution = SolveRidge(statistics, prior);
    REQUIRE(solution);
    const auto factor = RidgeFactor::Derive(*solution);
    REQUIRE(factor);
    Rng rng(3);
    Vector predictions;
    for (int i = 0; i < 10; ++i) {
      const Context x = test::RandomContext(rng, expected.dimension);
      const Prediction prediction = factor->Predict(x.data());
      predictions.push_back(prediction.mean);
      predictions.push_back(prediction.variance);
    }
    std::string bytes;
    statistics.Serialise(bytes);
    Vector words(bytes.size() / sizeof(double));
    std::memcpy(words.data(), bytes.data(), bytes.size());
    CHECK(test::HashBits(words) == expected.statistics);
    CHECK(test::HashBits(solution->theta) == expected.theta);
    CHECK(test::HashBits(InvertCholesky(solution->u, expected.dimension)) == expected.w);
    CHECK(test::HashBits(predictions) == expected.predictions);
  }
}

TEST_CASE("statistics restored from their bytes are the same statistics") {
  const RidgeStatistics statistics = StatisticsOf(RandomContributions(9, 50));
  std::string bytes;
  statistics.Serialise(bytes);
  std::string_view in = bytes;
  const auto restored = RidgeStatistics::Restore(in, 9);
  REQUIRE(restored);
  CHECK(in.empty());
  CHECK(*restored == statistics);
  std::string again;
  restored->Serialise(again);
  CHECK(again == bytes);
}

template <typename T>
bool RestoresWith(std::size_t at, T value) {
  std::string bytes;
  StatisticsOf(RandomContributions(3, 10)).Serialise(bytes);
  std::memcpy(bytes.data() + at, &value, sizeof(value));
  std::string_view in = bytes;
  return RidgeStatistics::Restore(in, 3).has_value();
}

TEST_CASE("statistics that say something impossible are refused") {
  const double nan = std::nan("");
  const double infinity = HUGE_VAL;
  constexpr std::size_t kDiagonal1 = test::kBAt + 3 * 8 + 3 * 8;
  CHECK(
      RestoresWith<std::uint64_t>(test::kCountAt, 11));  // the control: more events of less weight
  CHECK_FALSE(RestoresWith<std::uint32_t>(0, 1));
  CHECK_FALSE(RestoresWith<std::uint32_t>(4, 4));
  CHECK_FALSE(RestoresWith<std::uint64_t>(test::kCountAt, 0));
  CHECK_FALSE(RestoresWith<std::uint64_t>(test::kCountAt, 1));
  for (double bad : {nan, infinity, -1.0}) {
    CAPTURE(bad);
    CHECK_FALSE(RestoresWith(test::kNAt, bad));
    CHECK_FALSE(RestoresWith(test::kN2At, bad));
    CHECK_FALSE(RestoresWith(test::kY2At, bad));
    CHECK_FALSE(RestoresWith(kDiagonal1, bad));
    CHECK_FALSE(RestoresWith(test::kBorrowedAt, bad));
  }
  CHECK_FALSE(RestoresWith(test::kBAt, nan));
  CHECK_FALSE(RestoresWith(kDiagonal1 - 8, infinity));
}

TEST_CASE("statistics cut short anywhere are refused") {
  std::string bytes;
  StatisticsOf(RandomContributions(3, 10)).Serialise(bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    std::string_view in(bytes.data(), size);
    CAPTURE(size);
    CHECK_FALSE(RidgeStatistics::Restore(in, 3));
  }
}

TEST_CASE("a matrix that rounding made singular is factored with jitter") {
  RidgeStatistics statistics(2);
  statistics.Add(Vector{1e9, 1e9}, .5, 1);
  const auto solution = SolveRidge(statistics, FlatPrior(2, 1));
  REQUIRE(solution);
  const auto factor = RidgeFactor::Derive(*solution);
  REQUIRE(factor);
  const float x[] = {1, 1};
  CHECK(std::isfinite(factor->Predict(x).variance));
}

TEST_CASE("a matrix that no jitter makes definite has no factor") {
  std::string bytes;
  RidgeStatistics statistics(2);
  statistics.Add(Vector{1, 1}, .5, 1);
  statistics.Serialise(bytes);
  const double off_diagonal = 100;
  std::memcpy(bytes.data() + test::kBAt + 2 * 8 + 8, &off_diagonal, sizeof(off_diagonal));
  std::string_view in = bytes;
  const auto damaged = RidgeStatistics::Restore(in, 2);
  REQUIRE(damaged);
  CHECK_FALSE(SolveRidge(*damaged, FlatPrior(2, 1)));
}

TEST_CASE("the noise scale stays at least 1e-12 when the fit is perfect") {
  RidgePrior prior = FlatPrior(1, 1);
  prior.mean[0] = .3;
  prior.b0 = 1e-15;
  RidgeStatistics statistics(1);
  for (int i = 0; i < 100; ++i) {
    statistics.Add(Vector{1}, .3, 1);
  }
  const auto solution = SolveRidge(statistics, prior);
  REQUIRE(solution);
  CHECK(solution->b_n == 1e-12);
}

}  // namespace
}  // namespace sluice::policy
