// Runs one hidden test of this program in a process of its own, which may be killed or may abort.
#pragma once

#include <cerrno>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sluice::tests {

// The child finds the pipe under this number, when it is given one.
inline constexpr int kChildPipe = 3;

// `variables` are NAME=value. The child says nothing on its standard streams.
inline pid_t SpawnChildTest(const std::string& test, std::vector<std::string> variables,
                            int pipe = -1) {
  std::vector<char*> environment;
  for (std::string& variable : variables) environment.push_back(variable.data());
  for (char** inherited = environ; *inherited != nullptr; ++inherited) {
    environment.push_back(*inherited);
  }
  environment.push_back(nullptr);
  std::string program = "/proc/self/exe";
  std::string name = test;
  char* arguments[] = {program.data(), name.data(), nullptr};

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (const int stream : {1, 2}) {
    posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_WRONLY, 0);
  }
  if (pipe >= 0) posix_spawn_file_actions_adddup2(&actions, pipe, kChildPipe);
  pid_t child = -1;
  const int error =
      posix_spawn(&child, program.c_str(), &actions, nullptr, arguments, environment.data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::runtime_error("cannot start a child");
  return child;
}

// Waits for its end: the exit code, or minus the signal that ended it.
inline int AwaitChild(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace sluice::tests
