// The request ids of one router that were answered lately, so that a retry gets the same decision
// and the same id with another body is noticed. Any thread; a request without an id never comes
// here, one with an id takes the lock of its shard for the length of its decision, so that two
// retries at once decide once.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "api/service.h"
#include "daemon/refusal.h"

namespace sluice::daemon {

class RequestIds {
 public:
  static constexpr std::uint64_t kRememberedUs = 10ULL * 60 * 1000 * 1000;
  static constexpr std::size_t kRememberedMax = 100000;  // the oldest is forgotten first

  struct Request {
    const std::string& id;
    std::uint64_t digest;  // of the body
    std::uint64_t now_us;
  };

  // The remembered answer; or a 409 when the digest is another; or what `decide` answers, which is
  // remembered unless it is a Problem.
  template <typename Decide>
  api::RouteReply FindOrDecide(const Request& request, Decide&& decide) {
    Shard& shard = ShardOf(request.id);
    const std::lock_guard lock(shard.mutex);
    shard.Forget(request.now_us);
    const auto found = shard.entries.find(request.id);
    if (found != shard.entries.end()) {
      if (found->second.digest == request.digest) return found->second.answer;
      return Refusal(409, "Conflict", "this request_id was used with another body", "/request_id");
    }
    api::RouteReply reply = decide();
    if (const auto* answer = std::get_if<api::RouteAnswer>(&reply)) shard.Keep(request, *answer);
    return reply;
  }

  // At start, from the log: an id that is already there is left as it is.
  void Remember(const Request& request, const api::RouteAnswer& answer);
  // The decision id answered to a request id, while it is remembered.
  std::optional<std::string> DecisionOf(const std::string& id, std::uint64_t now_us);

 private:
  static constexpr std::size_t kShards = 16;

  struct Entry {
    std::uint64_t digest = 0;
    std::uint64_t time_us = 0;
    api::RouteAnswer answer;
  };
  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::string, Entry> entries;
    std::deque<std::string> order;  // oldest first

    void Forget(std::uint64_t now_us);
    void Keep(const Request& request, const api::RouteAnswer& answer);
  };

  Shard& ShardOf(const std::string& id) { return shards_[std::hash<std::string>{}(id) % kShards]; }

  std::array<Shard, kShards> shards_;
};

}  // namespace sluice::daemon
