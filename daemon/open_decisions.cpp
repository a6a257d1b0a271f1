#include "daemon/open_decisions.h"

#include <algorithm>

namespace sluice::daemon {

namespace {

constexpr std::uint8_t kActive = 1;
constexpr std::uint8_t kLabelled = 2;
constexpr std::uint8_t kSettled = 4;
constexpr std::size_t kEntryBytes = 8 + 16 + 8 + 2 + 1;

}  // namespace

std::optional<OpenDecisions::Entry> OpenDecisions::Add(const Entry& entry) {
  entries_.push_back(entry);
  if (entries_.size() <= kOpenMax) return std::nullopt;
  const Entry oldest = entries_.front();
  entries_.pop_front();
  return oldest;
}

OpenDecisions::Entry* OpenDecisions::Find(store::Position position) {
  const auto found = std::lower_bound(
      entries_.begin(), entries_.end(), position,
      [](const Entry& entry, store::Position wanted) { return entry.position < wanted; });
  return found != entries_.end() && found->position == position ? &*found : nullptr;
}

void OpenDecisions::Serialise(store::ByteWriter& out) const {
  out.PutCount(entries_.size());
  for (const Entry& entry : entries_) {
    out.Put(entry.position);
    out.PutRaw(entry.id.bytes.data(), entry.id.bytes.size());
    out.Put(entry.time_us);
    out.Put(entry.arm);
    out.Put(static_cast<std::uint8_t>((entry.active ? kActive : 0) |
                                      (entry.labelled ? kLabelled : 0) |
                                      (entry.settled ? kSettled : 0)));
  }
}

bool OpenDecisions::Restore(store::ByteReader& in) {
  const std::size_t count = in.GetCount(kEntryBytes);
  if (count > kOpenMax) return false;
  entries_.resize(count);
  for (Entry& entry : entries_) {
    entry.position = in.Get<store::Position>();
    in.GetRaw(entry.id.bytes.data(), entry.id.bytes.size());
    entry.time_us = in.Get<std::uint64_t>();
    entry.arm = in.Get<std::uint16_t>();
    const auto flags = in.Get<std::uint8_t>();
    if (flags > (kActive | kLabelled | kSettled)) return false;
    entry.active = (flags & kActive) != 0;
    entry.labelled = (flags & kLabelled) != 0;
    entry.settled = (flags & kSettled) != 0;
  }
  return std::is_sorted(entries_.begin(), entries_.end(),
                        [](const Entry& a, const Entry& b) { return a.position < b.position; });
}

}  // namespace sluice::daemon
