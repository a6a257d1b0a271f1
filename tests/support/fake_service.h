// A service that remembers what it was asked and answers what it was told to.
#pragma once

#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "api/service.h"

namespace sluice::test {

class FakeService final : public api::Service {
 public:
  // Set before the requests come.
  api::RouteReply route_reply = SomeAnswer();
  api::FeedbackReply feedback_reply = api::FeedbackAnswer{.accepted = 1};
  api::Readiness readiness{.route = true, .feedback = true, .detail = ""};
  bool throws = false;
  bool answers_feedback_later = false;
  std::string statistics = std::string("\0\xFFx", 3);

  // Read after the answers have come.
  std::vector<api::RouteRequest> routed;
  std::vector<api::FeedbackItem> items;
  api::FeedbackDone pending;
  std::vector<api::AdminRequest> operated;
  std::vector<api::ArmPut> put;
  std::vector<std::string> deleted;  // "router/arm"
  int reloads = 0;

  static api::RouteAnswer SomeAnswer() {
    api::RouteAnswer answer;
    answer.decision_id = "d-1";
    answer.arm = "economy";
    answer.model = "small\r\nx-evil: 1";
    answer.tier = 1;
    answer.policy_kind = "thompson";
    return answer;
  }

  static api::Problem NotFound(std::string pointer) {
    return {.status = 404,
            .title = "Not Found",
            .detail = "unknown",
            .pointer = std::move(pointer),
            .retry_after_s = {}};
  }

  api::RouteReply Route(const api::RouteRequest& request, std::size_t) override {
    if (throws) {
      throw std::runtime_error("a secret of this machine");
    }
    routed.push_back(request);
    if (request.router == "nowhere") {
      return NotFound("/router");
    }
    return route_reply;
  }

  void Feedback(std::vector<api::FeedbackItem> given, std::size_t,
                api::FeedbackDone done) override {
    items = std::move(given);
    if (auto* answer = std::get_if<api::FeedbackAnswer>(&feedback_reply)) {
      for (std::size_t i = 0; i < items.size(); ++i) {
        if (const auto* problem = std::get_if<api::Problem>(&items[i])) {
          answer->rejected.push_back({i, *problem});
        }
      }
    }
    if (answers_feedback_later) {
      pending = std::move(done);
    } else {
      done(feedback_reply);
    }
  }

  api::Readiness Ready() const override { return readiness; }
  std::string Metrics() const override { return "sluice_up 1\n"; }
  std::vector<api::RouterReport> Routers() const override { return {SomeRouter()}; }

  std::variant<api::RouterReport, api::Problem> RouterByName(
      const std::string& name) const override {
    if (name == "a b") {
      return SomeRouter();
    }
    return NotFound("");
  }

  std::variant<api::DecisionReport, api::Problem> DecisionById(
      const std::string& id) const override {
    if (id == "d-1") {
      api::DecisionReport report;
      report.decision_id = id;
      return report;
    }
    return NotFound("");
  }

  std::variant<api::AdminAnswer, api::Problem> Operate(const api::AdminRequest& request) override {
    operated.push_back(request);
    return AnswerFor(request.router, {.position = 7, .detail = "frozen"});
  }

  std::variant<api::AdminAnswer, api::Problem> PutArm(const api::ArmPut& given) override {
    put.push_back(given);
    return AnswerFor(given.router, {.position = 8, .detail = "added"});
  }

  std::variant<api::AdminAnswer, api::Problem> DeleteArm(const std::string& router,
                                                         const std::string& arm) override {
    deleted.push_back(router + "/" + arm);
    return AnswerFor(router, {.position = 9, .detail = "removed"});
  }

  std::variant<std::string, api::Problem> ArmStatistics(const std::string& router,
                                                        const std::string& arm) const override {
    if (router == "nowhere" || arm != "trial") {
      return NotFound("");
    }
    return statistics;
  }

  std::variant<std::vector<api::ConfigChange>, api::Problem> ReloadConfig() override {
    ++reloads;
    return std::vector<api::ConfigChange>{{"router[default].alpha", "1.0", "2.0", "live"}};
  }

  std::size_t changes() const {
    return operated.size() + put.size() + deleted.size() + static_cast<std::size_t>(reloads);
  }

 private:
  static std::variant<api::AdminAnswer, api::Problem> AnswerFor(const std::string& router,
                                                                api::AdminAnswer answer) {
    if (router == "nowhere") {
      return NotFound("");
    }
    return answer;
  }

  static api::RouterReport SomeRouter() {
    api::RouterReport report;
    report.name = "a b";
    return report;
  }
};

}  // namespace sluice::test
