#include "tests/support/daemon_process.h"

#include <chrono>
#include <cstdlib>
#include <regex>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sluice::tests {

namespace {

constexpr std::chrono::seconds kStartMax{60};

struct Child {
  pid_t pid;
  int output;
};

// Both outputs of the child go to one pipe; it dies when the thread that started it does.
Child Start(const std::vector<std::string>& arguments) {
  // Its clients may write to a connection that its end has closed.
  signal(SIGPIPE, SIG_IGN);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  std::vector<char*> argv;
  std::vector<std::string> all = {SLUICED_PATH};
  all.insert(all.end(), arguments.begin(), arguments.end());
  for (std::string& argument : all) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const pid_t pid = fork();
  if (pid < 0) throw std::runtime_error("no process");
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_DFL);
    dup2(ends[1], STDOUT_FILENO);
    dup2(ends[1], STDERR_FILENO);
    execv(argv[0], argv.data());
    _exit(127);
  }
  close(ends[1]);
  return {pid, ends[0]};
}

// What comes within the time; empty at the end of the output.
std::string ReadSome(int output, std::chrono::milliseconds timeout) {
  pollfd waiting{output, POLLIN, 0};
  if (poll(&waiting, 1, static_cast<int>(timeout.count())) <= 0) return {};
  char buffer[4096];
  const ssize_t got = read(output, buffer, sizeof buffer);
  return got <= 0 ? std::string() : std::string(buffer, static_cast<std::size_t>(got));
}

int PortIn(const std::string& text, const std::string& plane) {
  std::smatch match;
  const std::regex line(plane + " plane +http://[^ \n]*:([0-9]+)\n");
  return std::regex_search(text, match, line) ? std::stoi(match[1]) : 0;
}

int CodeOf(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace

DaemonProcess::DaemonProcess(const std::string& data_directory, std::vector<std::string> more) {
  std::vector<std::string> arguments = {"--data-dir",  data_directory,   "--listen",
                                        "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const Child child = Start(arguments);
  pid_ = child.pid;
  output_ = child.output;
  std::string printed;
  const auto deadline = std::chrono::steady_clock::now() + kStartMax;
  while (std::chrono::steady_clock::now() < deadline) {
    printed += ReadSome(output_, std::chrono::milliseconds(100));
    data_port_ = PortIn(printed, "data");
    admin_port_ = PortIn(printed, "admin");
    if (data_port_ != 0 && admin_port_ != 0) return;
    if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      break;
    }
  }
  printed += ReadSome(output_, std::chrono::milliseconds(100));
  Kill();
  throw std::runtime_error("sluiced did not start: " + printed);
}

DaemonProcess::~DaemonProcess() {
  Kill();
  if (output_ >= 0) close(output_);
}

void DaemonProcess::Signal(int signal) const {
  if (pid_ > 0) kill(pid_, signal);
}

int DaemonProcess::Wait() {
  if (pid_ <= 0) return 0;
  int status = 0;
  // The pipe is drained meanwhile, so that a talkative child cannot block.
  while (waitpid(pid_, &status, WNOHANG) == 0) {
    ReadSome(output_, std::chrono::milliseconds(20));
  }
  pid_ = -1;
  return CodeOf(status);
}

int DaemonProcess::Terminate() {
  Signal(SIGTERM);
  return Wait();
}

void DaemonProcess::Kill() {
  Signal(SIGKILL);
  Wait();
}

std::pair<int, std::string> RunDaemon(const std::vector<std::string>& arguments) {
  const Child child = Start(arguments);
  std::string printed;
  int status = 0;
  while (waitpid(child.pid, &status, WNOHANG) == 0) {
    printed += ReadSome(child.output, std::chrono::milliseconds(20));
  }
  for (std::string more; !(more = ReadSome(child.output, std::chrono::milliseconds(20))).empty();) {
    printed += more;
  }
  close(child.output);
  return {CodeOf(status), printed};
}

}  // namespace sluice::tests
