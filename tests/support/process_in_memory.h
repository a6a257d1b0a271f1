// The daemon's parts over the in-memory store, on one thread, with a clock that the test owns: what
// a request meets in production, without sockets and disk.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "config/config.h"
#include "daemon/changes.h"
#include "daemon/learner.h"
#include "daemon/metrics.h"
#include "daemon/roster.h"
#include "daemon/router.h"
#include "daemon/snapshot.h"
#include "store/store.h"

namespace sluice::tests {

class ProcessInMemory {
 public:
  explicit ProcessInMemory(const config::Options& options = config::Defaults(),
                           std::unique_ptr<store::Store> store = store::MakeMemoryStore())
      : store_(std::move(store)),
        learner_(*store_, board_, metrics_, options.learner, [this] { return now_us; }),
        changes_({.store = *store_,
                  .board = board_,
                  .learner = learner_,
                  .clock = [this] { return now_us; },
                  .wait_folded =
                      [this]() -> store::Result<store::Done> {
                    auto folded = learner_.Step();
                    return folded.ok() ? store::Result<store::Done>(store::Done{})
                                       : folded.error();
                  },
                  .gram_seed = 7}),
        router_({.store = *store_,
                 .board = board_,
                 .learner = learner_,
                 .metrics = metrics_,
                 .ids = ids_,
                 .clock = [this] { return now_us; },
                 .node = 1,
                 .changes = &changes_}) {
    std::uint32_t id = 0;
    if (store_->last_position() == 0) {
      for (const auto& router : options.routers) {
        auto record = daemon::MakeRecord(router, id++, nullptr, 7);
        (void)store_->AppendRouter(*record);
      }
    }
    ok = learner_.Recover().ok() && router_.Recover().ok();
  }

  api::RouteReply Route(const api::RouteRequest& request) { return router_.Route(request, 0); }

  api::RouteAnswer RouteText(const std::string& text) {
    api::RouteRequest request;
    request.text = text;
    now_us += 1000;
    return std::get<api::RouteAnswer>(Route(request));
  }

  api::FeedbackReply Feedback(const api::FeedbackEvent& event) {
    api::FeedbackReply reply;
    router_.Feedback({event}, 0, [&](api::FeedbackReply given) { reply = std::move(given); });
    return reply;
  }

  // Reward and cost of a decision, under an event id of its own.
  api::FeedbackReply Reward(const std::string& decision_id, double reward, double cost_usd) {
    api::FeedbackEvent event;
    event.decision_id = decision_id;
    event.event_id = "event-" + decision_id;
    event.reward = reward;
    event.cost_usd = cost_usd;
    return Feedback(event);
  }

  std::uint64_t now_us = 1'700'000'000'000'000;
  bool ok = false;

  store::Store& store() { return *store_; }
  daemon::Learner& learner() { return learner_; }
  daemon::Router& router() { return router_; }
  daemon::SnapshotBoard& board() { return board_; }
  daemon::Changes& changes() { return changes_; }

 private:
  std::unique_ptr<store::Store> store_;
  daemon::SnapshotBoard board_{1};
  daemon::Metrics metrics_{1};
  daemon::IdSource ids_{1, 7};
  daemon::Learner learner_;
  daemon::Changes changes_;
  daemon::Router router_;
};

}  // namespace sluice::tests
