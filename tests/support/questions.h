// Queries of a few words, nearly all of them different.
#pragma once

#include <cstdint>
#include <string>

#include "policy/rng.h"

namespace sluice::tests {

inline constexpr const char* kQuestionWords[] = {
    "capital", "France", "proof",  "sort",   "list",   "python", "poem",   "weather", "tax",
    "legal",   "sum",    "matrix", "travel", "recipe", "doctor", "engine", "music",   "history"};

inline std::string Question(policy::Rng& rng) {
  std::string text;
  for (std::uint64_t i = 0, words = 3 + rng.Below(12); i < words; ++i) {
    text += std::string(kQuestionWords[rng.Below(18)]) + " ";
  }
  return text + std::to_string(rng.Below(100000));
}

}  // namespace sluice::tests
