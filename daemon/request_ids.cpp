#include "daemon/request_ids.h"

namespace sluice::daemon {

void RequestIds::Shard::Forget(std::uint64_t now_us) {
  while (!order.empty()) {
    const auto oldest = entries.find(order.front());
    const bool expired = oldest->second.time_us + kRememberedUs < now_us;
    if (!expired && order.size() <= kRememberedMax / kShards) return;
    entries.erase(oldest);
    order.pop_front();
  }
}

void RequestIds::Shard::Keep(const Request& request, const api::RouteAnswer& answer) {
  const auto [place, fresh] =
      entries.try_emplace(request.id, Entry{request.digest, request.now_us, answer});
  if (fresh) order.push_back(place->first);
}

void RequestIds::Remember(const Request& request, const api::RouteAnswer& answer) {
  Shard& shard = ShardOf(request.id);
  const std::lock_guard lock(shard.mutex);
  shard.Forget(request.now_us);
  shard.Keep(request, answer);
}

std::optional<std::string> RequestIds::DecisionOf(const std::string& id, std::uint64_t now_us) {
  Shard& shard = ShardOf(id);
  const std::lock_guard lock(shard.mutex);
  shard.Forget(now_us);
  const auto found = shard.entries.find(id);
  if (found == shard.entries.end()) return std::nullopt;
  return found->second.answer.decision_id;
}

}  // namespace sluice::daemon
