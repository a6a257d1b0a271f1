#include <cstdio>
#include <fstream>
#include <map>
#include <set>

#include <unistd.h>

#include "tests/tidy/tree.h"

namespace sluice::tidy {

namespace {

namespace fs = std::filesystem;

using Files = std::map<std::string, std::string>;  // path -> content

// One change to the clean tree, and the only finding that it must bring.
struct Case {
  Files changes;
  Rule rule = Rule::kCount;
  std::string path;
  std::size_t line = 0;
};

constexpr Exception kExceptions[] = {
    {"policy/long.cpp", 500, "Shows that an exception is held to its own bound."},
    {"policy/huge.cpp", 5000, "Shows that no exception goes beyond 600 lines."},
};

std::string Repeat(std::string_view text, int times) {
  std::string repeated;
  for (int i = 0; i < times; ++i) repeated += text;
  return repeated;
}

std::string Function(std::string_view head, int lines) {
  return std::string(head).append(" {\n").append(Repeat("  x();\n", lines - 2)).append("}\n");
}

constexpr const char* kHeader = "// A header.\n#pragma once\nstruct XOptions {};\n";

// A tree that nothing is wrong with.
Files CleanTree() {
  Files files;
  for (const std::string_view room : kRooms) {
    const std::string folder = std::string(room) + "/";
    files[folder + "README.md"] = "# A room\n";
    files[folder + "x.h"] = kHeader;
    if (room == "tests") continue;
    files[folder + "x.cpp"] = "#include \"" + folder + "x.h\"\n#include <vector>\n";
    files[folder + "CMakeLists.txt"] =
        "sluice_library(sluice_" + std::string(room) + "\n  x.cpp)\n";
  }
  files["config/x.cpp"] += "#include \"api/x.h\"\n#include \"policy/x.h\"\n";
  files["daemon/router.h"] = kHeader;
  files["sim/x.cpp"] += "#include \"daemon/router.h\"\n#include \"config/x.h\"\n";
  files["daemon/CMakeLists.txt"] += "target_link_libraries(sluice_daemon PUBLIC sluice_api)\n";
  files["tests/CMakeLists.txt"] =
      "sluice_test(policy sluice_policy)\nadd_executable(t tidy/t.cpp)\n";
  files["tests/policy/x_test.cpp"] = "#include <catch2/catch.hpp>\nTEST_CASE(\"x\") {}\n";
  files["tests/tidy/t.cpp"] = "int main() {}\n";
  // Many short functions, so that one long one is a small share of them.
  files["api/x.cpp"] += Repeat("struct S { S() : a_{1}, b_(2) {} int a_; };\nvoid f() {}\n", 60);
  return files;
}

std::vector<Case> IncludeCases() {
  return {
      {{{"policy/x.cpp", "\n#include \"store/x.h\"\n"}}, Rule::kIncludeTable, "policy/x.cpp", 2},
      {{{"store/x.cpp", "#include \"policy/x.h\"\n"}}, Rule::kIncludeTable, "store/x.cpp", 1},
      {{{"api/x.cpp", "#include \"store/x.h\"\n"}}, Rule::kIncludeTable, "api/x.cpp", 1},
      {{{"config/x.cpp", "#include \"policy/no_options.h\"\n"},
        {"policy/no_options.h", "// None.\n#pragma once\n"}},
       Rule::kIncludeTable,
       "config/x.cpp",
       1},
      {{{"daemon/x.cpp", "#include \"tests/x.h\"\n"}}, Rule::kIncludeTable, "daemon/x.cpp", 1},
      {{{"sim/x.cpp", "#include \"daemon/x.h\"\n"}}, Rule::kIncludeTable, "sim/x.cpp", 1},
      {{{"sim/x.cpp", "#include \"api/x.h\"\n"}}, Rule::kIncludeTable, "sim/x.cpp", 1},
      {{{"policy/x.cpp", "#include \"x.h\"\n"}}, Rule::kIncludeFromRoot, "policy/x.cpp", 1},
      {{{"policy/x.cpp", "#include \"policy/gone.h\"\n"}},
       Rule::kIncludeFromRoot,
       "policy/x.cpp",
       1},
  };
}

std::vector<Case> LibraryCases() {
  const std::string rocks = "// Private.\n#pragma once\n#include <rocksdb/db.h>\n";
  return {
      {{{"store/x.cpp", "#include <Eigen/Core>\n"}}, Rule::kLibrary, "store/x.cpp", 1},
      {{{"store/x.cpp", "#include <rocksdb/db.h>\n"}}, Rule::kLibrary, "store/x.cpp", 1},
      {{{"api/x.cpp", "#include <boost/asio.hpp>\n"}}, Rule::kLibrary, "api/x.cpp", 1},
      {{{"daemon/x.cpp", "#include <boost/asio.hpp>\n"}}, Rule::kLibrary, "daemon/x.cpp", 1},
      {{{"api/x.cpp", "#include <nlohmann/json.hpp>\n"}}, Rule::kLibrary, "api/x.cpp", 1},
      {{{"sim/x.cpp", "#include <simdjson.h>\n"}}, Rule::kLibrary, "sim/x.cpp", 1},
      {{{"config/y.h", "// Has it.\n#pragma once\n#include <toml++/toml.h>\n"}},
       Rule::kLibrary,
       "config/y.h",
       3},
      {{{"daemon/x.cpp", "#include <prometheus/registry.h>\n"}}, Rule::kLibrary, "daemon/x.cpp", 1},
      {{{"daemon/x.cpp", "#include <CLI/CLI.hpp>\n"}}, Rule::kLibrary, "daemon/x.cpp", 1},
      {{{"sim/x.cpp", "#include <spdlog/spdlog.h>\n"}}, Rule::kLibrary, "sim/x.cpp", 1},
      {{{"sim/x.cpp", "#include <httplib.h>\n"}}, Rule::kLibrary, "sim/x.cpp", 1},
      {{{"api/x.cpp", "#include <openssl/hmac.h>\n"}}, Rule::kLibrary, "api/x.cpp", 1},
      {{{"store/rocks_x.h", rocks}, {"daemon/x.cpp", "#include \"store/rocks_x.h\"\n"}},
       Rule::kLibraryInHeader,
       "daemon/x.cpp",
       1},
      {{{"api/x.cpp", "#include <fancy/fancy.h>\n"}}, Rule::kUnknownLibrary, "api/x.cpp", 1},
      {{{"policy/x.cpp", "#include <thread>\n"}}, Rule::kForbiddenStandard, "policy/x.cpp", 1},
  };
}

std::vector<Case> BuildCases() {
  const std::string links =
      "sluice_library(sluice_x x.cpp)\ntarget_link_libraries(sluice_x\n  PUBLIC ";
  return {
      {{{"policy/CMakeLists.txt", links + "sluice_store)\n"}},
       Rule::kLinks,
       "policy/CMakeLists.txt",
       3},
      {{{"store/CMakeLists.txt", links + "nlohmann_json::nlohmann_json)\n"}},
       Rule::kLinks,
       "store/CMakeLists.txt",
       3},
      {{{"config/CMakeLists.txt", links + "Eigen3::Eigen PRIVATE sluice_policy)\n"}},
       Rule::kLinks,
       "config/CMakeLists.txt",
       3},
      {{{"policy/dead.cpp", "\n"}}, Rule::kDeadFile, "policy/dead.cpp", 0},
      {{{"tests/policy/helper.cpp", "\n"}}, Rule::kDeadFile, "tests/policy/helper.cpp", 0},
      {{{"tests/store/x_test.cpp", "\n"}}, Rule::kDeadFile, "tests/store/x_test.cpp", 0},
  };
}

std::vector<Case> MarkCases() {
  const std::string build = "sluice_library(sluice_policy x.cpp long.cpp huge.cpp)\n";
  const std::string mark = std::string("TO") + "DO";
  return {
      {{{"policy/x.cpp", Repeat("\n", 401)}}, Rule::kFileLength, "policy/x.cpp", 401},
      {{{"policy/x.h", kHeader + Repeat("\n", 198)}}, Rule::kFileLength, "policy/x.h", 201},
      {{{"policy/long.cpp", Repeat("\n", 501)}, {"policy/CMakeLists.txt", build}},
       Rule::kFileLength,
       "policy/long.cpp",
       501},
      {{{"policy/huge.cpp", Repeat("\n", 601)}, {"policy/CMakeLists.txt", build}},
       Rule::kFileLength,
       "policy/huge.cpp",
       601},
      {{{"policy/long.cpp", Repeat("\n", 400)}, {"policy/CMakeLists.txt", build}},
       Rule::kException,
       "policy/long.cpp",
       0},
      {{{"policy/x.cpp", "\n//" + Repeat("\u00e9", 99) + "\n"}}, Rule::kColumns, "policy/x.cpp", 2},
      {{{"run.sh", "#" + Repeat("x", 100) + "\n"}}, Rule::kColumns, "run.sh", 1},
      {{{"policy/x.cpp", "// " + mark + "(now): this.\n"}}, Rule::kTodo, "policy/x.cpp", 1},
      {{{"policy/x.cpp", "// " + mark + ": this.\n"}}, Rule::kTodo, "policy/x.cpp", 1},
      {{{"policy/README.md", Repeat("x\n", 41)}}, Rule::kReadme, "policy/README.md", 41},
      {{{"policy/README.md", ""}}, Rule::kReadme, "policy/README.md", 0},
      {{{"policy/x.h", "#pragma once\nstruct XOptions {};\n"}},
       Rule::kHeaderComment,
       "policy/x.h",
       1},
      {{{"policy/x.h", "// X.\nstruct XOptions {};\n"}}, Rule::kPragmaOnce, "policy/x.h", 0},
      {{{"policy/x.h", std::string(kHeader) + "using namespace std;\n"}},
       Rule::kUsingNamespace,
       "policy/x.h",
       4},
  };
}

std::vector<Case> FunctionCases() {
  const std::string method = "class A {\n public:\n  A()\n      : a_{1},\n        b_(\"}\") {\n" +
                             Repeat("    x();\n", 67) + "  }\n};\n";
  const std::string raw =
      "// {\nconst char* t = R\"(}{)\";\n" + Function("int f(char c = '{')", 71);
  return {
      {{{"policy/x.cpp", "\n" + Function("void f()", 71)}},
       Rule::kFunctionLength,
       "policy/x.cpp",
       2},
      {{{"policy/x.cpp", method}}, Rule::kFunctionLength, "policy/x.cpp", 3},
      {{{"policy/x.cpp", raw}}, Rule::kFunctionLength, "policy/x.cpp", 3},
      {{{"policy/x.cpp", Function("auto f(int a) -> std::vector<int>", 71)}},
       Rule::kFunctionLength,
       "policy/x.cpp",
       1},
      {{{"tests/policy/x_test.cpp", Function("TEST_CASE(\"x\")", 71)}},
       Rule::kFunctionLength,
       "tests/policy/x_test.cpp",
       1},
      {{{"policy/x.cpp", Function("void f()", 41) + Repeat(Function("void f() const", 42), 6)}},
       Rule::kFunctionShare,
       "policy/x.cpp",
       42},
      {{{"api/x.h", std::string(kHeader) + "#include \"daemon/x.h\"\n"},
        {"daemon/x.h", std::string(kHeader) + "#include \"api/x.h\"\n"}},
       Rule::kMutualIncludes,
       "api/x.h",
       4},
  };
}

// What must be accepted, though a hasty reader would object.
std::vector<Files> Harmless() {
  return {
      {{"policy/x.cpp", Function("void f()", 70)}},
      {{"policy/x.cpp", Repeat("\n", 400)}},
      {{"policy/x.h", kHeader + Repeat("\n", 197)}},
      {{"policy/x.cpp", "//" + Repeat("\u00e9", 98) + "\n"}},
      {{"policy/x.cpp", "// #include \"store/x.h\"\n// using namespace std;\n"}},
      {{"policy/x.cpp", "constexpr int kTable[] = {\n" + Repeat("  {1'000},\n", 90) + "};\n"}},
      {{"policy/x.cpp", std::string("// TO") + "DO(perf): measure.\n#include <Eigen/Core>\n"}},
      {{"daemon/main.cpp", "#include <CLI/CLI.hpp>\n"},
       {"daemon/CMakeLists.txt", "add_executable(sluiced x.cpp main.cpp)\n"}},
  };
}

void Write(const fs::path& root, const Files& files) {
  for (const auto& [path, content] : files) {
    const fs::path file = root / path;
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << content;
    // An empty README stands for a missing one.
    if (content.empty()) fs::remove(file);
  }
}

// The findings in the clean tree with these changes.
Findings FindingsWith(const fs::path& root, const Files& changes) {
  fs::remove_all(root);
  Write(root, CleanTree());
  Write(root, changes);
  return CheckAll(LoadTree(root), kExceptions);
}

void Print(const Findings& findings) {
  for (const Finding& finding : findings) {
    std::printf("    %s:%zu: %s\n", finding.path.c_str(), finding.line, finding.text.c_str());
  }
}

bool RunCase(const fs::path& root, const Case& wrong) {
  Findings findings = FindingsWith(root, wrong.changes);
  // Two folders that include each other break the table as well.
  if (wrong.rule == Rule::kMutualIncludes) {
    std::erase_if(findings, [](const Finding& f) { return f.rule == Rule::kIncludeTable; });
  }
  if (findings.size() == 1 && findings[0].rule == wrong.rule && findings[0].path == wrong.path &&
      findings[0].line == wrong.line) {
    return true;
  }
  std::printf("expected one finding, of rule %d, at %s:%zu; found:\n", static_cast<int>(wrong.rule),
              wrong.path.c_str(), wrong.line);
  Print(findings);
  return false;
}

bool RunHarmless(const fs::path& root, const Files& changes) {
  const Findings findings = FindingsWith(root, changes);
  if (findings.empty()) return true;
  std::printf("expected no finding; found:\n");
  Print(findings);
  return false;
}

bool RunAll(const fs::path& root) {
  bool all_well = RunHarmless(root, {});
  for (const Files& changes : Harmless()) all_well = RunHarmless(root, changes) && all_well;
  std::set<Rule> shown;
  std::size_t count = 0;
  for (const auto& cases :
       {IncludeCases(), LibraryCases(), BuildCases(), MarkCases(), FunctionCases()}) {
    for (const Case& wrong : cases) {
      all_well = RunCase(root, wrong) && all_well;
      shown.insert(wrong.rule);
      ++count;
    }
  }
  const bool complete = shown.size() == static_cast<std::size_t>(Rule::kCount);
  if (!complete) std::printf("some rule is not shown to fail\n");
  std::printf("%zu wrong trees, %zu of %zu rules shown to fail\n", count, shown.size(),
              static_cast<std::size_t>(Rule::kCount));
  return all_well && complete;
}

}  // namespace

bool SelfTest() {
  const fs::path root =
      fs::temp_directory_path() / ("sluice-tidy-self-test-" + std::to_string(::getpid()));
  const bool all_well = RunAll(root);
  fs::remove_all(root);
  return all_well;
}

}  // namespace sluice::tidy
