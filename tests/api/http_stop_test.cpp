#include <atomic>
#include <deque>
#include <future>
#include <thread>

#include <catch2/catch.hpp>

#include "api/http_server.h"
#include "tests/support/raw_http.h"
#include "tests/support/test_server.h"

namespace sluice::api {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::GetRequest;
using test::PostRequest;
using test::RawConnection;
using test::TestServer;

// Long enough for any machine; nothing waits for it to pass.
constexpr seconds kGrace{60};

// Waits until the server takes no connections any more.
bool ListenerCloses(std::uint16_t port) {
  for (int i = 0; i < 1000; ++i) {
    try {
      RawConnection probe(port);
    } catch (const std::runtime_error&) {
      return true;
    }
    std::this_thread::sleep_for(milliseconds(10));
  }
  return false;
}

TEST_CASE("stopping waits for the answers that are due") {
  TestServer server;
  RawConnection idle(server.port());
  CHECK(idle.Exchange(GetRequest("/echo"))->status == 200);
  RawConnection fresh(server.port());
  RawConnection busy(server.port());
  busy.Send(GetRequest("/later"));
  const Respond respond = server.deferred().Take();

  auto stopped = std::async(std::launch::async, [&] { server.server().Stop(kGrace); });
  CHECK(ListenerCloses(server.port()));
  CHECK(idle.EndsSoon());
  CHECK(fresh.EndsSoon());
  CHECK(stopped.wait_for(milliseconds(50)) == std::future_status::timeout);

  respond(test::TextAnswer("at last"));
  const auto response = busy.Receive();
  REQUIRE(response);
  CHECK(response->body == "at last");
  CHECK(response->Header("connection") == "close");
  CHECK(busy.EndsSoon());
  CHECK(stopped.wait_for(kGrace) == std::future_status::ready);
  CHECK(server.server().counters().connections_open == 0);
}

TEST_CASE("a request that has begun when the stop comes is still served") {
  TestServer server;
  RawConnection client(server.port());
  client.Send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\nha");
  REQUIRE(server.Soon([](const auto& c) { return c.body_bytes_in_flight == 4; }));
  auto stopped = std::async(std::launch::async, [&] { server.server().Stop(kGrace); });
  CHECK(ListenerCloses(server.port()));
  client.Send("lf");
  const auto response = client.Receive();
  REQUIRE(response);
  CHECK(response->body == "POST half");
  CHECK(response->Header("connection") == "close");
  CHECK(stopped.wait_for(kGrace) == std::future_status::ready);
}

TEST_CASE("requests that were sent before the stop are answered") {
  for (int round = 0; round < 20; ++round) {
    TestServer server({.threads = 2});
    std::deque<RawConnection> clients;
    for (int i = 0; i < 20; ++i) {
      clients.emplace_back(server.port()).Send(PostRequest("/echo", std::to_string(i)));
    }
    server.server().Stop(kGrace);
    for (int i = 0; i < 20; ++i) {
      const auto response = clients[static_cast<std::size_t>(i)].Receive();
      REQUIRE(response);
      CHECK(response->body == "POST " + std::to_string(i));
    }
  }
}

TEST_CASE("after its grace a stop cuts what is left") {
  TestServer server;
  RawConnection waiting(server.port());
  waiting.Send(GetRequest("/later"));
  const Respond respond = server.deferred().Take();
  RawConnection half(server.port());
  half.Send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\nha");
  REQUIRE(server.Soon([](const auto& c) { return c.body_bytes_in_flight == 4; }));
  server.server().Stop(milliseconds(100));
  CHECK_FALSE(waiting.Receive());
  CHECK_FALSE(half.Receive());
  CHECK(server.server().counters().connections_open == 0);
  CHECK(server.server().counters().body_bytes_in_flight == 0);
  respond(test::TextAnswer("too late"));
}

TEST_CASE("an answer may come after the server is gone") {
  Respond answered;
  Respond forgotten;
  {
    TestServer server;
    RawConnection first(server.port());
    first.Send(GetRequest("/later"));
    answered = server.deferred().Take();
    RawConnection second(server.port());
    second.Send(GetRequest("/later"));
    forgotten = server.deferred().Take();
  }
  answered(test::TextAnswer("to nobody"));
  answered(test::TextAnswer("to nobody"));
  forgotten = nullptr;
}

TEST_CASE("answers from other threads while the server stops do no harm") {
  for (int round = 0; round < 20; ++round) {
    test::Deferred deferred;
    std::thread answering;
    std::deque<RawConnection> clients;
    {
      HttpServer server({.threads = 2}, [&](const HttpRequest&, Respond respond) {
        deferred.Put(std::move(respond));
      });
      server.Start();
      for (int i = 0; i < 8; ++i) {
        clients.emplace_back(server.port()).Send(GetRequest("/"));
      }
      std::vector<Respond> due;
      for (int i = 0; i < 8; ++i) {
        due.push_back(deferred.Take());
      }
      answering = std::thread([due = std::move(due)] {
        for (const Respond& respond : due) {
          respond(test::TextAnswer("now"));
        }
      });
      server.Stop(milliseconds(round % 4));
    }
    answering.join();
    for (RawConnection& client : clients) {
      const auto response = client.Receive();
      CHECK((!response || response->body == "now"));
    }
  }
}

TEST_CASE("stopping twice or without a start is harmless") {
  const HttpHandler handler = [](const HttpRequest&, const Respond&) {};
  HttpServer never({}, handler);
  never.Stop(kGrace);
  never.Stop(kGrace);
  never.Start();
  HttpServer once({}, handler);
  once.Start();
  once.Start();
  once.Stop(kGrace);
  once.Stop(kGrace);
  CHECK(once.counters().requests_total == 0);
  HttpServer unstarted({}, handler);
  CHECK(unstarted.port() != 0);
}

}  // namespace
}  // namespace sluice::api
