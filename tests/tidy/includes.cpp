// Who may include whom.
#include <algorithm>
#include <map>
#include <set>
#include <span>

#include "tests/tidy/tree.h"

namespace sluice::tidy {

namespace {

// What a folder may include of ours besides its own files: folders ("policy/") and single headers.
struct Row {
  std::string_view room;
  std::vector<std::string_view> may_include;
};

const std::vector<Row>& Table() {
  static const std::vector<Row> table = {
      {"policy", {}},
      {"store", {}},
      {"api", {}},
      // And only headers that declare an ...Options struct; see DeclaresOptions.
      {"config", {"policy/", "store/", "api/"}},
      {"daemon", {"config/", "api/", "policy/", "store/"}},
      // The simulator runs the product's own router and learner, with what they are built from and
      // the interface that the router implements; never the daemon or its servers.
      {"sim",
       {"config/", "policy/", "store/", "daemon/router.h", "daemon/learner.h", "daemon/ids.h",
        "daemon/roster.h", "daemon/snapshot.h", "daemon/metrics.h", "daemon/changes.h",
        "daemon/logging.h", "daemon/warm_start.h", "daemon/lessons.h", "daemon/request_context.h",
        "api/service.h"}},
      {"tests", {"policy/", "store/", "api/", "config/", "daemon/", "sim/"}},
  };
  return table;
}

bool Allows(const Row& row, std::string_view name) {
  return std::ranges::any_of(row.may_include, [&](std::string_view allowed) {
    return allowed.ends_with('/') ? name.starts_with(allowed) : name == allowed;
  });
}

bool DeclaresOptions(const SourceFile& header) {
  return std::ranges::any_of(header.code, [](const std::string& line) {
    const std::size_t at = line.find("struct ");
    return at != std::string::npos && line.find("Options {", at) != std::string::npos;
  });
}

using Edges = std::map<std::pair<std::string, std::string>, std::pair<std::string, std::size_t>>;

class Checker {
 public:
  Checker(const Tree& tree, Findings& findings) : tree_(tree), findings_(findings) {}

  void Check(const SourceFile& file, const Row& row) {
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      Include include;
      if (ParseInclude(file.lines[i], include) && !include.angled) {
        CheckOne(file, i + 1, include.name, row);
      }
    }
  }

  // No two folders may include each other, whatever the table says.
  void CheckPairs() {
    for (const auto& [pair, place] : edges_) {
      if (pair.first < pair.second && edges_.contains({pair.second, pair.first})) {
        findings_.push_back({Rule::kMutualIncludes, place.first, place.second,
                             pair.first + "/ and " + pair.second + "/ include each other"});
      }
    }
  }

 private:
  void CheckOne(const SourceFile& file, std::size_t line, const std::string& name, const Row& row) {
    const std::size_t slash = name.find('/');
    const SourceFile* header = tree_.Find(name);
    if (slash == std::string::npos || header == nullptr) {
      findings_.push_back({Rule::kIncludeFromRoot, file.path, line,
                           "\"" + name + "\" is no header of ours, written from the root"});
      return;
    }
    const std::string room = name.substr(0, slash);
    if (room == row.room) return;
    edges_.try_emplace({std::string(row.room), room}, file.path, line);
    if (!Allows(row, name)) {
      findings_.push_back({Rule::kIncludeTable, file.path, line,
                           std::string(row.room) + "/ may not include " + name});
    } else if (row.room == "config" && !DeclaresOptions(*header)) {
      findings_.push_back({Rule::kIncludeTable, file.path, line,
                           "config/ may include headers that declare an ...Options struct; " +
                               name + " declares none"});
    }
  }

  const Tree& tree_;
  Findings& findings_;
  Edges edges_;
};

}  // namespace

void CheckIncludes(const Tree& tree, Findings& findings) {
  Checker checker(tree, findings);
  for (const SourceFile& file : tree.files) {
    const auto row = std::ranges::find(Table(), file.Room(), &Row::room);
    if (file.IsCpp() && row != Table().end()) checker.Check(file, *row);
  }
  checker.CheckPairs();
}

}  // namespace sluice::tidy
