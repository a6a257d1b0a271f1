// Floats and doubles that the compiler keeps in one register, for the loops that touch megabytes.
// Fused by name and not by the compiler's choice: the same bits in every build. Private to policy/.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstring>

namespace sluice::policy {

inline constexpr std::size_t kFloatLanes = 8;
inline constexpr std::size_t kDoubleLanes = 4;
typedef float FloatLanes __attribute__((vector_size(kFloatLanes * sizeof(float))));
typedef double DoubleLanes __attribute__((vector_size(kDoubleLanes * sizeof(double))));

inline FloatLanes LoadLanes(const float* from) {
  FloatLanes lanes;
  std::memcpy(&lanes, from, sizeof(lanes));
  return lanes;
}

inline DoubleLanes LoadLanes(const double* from) {
  DoubleLanes lanes;
  std::memcpy(&lanes, from, sizeof(lanes));
  return lanes;
}

// sum += a * b.
inline void MultiplyAdd(FloatLanes& sum, const FloatLanes& a, float b) {
  for (std::size_t lane = 0; lane < kFloatLanes; ++lane) {
    sum[lane] = std::fma(a[lane], b, sum[lane]);
  }
}

inline void MultiplyAdd(FloatLanes& sum, const FloatLanes& a, const FloatLanes& b) {
  for (std::size_t lane = 0; lane < kFloatLanes; ++lane) {
    sum[lane] = std::fma(a[lane], b[lane], sum[lane]);
  }
}

inline void MultiplyAdd(DoubleLanes& sum, const DoubleLanes& a, const DoubleLanes& b) {
  for (std::size_t lane = 0; lane < kDoubleLanes; ++lane) {
    sum[lane] = std::fma(a[lane], b[lane], sum[lane]);
  }
}

inline double SumOf(const DoubleLanes& lanes) {
  return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
}

}  // namespace sluice::policy
