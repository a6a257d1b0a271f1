// What reading finds out about one file: where each field stands, and what is wrong. Paths are
// those of Problem::field. Private to config/.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/config.h"

namespace sluice::config {

// Who wrote a text: a user, or PrintRouter for the event log.
enum class Origin { kFile, kLog };

class Findings {
 public:
  explicit Findings(std::string_view file, Origin origin = Origin::kFile)
      : file_(file), origin_(origin) {}

  Origin origin() const { return origin_; }

  // The field or table is given, on this line.
  void Place(const std::string& path, int line) { lines_[path] = line; }
  bool Given(const std::string& path) const { return lines_.contains(path); }

  // The line of a path; of what encloses it when it is not given; 0 when nothing is.
  int LineOf(std::string path) const;

  void Add(const std::string& path, std::string text) {
    AddAt(LineOf(path), path, std::move(text));
  }
  void AddAt(int line, const std::string& path, std::string text);

  // Nothing is wrong with the field, so that rules between fields may look at it.
  bool Sound(const std::string& path) const;

  // By line.
  std::vector<Problem> Problems() const;

 private:
  std::string file_;
  Origin origin_;
  std::map<std::string, int, std::less<>> lines_;
  std::vector<Problem> problems_;
};

// Rules between fields: names that must exist or differ, bounds that depend on one another. Only
// looks at fields that are sound by themselves. [check.cpp]
void CheckRules(const Options& options, Findings& findings);

// "router[3]"
std::string Indexed(std::string_view key, std::size_t index);

}  // namespace sluice::config
