// One routing decision, one feedback event: the only place where the wire's, the policy's and the
// log's vocabularies meet. Implements what both planes ask for.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/service.h"
#include "daemon/ids.h"
#include "daemon/learner.h"
#include "daemon/request_ids.h"
#include "daemon/snapshot.h"
#include "store/store.h"

namespace sluice::daemon {

class Metrics;

class Router final : public api::Service {
 public:
  // References outlive the router. The board has as many readers as threads call Route.
  struct Parts {
    store::Store& store;
    SnapshotBoard& board;
    Learner& learner;
    Metrics& metrics;
    IdSource& ids;
    Clock clock;
  };
  explicit Router(const Parts& parts);

  // Takes up what the log says about the past: sequence numbers, ids, request ids of the last ten
  // minutes. Once, after Learner::Recover and before the first request.
  store::Result<store::Done> Recover();

  api::RouteReply Route(const api::RouteRequest& request, std::size_t reader) override;
  void Feedback(std::vector<api::FeedbackItem> items, std::size_t reader,
                api::FeedbackDone done) override;
  api::Readiness Ready() const override;
  std::string Metrics() const override;
  std::vector<api::RouterReport> Routers() const override;
  std::variant<api::RouterReport, api::Problem> RouterByName(
      const std::string& name) const override;
  std::variant<api::DecisionReport, api::Problem> DecisionById(
      const std::string& id) const override;

 private:
  Parts parts_;
  RequestIds request_ids_;
  std::array<std::atomic<std::uint64_t>, config::kRoutersMax> sequences_{};  // next, by router id
};

}  // namespace sluice::daemon
