// sluice-sim as a child process, its table thrown away.
#pragma once

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>

#include <nlohmann/json.hpp>

#include "tests/support/daemon_process.h"

namespace sluice::tests {

// What it wrote as JSON. Throws when it did not end with 0.
inline nlohmann::json Simulate(const std::string& arguments, const std::string& file) {
  const std::string command =
      std::string(SLUICE_SIM_PATH) + " " + arguments + " --json " + file + " >/dev/null 2>&1";
  if (std::system(command.c_str()) != 0) throw std::runtime_error("failed: " + command);
  std::ifstream written(file);
  return nlohmann::json::parse(written);
}

// Writes a configuration of defaults but for the key of the n-grams, which a daemon would draw by
// itself: with it, the daemon and a run make the same contexts.
inline std::string WithGramSeed(const std::string& file) {
  std::ofstream(file) << "[[router]]\n[router.context]\ngram_seed = 7\n";
  return file;
}

inline nlohmann::json DriveInLockstep(const DaemonProcess& process, const std::string& what,
                                      const std::string& file) {
  return Simulate("drive --lockstep " + what +
                      " --url http://127.0.0.1:" + std::to_string(process.data_port()) +
                      " --admin-url http://127.0.0.1:" + std::to_string(process.admin_port()),
                  file);
}

// Without what only one of the two commands says.
inline nlohmann::json Comparable(nlohmann::json report) {
  report.erase("command");
  report.erase("traffic");
  return report;
}

}  // namespace sluice::tests
