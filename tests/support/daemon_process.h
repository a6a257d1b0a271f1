// The real sluiced as a child process on loopback, with free ports. The destructor kills it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace sluice::tests {

class DaemonProcess {
 public:
  // Starts it and waits until it prints its addresses. Throws with its output when it does not.
  explicit DaemonProcess(const std::string& data_directory, std::vector<std::string> more = {});
  ~DaemonProcess();
  DaemonProcess(const DaemonProcess&) = delete;
  DaemonProcess& operator=(const DaemonProcess&) = delete;

  int data_port() const { return data_port_; }
  int admin_port() const { return admin_port_; }
  pid_t pid() const { return pid_; }

  void Signal(int signal) const;
  // Waits for its end: the exit code, or minus the signal that ended it.
  int Wait();
  int Terminate();  // SIGTERM, then Wait
  void Kill();      // SIGKILL, then Wait

 private:
  pid_t pid_ = -1;
  int output_ = -1;
  int data_port_ = 0;
  int admin_port_ = 0;
};

// Runs sluiced to its end: the exit code and what it printed on both outputs.
std::pair<int, std::string> RunDaemon(const std::vector<std::string>& arguments);

}  // namespace sluice::tests
