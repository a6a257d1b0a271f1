// Cholesky factor, its inverse and its solves with the same bits in every build.
//
// Every element is built by one fixed sequence of std::fma, which is exact by definition, so that
// neither vectorisation nor inlining nor a sanitizer can change a result. Eigen's LLT would be no
// faster below some 400 dimensions (README.md), and its templates are weak symbols that another
// unit, compiled with other flags, may supply.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace sluice::policy {

// Replaces the upper triangle of `a` (row-major, d x d) by U with A = U'U; what lies below the
// diagonal is neither read nor written. False, with `a` unspecified, when A is not positive
// definite or not finite.
bool FactorCholesky(std::span<double> a, std::size_t d);

// W = (U')^-1: lower triangular, row-major, d x d, zero above the diagonal.
std::vector<double> InvertCholesky(std::span<const double> u, std::size_t d);

// Replaces c by z with U'z = c; d is c's size.
void SolveTransposed(std::span<const double> u, std::span<double> c);

// Replaces z by t with U t = z; d is z's size.
void SolveUpper(std::span<const double> u, std::span<double> z);

}  // namespace sluice::policy
