// The whole process as an object: builds the parts in one function, recovers, serves, drains, and
// stops in reverse order. Calls come from one thread (main's).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/operations.h"
#include "config/config.h"
#include "store/status.h"

namespace sluice::daemon {

class Daemon {
 public:
  // Opens the store, folds the log, brings `options` into force and binds both listeners. Nothing
  // is served yet. Error: why it refuses to start and what to do.
  // `read_again` reads the configuration for those who ask the admin plane; empty: they may not.
  using ReadAgain = std::function<config::Checked<config::Options>()>;
  static store::Result<std::unique_ptr<Daemon>> Build(const config::Options& options,
                                                      const ReadAgain& read_again = {});

  ~Daemon();  // Stop() with no grace, if it is running
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  void Start();
  std::uint16_t data_port() const;
  std::uint16_t admin_port() const;

  // Brings the routers of `options` into force through the log; requests never wait. A file that
  // does not fit what is in force changes nothing. Another Error says what stands in the log
  // already; that goes into force, and the same reload again completes it. Returns what changed,
  // and what waits for the next start.
  store::Result<std::vector<api::ConfigChange>> Reload(const config::Options& options);
  // Counts a reload that was refused, here or because its file is wrong.
  void ReloadRefused();

  // /readyz says no at once; requests in flight are answered; what was acknowledged is folded and
  // checkpointed; the store is closed.
  void Stop(std::chrono::milliseconds grace);

 private:
  struct Impl;
  explicit Daemon(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::daemon
