// A client of each plane of a daemon, with the checks that every test makes.
#pragma once

#include <chrono>
#include <string>
#include <thread>

#include <catch2/catch.hpp>
#include <httplib.h>
#include <nlohmann/json.hpp>

#include "tests/support/daemon_process.h"

namespace sluice::tests {

using nlohmann::json;

struct Clients {
  explicit Clients(const DaemonProcess& process)
      : data("127.0.0.1", process.data_port()), admin("127.0.0.1", process.admin_port()) {
    for (auto* client : {&data, &admin}) client->set_read_timeout(30, 0);
    data.set_keep_alive(true);
    data.set_tcp_nodelay(true);
  }
  httplib::Client data;
  httplib::Client admin;

  json Post(const std::string& path, const json& body, int status) {
    auto reply = data.Post(path, body.dump(), "application/json");
    REQUIRE(reply);
    CAPTURE(path, body.dump(), reply->body);
    REQUIRE(reply->status == status);
    return json::parse(reply->body);
  }
  json Get(const std::string& path, int status = 200) {
    auto reply = admin.Get(path);
    REQUIRE(reply);
    CAPTURE(path, reply->body);
    REQUIRE(reply->status == status);
    return json::parse(reply->body);
  }
  json Change(const httplib::Result& reply, int status) {
    REQUIRE(reply);
    CAPTURE(reply->body);
    REQUIRE(reply->status == status);
    return json::parse(reply->body);
  }
  // Until everything in the log is folded.
  json Learnt() {
    for (int i = 0; i < 3000; ++i) {
      json router = Get("/v1/routers/default");
      if (router["applied_position"] == router["log_position"]) return router;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    FAIL("the learner does not reach the end of the log");
    return {};
  }
};

inline json RewardOf(const std::string& decision_id, double reward) {
  return {{"decision_id", decision_id},
          {"event_id", "e-" + decision_id},
          {"reward", reward},
          {"signals", {{"cost_usd", 0.0005}}}};
}

}  // namespace sluice::tests
