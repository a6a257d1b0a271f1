// A server over a plain handler, for tests of the server itself.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "api/http_server.h"

namespace sluice::test {

// Keeps answers back until the test gives them, from the test's own thread.
class Deferred {
 public:
  void Put(api::Respond respond) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(respond));
    changed_.notify_all();
  }

  // The oldest answer that is due; waits for it up to ten seconds.
  api::Respond Take() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, std::chrono::seconds(10), [&] { return !waiting_.empty(); })) {
      throw std::runtime_error("no request came");
    }
    api::Respond respond = std::move(waiting_.front());
    waiting_.erase(waiting_.begin());
    return respond;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<api::Respond> waiting_;
};

inline api::HttpResponse TextAnswer(std::string body) {
  api::HttpResponse response;
  response.content_type = "text/plain";
  response.body = std::move(body);
  return response;
}

// "/echo" answers the method and the body, "/later" when the test says so, "/throw" throws,
// "/forget" never answers, "/thread" from another thread, "/big" with 16 MiB.
class TestServer {
 public:
  explicit TestServer(const api::ServerOptions& options = {})
      : server_(options, [this](const api::HttpRequest& request, api::Respond respond) {
          Handle(request, std::move(respond));
        }) {
    server_.Start();
  }
  ~TestServer() {
    server_.Stop(std::chrono::milliseconds(0));
    for (std::thread& thread : threads_) {
      thread.join();
    }
  }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  api::HttpServer& server() { return server_; }
  std::uint16_t port() const { return server_.port(); }
  Deferred& deferred() { return deferred_; }

  // Waits up to ten seconds for something that the server's counters will say.
  template <class Condition>
  bool Soon(Condition condition) {
    for (int i = 0; i < 1000; ++i) {
      if (condition(server_.counters())) {
        return true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

 private:
  void Handle(const api::HttpRequest& request, api::Respond respond) {
    if (request.path == "/echo") {
      respond(TextAnswer(std::string(request.method) + " " + std::string(request.body)));
    } else if (request.path == "/later") {
      deferred_.Put(std::move(respond));
    } else if (request.path == "/throw") {
      throw std::runtime_error("a secret of this machine");
    } else if (request.path == "/big") {
      respond(TextAnswer(std::string(16 * 1024 * 1024, 'b')));
    } else if (request.path == "/thread") {
      const std::lock_guard lock(mutex_);
      // The views live until the answer: read them from the other thread.
      threads_.emplace_back([&request, respond = std::move(respond)] {
        respond(TextAnswer("thread " + std::string(request.body)));
      });
    }
  }

  Deferred deferred_;
  std::mutex mutex_;
  std::vector<std::thread> threads_;
  api::HttpServer server_;
};

}  // namespace sluice::test
