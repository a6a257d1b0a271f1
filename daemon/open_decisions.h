// Decisions that wait for feedback, oldest first: those whose reward or cost a timer stands in for,
// and those whose contexts a policy counts before their labels are there. Folded; bounded.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "policy/types.h"
#include "store/bytes.h"
#include "store/records.h"

namespace sluice::daemon {

class OpenDecisions {
 public:
  // Beyond this the oldest is no longer waited for.
  static constexpr std::size_t kOpenMax = 1 << 18;

  struct Entry {
    store::Position position = 0;
    store::DecisionId id;
    std::uint64_t time_us = 0;
    policy::ArmId arm = 0;
    bool active = true;
    bool labelled = false;
    bool settled = false;
    bool pending = false;  // its context is counted in the model; not part of the bytes
    // When a timer's record was last given; not part of the bytes: a repeat is recognised by its
    // event id.
    std::uint64_t fired_default_us = 0;
    std::uint64_t fired_settle_us = 0;
    bool done() const { return labelled && settled; }
  };

  // The oldest entry, when it has to make room.
  std::optional<Entry> Add(const Entry& entry);
  Entry* Find(store::Position position);
  // Drops what is done from the front, and what was decided before `expired_us` and whose money is
  // settled; the latter are handed to `expire`.
  template <typename Expire>
  void Trim(std::uint64_t expired_us, Expire&& expire) {
    while (!entries_.empty() &&
           (entries_.front().done() ||
            (entries_.front().time_us < expired_us && entries_.front().settled))) {
      if (!entries_.front().done()) expire(entries_.front());
      entries_.pop_front();
    }
  }
  std::deque<Entry>& entries() { return entries_; }
  const std::deque<Entry>& entries() const { return entries_; }

  void Serialise(store::ByteWriter& out) const;
  bool Restore(store::ByteReader& in);

 private:
  std::deque<Entry> entries_;  // positions rise
};

}  // namespace sluice::daemon
