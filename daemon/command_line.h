// What sluiced does with its command line: check, print, or serve until a signal.
#pragma once

#include <optional>
#include <string>

namespace sluice::daemon {

struct CommandLine {
  std::string config;  // empty: embedded defaults
  std::optional<std::string> data_directory;
  std::optional<std::string> listen;
  std::optional<std::string> admin_listen;
  bool check_config = false;
  bool print_config = false;
};

// Returns the process's exit code: 0 done, 1 could not start, 2 the configuration is wrong.
// SIGTERM and SIGINT drain and stop; SIGHUP reads the configuration again.
int Run(const CommandLine& line);

}  // namespace sluice::daemon
