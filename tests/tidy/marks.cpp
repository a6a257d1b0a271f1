// Marks of a file: how long, how wide, how it begins, what it leaves open.
#include <algorithm>

#include "tests/tidy/tree.h"

namespace sluice::tidy {

namespace {

constexpr std::size_t kFileLinesMax = 400;
constexpr std::size_t kHeaderLinesMax = 200;
constexpr std::size_t kReadmeLinesMax = 40;
constexpr std::size_t kColumnsMax = 100;
constexpr std::size_t kExceptionLinesMax = 600;

// Kinds that may stay; written apart so that this file does not find itself.
constexpr std::string_view kMark =
    "TO"
    "DO";
constexpr std::string_view kKinds[] = {"(next)", "(someday)", "(perf)", "(security)"};

std::size_t Columns(std::string_view line) {
  const auto starts = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
  return static_cast<std::size_t>(std::ranges::count_if(line, starts));
}

void CheckLength(const SourceFile& file, std::span<const Exception> exceptions,
                 Findings& findings) {
  std::size_t lines_max = file.IsHeader() ? kHeaderLinesMax : kFileLinesMax;
  const auto exception = std::ranges::find(exceptions, file.path, &Exception::path);
  if (exception != exceptions.end()) {
    if (file.lines.size() <= lines_max) {
      findings.push_back({Rule::kException, file.path, 0, "no longer needs its exception"});
    }
    lines_max = std::min(exception->lines_max, kExceptionLinesMax);
  }
  if (file.lines.size() > lines_max) {
    findings.push_back({Rule::kFileLength, file.path, lines_max + 1,
                        "has " + std::to_string(file.lines.size()) + " lines, more than " +
                            std::to_string(lines_max) + ": split it along a seam"});
  }
}

void CheckColumns(const SourceFile& file, Findings& findings) {
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    const std::size_t columns = Columns(file.lines[i]);
    if (columns <= kColumnsMax) continue;
    findings.push_back(
        {Rule::kColumns, file.path, i + 1,
         "has " + std::to_string(columns) + " columns, more than " + std::to_string(kColumnsMax)});
  }
}

void CheckTodo(const SourceFile& file, Findings& findings) {
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    const std::size_t at = file.lines[i].find(kMark);
    if (at == std::string::npos) continue;
    const std::string rest = file.lines[i].substr(at + kMark.size());
    const auto stays = [&](std::string_view kind) { return rest.starts_with(kind); };
    if (std::ranges::any_of(kKinds, stays)) continue;
    findings.push_back({Rule::kTodo, file.path, i + 1,
                        rest.starts_with("(now)") ? "is to be done before a merge"
                                                  : "says not of what kind it is"});
  }
}

void CheckHeader(const SourceFile& file, Findings& findings) {
  if (file.lines.empty() || !file.lines[0].starts_with("//")) {
    findings.push_back({Rule::kHeaderComment, file.path, 1,
                        "a header begins with a comment that says what it is for"});
  }
  if (std::ranges::find(file.lines, "#pragma once") == file.lines.end()) {
    findings.push_back({Rule::kPragmaOnce, file.path, 0, "has no #pragma once"});
  }
  for (std::size_t i = 0; i < file.code.size(); ++i) {
    if (file.code[i].find("using namespace ") == std::string::npos) continue;
    findings.push_back({Rule::kUsingNamespace, file.path, i + 1, "using namespace in a header"});
  }
}

void CheckReadme(const Tree& tree, std::string_view room, Findings& findings) {
  const std::string path = std::string(room) + "/README.md";
  const SourceFile* readme = tree.Find(path);
  if (readme == nullptr) {
    findings.push_back({Rule::kReadme, path, 0, "is missing"});
  } else if (readme->lines.size() > kReadmeLinesMax) {
    findings.push_back({Rule::kReadme, path, kReadmeLinesMax + 1,
                        "has " + std::to_string(readme->lines.size()) + " lines, more than " +
                            std::to_string(kReadmeLinesMax)});
  }
}

bool IsScript(const SourceFile& file) {
  return file.path.ends_with(".sh") || file.path.starts_with(".ci/");
}

}  // namespace

std::span<const Exception> ProjectExceptions() {
  return {};
}

void CheckMarks(const Tree& tree, std::span<const Exception> exceptions, Findings& findings) {
  for (const SourceFile& file : tree.files) {
    if (file.IsCpp()) CheckLength(file, exceptions, findings);
    if (file.IsCpp() || IsScript(file)) CheckColumns(file, findings);
    if (file.IsCpp() || IsScript(file)) CheckTodo(file, findings);
    if (file.IsHeader()) CheckHeader(file, findings);
  }
  for (const std::string_view room : kRooms) CheckReadme(tree, room, findings);
}

}  // namespace sluice::tidy
