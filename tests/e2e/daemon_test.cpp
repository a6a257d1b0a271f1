// The real process over real sockets and a real directory.
#include <chrono>
#include <fstream>
#include <iterator>
#include <thread>

#include <catch2/catch.hpp>
#include <httplib.h>
#include <nlohmann/json.hpp>
#include <signal.h>

#include "tests/support/clients.h"
#include "tests/support/daemon_process.h"
#include "tests/support/temporary_directory.h"

namespace sluice {

namespace {

using nlohmann::json;
using tests::Clients;
using tests::DaemonProcess;
using tests::RewardOf;
using tests::RunDaemon;
using tests::TemporaryDirectory;

void Write(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
}

}  // namespace

TEST_CASE("a prompt is routed and its feedback learnt and both survive a restart") {
  const TemporaryDirectory directory;
  json before;
  std::string decision_id;
  {
    DaemonProcess process(directory.File("data"));
    Clients clients(process);
    const json answer = clients.Post("/v1/route", {{"query", "What is 2 + 2?"}}, 200);
    decision_id = answer["decision_id"];
    CHECK(answer["logged"] == true);
    CHECK(clients.Post("/v1/feedback", RewardOf(decision_id, 0.5), 202)["accepted"] == 1);
    CHECK(clients.Post("/v1/feedback", RewardOf(decision_id, 0.5), 202)["duplicates"] == 1);
    before = clients.Learnt();
    CHECK(process.Terminate() == 0);
  }
  DaemonProcess process(directory.File("data"));
  Clients clients(process);
  const json after = clients.Learnt();
  CHECK(after["arms"] == before["arms"]);
  CHECK(after["log_position"] == before["log_position"]);
  CHECK(clients.Post("/v1/feedback", RewardOf(decision_id, 0.5), 202)["duplicates"] == 1);
  CHECK(clients.Get("/v1/decisions/" + decision_id)["outcomes"].size() == 1);
}

TEST_CASE("answers carry the decision in headers as well") {
  const TemporaryDirectory directory;
  DaemonProcess process(directory.File("data"));
  Clients clients(process);
  const auto reply = clients.data.Post("/v1/route", R"({"query": "hello"})", "application/json");
  REQUIRE(reply);
  const json answer = json::parse(reply->body);
  CHECK(reply->get_header_value("x-sluice-decision-id") == answer["decision_id"]);
  CHECK(reply->get_header_value("x-sluice-arm") == answer["arm"]);
  CHECK(reply->get_header_value("x-sluice-model") == answer["model"]);
  CHECK(reply->get_header_value("x-sluice-tier") == std::to_string(answer["tier"].get<int>()));
  CHECK(reply->get_header_value("x-sluice-reason") == answer["reason"]);
}

TEST_CASE("the admin plane says that it lives and is ready and what it counts") {
  const TemporaryDirectory directory;
  DaemonProcess process(directory.File("data"));
  Clients clients(process);
  clients.Post("/v1/route", {{"query", "hello"}}, 200);
  clients.Post("/v1/route", {{"router", "none"}, {"query", "hello"}}, 404);
  CHECK(clients.admin.Get("/healthz")->status == 200);
  CHECK(clients.admin.Get("/readyz")->status == 200);
  CHECK(clients.admin.Get("/readyz?for=feedback")->status == 200);
  std::string page;
  do {  // The learner takes a moment to fold the decision.
    page = clients.admin.Get("/metrics")->body;
  } while (page.find("sluice_learner_lag_events 0") == std::string::npos);
  for (const std::string line :
       {"sluice_decisions_total{router=\"default\"", "sluice_exploration_expected_total",
        "sluice_exploration_realised_total", "sluice_route_latency_seconds_bucket",
        "sluice_feedback_latency_seconds_count", "sluice_feedback_events_total",
        "sluice_learner_lag_seconds", "sluice_snapshot_version 1", "sluice_snapshot_age_seconds",
        "sluice_store_queue_depth", "sluice_log_bytes_total", "sluice_build_info",
        "sluice_route_refused_total{code=\"404\"} 1"}) {
    CAPTURE(line);
    CHECK(page.find(line) != std::string::npos);
  }
  CHECK(clients.Get("/v1/routers").dump().find("economy") != std::string::npos);
  CHECK(clients.Get("/v1/routers/none", 404)["status"] == 404);
}

TEST_CASE("SIGHUP brings a good file into force and keeps the old one when the file is bad") {
  const TemporaryDirectory directory;
  const std::string file = directory.File("sluice.toml");
  Write(file, "[[router]]\nname = \"default\"\ncost_weight = 1.0\n");
  DaemonProcess process(directory.File("data"), {"--config", file});
  Clients clients(process);
  CHECK(clients.Get("/v1/routers/default")["scopes"][0]["cost_weight"] == 1.0);

  const auto wait_for = [&](const std::string& metric) {
    for (int i = 0; i < 1000; ++i) {
      if (clients.admin.Get("/metrics")->body.find(metric) != std::string::npos) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  };
  Write(file, "[[router]]\nname = \"default\"\ncost_weight = -5\nnonsense = 1\n");
  process.Signal(SIGHUP);
  REQUIRE(wait_for("sluice_config_reloads_refused_total 1"));
  CHECK(clients.Get("/v1/routers/default")["scopes"][0]["cost_weight"] == 1.0);

  Write(file, "[[router]]\nname = \"default\"\ncost_weight = 2.5\n\n[[router]]\nname = \"b\"\n");
  process.Signal(SIGHUP);
  REQUIRE(wait_for("sluice_config_reloads_total 1"));
  CHECK(clients.Get("/v1/routers/default")["scopes"][0]["cost_weight"] == 2.5);
  CHECK(clients.Post("/v1/route", {{"router", "b"}, {"query", "hello"}}, 200)["logged"] == true);

  Write(file, "[[router]]\nname = \"b\"\n");
  process.Signal(SIGHUP);
  REQUIRE(wait_for("sluice_config_reloads_total 2"));
  clients.Post("/v1/route", {{"query", "hello"}}, 404);
  CHECK(process.Terminate() == 0);
}

TEST_CASE("a second process on the same directory refuses and names the holder") {
  const TemporaryDirectory directory;
  DaemonProcess process(directory.File("data"));
  const auto [code, printed] = RunDaemon({"--data-dir", directory.File("data"), "--listen",
                                          "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"});
  CHECK(code == 1);
  CHECK(printed.find(std::to_string(process.pid())) != std::string::npos);
}

TEST_CASE("the command line checks and prints the configuration") {
  const TemporaryDirectory directory;
  const std::string file = directory.File("sluice.toml");
  Write(file, "[[router]]\npolicy = \"linucb\"\n");
  CHECK(RunDaemon({"--config", file, "--check-config"}).first == 0);
  const auto [printed_code, printed] = RunDaemon({"--config", file, "--print-config"});
  CHECK(printed_code == 0);
  Write(file, printed);
  CHECK(RunDaemon({"--config", file, "--check-config"}).first == 0);
  Write(file, "[router\n");
  CHECK(RunDaemon({"--config", file, "--check-config"}).first == 2);
  CHECK(RunDaemon({"--config", directory.File("absent.toml"), "--check-config"}).first == 2);
  CHECK(RunDaemon({"--listen", "0.0.0.0:8080", "--check-config"}).first == 2);
  CHECK(RunDaemon({"--version"}).second.find("sluiced ") != std::string::npos);
}

TEST_CASE("the configuration that the README shows is good") {
  std::ifstream file(SLUICE_README_PATH);
  const std::string readme{std::istreambuf_iterator<char>(file), {}};
  const std::string opening = "```toml\n";
  const auto begin = readme.find(opening);
  REQUIRE(begin != std::string::npos);
  const auto from = begin + opening.size();
  const TemporaryDirectory directory;
  const std::string shown = directory.File("readme.toml");
  Write(shown, readme.substr(from, readme.find("```", from) - from));
  const auto [code, printed] = RunDaemon({"--config", shown, "--check-config"});
  CAPTURE(printed);
  CHECK(code == 0);
}

TEST_CASE("SIGTERM under load ends with 0 and loses nothing acknowledged") {
  const TemporaryDirectory directory;
  DaemonProcess process(directory.File("data"));
  std::atomic<int> acknowledged{0};
  std::atomic<int> sending{4};
  std::atomic<bool> stop{false};
  std::vector<std::thread> senders;
  for (int i = 0; i < 4; ++i) {
    senders.emplace_back([&] {
      const auto leave = [&](void*) { --sending; };
      const std::unique_ptr<void, decltype(leave)> leaving(&sending, leave);
      httplib::Client client("127.0.0.1", process.data_port());
      client.set_keep_alive(true);
      client.set_tcp_nodelay(true);
      while (!stop) {
        const auto answer = client.Post("/v1/route", R"({"query": "q"})", "application/json");
        if (!answer || answer->status != 200) return;
        const std::string id = json::parse(answer->body)["decision_id"];
        const auto reply = client.Post("/v1/feedback", RewardOf(id, 1).dump(), "application/json");
        if (!reply) return;
        if (reply->status == 202) ++acknowledged;
      }
    });
  }
  while (acknowledged < 200 && sending > 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  CHECK(acknowledged >= 200);
  CHECK(process.Terminate() == 0);
  stop = true;
  for (auto& sender : senders) sender.join();

  DaemonProcess again(directory.File("data"));
  Clients clients(again);
  std::uint64_t rewards = 0;
  const json router = clients.Learnt();
  for (const auto& arm : router["arms"]) rewards += arm["labels"].get<std::uint64_t>();
  CHECK(rewards >= static_cast<std::uint64_t>(acknowledged));
}

}  // namespace sluice
