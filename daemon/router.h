// One routing decision, one feedback event: the only place where the wire's, the policy's and the
// log's vocabularies meet. Implements what both planes ask for.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "api/service.h"
#include "daemon/ceilings.h"
#include "daemon/changes.h"
#include "daemon/eligibility.h"
#include "daemon/ids.h"
#include "daemon/learner.h"
#include "daemon/metrics.h"
#include "daemon/request_ids.h"
#include "daemon/snapshot.h"
#include "store/store.h"

namespace sluice::daemon {

class Router final : public api::Service {
 public:
  // What a router works with; everything outlives it. The board has as many readers as threads
  // call Route.
  struct Parts {
    store::Store& store;
    SnapshotBoard& board;
    Learner& learner;
    daemon::Metrics& metrics;
    IdSource& ids;
    Clock clock;
    std::uint16_t node = 1;
    Changes* changes = nullptr;  // null: nothing can be changed from here
    // Counters of the listeners, for the metrics page; may be empty.
    std::function<std::vector<Gauges::Plane>()> planes = {};
  };
  explicit Router(Parts parts);

  // Takes up what the log says about the past: sequence numbers, the newest id, request ids of the
  // last ten minutes. Once, after Learner::Recover and before the first request.
  store::Result<store::Done> Recover();

  // From now on /readyz says no; requests are still answered.
  void Drain() { draining_.store(true, std::memory_order_relaxed); }

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

  std::variant<api::AdminAnswer, api::Problem> Operate(const api::AdminRequest& request) override;
  std::variant<api::AdminAnswer, api::Problem> PutArm(const api::ArmPut& put) override;
  std::variant<api::AdminAnswer, api::Problem> DeleteArm(const std::string& router,
                                                         const std::string& arm) override;
  std::variant<std::string, api::Problem> ArmStatistics(const std::string& router,
                                                        const std::string& arm) const override;
  std::variant<std::vector<api::ConfigChange>, api::Problem> ReloadConfig() override;

 private:
  api::RouteReply Answer(const api::RouteRequest& request, std::size_t reader);
  api::RouteReply Decide(const RouterView& router, store::Position version,
                         const api::RouteRequest& request);

  struct Weights {
    double cost = 0;     // lambda
    double latency = 0;  // mu
  };
  // How much may be explored in one decision.
  struct Allowance {
    policy::ExplorationBounds bounds = {};
    double floor = 0;
    double tokens = 0;  // taken; what is not used goes back
    std::uint16_t notes = 0;
  };
  struct Chosen {
    Eligible eligible;
    policy::Decision decision;
    store::DecisionRecord record;
  };
  static Weights WeightsOf(const Narrowed& narrowed);
  static Allowance AllowanceOf(const Narrowed& narrowed, std::uint64_t tick);
  static policy::Situation SituationOf(const Narrowed& narrowed, const Eligible& eligible,
                                       std::uint64_t tick, const policy::ExplorationBounds& bounds,
                                       double slack);
  static Chosen ChooseFrom(const Narrowed& narrowed, const Eligible& eligible,
                           const policy::DrawKey& key, std::uint64_t tick);
  static bool Hold(const Narrowed& narrowed, const Eligible& eligible, Ceilings& ceilings,
                   NanoUsd& held);
  api::RouteAnswer Finish(const Narrowed& narrowed, policy::EncodedContext& context, Chosen chosen);
  // What is left of a decision that the log did not take.
  struct Refused {
    store::DecisionId id;
    std::uint64_t tick = 0;
    std::uint64_t policy_version = 0;
    std::optional<policy::ArmId> baseline;
    NanoUsd held = 0;
    double slack_change = 0;
  };
  static api::RouteAnswer Unlogged(const Narrowed& narrowed, const Eligible& eligible,
                                   const Refused& refused);
  std::variant<store::DecisionId, api::Problem> DecisionOf(const api::FeedbackEvent& event,
                                                           const Snapshot* snapshot);
  std::variant<store::OutcomeRecord, api::Problem> OutcomeOf(const api::FeedbackItem& item,
                                                             const Snapshot* snapshot);
  bool AnyRouterOf(const store::DecisionId& decision, const Snapshot* snapshot,
                   const std::function<bool(const RouterDefinition&)>& has_it) const;
  bool KnowsSource(const store::DecisionId& decision, const std::string& name,
                   const Snapshot* snapshot) const;
  bool KnowsArm(const store::DecisionId& decision, const std::string& name,
                const Snapshot* snapshot) const;
  void CountFeedback(const api::FeedbackAnswer& answer);
  store::Position FirstAfter(std::uint64_t time_us) const;

  Parts parts_;
  std::array<RequestIds, config::kRoutersMax> request_ids_;                  // by router id
  std::array<std::atomic<std::uint64_t>, config::kRoutersMax> sequences_{};  // next, by router id
  std::array<std::atomic<std::uint64_t>, config::kRoutersMax> ticks_{};      // next, by router id
  std::atomic<bool> draining_{false};
};

}  // namespace sluice::daemon
