// Rules: the keyword and length routers that gateways ship with, and that learned routers are
// compared to (Hu et al., "RouterBench", arXiv 2403.12031; Ong et al., "RouteLLM", arXiv
// 2406.18665).

#include "policy/rules.h"

#include <algorithm>
#include <map>

#include "policy/check.h"
#include "policy/text_scan.h"

namespace sluice::policy {
namespace {

char Lowered(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Less, equal or greater, as std::string_view::compare, with `word` in lower case.
int Compare(std::string_view keyword, std::string_view word) {
  const std::size_t common = std::min(keyword.size(), word.size());
  for (std::size_t i = 0; i < common; ++i) {
    const char c = Lowered(word[i]);
    if (keyword[i] != c) {
      return keyword[i] < c ? -1 : 1;
    }
  }
  return keyword.size() < word.size() ? -1 : (keyword.size() > word.size() ? 1 : 0);
}

std::size_t CodePoints(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); i += CodePointBytes(text.substr(i))) {
    ++count;
  }
  return count;
}

}  // namespace

RuleBook::RuleBook(std::vector<Rule> rules) : rules_(std::move(rules)) {
  Check(rules_.size() <= kRulesMax, "a rule book has at most kRulesMax rules");
  std::map<std::string, std::uint64_t> words;
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    for (const std::string& keyword : rules_[i].keywords) {
      words[keyword] |= std::uint64_t{1} << i;
    }
  }
  words_.assign(words.begin(), words.end());
}

std::uint64_t RuleBook::RulesWithWordsOf(std::string_view text) const {
  std::uint64_t found = 0;
  for (std::size_t i = 0; i < text.size() && !words_.empty();) {
    std::size_t end = i;
    while (end < text.size() && IsWordCharacter(text[end])) {
      ++end;
    }
    const std::string_view word = text.substr(i, end - i);
    const auto at = std::lower_bound(words_.begin(), words_.end(), word,
                                     [](const auto& entry, std::string_view wanted) {
                                       return Compare(entry.first, wanted) < 0;
                                     });
    if (at != words_.end() && Compare(at->first, word) == 0) {
      found |= at->second;
    }
    i = end + 1;
  }
  return found;
}

std::optional<ArmId> RuleBook::FirstMatch(std::string_view text) const {
  if (rules_.empty()) {
    return std::nullopt;
  }
  const std::size_t length = CodePoints(text);
  const std::uint64_t with_words = RulesWithWordsOf(text);
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    const Rule& rule = rules_[i];
    const bool worded = rule.keywords.empty() || (with_words >> i & 1) != 0;
    if (worded && rule.length_min <= length && length <= rule.length_max) {
      return rule.arm;
    }
  }
  return std::nullopt;
}

}  // namespace sluice::policy
