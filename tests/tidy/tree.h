// The source tree as tidy reads it, and what it finds in it.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::tidy {

struct SourceFile {
  std::string path;                // from the root, with slashes
  std::vector<std::string> lines;  // as they stand there
  // The same lines with comments, texts, characters and preprocessor directives blanked out, for
  // C++ files; empty for others.
  std::vector<std::string> code;

  bool IsHeader() const { return path.ends_with(".h"); }
  bool IsCpp() const { return path.ends_with(".h") || path.ends_with(".cpp"); }
  // The folder at the root that the file is in: "policy"; empty for the root's own files.
  std::string_view Room() const;
};

struct Tree {
  std::vector<SourceFile> files;  // by path

  const SourceFile* Find(std::string_view path) const;
};

// Every text file below the root that the project wrote itself: not build/, not .git/.
Tree LoadTree(const std::filesystem::path& root);

// One entry a rule; the self-test proves that each can fail.
enum class Rule {
  kIncludeTable,
  kIncludeFromRoot,
  kMutualIncludes,
  kLibrary,
  kLibraryInHeader,
  kUnknownLibrary,
  kForbiddenStandard,
  kLinks,
  kDeadFile,
  kFileLength,
  kException,
  kFunctionLength,
  kFunctionShare,
  kColumns,
  kTodo,
  kReadme,
  kHeaderComment,
  kPragmaOnce,
  kUsingNamespace,
  kCount,
};

struct Finding {
  Rule rule;
  std::string path;
  std::size_t line = 0;  // 1-based; 0: the file as a whole
  std::string text;
};
using Findings = std::vector<Finding>;

// A file that is longer than it should be for a reason; at most 600 lines. One that is no longer
// needed is a finding too.
struct Exception {
  std::string_view path;
  std::size_t lines_max = 0;
  std::string_view reason;
};
std::span<const Exception> ProjectExceptions();  // marks.cpp

// The folders that the include table speaks of.
inline constexpr std::string_view kRooms[] = {"policy", "store", "api",  "config",
                                              "daemon", "sim",   "tests"};

// -- The rules, a file each
// ------------------------------------------------------------------------
void CheckIncludes(const Tree& tree, Findings& findings);   // includes.cpp: who may include whom
void CheckLibraries(const Tree& tree, Findings& findings);  // libraries.cpp: third parties
void CheckBuild(const Tree& tree, Findings& findings);      // build.cpp: what CMakeLists.txt link
void CheckMarks(const Tree& tree, std::span<const Exception> exceptions,
                Findings& findings);                        // marks.cpp: lengths, columns, headers
void CheckFunctions(const Tree& tree, Findings& findings);  // functions.cpp: lengths of functions

// All of them, by path and line.
Findings CheckAll(const Tree& tree, std::span<const Exception> exceptions);

// Makes small wrong trees in the system's temp directory and checks that each rule finds its own
// and nothing else. Prints what does not; true when all is well. [self_test.cpp]
bool SelfTest();

// What an #include line names, or nothing.
struct Include {
  std::string name;
  bool angled = false;
};
bool ParseInclude(std::string_view line, Include& include);

}  // namespace sluice::tidy
