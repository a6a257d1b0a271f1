// Lengths of functions, from the first line of the declaration to the closing brace. Finds function
// bodies by their braces: good enough for code that clang-format has laid out.
#include <algorithm>
#include <array>
#include <cctype>

#include "tests/tidy/tree.h"

namespace sluice::tidy {

namespace {

constexpr std::size_t kLinesMax = 70;
constexpr std::size_t kLinesAimed = 40;
// A ratchet: the share of functions over kLinesAimed lines, in thousandths. Lower it when it can be
// lowered; never raise it.
constexpr std::size_t kLongPermille = 10;

struct Function {
  std::size_t first_line = 0;  // 1-based
  std::size_t last_line = 0;
  std::size_t Lines() const { return last_line - first_line + 1; }
};

enum class Scope { kNamespace, kClass, kFunction, kOther };

std::string_view Trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\n") - first + 1);
}

bool HasWord(std::string_view text, std::string_view word) {
  const auto is_word = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
  };
  for (std::size_t at = text.find(word); at != std::string_view::npos;
       at = text.find(word, at + 1)) {
    const bool starts = at == 0 || !is_word(text[at - 1]);
    const std::size_t end = at + word.size();
    if (starts && (end == text.size() || !is_word(text[end]))) return true;
  }
  return false;
}

bool EndsWithWord(std::string_view text, std::string_view word) {
  return text.ends_with(word) && HasWord(text.substr(text.size() - word.size()), word);
}

// Whether a brace after `head` opens the body of a function: what stands before it is a parameter
// list or what may follow one. A brace after a name in a constructor's list does not.
bool OpensBody(std::string_view head) {
  if (head.find('(') == std::string_view::npos) return false;
  if (head.ends_with(')') || head.ends_with('}')) return true;
  static constexpr std::array<std::string_view, 6> kAfter = {"const", "noexcept", "override",
                                                             "final", "try",      "mutable"};
  if (std::ranges::any_of(kAfter, [&](auto word) { return EndsWithWord(head, word); })) return true;
  const std::size_t arrow = head.rfind("->");
  return arrow != std::string_view::npos && arrow > head.rfind(')');
}

// An assignment outside of brackets: what follows is a value.
bool IsAssignment(std::string_view head) {
  if (HasWord(head, "operator")) return false;
  int depth = 0;
  for (const char c : head) {
    if (c == '(' || c == '[' || c == '<') ++depth;
    if (c == ')' || c == ']' || c == '>') --depth;
    if (c == '=' && depth <= 0) return true;
  }
  return false;
}

Scope Classify(Scope outer, std::string_view head) {
  if (outer == Scope::kFunction || outer == Scope::kOther) return Scope::kOther;
  if (HasWord(head, "namespace") || head.starts_with("extern")) return Scope::kNamespace;
  if (IsAssignment(head)) return Scope::kOther;
  if (OpensBody(head)) return Scope::kFunction;
  const bool type = HasWord(head, "class") || HasWord(head, "struct") || HasWord(head, "union");
  return type && !HasWord(head, "enum") ? Scope::kClass : Scope::kOther;
}

// Reads the blanked code of one file, brace by brace.
class Scanner {
 public:
  std::vector<Function> Scan(const SourceFile& file) {
    for (std::size_t i = 0; i < file.code.size(); ++i) {
      for (const char c : file.code[i]) Take(c, i + 1);
      Take('\n', i + 1);
    }
    return functions_;
  }

 private:
  struct Open {
    Scope scope;
    std::size_t first_line;
  };

  void Take(char c, std::size_t line) {
    const bool in_body = !open_.empty() && (Top() == Scope::kFunction || Top() == Scope::kOther);
    if (c == '{') return Enter();
    if (c == '}') return Leave(line);
    if (in_body) return;
    if (c == ';') return Reset();
    if (head_.empty() && std::isspace(static_cast<unsigned char>(c))) return;
    if (head_.empty()) head_line_ = line;
    head_ += c;
    // An access label begins nothing.
    if (c == ':' && (head_ == "public:" || head_ == "private:" || head_ == "protected:")) Reset();
  }

  void Enter() {
    const Scope scope = Classify(open_.empty() ? Scope::kNamespace : Top(), Trimmed(head_));
    open_.push_back({scope, head_line_});
    if (scope != Scope::kOther) Reset();
  }

  void Leave(std::size_t line) {
    if (open_.empty()) return;
    const Open closed = open_.back();
    open_.pop_back();
    if (closed.scope == Scope::kFunction) functions_.push_back({closed.first_line, line});
    // The braces of a value are part of the statement that they stand in.
    if (closed.scope == Scope::kOther) {
      head_ += '}';
    } else {
      Reset();
    }
  }

  Scope Top() const { return open_.back().scope; }
  void Reset() { head_.clear(); }

  std::vector<Open> open_;
  std::string head_;  // of the statement that is being read
  std::size_t head_line_ = 0;
  std::vector<Function> functions_;
};

}  // namespace

void CheckFunctions(const Tree& tree, Findings& findings) {
  std::size_t count = 0;
  std::size_t longer = 0;
  Finding longest{Rule::kFunctionShare, "", 0, ""};
  std::size_t longest_lines = 0;
  for (const SourceFile& file : tree.files) {
    if (!file.IsCpp()) continue;
    for (const Function& function : Scanner().Scan(file)) {
      ++count;
      if (function.Lines() > kLinesAimed) ++longer;
      if (function.Lines() > longest_lines) {
        longest_lines = function.Lines();
        longest.path = file.path;
        longest.line = function.first_line;
      }
      if (function.Lines() > kLinesMax) {
        findings.push_back({Rule::kFunctionLength, file.path, function.first_line,
                            "a function of " + std::to_string(function.Lines()) +
                                " lines, more than " + std::to_string(kLinesMax)});
      }
    }
  }
  if (longer * 1000 > count * kLongPermille) {
    longest.text = std::to_string(longer) + " of " + std::to_string(count) +
                   " functions are longer than " + std::to_string(kLinesAimed) +
                   " lines, more than " + std::to_string(kLongPermille) +
                   " in a thousand; this is the longest";
    findings.push_back(longest);
  }
}

}  // namespace sluice::tidy
