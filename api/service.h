// What the wire asks of the product: the interface that daemon/ implements and both planes call.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "api/messages.h"
#include "api/operations.h"
#include "api/reports.h"

namespace sluice::api {

// Implemented once, by daemon/router. `reader` is the serving thread's number, 0..threads-1: a
// thread passes its own and no other. All calls but Route may take locks or read the disk.
class Service {
 public:
  virtual ~Service() = default;

  // Never waits for the disk, the learner or a lock that one of them holds.
  virtual RouteReply Route(const RouteRequest& request, std::size_t reader) = 0;

  // `done` is called exactly once: before this returns, or later on another thread. After it has
  // said "accepted" the events are on disk and synced. Items that are already Problems are reported
  // in their place.
  virtual void Feedback(std::vector<FeedbackItem> items, std::size_t reader, FeedbackDone done) = 0;

  virtual Readiness Ready() const = 0;
  virtual std::string Metrics() const = 0;  // Prometheus text format 0.0.4
  virtual std::vector<RouterReport> Routers() const = 0;
  virtual std::variant<RouterReport, Problem> RouterByName(const std::string& name) const = 0;
  virtual std::variant<DecisionReport, Problem> DecisionById(const std::string& id) const = 0;

  // -- Changes by operators. Each is in the log, synced and folded when the call returns.
  virtual std::variant<AdminAnswer, Problem> Operate(const AdminRequest& request) = 0;
  // 409 for an arm of the configuration file.
  virtual std::variant<AdminAnswer, Problem> PutArm(const ArmPut& put) = 0;
  virtual std::variant<AdminAnswer, Problem> DeleteArm(const std::string& router,
                                                       const std::string& arm) = 0;
  // What was learnt of an arm, as bytes that PutArm takes.
  virtual std::variant<std::string, Problem> ArmStatistics(const std::string& router,
                                                           const std::string& arm) const = 0;
  // Reads the configuration file again; what changed, or 422 with every problem of the file.
  virtual std::variant<std::vector<ConfigChange>, Problem> ReloadConfig() = 0;
};

}  // namespace sluice::api
