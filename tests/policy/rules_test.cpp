// Rules on a text.
#include "policy/rules.h"

#include <catch2/catch.hpp>

namespace sluice::policy {
namespace {

constexpr std::size_t kAnyLength = 16384;

TEST_CASE("the first rule that matches decides") {
  const RuleBook book({{.length_max = kAnyLength, .keywords = {"code"}, .arm = 2},
                       {.length_max = 20, .arm = 0},
                       {.length_max = kAnyLength, .arm = 1}});
  CHECK(book.FirstMatch("hello") == ArmId{0});
  CHECK(book.FirstMatch("code") == ArmId{2});
  CHECK(book.FirstMatch(std::string(21, 'x')) == ArmId{1});
  CHECK(book.FirstMatch(std::string(500, 'x') + " code") == ArmId{2});
}

TEST_CASE("bounds of length are inclusive and count characters") {
  const RuleBook book({{.length_min = 3, .length_max = 5, .arm = 4}});
  CHECK_FALSE(book.FirstMatch("ab"));
  CHECK(book.FirstMatch("abc") == ArmId{4});
  CHECK(book.FirstMatch("abcde") == ArmId{4});
  CHECK_FALSE(book.FirstMatch("abcdef"));
  CHECK(book.FirstMatch("\u00e9\u4e2d\u00e9\u4e2d\u00e9") == ArmId{4});  // 13 bytes
  CHECK_FALSE(book.FirstMatch("\xff\xff"));                              // each a character
  CHECK(book.FirstMatch("\xff\xff\xff") == ArmId{4});
}

TEST_CASE("keywords are whole words in any case") {
  const RuleBook book({{.length_max = kAnyLength, .keywords = {"sql", "prove"}, .arm = 3}});
  for (const char* text : {"sql", "SQL", "write Sql.", "a,sql", "(prove)", "x\nPROVE\ny"}) {
    CAPTURE(text);
    CHECK(book.FirstMatch(text) == ArmId{3});
  }
  for (const char* text : {"", "sqlite", "mysql", "proven", "improve", "s ql", "sql_1", "pro"}) {
    CAPTURE(text);
    CHECK_FALSE(book.FirstMatch(text));
  }
}

TEST_CASE("rules that share a keyword are told apart by their lengths") {
  const RuleBook book({{.length_max = 8, .keywords = {"sum"}, .arm = 1},
                       {.length_max = kAnyLength, .keywords = {"sum", "add"}, .arm = 2}});
  CHECK(book.FirstMatch("sum it") == ArmId{1});
  CHECK(book.FirstMatch("sum it all up") == ArmId{2});
  CHECK(book.FirstMatch("add it") == ArmId{2});
}

TEST_CASE("a book without rules says nothing and the most rules are all looked at") {
  CHECK_FALSE(RuleBook().FirstMatch("text"));
  CHECK(RuleBook().empty());
  std::vector<Rule> rules;
  for (std::size_t i = 0; i < kRulesMax; ++i) {
    rules.push_back({.length_max = kAnyLength,
                     .keywords = {"word" + std::to_string(i)},
                     .arm = static_cast<ArmId>(i)});
  }
  const RuleBook book(rules);
  for (std::size_t i = 0; i < kRulesMax; ++i) {
    CHECK(book.FirstMatch("a word" + std::to_string(i)) == static_cast<ArmId>(i));
  }
}

}  // namespace
}  // namespace sluice::policy
