// Rules on a text: its length, and words that occur in it. What most gateways route by before they
// learn anything. A rule book is immutable: any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/types.h"

namespace sluice::policy {

inline constexpr std::size_t kRulesMax = 64;

// Matches a text of so many characters (code points) that has one of the keywords, when there are
// any.
struct Rule {
  std::size_t length_min = 0;
  std::size_t length_max = 0;
  // Lower case; each a maximal run of ASCII letters, digits and "_".
  std::vector<std::string> keywords;
  ArmId arm = 0;
  bool operator==(const Rule&) const = default;
};

class RuleBook {
 public:
  RuleBook() = default;
  // At most kRulesMax, the first that matches decides.
  explicit RuleBook(std::vector<Rule> rules);

  bool empty() const { return rules_.empty(); }
  // One pass over the text, whose upper case counts as lower case. No allocation.
  std::optional<ArmId> FirstMatch(std::string_view text) const;

 private:
  std::uint64_t RulesWithWordsOf(std::string_view text) const;

  std::vector<Rule> rules_;
  // Sorted keywords, each with the rules (bit i: rule i) that it stands in.
  std::vector<std::pair<std::string, std::uint64_t>> words_;
};

}  // namespace sluice::policy
