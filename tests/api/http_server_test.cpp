#include "api/http_server.h"

#include <mutex>
#include <set>
#include <thread>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "api/data_plane.h"
#include "tests/support/fake_service.h"
#include "tests/support/raw_http.h"
#include "tests/support/test_server.h"

namespace sluice::api {
namespace {

using test::GetRequest;
using test::PostRequest;
using test::RawConnection;
using test::TestServer;

TEST_CASE("an answer says what and how long it is") {
  TestServer server;
  RawConnection client(server.port());
  const auto response = client.Exchange(PostRequest("/echo", "hello"));
  REQUIRE(response);
  CHECK(response->status == 200);
  CHECK(response->body == "POST hello");
  CHECK(response->Header("content-type") == "text/plain");
  CHECK(response->Header("content-length") == "10");
  CHECK(response->Header("date").size() == 29);
}

TEST_CASE("one connection serves several requests") {
  TestServer server;
  RawConnection client(server.port());
  for (int i = 0; i < 5; ++i) {
    const std::string body = "n" + std::to_string(i);
    const auto response = client.Exchange(PostRequest("/echo", body));
    REQUIRE(response);
    CHECK(response->body == "POST " + body);
    CHECK(response->Header("connection").empty());
  }
  CHECK(server.server().counters().connections_total == 1);
  CHECK(server.server().counters().requests_total == 5);
}

TEST_CASE("requests sent at once are answered in order") {
  TestServer server;
  RawConnection client(server.port());
  std::string all;
  for (int i = 0; i < 50; ++i) {
    all += PostRequest(i % 3 == 0 ? "/thread" : "/echo", std::to_string(i));
  }
  client.Send(all);
  for (int i = 0; i < 50; ++i) {
    const auto response = client.Receive();
    REQUIRE(response);
    CHECK(response->body == (i % 3 == 0 ? "thread " : "POST ") + std::to_string(i));
  }
}

TEST_CASE("a request may come byte by byte") {
  TestServer server;
  RawConnection client(server.port());
  for (const char byte : PostRequest("/echo", "slow but steady")) {
    client.Send(std::string(1, byte));
  }
  const auto response = client.Receive();
  REQUIRE(response);
  CHECK(response->body == "POST slow but steady");
}

TEST_CASE("a large body arrives whole") {
  TestServer server;
  RawConnection client(server.port());
  std::string body(1000000, 'x');
  body[999999] = 'y';
  const auto response = client.Exchange(PostRequest("/echo", body));
  REQUIRE(response);
  CHECK(response->body == "POST " + body);
  CHECK(server.Soon([](const auto& c) { return c.body_bytes_in_flight == 0; }));
}

TEST_CASE("a body in chunks arrives whole") {
  TestServer server;
  RawConnection client(server.port());
  const auto response = client.Exchange(
      "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nX-Trailer: dropped\r\n\r\n");
  REQUIRE(response);
  CHECK(response->body == "POST hello world");
  CHECK(client.Exchange(GetRequest("/echo"))->body == "GET ");
}

TEST_CASE("HEAD gets the headers of GET and no body") {
  TestServer server;
  RawConnection client(server.port());
  client.Send("HEAD /echo HTTP/1.1\r\nHost: t\r\n\r\n");
  const auto head = client.Receive(/*to_head=*/true);
  REQUIRE(head);
  CHECK(head->status == 200);
  CHECK(head->Header("content-length") == "5");
  // Had a body been sent, the next answer would begin with it.
  CHECK(client.Exchange(GetRequest("/echo"))->body == "GET ");
}

TEST_CASE("a client that expects it is told to continue") {
  TestServer server;
  RawConnection client(server.port());
  client.Send(
      "POST /echo HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  const auto interim = client.Receive();
  REQUIRE(interim);
  CHECK(interim->status == 100);
  const auto response = client.Exchange("ok");
  REQUIRE(response);
  CHECK(response->status == 200);
  CHECK(response->body == "POST ok");
}

TEST_CASE("a body that is too large is refused before it is sent") {
  TestServer server({.body_bytes_max = 100});
  RawConnection client(server.port());
  const auto response = client.Exchange(
      "POST /echo HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 101\r\n\r\n");
  REQUIRE(response);
  CHECK(response->status == 413);
}

TEST_CASE("a connection ends when its client asks for it") {
  TestServer server;
  RawConnection client(server.port());
  const auto response =
      client.Exchange("GET /echo HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  REQUIRE(response);
  CHECK(response->status == 200);
  CHECK(response->Header("connection") == "close");
  CHECK(client.EndsSoon());
}

TEST_CASE("an old client keeps its connection only when it asks to") {
  TestServer server;
  RawConnection keeps(server.port());
  const auto kept = keeps.Exchange("GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  REQUIRE(kept);
  CHECK(kept->Header("connection") == "keep-alive");
  CHECK(keeps.Exchange(GetRequest("/echo"))->status == 200);
  RawConnection ends(server.port());
  const auto ended = ends.Exchange("GET /echo HTTP/1.0\r\n\r\n");
  REQUIRE(ended);
  CHECK(ended->Header("connection") == "close");
  CHECK(ends.EndsSoon());
}

TEST_CASE("a refused request is told why and its connection ends") {
  TestServer server;
  for (const std::string& bytes :
       {std::string("nonsense\r\n\r\n"), std::string("GET /echo HTTP/1.1\r\n\r\n"),
        "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: xchunked\r\n\r\n" +
            GetRequest("/echo")}) {
    INFO(bytes);
    RawConnection client(server.port());
    const auto response = client.Exchange(bytes);
    REQUIRE(response);
    CHECK(response->status == 400);
    CHECK(response->Header("connection") == "close");
    CHECK(response->Header("content-type") == "application/problem+json");
    CHECK(nlohmann::json::parse(response->body)["status"] == 400);
    CHECK_FALSE(client.Receive());  // What came after it is not read as a request.
  }
  CHECK(server.server().counters().requests_total == 0);
}

TEST_CASE("an expectation other than continue fails") {
  TestServer server;
  RawConnection client(server.port());
  const auto response = client.Exchange("GET /echo HTTP/1.1\r\nHost: t\r\nExpect: tea\r\n\r\n");
  REQUIRE(response);
  CHECK(response->status == 417);
}

TEST_CASE("a handler that throws answers 500 and tells nothing") {
  TestServer server;
  RawConnection client(server.port());
  const auto response = client.Exchange(GetRequest("/throw"));
  REQUIRE(response);
  CHECK(response->status == 500);
  CHECK(response->Header("content-type") == "application/problem+json");
  CHECK(response->body.find("secret") == std::string::npos);
  CHECK(client.Exchange(GetRequest("/echo"))->status == 200);
}

TEST_CASE("a handler that forgets to answer answers 500") {
  TestServer server;
  RawConnection client(server.port());
  CHECK(client.Exchange(GetRequest("/forget"))->status == 500);
  CHECK(client.Exchange(GetRequest("/echo"))->status == 200);
}

TEST_CASE("an answer may come from another thread") {
  TestServer server;
  RawConnection client(server.port());
  for (int i = 0; i < 20; ++i) {
    CHECK(client.Exchange(PostRequest("/thread", std::to_string(i)))->body ==
          "thread " + std::to_string(i));
  }
}

TEST_CASE("only the first of several answers counts") {
  ServerOptions options;
  HttpServer server(options, [](const HttpRequest&, const Respond& respond) {
    respond(test::TextAnswer("first"));
    respond(test::TextAnswer("second"));
    throw 1;
  });
  server.Start();
  RawConnection client(server.port());
  CHECK(client.Exchange(GetRequest("/"))->body == "first");
  CHECK(client.Exchange(GetRequest("/"))->body == "first");
}

TEST_CASE("an answer to a client that has gone is harmless") {
  TestServer server;
  {
    RawConnection client(server.port());
    client.Send(GetRequest("/later"));
    REQUIRE(server.Soon([](const auto& c) { return c.requests_total == 1; }));
  }
  server.deferred().Take()(test::TextAnswer(std::string(1000000, 'x')));
  CHECK(server.Soon([](const auto& c) { return c.connections_open == 0; }));
  RawConnection next(server.port());
  CHECK(next.Exchange(GetRequest("/echo"))->status == 200);
}

TEST_CASE("a large answer arrives whole") {
  TestServer server;
  RawConnection client(server.port());
  const auto response = client.Exchange(GetRequest("/big"));
  REQUIRE(response);
  CHECK(response->body.size() == 16 * 1024 * 1024);
}

TEST_CASE("no header value can forge another header") {
  test::FakeService service;  // Its model's name has a line break.
  HttpServer server({}, MakeDataPlane(service));
  server.Start();
  RawConnection client(server.port());
  const auto response = client.Exchange(PostRequest("/v1/route", R"({"query": "x"})"));
  REQUIRE(response);
  CHECK(response->Header("x-evil").empty());
  CHECK(response->Header("x-sluice-model") == "small??x-evil: 1");
  CHECK(nlohmann::json::parse(response->body)["model"] == "small\r\nx-evil: 1");
}

TEST_CASE("a service that throws answers 500 and tells nothing") {
  test::FakeService service;
  service.throws = true;
  HttpServer server({}, MakeDataPlane(service));
  server.Start();
  RawConnection client(server.port());
  const auto response = client.Exchange(PostRequest("/v1/route", "{}"));
  REQUIRE(response);
  CHECK(response->status == 500);
  CHECK(response->body.find("secret") == std::string::npos);
}

TEST_CASE("a connection is closed after its last allowed request") {
  TestServer server({.requests_per_connection_max = 3});
  RawConnection client(server.port());
  CHECK(client.Exchange(GetRequest("/echo"))->Header("connection").empty());
  CHECK(client.Exchange(GetRequest("/echo"))->Header("connection").empty());
  CHECK(client.Exchange(GetRequest("/echo"))->Header("connection") == "close");
  CHECK(client.EndsSoon());
}

TEST_CASE("several threads serve one port and each knows its number") {
  constexpr std::size_t kThreads = 3;
  std::mutex mutex;
  std::set<std::size_t> readers;
  std::set<std::thread::id> threads;
  HttpServer server({.threads = kThreads}, [&](const HttpRequest& request, Respond respond) {
    {
      const std::lock_guard lock(mutex);
      readers.insert(request.reader);
      threads.insert(std::this_thread::get_id());
    }
    respond(test::TextAnswer("ok"));
  });
  server.Start();
  // The kernel deals connections out by hash: with 200 of them no thread stays without.
  for (int i = 0; i < 200; ++i) {
    RawConnection client(server.port());
    REQUIRE(client.Exchange(GetRequest("/"))->status == 200);
  }
  server.Stop(std::chrono::seconds(5));
  CHECK(readers == std::set<std::size_t>{0, 1, 2});
  CHECK(threads.size() == kThreads);
}

TEST_CASE("a free port is found and told before the start") {
  const HttpHandler handler = [](const HttpRequest&, Respond) {};
  HttpServer first({}, handler);
  HttpServer second({.threads = 2}, handler);
  CHECK(first.port() != 0);
  CHECK(second.port() != 0);
  CHECK(first.port() != second.port());
}

TEST_CASE("a port that somebody listens on is an error with a reason") {
  TestServer server;
  const HttpHandler handler = [](const HttpRequest&, Respond) {};
  CHECK_THROWS_WITH(HttpServer({.port = server.port()}, handler), Catch::Contains("in use"));
  CHECK_THROWS_AS(HttpServer({.host = "no such host"}, handler), std::runtime_error);
}

TEST_CASE("a port can be taken again after the server has stopped") {
  std::uint16_t port = 0;
  {
    TestServer server;
    port = server.port();
    RawConnection client(port);
    CHECK(client.Exchange(GetRequest("/echo"))->status == 200);
  }
  TestServer server({.port = port});
  RawConnection client(port);
  CHECK(client.Exchange(GetRequest("/echo"))->status == 200);
}

TEST_CASE("a server listens on the loopback of version six") {
  try {
    HttpServer server({.host = "::1"}, [](const HttpRequest&, const Respond& respond) {
      respond(test::TextAnswer("six"));
    });
    server.Start();
    RawConnection client = RawConnection::V6(server.port());
    CHECK(client.Exchange(GetRequest("/"))->body == "six");
  } catch (const std::runtime_error& error) {
    WARN("no IPv6 here: " << error.what());
  }
}

}  // namespace
}  // namespace sluice::api
