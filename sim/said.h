// How a command of sluice-sim ends: a value, or sentences for the user and an exit code.
#pragma once

#include <ostream>
#include <sstream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "config/config.h"
#include "sim/command.h"

namespace sluice::sim {

// Exit codes.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kRefused = 2;

// Says why; returns kRefused.
inline int Refuse(const std::string& text, const Streams& streams) {
  streams.err << "sluice-sim: " << text << "\n";
  return kRefused;
}

// Names with commas between them.
inline std::vector<std::string> NamesIn(const std::string& list) {
  std::vector<std::string> names;
  std::istringstream words(list);
  for (std::string name; std::getline(words, name, ',');) names.push_back(name);
  return names;
}

// A value, or sentences for the user.
template <typename T>
using Said = std::variant<T, std::string>;

template <typename T>
Said<T> Say(config::Checked<T> checked) {
  if (auto* value = std::get_if<T>(&checked)) return std::move(*value);
  std::string text;
  for (const config::Problem& problem : std::get<1>(checked)) {
    text += (text.empty() ? "" : "\n") + config::ToString(problem);
  }
  return text;
}

}  // namespace sluice::sim
