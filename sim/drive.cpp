#include "sim/drive.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <httplib.h>
#include <nlohmann/json.hpp>

#include "sim/feedback_queue.h"

namespace sluice::sim {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kTimeout{10};          // of one exchange
constexpr std::chrono::seconds kLearnTimeout{30};     // lockstep: nothing moves for so long
constexpr std::chrono::microseconds kPollLeast{100};  // lockstep: between two looks
constexpr std::chrono::microseconds kPollMost{5000};
// What may pass by itself is sent again: a daemon that restarts is waited for some six seconds.
constexpr std::size_t kAttempts = 8;
constexpr milliseconds kRetryFirst{50};  // doubled from attempt to attempt
constexpr std::size_t kFailuresInARowMax = 10;
constexpr std::size_t kComplaintsMax = 5;

constexpr const char* kJson = "application/json";

httplib::Client Connect(const std::string& url) {
  httplib::Client client(url);
  client.set_keep_alive(true);
  client.set_tcp_nodelay(true);
  client.set_connection_timeout(kTimeout);
  client.set_read_timeout(kTimeout);
  client.set_write_timeout(kTimeout);
  return client;
}

// The client throws at other schemes.
bool IsUrl(const std::string& url) {
  return (url.rfind("http://", 0) == 0 || url.rfind("https://", 0) == 0) && Connect(url).is_valid();
}

// A 2xx answer's body, or why there is none. 503 and a broken connection may pass by themselves.
struct Reply {
  std::optional<json> body;
  std::string complaint;
  bool passing = false;
};

Reply ReplyOf(const httplib::Result& result) {
  if (!result) {
    return {std::nullopt, "no answer (" + httplib::to_string(result.error()) + ")", true};
  }
  json body = json::parse(result->body, nullptr, /*allow_exceptions=*/false);
  if (result->status / 100 == 2 && body.is_object()) return {std::move(body), "", false};
  std::string complaint = "status " + std::to_string(result->status);
  if (body.is_object() && body.contains("detail") && body["detail"].is_string()) {
    complaint += ": " + body["detail"].get<std::string>();
  }
  return {std::nullopt, complaint, result->status == 503};
}

struct Exchange {
  Reply reply;
  std::size_t retries = 0;
  double latency_ms = 0;  // of the last attempt
};

// Feedback is safe to send again (its event_id says so); a request that is sent again may leave a
// decision behind that nobody heard of, which teaches nothing.
Exchange Post(httplib::Client& client, const char* path, const std::string& body) {
  milliseconds pause = kRetryFirst;
  for (Exchange exchange;; ++exchange.retries, pause *= 2) {
    const auto start = steady_clock::now();
    exchange.reply = ReplyOf(client.Post(path, body, kJson));
    const std::chrono::duration<double, std::milli> latency = steady_clock::now() - start;
    exchange.latency_ms = latency.count();
    if (!exchange.reply.passing || exchange.retries + 1 == kAttempts) return exchange;
    std::this_thread::sleep_for(pause);
  }
}

Reply GetRouter(httplib::Client& admin, const std::string& name) {
  return ReplyOf(admin.Get(("/v1/routers/" + name).c_str()));
}

// What all connections share.
class Course {
 public:
  Course(const Environment& environment, const DriveOptions& options, Progress& progress)
      : environment_(environment),
        options_(options),
        progress_(progress),
        queue_(options.feedback_delay) {
    result_.choices.assign(environment.tasks.size(), kNoArm);
  }

  std::optional<std::size_t> NextTask() {
    const std::size_t task = next_.fetch_add(1);
    if (task >= environment_.tasks.size() || given_up_.load()) return std::nullopt;
    return task;
  }

  // Keeps an answer; gives back the outcome that is due by it.
  std::optional<Outstanding> Answered(std::size_t task, const Exchange& exchange) {
    const std::lock_guard lock(mutex_);
    Traffic& traffic = result_.traffic;
    traffic.retried += exchange.retries;
    progress_.Add();
    const auto arm = exchange.reply.body ? ArmOf(*exchange.reply.body) : std::nullopt;
    if (!arm) {
      const bool spoke = exchange.reply.body.has_value();
      Complain("route: " + (spoke ? "the chosen arm is not paired" : exchange.reply.complaint));
      if (++failures_in_a_row_ >= kFailuresInARowMax) given_up_.store(true);
      return std::nullopt;
    }
    failures_in_a_row_ = 0;
    ++traffic.routed;
    latencies_ms_.push_back(exchange.latency_ms);
    result_.choices[task] = *arm;
    return queue_.Answered({task, *arm, exchange.reply.body->value("decision_id", "")});
  }

  std::optional<Outstanding> NextOutstanding() {
    const std::lock_guard lock(mutex_);
    return queue_.Next();
  }

  void Reported(const Exchange& exchange) {
    const std::lock_guard lock(mutex_);
    Traffic& traffic = result_.traffic;
    traffic.retried += exchange.retries;
    const Reply& reply = exchange.reply;
    if (!reply.body) {
      ++traffic.feedback_failed;
      Complain("feedback: " + reply.complaint);
      return;
    }
    traffic.feedback_accepted += reply.body->value("accepted", std::size_t{0});
    traffic.feedback_duplicates += reply.body->value("duplicates", std::size_t{0});
  }

  const Environment& environment() const { return environment_; }
  const DriveOptions& options() const { return options_; }

  // Requests that were answered so far.
  std::size_t routed() {
    const std::lock_guard lock(mutex_);
    return result_.traffic.routed;
  }
  void GiveUp(const std::string& complaint) {
    const std::lock_guard lock(mutex_);
    Complain(complaint);
    given_up_.store(true);
  }

  // After the last connection is done.
  DriveResult Finish(double seconds) {
    Traffic& traffic = result_.traffic;
    traffic.route_failed = environment_.tasks.size() - traffic.routed;
    traffic.seconds = seconds;
    if (seconds > 0) traffic.requests_per_second = static_cast<double>(traffic.routed) / seconds;
    std::sort(latencies_ms_.begin(), latencies_ms_.end());
    traffic.route_p50_ms = Quantile(0.50);
    traffic.route_p99_ms = Quantile(0.99);
    return std::move(result_);
  }

 private:
  std::optional<std::int32_t> ArmOf(const json& answer) const {
    const std::string name = answer.value("arm", "");
    for (std::size_t a = 0; a < environment_.arms.size(); ++a) {
      if (environment_.arms[a].name == name) return static_cast<std::int32_t>(a);
    }
    return std::nullopt;
  }

  void Complain(const std::string& complaint) {
    std::vector<std::string>& complaints = result_.traffic.complaints;
    const bool known =
        std::find(complaints.begin(), complaints.end(), complaint) != complaints.end();
    if (!known && complaints.size() < kComplaintsMax) complaints.push_back(complaint);
  }

  double Quantile(double q) const {
    if (latencies_ms_.empty()) return 0;
    const auto last = static_cast<double>(latencies_ms_.size() - 1);
    return latencies_ms_[static_cast<std::size_t>(q * last + 0.5)];
  }

  const Environment& environment_;
  const DriveOptions& options_;
  Progress& progress_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> given_up_{false};

  std::mutex mutex_;
  FeedbackQueue queue_;  // guarded by mutex_, as all below
  DriveResult result_;
  std::vector<double> latencies_ms_;
  std::size_t failures_in_a_row_ = 0;
};

// One connection's share of the course, on a thread of its own.
class Connection {
 public:
  explicit Connection(Course& course) : course_(course), client_(Connect(course.options().url)) {}

  // One request and what is due by it. False at the end.
  bool Step() {
    const std::optional<std::size_t> task = course_.NextTask();
    if (!task) return false;
    const std::string body = RouteBody(course_.environment().tasks[*task]);
    if (const auto due = course_.Answered(*task, Post(client_, "/v1/route", body))) Report(*due);
    return true;
  }

  void ReportRest() {
    while (const auto due = course_.NextOutstanding()) Report(*due);
  }

 private:
  std::string RouteBody(const Task& task) const {
    json body{{"router", course_.options().router}};
    if (task.embedding.empty()) {
      body["query"] = task.text;
    } else {
      body["embedding"] = task.embedding;
    }
    return body.dump();
  }

  void Report(const Outstanding& due) {
    const Outcome& outcome =
        course_.environment().tasks[due.task].outcomes[static_cast<std::size_t>(due.arm)];
    const std::string body = json{{"decision_id", due.decision_id},
                                  {"event_id", due.event_id()},
                                  {"source", "user"},
                                  {"reward", outcome.reward},
                                  {"signals", {{"cost_usd", outcome.cost_usd}}}}
                                 .dump();
    course_.Reported(Post(client_, "/v1/feedback", body));
  }

  Course& course_;
  httplib::Client client_;
};

// Looks at the admin plane until the daemon has learnt all that was sent.
class Lockstep {
 public:
  explicit Lockstep(Course& course) : course_(course), admin_(Connect(course.options().admin_url)) {
    const Reply reply = GetRouter(admin_, course_.options().router);
    if (reply.body) decisions_before_ = reply.body->value("decisions", std::uint64_t{0});
  }

  void Wait() {
    const std::uint64_t decisions = decisions_before_ + course_.routed();
    const auto deadline = steady_clock::now() + kLearnTimeout;
    auto pause = kPollLeast;
    while (!HasLearnt(decisions)) {
      if (steady_clock::now() > deadline) {
        course_.GiveUp("the daemon did not learn what was sent within " +
                       std::to_string(kLearnTimeout.count()) + " s");
        return;
      }
      std::this_thread::sleep_for(pause);
      pause = std::min(2 * pause, kPollMost);
    }
  }

 private:
  bool HasLearnt(std::uint64_t decisions) {
    const Reply reply = GetRouter(admin_, course_.options().router);
    if (!reply.body) return false;
    const auto field = [&reply](const char* name) {
      return reply.body->value(name, std::uint64_t{0});
    };
    return field("decisions") >= decisions && field("applied_position") == field("log_position");
  }

  Course& course_;
  httplib::Client admin_;
  std::uint64_t decisions_before_ = 0;
};

void RunLockstep(Course& course) {
  Connection connection(course);
  Lockstep lockstep(course);
  while (connection.Step()) lockstep.Wait();
  connection.ReportRest();
  lockstep.Wait();
}

void RunFreely(Course& course) {
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < course.options().connections; ++i) {
    threads.emplace_back([&course] {
      Connection connection(course);
      while (connection.Step()) {
      }
      connection.ReportRest();
    });
  }
  for (std::thread& thread : threads) thread.join();
}

std::variant<RouterFacts, std::string> FactsOf(const json& body) {
  RouterFacts facts;
  try {
    facts.name = body.at("name");
    facts.policy = body.at("policy");
    facts.cost_weight = body.at("scopes").at(0).at("cost_weight");  // the router's own
    if (body.at("context_source") == "embedding") {
      facts.source = policy::ContextSource::kEmbedding;
      facts.embedding_dimension = body.at("embedding_dimension").get<std::size_t>();
    }
    for (const json& arm : body.at("arms")) {
      facts.arms.push_back({arm.at("name"), arm.at("model"), arm.at("tier"),
                            arm.at("price_input_per_million_usd"),
                            arm.at("price_output_per_million_usd")});
    }
  } catch (const json::exception& error) {
    return "the admin plane's answer is not one that this version knows: " +
           std::string(error.what());
  }
  return facts;
}

}  // namespace

std::variant<RouterFacts, std::string> FetchRouter(const DriveOptions& options) {
  for (const std::string& url : {options.url, options.admin_url}) {
    if (!IsUrl(url)) return "\"" + url + "\" is not a URL like http://127.0.0.1:8080";
  }
  httplib::Client admin = Connect(options.admin_url);
  const Reply reply = GetRouter(admin, options.router);
  if (reply.body) return FactsOf(*reply.body);
  return "asked " + options.admin_url + " for router \"" + options.router +
         "\": " + reply.complaint + "; is sluiced running, and is this its admin plane?";
}

DriveResult Drive(const Environment& environment, const DriveOptions& options, Progress& progress) {
  Course course(environment, options, progress);
  const auto start = steady_clock::now();
  if (options.lockstep) {
    RunLockstep(course);
  } else {
    RunFreely(course);
  }
  const std::chrono::duration<double> elapsed = steady_clock::now() - start;
  return course.Finish(elapsed.count());
}

}  // namespace sluice::sim
