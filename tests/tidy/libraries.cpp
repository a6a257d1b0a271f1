// Third parties, and where each of them stops.
#include <algorithm>
#include <map>
#include <set>

#include <fnmatch.h>

#include "tests/tidy/tree.h"

namespace sluice::tidy {

namespace {

struct Library {
  std::string_view name;
  std::vector<std::string_view> includes;  // patterns of what stands between < and >
  std::vector<std::string_view> files;     // patterns of the files that may include it
};

const std::vector<Library>& Table() {
  static const std::vector<Library> table = {
      {"Eigen", {"Eigen/*"}, {"policy/*"}},
      {"RocksDB", {"rocksdb/*"}, {"store/rocks_*"}},
      {"Boost", {"boost/*"}, {"api/http_*", "daemon/main.cpp", "daemon/command_line.cpp"}},
      {"nlohmann-json", {"nlohmann/*"}, {"api/wire*", "sim/dataset*", "sim/report*", "sim/drive*"}},
      {"simdjson", {"simdjson*"}, {"api/wire*"}},
      // A world's file has keys of its own beside the routers that config/ reads.
      {"toml++", {"toml++/*"}, {"config/*.cpp", "sim/world_file*"}},
      {"prometheus-cpp", {"prometheus/*"}, {"daemon/metrics*"}},
      {"CLI11", {"CLI/*"}, {"daemon/main.cpp", "daemon/command_line.cpp", "sim/main.cpp"}},
      {"spdlog", {"spdlog/*"}, {"daemon/*"}},
      {"cpp-httplib", {"httplib.h"}, {"sim/drive*"}},
      {"OpenSSL", {"openssl/*"}, {}},
      {"yaml-cpp", {"yaml-cpp/*"}, {}},
      {"Catch2", {"catch2/*"}, {}},
      {"Google Benchmark", {"benchmark/*"}, {}},
  };
  return table;
}

// Of the system; everything else without a dot or slash is the standard library's.
constexpr std::string_view kSystem[] = {
    "arpa/*",   "netinet/*", "sys/*",    "linux/*",  "*intrin.h", "cpuid.h", "dirent.h",
    "fcntl.h",  "fnmatch.h", "malloc.h", "netdb.h",  "pthread.h", "poll.h",  "sched.h",
    "signal.h", "spawn.h",   "stdlib.h", "string.h", "termios.h", "time.h",  "unistd.h"};

// policy/ knows nothing of files, clocks and threads.
constexpr std::string_view kForbiddenInPolicy[] = {
    "chrono", "condition_variable", "ctime", "filesystem", "fstream", "future", "iostream", "mutex",
    "random", "shared_mutex",       "thread"};

bool Matches(std::string_view pattern, const std::string& text) {
  return fnmatch(std::string(pattern).c_str(), text.c_str(), 0) == 0;
}

bool MatchesAny(const auto& patterns, const std::string& text) {
  return std::ranges::any_of(patterns, [&](std::string_view p) { return Matches(p, text); });
}

class Checker {
 public:
  explicit Checker(Findings& findings) : findings_(findings) {}

  void Check(const SourceFile& file) {
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      Include include;
      if (ParseInclude(file.lines[i], include) && include.angled) {
        CheckOne(file, i + 1, include.name);
      }
    }
  }

  // A header with a library in it is its folder's own.
  void CheckHeader(const SourceFile& file) {
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      Include include;
      if (!ParseInclude(file.lines[i], include) || include.angled) continue;
      const auto found = headers_.find(include.name);
      if (found == headers_.end() || IsNeighbour(file, include.name)) continue;
      findings_.push_back(
          {Rule::kLibraryInHeader, file.path, i + 1,
           include.name + " has " + found->second + " in it: only its own folder may include it"});
    }
  }

 private:
  void CheckOne(const SourceFile& file, std::size_t line, const std::string& name) {
    const bool test = file.Room() == "tests";
    const auto library = std::ranges::find_if(
        Table(), [&](const Library& known) { return MatchesAny(known.includes, name); });
    if (library != Table().end()) {
      if (file.IsHeader() && library->name != "Eigen") headers_[file.path] = library->name;
      if (test || MatchesAny(library->files, file.path)) return;
      findings_.push_back({Rule::kLibrary, file.path, line,
                           std::string(library->name) + " may not be included here"});
    } else if (name.find_first_of("./") != std::string::npos && !MatchesAny(kSystem, name)) {
      findings_.push_back({Rule::kUnknownLibrary, file.path, line,
                           "<" + name + "> is of no library that tidy knows"});
    } else if (file.Room() == "policy" && MatchesAny(kForbiddenInPolicy, name)) {
      findings_.push_back({Rule::kForbiddenStandard, file.path, line,
                           "<" + name +
                               ">: policy/ knows nothing of files, clocks, threads and "
                               "the machine's randomness"});
    }
  }

  // tests/store/ is of the same folder as store/, in this sense.
  static bool IsNeighbour(const SourceFile& file, const std::string& header) {
    const std::string folder = header.substr(0, header.find('/') + 1);
    return file.path.starts_with(folder) || file.path.starts_with("tests/" + folder);
  }

  Findings& findings_;
  std::map<std::string, std::string, std::less<>> headers_;  // with a library in it -> which
};

}  // namespace

void CheckLibraries(const Tree& tree, Findings& findings) {
  Checker checker(findings);
  const auto ours = [](const SourceFile& file) {
    return file.IsCpp() && std::ranges::find(kRooms, file.Room()) != std::end(kRooms);
  };
  for (const SourceFile& file : tree.files) {
    if (ours(file)) checker.Check(file);
  }
  for (const SourceFile& file : tree.files) {
    if (ours(file)) checker.CheckHeader(file);
  }
}

}  // namespace sluice::tidy
