// How often a test of chance is repeated: as usual, or SLUICE_TEST_ROUNDS times as often.
#pragma once

#include <algorithm>
#include <cstdlib>

namespace sluice::tests {

inline int Rounds(int usual) {
  const char* times = std::getenv("SLUICE_TEST_ROUNDS");
  return times == nullptr ? usual : usual * std::max(1, std::atoi(times));
}

}  // namespace sluice::tests
