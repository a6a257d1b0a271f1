#include "tests/tidy/tree.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <iterator>

namespace sluice::tidy {

namespace {

namespace fs = std::filesystem;

bool IsText(const fs::path& path) {
  static constexpr std::array<std::string_view, 9> kEndings = {
      ".h", ".cpp", ".txt", ".cmake", ".sh", ".md", ".yaml", ".toml", ".json"};
  const std::string name = path.filename().string();
  if (path.parent_path().filename() == ".ci") return true;
  return std::ranges::any_of(kEndings, [&](std::string_view end) { return name.ends_with(end); });
}

bool IsLeftOut(const fs::path& path) {
  const std::string name = path.filename().string();
  return name == "build" || name == ".git" || name == "sluice-data";
}

std::vector<std::string> SplitLines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// Blanks out what is not code, keeping every line and column where it is.
class Blanker {
 public:
  explicit Blanker(std::string text) : text_(std::move(text)) {}

  std::string Run() {
    while (at_ < text_.size()) Step();
    return text_;
  }

 private:
  void Step() {
    if (Starts("//")) return BlankTo(EndOfLine(at_));
    if (Starts("/*")) return BlankTo(After("*/", at_ + 2));
    if (text_[at_] == 'R' && Starts("R\"") && !IsWord(Before())) return BlankRaw();
    if (text_[at_] == '"') return BlankQuoted('"');
    // An apostrophe inside a number separates digits.
    if (text_[at_] == '\'' && !IsWord(Before())) return BlankQuoted('\'');
    if (text_[at_] == '#' && OnlyBlanksBefore()) return BlankDirective();
    ++at_;
  }

  bool Starts(std::string_view word) const { return text_.compare(at_, word.size(), word) == 0; }
  char Before() const { return at_ == 0 ? '\n' : text_[at_ - 1]; }
  static bool IsWord(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }
  std::size_t EndOfLine(std::size_t from) const { return std::min(text_.find('\n', from), Size()); }
  std::size_t After(std::string_view word, std::size_t from) const {
    const std::size_t found = text_.find(word, from);
    return found == std::string::npos ? Size() : found + word.size();
  }
  std::size_t Size() const { return text_.size(); }

  bool OnlyBlanksBefore() const {
    const std::size_t start = text_.find_last_of('\n', at_);
    const std::size_t first = text_.find_first_not_of(" \t", start + 1);
    return first == at_;
  }

  void BlankTo(std::size_t end) {
    for (; at_ < end; ++at_) {
      if (text_[at_] != '\n') text_[at_] = ' ';
    }
  }
  void BlankRaw() {
    const std::size_t open = text_.find('(', at_);
    if (open == std::string::npos) return BlankTo(Size());
    std::string close = ")";
    close.append(text_, at_ + 2, open - at_ - 2).append("\"");
    BlankTo(After(close, open));
  }
  void BlankQuoted(char quote) {
    std::size_t end = at_ + 1;
    while (end < Size() && text_[end] != quote && text_[end] != '\n') {
      end += text_[end] == '\\' ? 2 : 1;
    }
    BlankTo(std::min(end + 1, Size()));
  }
  void BlankDirective() {
    std::size_t end = EndOfLine(at_);
    while (end < Size() && text_[end - 1] == '\\') end = EndOfLine(end + 1);
    BlankTo(end);
  }

  std::string text_;
  std::size_t at_ = 0;
};

SourceFile LoadFile(const fs::path& root, const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(stream), {});
  SourceFile file;
  file.path = fs::relative(path, root).generic_string();
  file.lines = SplitLines(text);
  if (file.IsCpp()) file.code = SplitLines(Blanker(text).Run());
  return file;
}

}  // namespace

std::string_view SourceFile::Room() const {
  const std::size_t slash = path.find('/');
  return slash == std::string::npos ? std::string_view() : std::string_view(path).substr(0, slash);
}

const SourceFile* Tree::Find(std::string_view path) const {
  const auto found = std::ranges::lower_bound(files, path, {}, &SourceFile::path);
  return found != files.end() && found->path == path ? &*found : nullptr;
}

Tree LoadTree(const fs::path& root) {
  Tree tree;
  for (auto entry = fs::recursive_directory_iterator(root); entry != fs::end(entry); ++entry) {
    if (entry->is_directory() && IsLeftOut(entry->path())) {
      entry.disable_recursion_pending();
    } else if (entry->is_regular_file() && IsText(entry->path())) {
      tree.files.push_back(LoadFile(root, entry->path()));
    }
  }
  std::ranges::sort(tree.files, {}, &SourceFile::path);
  return tree;
}

bool ParseInclude(std::string_view line, Include& include) {
  const std::size_t hash = line.find_first_not_of(" \t");
  if (hash == std::string_view::npos || line[hash] != '#') return false;
  const std::size_t word = line.find_first_not_of(" \t", hash + 1);
  if (word == std::string_view::npos || !line.substr(word).starts_with("include")) return false;
  const std::size_t open = line.find_first_of("\"<", word);
  if (open == std::string_view::npos) return false;
  include.angled = line[open] == '<';
  const std::size_t close = line.find(include.angled ? '>' : '"', open + 1);
  if (close == std::string_view::npos) return false;
  include.name = line.substr(open + 1, close - open - 1);
  return true;
}

Findings CheckAll(const Tree& tree, std::span<const Exception> exceptions) {
  Findings findings;
  CheckIncludes(tree, findings);
  CheckLibraries(tree, findings);
  CheckBuild(tree, findings);
  CheckMarks(tree, exceptions, findings);
  CheckFunctions(tree, findings);
  std::ranges::stable_sort(findings, [](const Finding& a, const Finding& b) {
    return a.path != b.path ? a.path < b.path : a.line < b.line;
  });
  return findings;
}

}  // namespace sluice::tidy
