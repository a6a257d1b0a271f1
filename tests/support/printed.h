// What a command of the simulator printed, and what it wrote.
#pragma once

#include <fstream>
#include <sstream>
#include <string>

#include "sim/command.h"

namespace sluice::tests {

struct Printed {
  int code = 0;
  std::string out;
  std::string err;
};

template <typename Command, typename Options>
Printed RunCommand(const Command& command, const Options& options) {
  std::ostringstream out;
  std::ostringstream err;
  const int code = command(options, sim::Streams{out, err});
  return {code, out.str(), err.str()};
}

inline std::string Contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace sluice::tests
