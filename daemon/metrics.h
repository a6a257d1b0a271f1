// What the daemon counts, and its page in Prometheus' text format. Counting is relaxed atomics: no
// lock on the decision path. The page is made from the counters when it is asked for.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "api/http_server.h"
#include "api/service.h"
#include "daemon/challengers.h"
#include "daemon/snapshot.h"
#include "policy/types.h"
#include "store/store.h"

namespace sluice::daemon {

inline constexpr std::size_t kReasons = static_cast<std::size_t>(api::Reason::kFallback) + 1;

// Of one router; shared by all its snapshots. Any thread.
struct RouterCounters {
  std::array<std::array<std::atomic<std::uint64_t>, kReasons>, policy::kArmsMax> decisions{};
  std::atomic<std::uint64_t> exploration_expected_q32{0};  // sum of P(other than greedy), of 2^32
  std::atomic<std::uint64_t> explored{0};
  std::atomic<std::uint64_t> not_logged{0};
  std::atomic<double> guard_slack{0};  // of the baseline guard; starts at 0 with the process
};

// Durations in fixed buckets, cumulative only when read. One writer or many.
class LatencyHistogram {
 public:
  static constexpr std::array<double, 16> kBoundsSeconds = {
      2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 1.0};

  void Observe(std::chrono::nanoseconds duration);
  std::uint64_t bucket(std::size_t i) const { return buckets_[i].load(std::memory_order_relaxed); }
  double sum_seconds() const {
    return 1e-9 * static_cast<double>(sum_ns_.load(std::memory_order_relaxed));
  }

 private:
  std::array<std::atomic<std::uint64_t>, kBoundsSeconds.size() + 1> buckets_{};
  std::atomic<std::uint64_t> sum_ns_{0};
};

// Values that other parts know, read when the page is made.
struct Gauges {
  store::Position applied = 0;
  store::Position log_end = 0;
  double learner_lag_s = 0;
  std::uint64_t now_us = 0;
  store::StoreHealth store;
  struct Plane {
    std::string name;
    api::HttpServer::Counters counters;
  };
  std::vector<Plane> planes;
  std::vector<std::vector<ChallengerStanding>> challengers;  // by router id
};

class Metrics {
 public:
  explicit Metrics(std::size_t readers) : route_latency_(readers) {}

  // -- Counting; any thread, but `reader` only its own ------------------------------------------
  void RouteServed(std::size_t reader, std::chrono::nanoseconds duration) {
    route_latency_[reader].histogram.Observe(duration);
  }
  void FeedbackAnswered(std::chrono::nanoseconds duration) { feedback_latency_.Observe(duration); }
  void RouteRefused(int status) { Count(route_refused_, status); }
  void FeedbackAccepted(std::uint64_t n) {
    feedback_accepted_.fetch_add(n, std::memory_order_relaxed);
  }
  void FeedbackDuplicate(std::uint64_t n) {
    feedback_duplicate_.fetch_add(n, std::memory_order_relaxed);
  }
  void FeedbackRejected(int status) { Count(feedback_rejected_, status); }
  void OutcomeNotLearnt() { outcomes_not_learnt_.fetch_add(1, std::memory_order_relaxed); }
  void CheckpointSaved() { checkpoints_saved_.fetch_add(1, std::memory_order_relaxed); }
  void CheckpointSetAside(std::uint64_t n) {
    checkpoints_set_aside_.fetch_add(n, std::memory_order_relaxed);
  }
  void CheckpointFailed() { checkpoints_failed_.fetch_add(1, std::memory_order_relaxed); }
  void SnapshotPublished() { snapshots_published_.fetch_add(1, std::memory_order_relaxed); }
  void ConfigReloaded(bool good) {
    (good ? reloads_good_ : reloads_bad_).fetch_add(1, std::memory_order_relaxed);
  }

  // The page. `snapshot` may be null.
  std::string Render(const Snapshot* snapshot, const Gauges& gauges) const;

 private:
  struct alignas(64) ReaderLatency {
    LatencyHistogram histogram;
  };
  // HTTP statuses 400..599, the rest in the last place.
  using StatusCounters = std::array<std::atomic<std::uint64_t>, 201>;
  static void Count(StatusCounters& counters, int status);

  std::vector<ReaderLatency> route_latency_;
  LatencyHistogram feedback_latency_;
  StatusCounters route_refused_{};
  StatusCounters feedback_rejected_{};
  std::atomic<std::uint64_t> feedback_accepted_{0};
  std::atomic<std::uint64_t> feedback_duplicate_{0};
  std::atomic<std::uint64_t> outcomes_not_learnt_{0};
  std::atomic<std::uint64_t> checkpoints_saved_{0};
  std::atomic<std::uint64_t> checkpoints_set_aside_{0};
  std::atomic<std::uint64_t> checkpoints_failed_{0};
  std::atomic<std::uint64_t> snapshots_published_{0};
  std::atomic<std::uint64_t> reloads_good_{0};
  std::atomic<std::uint64_t> reloads_bad_{0};
};

}  // namespace sluice::daemon
