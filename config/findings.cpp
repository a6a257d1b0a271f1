#include "config/findings.h"

#include <algorithm>
#include <utility>

namespace sluice::config {

namespace {

// "router[0].exploration.cap" -> "router[0].exploration" -> "router[0]" -> "router" -> "".
std::string Enclosing(const std::string& path) {
  const std::size_t end = path.find_last_of(".[");
  return end == std::string::npos ? "" : path.substr(0, end);
}

}  // namespace

int Findings::LineOf(std::string path) const {
  while (true) {
    const auto found = lines_.find(path);
    if (found != lines_.end()) return found->second;
    if (path.empty()) return 0;
    path = Enclosing(path);
  }
}

void Findings::AddAt(int line, const std::string& path, std::string text) {
  problems_.push_back({.file = file_, .line = line, .field = path, .text = std::move(text)});
}

bool Findings::Sound(const std::string& path) const {
  return std::ranges::none_of(problems_,
                              [&](const Problem& problem) { return problem.field == path; });
}

std::vector<Problem> Findings::Problems() const {
  std::vector<Problem> sorted = problems_;
  std::ranges::stable_sort(sorted, {}, &Problem::line);
  return sorted;
}

std::string Indexed(std::string_view key, std::size_t index) {
  return std::string(key) + "[" + std::to_string(index) + "]";
}

}  // namespace sluice::config
