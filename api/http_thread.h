// One serving thread of an HttpServer: its event loop, its listener and its connections. Private to
// the server files; hides the socket library.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "api/http_session.h"

namespace sluice::api {

class ServingThread {
 public:
  // Owns the listening socket from here on.
  ServingThread(std::shared_ptr<ServerShared> shared, int listening_socket, std::size_t reader);
  ~ServingThread();  // after Start: only once Join has returned
  ServingThread(const ServingThread&) = delete;
  ServingThread& operator=(const ServingThread&) = delete;

  void Start();
  // Takes no new connections, closes the idle ones, and ends once the others have had their
  // answers.
  void Drain();
  bool EndsBefore(std::chrono::steady_clock::time_point deadline);
  void Cut();   // after Drain: closes every connection
  void Join();  // after Drain

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::api
