#include "policy/eigenpairs.h"

#include <cmath>
#include <limits>

#include <Eigen/Dense>
#include <catch2/catch.hpp>

#include "policy/rng.h"

namespace sluice::policy {
namespace {

using Rows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// H H' of random rows; its rank is `dimension` when that is below n.
Rows RandomGram(Rng& rng, int n, int dimension) {
  Rows h(n, dimension);
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < dimension; ++j) {
      h(i, j) = rng.Normal() * std::pow(0.8, j);
    }
  }
  return h * h.transpose();
}

Eigenpairs PairsOf(const Rows& matrix, std::size_t count) {
  return LeadingEigenpairs({matrix.data(), static_cast<std::size_t>(matrix.size())},
                           static_cast<std::size_t>(matrix.rows()), count);
}

Rows VectorsOf(const Eigenpairs& pairs, Eigen::Index n) {
  return Eigen::Map<const Rows>(pairs.vectors.data(),
                                static_cast<Eigen::Index>(pairs.values.size()), n);
}

// How far the pairs are from being orthonormal eigenvectors, relative to the largest value.
double Defect(const Rows& matrix, const Eigenpairs& pairs) {
  const Rows v = VectorsOf(pairs, matrix.rows());
  const auto values = Eigen::Map<const Eigen::VectorXd>(pairs.values.data(), v.rows());
  const double residual =
      (v * matrix - values.asDiagonal() * v).cwiseAbs().maxCoeff() / pairs.values[0];
  const double skew =
      (v * v.transpose() - Rows::Identity(v.rows(), v.rows())).cwiseAbs().maxCoeff();
  return std::max(residual, skew);
}

TEST_CASE("eigenpairs are those of the matrix and decrease") {
  const std::uint64_t seed = 20;
  CAPTURE(seed);
  Rng rng(seed);
  for (int n : {1, 2, 3, 7, 8, 9, 30, 65}) {
    CAPTURE(n);
    const Rows matrix = RandomGram(rng, n, n + 5);
    const Eigenpairs pairs = PairsOf(matrix, 25);
    REQUIRE(pairs.values.size() == static_cast<std::size_t>(std::min(n, 25)));
    CHECK(Defect(matrix, pairs) < 1e-12);
    const Eigen::VectorXd expected =
        Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(matrix).eigenvalues().reverse();
    for (std::size_t k = 0; k < pairs.values.size(); ++k) {
      CHECK(pairs.values[k] == Approx(expected[static_cast<Eigen::Index>(k)]).epsilon(1e-9));
    }
  }
}

TEST_CASE("a matrix of low rank gives no more pairs than its rank") {
  Rng rng(21);
  const Rows matrix = RandomGram(rng, 40, 6);
  const Eigenpairs pairs = PairsOf(matrix, 25);
  REQUIRE(pairs.values.size() == 6);
  CHECK(Defect(matrix, pairs) < 1e-12);
}

TEST_CASE("equal eigenvalues give some orthonormal vectors of theirs") {
  Rows matrix = Rows::Identity(12, 12) * 3;
  CHECK(PairsOf(matrix, 12).values.size() == 12);
  CHECK(Defect(matrix, PairsOf(matrix, 12)) < 1e-14);
  matrix += Rows::Ones(12, 12);
  const Eigenpairs pairs = PairsOf(matrix, 12);
  CHECK(pairs.values[0] == Approx(15));
  CHECK(Defect(matrix, pairs) < 1e-13);
}

TEST_CASE("what has no eigenpairs worth a name gives none") {
  CHECK(LeadingEigenpairs({}, 0, 25).values.empty());
  CHECK(PairsOf(Rows::Zero(5, 5), 25).values.empty());
  Rows matrix = Rows::Identity(5, 5);
  matrix(3, 3) = std::numeric_limits<double>::quiet_NaN();
  CHECK(PairsOf(matrix, 25).values.empty());
  matrix(3, 3) = std::numeric_limits<double>::infinity();
  CHECK(PairsOf(matrix, 25).values.empty());
}

}  // namespace
}  // namespace sluice::policy
