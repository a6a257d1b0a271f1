// Drives a live daemon over HTTP: sends every task, waits for nothing but the answers, reports each
// outcome when it is due. The only file of the simulator that knows sockets.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "sim/environment.h"
#include "sim/progress.h"
#include "sim/summary.h"

namespace sluice::sim {

struct DriveOptions {
  std::string url = "http://127.0.0.1:8080";        // data plane
  std::string admin_url = "http://127.0.0.1:8081";  // admin plane
  std::string router = "default";
  std::size_t connections = 1;
  std::size_t feedback_delay = 0;  // in requests
  // After each request and its due outcome, waits until the daemon has learnt everything that was
  // sent. Needs one connection, and a daemon that loses no decision meanwhile (a kill may). Against
  // a fresh daemon the choices are those of `run`.
  bool lockstep = false;
};

inline constexpr std::size_t kConnectionsMax = 256;

// What the wire did. Times are the client's own.
struct Traffic {
  double seconds = 0;
  double requests_per_second = 0;
  double route_p50_ms = 0;
  double route_p99_ms = 0;
  std::size_t routed = 0;
  std::size_t route_failed = 0;  // refused or not answered: these tasks have no choice
  std::size_t feedback_accepted = 0;
  std::size_t feedback_duplicates = 0;
  std::size_t feedback_failed = 0;
  std::size_t retried = 0;              // sent again after a broken connection or a 503
  std::vector<std::string> complaints;  // the first few failures, in the daemon's words

  std::size_t failures() const { return route_failed + feedback_failed; }
};

struct DriveResult {
  Choices choices;
  Traffic traffic;
};

// What the daemon says about its router; or a sentence that says why it could not be asked.
std::variant<RouterFacts, std::string> FetchRouter(const DriveOptions& options);

// The arms of the environment are the router's. Failures are counted and the drive goes on, until
// the daemon has failed too often in a row; what was not sent then counts as failed.
DriveResult Drive(const Environment& environment, const DriveOptions& options, Progress& progress);

}  // namespace sluice::sim
