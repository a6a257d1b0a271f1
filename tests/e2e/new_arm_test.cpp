// Arms come and go in a running daemon under load: no request fails, the new arm stays within its
// share, and what was learnt of the others is the same to the bit.
#include <atomic>
#include <cmath>
#include <fstream>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/support/clients.h"
#include "tests/support/temporary_directory.h"

namespace sluice {

namespace {

using tests::Clients;
using tests::DaemonProcess;
using tests::json;
using tests::RewardOf;

constexpr const char* kArms[] = {"economy", "standard", "premium"};
constexpr double kShareMax = 0.05;

const json kTrial = {{"model", "a-new-model"},
                     {"tier", 2},
                     {"price_input_per_million_usd", 0.1},
                     {"price_output_per_million_usd", 0.2}};

// Routes and reports until told to stop. Answers are counted by arm.
class Load {
 public:
  explicit Load(int port) {
    for (int i = 0; i < 3; ++i) senders_.emplace_back([this, port, i] { Send(port, i); });
  }
  ~Load() { Stop(); }

  void Stop() {
    stop_ = true;
    for (auto& sender : senders_) {
      if (sender.joinable()) sender.join();
    }
  }
  void WaitFor(int answers) {
    const int end = answered + answers;
    while (answered < end && failed == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
  std::map<std::string, int> Counts() {
    const std::lock_guard lock(mutex_);
    return counts_;
  }

  std::atomic<int> answered{0};
  std::atomic<int> failed{0};

 private:
  void Send(int port, int sender) {
    httplib::Client client("127.0.0.1", port);
    client.set_keep_alive(true);
    client.set_tcp_nodelay(true);
    for (int i = 0; !stop_; ++i) {
      const std::string query = "question " + std::to_string(1000 * sender + i % 97);
      const auto answer =
          client.Post("/v1/route", json{{"query", query}}.dump(), "application/json");
      if (!answer || answer->status != 200) {
        ++failed;
        return;
      }
      const json body = json::parse(answer->body);
      const double reward = body["arm"] == "trial" ? 1 : 0.8;
      const auto reply = client.Post("/v1/feedback", RewardOf(body["decision_id"], reward).dump(),
                                     "application/json");
      if (!reply || reply->status != 202) ++failed;
      ++answered;
      const std::lock_guard lock(mutex_);
      ++counts_[body["arm"]];
    }
  }

  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::map<std::string, int> counts_;  // guarded by mutex_
  std::vector<std::thread> senders_;
};

std::map<std::string, std::string> Statistics(Clients& clients) {
  std::map<std::string, std::string> statistics;
  for (const char* arm : kArms) {
    statistics[arm] =
        clients.Get("/v1/routers/default/arms/" + std::string(arm) + "/statistics")["statistics"];
  }
  return statistics;
}

}  // namespace

TEST_CASE("a new arm comes in under load and stays within its share") {
  const tests::TemporaryDirectory directory;
  const std::string file = directory.File("sluice.toml");
  std::ofstream(file) << "[[router]]\nname = \"default\"\n[router.exploration]\n"
                         "new_arm_share_max = 0.05\nnew_arm_labels = 1000000\n";
  DaemonProcess process(directory.File("data"), {"--config", file});
  Clients clients(process);
  std::map<std::string, std::string> learnt;
  {
    Load load(process.data_port());
    load.WaitFor(500);
    load.Stop();
    REQUIRE(load.failed == 0);
    clients.Learnt();
    learnt = Statistics(clients);
  }
  // While nothing else happens: to the bit.
  const std::string path = "/v1/routers/default/arms/trial";
  clients.Change(clients.admin.Put(path, kTrial.dump(), "application/json"), 200);
  CHECK(Statistics(clients) == learnt);
  clients.Change(clients.admin.Delete(path), 200);
  CHECK(Statistics(clients) == learnt);

  Load load(process.data_port());
  load.WaitFor(200);
  clients.Change(clients.admin.Put(path, kTrial.dump(), "application/json"), 200);
  const auto before = load.Counts();
  CHECK(before.count("trial") == 0);
  load.WaitFor(2000);
  load.Stop();
  CHECK(load.failed == 0);
  int all = 0;
  for (const auto& [arm, count] : load.Counts()) {
    all += count - (before.contains(arm) ? before.at(arm) : 0);
  }
  const int trial = load.Counts()["trial"];
  CAPTURE(trial, all);
  CHECK(trial > 0);
  CHECK(trial <= kShareMax * all + 3.29 * std::sqrt(kShareMax * (1 - kShareMax) * all));

  const json router = clients.Learnt();
  bool is_new = false;
  for (const auto& arm : router["arms"]) is_new = is_new || arm["state"] == "new";
  CHECK(is_new);
  REQUIRE(process.Terminate() == 0);
  DaemonProcess again(directory.File("data"), {"--config", file});
  Clients later(again);
  CHECK(later.Learnt()["arms"] == router["arms"]);
}

}  // namespace sluice
