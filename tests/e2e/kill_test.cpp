// SIGKILL in the middle of a drive: what was acknowledged stands in the log once, and the model is
// the one that an undisturbed fold of that log gives.
#include <httplib.h>
// A macro of <resolv.h>, which comes along, and a name that Eigen uses.
#undef _res

#include <atomic>
#include <chrono>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "config/config.h"
#include "daemon/learner.h"
#include "daemon/metrics.h"
#include "policy/rng.h"
#include "store/store.h"
#include "tests/support/daemon_process.h"
#include "tests/support/forwarding_store.h"
#include "tests/support/temporary_directory.h"

namespace sluice {

namespace {

using nlohmann::json;
using tests::DaemonProcess;
using tests::TemporaryDirectory;

// What the senders sent and what was acknowledged, over all lives of the daemon.
struct Ledger {
  std::mutex mutex;
  std::map<std::string, json> sent;    // by event id
  std::set<std::string> acknowledged;  // event ids

  std::size_t Acknowledged() {
    const std::lock_guard lock(mutex);
    return acknowledged.size();
  }
};

json EventFor(const std::string& decision_id) {
  const double reward = (std::hash<std::string>{}(decision_id) % 5) / 4.0;
  return {{"decision_id", decision_id},
          {"event_id", "e-" + decision_id},
          {"reward", reward},
          {"signals", {{"cost_usd", 1e-4 + 1e-4 * reward}}}};
}

// Routes and reports until the daemon is gone. One event in ten is sent twice.
void Send(int port, std::uint64_t seed, Ledger& ledger) {
  policy::Rng rng(seed);
  httplib::Client client("127.0.0.1", port);
  client.set_keep_alive(true);
  client.set_tcp_nodelay(true);
  while (true) {
    const json query = {{"query", "question " + std::to_string(rng.Below(1000))}};
    const auto answer = client.Post("/v1/route", query.dump(), "application/json");
    if (!answer || answer->status != 200) return;
    const json event = EventFor(json::parse(answer->body)["decision_id"]);
    {
      const std::lock_guard lock(ledger.mutex);
      ledger.sent[event["event_id"]] = event;
    }
    for (int copy = rng.Below(10) == 0 ? 2 : 1; copy > 0; --copy) {
      const auto reply = client.Post("/v1/feedback", event.dump(), "application/json");
      if (!reply) return;
      if (reply->status != 202) continue;
      const std::lock_guard lock(ledger.mutex);
      ledger.acknowledged.insert(event["event_id"]);
    }
  }
}

// One life of the daemon, ended by SIGKILL.
void LiveAndDie(const std::string& directory, const std::string& config, std::uint64_t seed,
                Ledger& ledger) {
  DaemonProcess process(directory, {"--config", config});
  const std::size_t before = ledger.Acknowledged();
  std::vector<std::thread> senders;
  for (std::uint64_t i = 0; i < 4; ++i) {
    senders.emplace_back([&, i] { Send(process.data_port(), seed * 100 + i, ledger); });
  }
  policy::Rng rng(seed, 1);
  const std::size_t enough = before + 20 + rng.Below(200);
  while (ledger.Acknowledged() < enough) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  std::this_thread::sleep_for(std::chrono::microseconds(rng.Below(20000)));
  process.Kill();
  for (auto& sender : senders) sender.join();
}

// The log without its checkpoints: a learner over it folds everything.
class WithoutCheckpoints final : public tests::ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  store::Result<Checkpoints> LoadCheckpoints() const override { return Checkpoints{}; }
};

std::string StateOf(store::Store& store) {
  daemon::SnapshotBoard board(1);
  daemon::Metrics metrics(1);
  daemon::Learner learner(store, board, metrics, {}, daemon::SystemClock());
  REQUIRE(learner.Recover().ok());
  return learner.State();
}

}  // namespace

TEST_CASE("after kills in the middle of a drive nothing acknowledged is missing or counted twice") {
  constexpr std::uint64_t kLives = 8;
  const TemporaryDirectory directory;
  const std::string data = directory.File("data");
  Ledger ledger;
  // Checkpoints come often, so that lives begin from one and what came after it.
  const std::string config = directory.File("sluice.toml");
  std::ofstream(config) << "[learner]\ncheckpoint_events = 50\n";
  for (std::uint64_t life = 1; life <= kLives; ++life) LiveAndDie(data, config, life, ledger);
  CAPTURE(ledger.sent.size(), ledger.acknowledged.size());

  {
    // Everything is sent once more: what was acknowledged is known, what was not is taken now, and
    // a decision that the kill took out of the queue answers 404.
    DaemonProcess process(data, {"--config", config});
    httplib::Client client("127.0.0.1", process.data_port());
    client.set_keep_alive(true);
    client.set_tcp_nodelay(true);
    client.set_read_timeout(30, 0);
    for (const auto& [event_id, event] : ledger.sent) {
      const auto reply = client.Post("/v1/feedback", event.dump(), "application/json");
      REQUIRE(reply);
      CAPTURE(reply->body);
      if (ledger.acknowledged.contains(event_id)) {
        REQUIRE(reply->status == 202);
        REQUIRE(json::parse(reply->body)["duplicates"] == 1);
      } else if (reply->status == 202) {
        ledger.acknowledged.insert(event_id);
      } else {
        REQUIRE(reply->status == 404);
      }
    }
    REQUIRE(process.Terminate() == 0);
  }

  auto store = store::OpenStore({.directory = data});
  REQUIRE(store.ok());
  WithoutCheckpoints log_only(**store);
  CHECK_FALSE((*store)->LoadCheckpoints()->entries.empty());
  const bool same = StateOf(**store) == StateOf(log_only);
  CHECK(same);

  std::map<std::string, int> counted;
  std::uint64_t learnt = 0;
  store::Position position = 0;
  while (true) {
    const auto entries = (*store)->Read(position, 1000);
    REQUIRE(entries.ok());
    if (entries->empty()) break;
    for (const auto& entry : *entries) {
      position = entry.position;
      const auto* outcome = std::get_if<store::OutcomeRecord>(&entry.record);
      if (outcome == nullptr) continue;
      ++counted[outcome->event_id];
      learnt += outcome->ordinal == 0 ? 1 : 0;
    }
  }
  CHECK(counted.size() == ledger.acknowledged.size());
  CHECK(learnt == ledger.acknowledged.size());
  for (const auto& [event_id, times] : counted) {
    CAPTURE(event_id);
    CHECK(times == 1);
    CHECK(ledger.acknowledged.contains(event_id));
  }
}

}  // namespace sluice
