// Prompts for the world "tasks", made from templates of our own. Their length, digits, code words,
// question words and punctuation tell how hard they are, as those of real prompts do.
#pragma once

#include <cstddef>
#include <string>

#include "policy/rng.h"

namespace sluice::sim {

struct Prompt {
  std::string text;
  double difficulty = 0;     // 0 (anyone can do it) .. 1 (few can)
  double output_tokens = 0;  // mean length of a plain answer
};

// One prompt of one of nine kinds: small talk, lookups, rewriting, summaries, extraction, word
// problems, code, logic puzzles, legal analysis. Within a kind more steps are longer and harder.
Prompt MakePrompt(policy::Rng& rng);

}  // namespace sluice::sim
