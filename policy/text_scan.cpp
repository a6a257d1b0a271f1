#include "policy/text_scan.h"

#include <cstdint>

namespace sluice::policy {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsUpper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool IsLower(char c) {
  return c >= 'a' && c <= 'z';
}
bool IsAscii(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}
bool IsOptionLetter(char c) {
  return c >= 'A' && c <= 'J';
}

// The character at `i`, or NUL past the end. A NUL in the text means nothing to any caller.
char At(std::string_view text, std::size_t i) {
  return i < text.size() ? text[i] : '\0';
}

bool IsOptionMark(std::string_view text, std::size_t i) {
  const char closing = At(text, i + 1);
  return IsOptionLetter(text[i]) && (closing == ')' || closing == '.' || closing == ':') &&
         At(text, i + 2) == ' ';
}

// "A." or "(A)" begins at `i`.
bool BeginsOption(std::string_view text, std::size_t i) {
  const std::size_t letter = text[i] == '(' ? i + 1 : i;
  const char closing = At(text, letter + 1);
  return IsOptionLetter(At(text, letter)) && (closing == ')' || closing == '.');
}

bool EndsSentence(std::string_view text, std::size_t i) {
  const bool mark = text[i] == '.' || text[i] == '!' || text[i] == '?';
  return mark && (i + 1 == text.size() || IsBlank(text[i + 1]));
}

void CountCharacter(char c, TextCounts& counts) {
  switch (c) {
    case '\n':
      ++counts.newlines;
      break;
    case '?':
      ++counts.question_marks;
      break;
    case ',':
      ++counts.commas;
      break;
    case '"':
      ++counts.quotes;
      break;
    case '$':
      ++counts.dollars;
      ++counts.operators;
      break;
    case '+':
    case '-':
    case '*':
    case '/':
    case '=':
    case '^':
    case '<':
    case '>':
    case '%':
    case '\\':
      ++counts.operators;
      break;
    default:
      counts.digits += IsDigit(c) ? 1 : 0;
      counts.upper += IsUpper(c) ? 1 : 0;
  }
}

// What a lead byte promises: how long its sequence is and the least code point that needs it.
struct Lead {
  std::size_t bytes;
  std::uint32_t bits;
  std::uint32_t least;
};

Lead LeadOf(unsigned char byte) {
  if (byte >= 0xC0 && byte < 0xE0) {
    return {2, byte & 0x1Fu, 0x80};
  }
  if (byte >= 0xE0 && byte < 0xF0) {
    return {3, byte & 0x0Fu, 0x800};
  }
  if (byte >= 0xF0 && byte < 0xF8) {
    return {4, byte & 0x07u, 0x10000};
  }
  return {1, byte, 0};
}

}  // namespace

bool IsBlank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

bool IsWordCharacter(char c) {
  return IsLower(c) || IsUpper(c) || IsDigit(c) || c == '_';
}

std::size_t CodePointBytes(std::string_view text) {
  const Lead lead = LeadOf(static_cast<unsigned char>(text[0]));
  if (lead.bytes > text.size()) {
    return 1;
  }
  std::uint32_t code_point = lead.bits;
  for (std::size_t i = 1; i < lead.bytes; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0) != 0x80) {
      return 1;
    }
    code_point = (code_point << 6) | (byte & 0x3Fu);
  }
  const bool surrogate = code_point >= 0xD800 && code_point < 0xE000;
  return code_point >= lead.least && code_point <= 0x10FFFF && !surrogate ? lead.bytes : 1;
}

TextCounts CountText(std::string_view text) {
  TextCounts counts;
  bool in_digits = false;
  bool only_blanks_since_newline = true;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    ++counts.code_points;
    counts.digit_runs += IsDigit(c) && !in_digits ? 1 : 0;
    in_digits = IsDigit(c);
    counts.option_lines += only_blanks_since_newline && BeginsOption(text, i) ? 1 : 0;
    only_blanks_since_newline = c == '\n' || (only_blanks_since_newline && IsBlank(c));
    counts.option_marks += IsOptionMark(text, i) ? 1 : 0;
    counts.sentence_ends += EndsSentence(text, i) ? 1 : 0;
    CountCharacter(c, counts);
    counts.non_ascii |= !IsAscii(c);
    i += IsAscii(c) ? 1 : CodePointBytes(text.substr(i));
  }
  return counts;
}

std::vector<TextWord> WordsOf(std::string_view lowered) {
  std::vector<TextWord> words;
  std::size_t i = 0;
  while (i < lowered.size()) {
    const std::size_t begin = i;
    std::size_t code_points = 0;
    while (i < lowered.size() && !IsBlank(lowered[i])) {
      i += CodePointBytes(lowered.substr(i));
      ++code_points;
    }
    if (code_points > 0) {
      words.push_back({lowered.substr(begin, i - begin), code_points});
    }
    ++i;  // the blank
  }
  return words;
}

std::string LoweredAscii(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) {
    if (IsUpper(c)) {
      c = static_cast<char>(c - 'A' + 'a');
    }
  }
  return lowered;
}

bool EndsWithQuestion(std::string_view text) {
  while (!text.empty() && IsBlank(text.back())) {
    text.remove_suffix(1);
  }
  return text.ends_with('?');
}

}  // namespace sluice::policy
