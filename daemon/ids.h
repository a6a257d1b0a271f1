// Decision ids: UUIDv7 of 48 bits of milliseconds that never fall | version | 12 bits counter |
// variant | 16 bits node | 46 bits random; what is kept of a session's id; and the daemon's clock.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "store/records.h"

namespace sluice::daemon {

// Microseconds since the epoch; handed in, so that a simulation or a test owns time. Any thread.
using Clock = std::function<std::uint64_t()>;
Clock SystemClock();

std::string FormatId(const store::DecisionId& id);
std::optional<store::DecisionId> ParseId(std::string_view text);  // lower or upper case, dashed
std::uint16_t NodeOf(const store::DecisionId& id);

// What the log keeps of a session's id, so that decisions of one session can be told to be: never
// the id itself. Keyed by a secret of the directory; on disk, so it never changes. 0: no id.
std::uint64_t SessionKey(std::string_view session_id, std::uint32_t secret);
// Empty for 0.
std::string FormatSession(std::uint64_t session);

// Makes ids that strictly increase in (milliseconds, counter) whatever the clock does. Any thread,
// no lock.
class IdSource {
 public:
  // `seed` keys the random bits: from the system in the daemon, chosen in a simulation.
  IdSource(std::uint16_t node, std::uint64_t seed);

  // Never below an id that the log already holds.
  void RaiseTo(const store::DecisionId& id);
  store::DecisionId Next(std::uint64_t time_us);

 private:
  std::uint16_t node_;
  std::uint64_t seed_;
  std::atomic<std::uint64_t> last_{0};  // milliseconds << 12 | counter
};

}  // namespace sluice::daemon
