// One pass over a text: the counts that the scalar encoder is made of. Letters, digits and blanks
// are the ASCII ones; a byte that is not part of valid UTF-8 counts as a code point of its own.
// Every function is linear in the text (WordsOf aside, which allocates, none depends on content).
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::policy {

struct TextCounts {
  std::size_t code_points = 0;
  std::size_t newlines = 0;
  std::size_t digits = 0;
  std::size_t digit_runs = 0;
  std::size_t upper = 0;
  std::size_t operators = 0;     // + - * / = ^ < > % $ and the backslash
  std::size_t option_marks = 0;  // "(A) ", "B. ", "C: ": [A-J], one of ") . :", a blank
  std::size_t option_lines = 0;  // lines that begin so, with ")" or "."
  std::size_t question_marks = 0;
  std::size_t commas = 0;
  std::size_t quotes = 0;
  std::size_t dollars = 0;
  std::size_t sentence_ends = 0;  // one of ". ! ?" before white space or the end
  bool non_ascii = false;
};

TextCounts CountText(std::string_view text);

// A run without white space.
struct TextWord {
  std::string_view lowered;  // points into the text it was cut from
  std::size_t code_points = 0;
};
std::vector<TextWord> WordsOf(std::string_view lowered);

std::string LoweredAscii(std::string_view text);

// The last character that is not white space is a question mark.
bool EndsWithQuestion(std::string_view text);

bool IsBlank(char c);
bool IsWordCharacter(char c);

// Bytes of the code point at the front of `text`, which is not empty: 1 to 4; 1 when invalid.
std::size_t CodePointBytes(std::string_view text);

// Which of `wanted` occur in `lowered` as whole words: maximal runs of letters, digits and "_".
template <std::size_t n>
std::bitset<n> ContainsWords(std::string_view lowered,
                             const std::array<std::string_view, n>& wanted) {
  std::bitset<n> found;
  for (std::size_t i = 0; i < lowered.size();) {
    std::size_t end = i;
    while (end < lowered.size() && IsWordCharacter(lowered[end])) {
      ++end;
    }
    const std::string_view run = lowered.substr(i, end - i);
    for (std::size_t k = 0; k < n && !run.empty(); ++k) {
      if (run == wanted[k]) {
        found.set(k);
      }
    }
    i = end + 1;
  }
  return found;
}

}  // namespace sluice::policy
