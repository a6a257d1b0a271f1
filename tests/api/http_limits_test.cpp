#include <ctime>
#include <deque>
#include <thread>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "api/http_server.h"
#include "tests/support/raw_http.h"
#include "tests/support/test_server.h"

namespace sluice::api {
namespace {

using std::chrono::milliseconds;
using test::GetRequest;
using test::PostRequest;
using test::RawConnection;
using test::TestServer;

// A deadline that passes soon, and one that does not pass while a test lasts.
constexpr milliseconds kShort{300};
constexpr milliseconds kLong{60000};

ServerOptions Patient() {
  return {.header_timeout = kLong,
          .body_timeout = kLong,
          .idle_timeout = kLong,
          .write_timeout = kLong};
}

const std::string kHalfHeader = "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Le";
const std::string kHalfBody = "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\nhal";

TEST_CASE("a header that comes too slowly is answered with 408") {
  ServerOptions options = Patient();
  options.header_timeout = kShort;
  TestServer server(options);
  RawConnection client(server.port());
  const auto response = client.Exchange(kHalfHeader);
  REQUIRE(response);
  CHECK(response->status == 408);
  CHECK(response->Header("connection") == "close");
  CHECK(client.EndsSoon());
}

TEST_CASE("a body that comes too slowly is answered with 408") {
  ServerOptions options = Patient();
  options.body_timeout = kShort;
  TestServer server(options);
  RawConnection client(server.port());
  const auto response = client.Exchange(kHalfBody);
  REQUIRE(response);
  CHECK(response->status == 408);
  CHECK(client.EndsSoon());
  CHECK(server.Soon([](const auto& c) { return c.body_bytes_in_flight == 0; }));
}

TEST_CASE("a byte now and then does not put a deadline off") {
  ServerOptions options = Patient();
  options.header_timeout = kShort;
  options.body_timeout = kShort;
  TestServer server(options);
  for (const std::string& start :
       {kHalfHeader,
        std::string("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 9999\r\n\r\n")}) {
    RawConnection client(server.port());
    client.Send(start);
    REQUIRE(server.Soon([](const auto& c) { return c.connections_open == 1; }));
    // Each byte comes well within the deadline; all of them would take far longer than it.
    int bytes = 0;
    while (bytes < 200 && server.server().counters().connections_open > 0) {
      std::this_thread::sleep_for(milliseconds(50));
      client.Send("x");
      ++bytes;
    }
    CHECK(bytes < 200);
  }
  CHECK(server.server().counters().requests_total == 0);
}

TEST_CASE("a connection on which nothing is asked is closed without a word") {
  ServerOptions options = Patient();
  options.header_timeout = kShort;
  TestServer server(options);
  RawConnection client(server.port());
  CHECK_FALSE(client.Receive());
  CHECK(server.Soon([](const auto& c) { return c.connections_open == 0; }));
}

TEST_CASE("an idle connection is closed without a word") {
  ServerOptions options = Patient();
  options.idle_timeout = kShort;
  TestServer server(options);
  RawConnection client(server.port());
  CHECK(client.Exchange(GetRequest("/echo"))->status == 200);
  CHECK_FALSE(client.Receive());
  CHECK(client.EndsSoon());
}

TEST_CASE("a client that does not read its answer is cut off") {
  ServerOptions options = Patient();
  options.write_timeout = kShort;
  TestServer server(options);
  RawConnection client(server.port());
  client.Send(GetRequest("/big"));
  REQUIRE(server.Soon([](const auto& c) { return c.requests_total == 1; }));
  CHECK(server.Soon([](const auto& c) { return c.connections_open == 0; }));
}

TEST_CASE("slow clients do not keep good ones waiting") {
  TestServer server(Patient());
  std::deque<RawConnection> slow;
  for (int i = 0; i < 100; ++i) {
    slow.emplace_back(server.port()).Send(i % 3 == 0 ? "" : i % 3 == 1 ? kHalfHeader : kHalfBody);
  }
  RawConnection good(server.port());
  for (int i = 0; i < 100; ++i) {
    REQUIRE(good.Exchange(PostRequest("/echo", "hi"))->body == "POST hi");
  }
  // None of the slow ones was given up for it.
  CHECK(server.server().counters().connections_open == 101);
}

TEST_CASE("a body over the limit is refused with 413 and not read") {
  ServerOptions options = Patient();
  options.body_bytes_max = 64 * 1024;
  TestServer server(options);
  RawConnection announced(server.port());
  auto response =
      announced.Exchange("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 209715200\r\n\r\n" +
                         std::string(1000, 'x'));
  REQUIRE(response);
  CHECK(response->status == 413);
  CHECK(response->Header("connection") == "close");
  RawConnection chunked(server.port());
  response = chunked.Exchange(
      "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
      "8000\r\n" +
      std::string(32768, 'x') + "\r\nC800000\r\n" + std::string(10000, 'x'));
  REQUIRE(response);
  CHECK(response->status == 413);
  CHECK(server.Soon([](const auto& c) { return c.body_bytes_in_flight == 0; }));
  CHECK(server.server().counters().requests_total == 0);
}

TEST_CASE("a client that goes on sending after its refusal is cut off") {
  ServerOptions options = Patient();
  options.body_bytes_max = 100;
  TestServer server(options);
  RawConnection client(server.port());
  client.Send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 100000000\r\n\r\n");
  const std::string bytes(64 * 1024, 'x');
  std::size_t sent = 0;
  while (sent < 100000000 && client.Send(bytes)) {
    sent += bytes.size();
  }
  CHECK(sent < 100000000);
}

TEST_CASE("when too many body bytes are under way the next body gets 503") {
  ServerOptions options = Patient();
  options.body_bytes_in_flight_max = 1000;
  TestServer server(options);
  RawConnection first(server.port());
  first.Send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 800\r\n\r\n");
  REQUIRE(server.Soon([](const auto& c) { return c.body_bytes_in_flight == 800; }));

  for (const std::string& bytes :
       {PostRequest("/echo", std::string(300, 'y')),
        "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n12C\r\n" +
            std::string(300, 'y')}) {
    RawConnection second(server.port());
    const auto response = second.Exchange(bytes);
    REQUIRE(response);
    CHECK(response->status == 503);
    CHECK(response->Header("retry-after") == "1");
    CHECK(response->Header("connection") == "close");
  }
  RawConnection small(server.port());
  CHECK(small.Exchange(PostRequest("/echo", std::string(200, 'z')))->status == 200);

  first.Send(std::string(800, 'x'));
  CHECK(first.Receive()->status == 200);
  RawConnection third(server.port());
  CHECK(third.Exchange(PostRequest("/echo", std::string(900, 'y')))->status == 200);
  CHECK(server.Soon([](const auto& c) { return c.body_bytes_in_flight == 0; }));
}

TEST_CASE("body bytes that never come are given back") {
  ServerOptions options = Patient();
  options.body_bytes_in_flight_max = 1000;
  TestServer server(options);
  {
    RawConnection client(server.port());
    client.Send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 1000\r\n\r\n");
    REQUIRE(server.Soon([](const auto& c) { return c.body_bytes_in_flight == 1000; }));
  }
  CHECK(server.Soon([](const auto& c) { return c.body_bytes_in_flight == 0; }));
}

TEST_CASE("one connection too many gets 503 and the others live on") {
  ServerOptions options = Patient();
  options.connections_max = 4;
  TestServer server(options);
  std::deque<RawConnection> clients;
  for (int i = 0; i < 4; ++i) {
    CHECK(clients.emplace_back(server.port()).Exchange(GetRequest("/echo"))->status == 200);
  }
  {
    RawConnection extra(server.port());
    const auto response = extra.Exchange(GetRequest("/echo"));
    REQUIRE(response);
    CHECK(response->status == 503);
    CHECK(response->Header("retry-after") == "1");
    CHECK(extra.EndsSoon());
  }
  CHECK(server.server().counters().connections_refused_total == 1);
  for (RawConnection& client : clients) {
    CHECK(client.Exchange(GetRequest("/echo"))->status == 200);
  }
  clients.pop_back();
  REQUIRE(server.Soon([](const auto& c) { return c.connections_open == 3; }));
  RawConnection next(server.port());
  CHECK(next.Exchange(GetRequest("/echo"))->status == 200);
}

// Forbids the process new files and sockets for as long as it lives.
class NoNewFiles {
 public:
  NoNewFiles() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int free = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    rlimit limit = before_;
    limit.rlim_cur = static_cast<rlim_t>(free);
    ::close(free);
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  ~NoNewFiles() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST_CASE("when files run out the server rests and then goes on") {
  // UBSan opens a file of its own the first time it meets a type; a server before this one lets it.
  {
    HttpServer before(Patient(), [](const HttpRequest&, const Respond& respond) {
      respond(test::TextAnswer("ok"));
    });
    before.Start();
    RawConnection client(before.port());
    client.Send(GetRequest("/"));
    REQUIRE(client.Receive());
  }
  HttpServer server(Patient(), [](const HttpRequest&, const Respond& respond) {
    respond(test::TextAnswer("ok"));
  });
  std::deque<RawConnection> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back(server.port()).Send(GetRequest("/"));
  }
  // Checked afterwards: sanitizers need files of their own to look at an expression.
  std::uint64_t accepted = 0;
  double busy_s = 0;
  {
    const NoNewFiles none;
    const std::clock_t before = std::clock();
    server.Start();
    std::this_thread::sleep_for(milliseconds(1000));
    accepted = server.counters().connections_total;
    busy_s = static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
  }
  CHECK(accepted == 0);
  CHECK(busy_s < 0.5);  // Trying without a rest would take the whole second.
  for (RawConnection& client : clients) {
    const auto response = client.Receive();
    REQUIRE(response);
    CHECK(response->body == "ok");
  }
}

}  // namespace
}  // namespace sluice::api
