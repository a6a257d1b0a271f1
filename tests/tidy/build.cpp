// The build files: links mirror the include table, and every file is compiled.
#include <algorithm>
#include <sstream>

#include <fnmatch.h>

#include "tests/tidy/tree.h"

namespace sluice::tidy {

namespace {

struct Row {
  std::string_view room;
  std::vector<std::string_view> links;  // patterns
};

const std::vector<Row>& Table() {
  static const std::vector<Row> table = {
      {"policy", {"Eigen3::*"}},
      {"store", {"RocksDB::*"}},
      {"api", {"Boost::*", "nlohmann_json::*", "simdjson::*"}},
      // Eigen for the types in the headers that declare options.
      {"config", {"Eigen3::*", "tomlplusplus::*"}},
      {"daemon",
       {"sluice_config", "sluice_api", "sluice_policy", "sluice_store", "sluice_daemon",
        "sluice_cpu_check", "prometheus-cpp::*", "spdlog::*", "CLI11::*", "Boost::*"}},
      {"sim",
       {"sluice_config", "sluice_policy", "sluice_store", "sluice_daemon", "sluice_sim",
        "sluice_cpu_check", "PkgConfig::httplib", "nlohmann_json::*", "CLI11::*",
        "tomlplusplus::*"}},
  };
  return table;
}

struct Word {
  std::string text;
  std::size_t line;
};

// The words of a CMake file, brackets apart, comments left out.
std::vector<Word> Words(const SourceFile& file) {
  std::vector<Word> words;
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    std::string spaced;
    for (const char c : file.lines[i].substr(0, file.lines[i].find('#'))) {
      if (c == '(' || c == ')') {
        spaced.append(1, ' ').append(1, c).append(1, ' ');
      } else {
        spaced += c;
      }
    }
    std::istringstream stream(spaced);
    for (std::string word; stream >> word;) words.push_back({word, i + 1});
  }
  return words;
}

bool IsAllowed(const Row& row, const std::string& link) {
  return std::ranges::any_of(row.links, [&](std::string_view pattern) {
    return fnmatch(std::string(pattern).c_str(), link.c_str(), 0) == 0;
  });
}

void CheckLinks(const SourceFile& file, const Row& row, Findings& findings) {
  const std::vector<Word> words = Words(file);
  for (std::size_t i = 0; i + 2 < words.size(); ++i) {
    if (words[i].text != "target_link_libraries") continue;
    // words[i + 1] is the bracket, words[i + 2] the target.
    for (i += 3; i < words.size() && words[i].text != ")"; ++i) {
      const std::string& link = words[i].text;
      if (link == "PUBLIC" || link == "PRIVATE" || link == "INTERFACE") continue;
      if (IsAllowed(row, link)) continue;
      findings.push_back({Rule::kLinks, file.path, words[i].line,
                          std::string(row.room) + "/ may not link " + link});
    }
  }
}

// A file that no build file names is prose.
void CheckCompiled(const Tree& tree, const Row& row, const SourceFile& build, Findings& findings) {
  const std::vector<Word> words = Words(build);
  const std::string folder = std::string(row.room) + "/";
  for (const SourceFile& file : tree.files) {
    if (file.Room() != row.room || !file.path.ends_with(".cpp")) continue;
    const std::string name = file.path.substr(folder.size());
    if (std::ranges::find(words, name, &Word::text) != words.end()) continue;
    findings.push_back({Rule::kDeadFile, file.path, 0, build.path + " does not name it"});
  }
}

// tests/CMakeLists.txt takes every *_test.cpp of a folder; others it names by folder and name.
void CheckTestsCompiled(const Tree& tree, Findings& findings) {
  const SourceFile* build = tree.Find("tests/CMakeLists.txt");
  if (build == nullptr) return;
  const std::vector<Word> words = Words(*build);
  for (const SourceFile& file : tree.files) {
    if (file.Room() != "tests" || !file.path.ends_with(".cpp")) continue;
    const std::string name = file.path.substr(std::string_view("tests/").size());
    const std::string folder = name.substr(0, name.find('/'));
    const bool taken =
        name.ends_with("_test.cpp") && std::ranges::find(words, folder, &Word::text) != words.end();
    if (taken || std::ranges::find(words, name, &Word::text) != words.end()) continue;
    findings.push_back({Rule::kDeadFile, file.path, 0, "tests/CMakeLists.txt does not build it"});
  }
}

}  // namespace

void CheckBuild(const Tree& tree, Findings& findings) {
  for (const Row& row : Table()) {
    const std::string path = std::string(row.room) + "/CMakeLists.txt";
    const SourceFile* build = tree.Find(path);
    if (build == nullptr) {
      findings.push_back({Rule::kDeadFile, path, 0, "is missing"});
      continue;
    }
    CheckLinks(*build, row, findings);
    CheckCompiled(tree, row, *build, findings);
  }
  CheckTestsCompiled(tree, findings);
}

}  // namespace sluice::tidy
