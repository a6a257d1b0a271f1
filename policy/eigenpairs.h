// The leading eigenpairs of a Gram matrix with the same bits in every build.
//
// One-sided Jacobi (Hestenes 1958): rotations of pairs of rows until all are orthogonal. Every
// number is a fixed sequence of std::fma, sqrt and division. Eigen's solver applies its Householder
// blocks by products whose order of summation follows the size of the processor's cache.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace sluice::policy {

struct Eigenpairs {
  std::vector<double> values;   // decreasing, all above 1e-12 of the first
  std::vector<double> vectors;  // values.size() x n, row-major, orthonormal rows
};

// At most `count` pairs of the symmetric positive semidefinite n x n matrix; fewer when its rank is
// smaller, none when it is zero or has a number that is not finite. The sign of a vector is any.
Eigenpairs LeadingEigenpairs(std::span<const double> matrix, std::size_t n, std::size_t count);

}  // namespace sluice::policy
