#include "api/admin_plane.h"

#include <chrono>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "api/admin_guard.h"
#include "tests/support/fake_service.h"
#include "tests/support/plane_calls.h"
#include "tests/support/raw_http.h"
#include "tests/support/wire_samples.h"

namespace sluice::api {
namespace {

using nlohmann::json;
using test::Ask;
using test::Call;
using test::FakeService;
using test::Get;
using test::Header;
using test::ProblemOf;

TEST_CASE("the admin plane tells health readiness and metrics") {
  FakeService service;
  const auto plane = MakeAdminPlane(service);
  CHECK(Ask(plane, Get("/healthz")).body == "ok");
  CHECK(Ask(plane, Get("/readyz")).status == 200);
  CHECK(Ask(plane, Get("/readyz?for=feedback")).status == 200);
  CHECK(Ask(plane, Get("/readyz?for=tea")).status == 422);
  const HttpResponse metrics = Ask(plane, Get("/metrics"));
  CHECK(metrics.content_type == "text/plain; version=0.0.4");
  CHECK(metrics.body == "sluice_up 1\n");
}

TEST_CASE("readiness for routing does not need the log") {
  FakeService service;
  const auto plane = MakeAdminPlane(service);
  service.readiness = {.route = true, .feedback = false, .detail = "the log is not writable"};
  CHECK(Ask(plane, Get("/readyz")).status == 200);
  CHECK(Ask(plane, Get("/readyz?for=route")).status == 200);
  const HttpResponse response = Ask(plane, Get("/readyz?for=feedback"));
  CHECK(ProblemOf(response, 503)["detail"] == "the log is not writable");
  CHECK(Header(response, "Retry-After") == "1");
  service.readiness.route = false;
  CHECK(Ask(plane, Get("/readyz")).status == 503);
  CHECK(Ask(plane, Get("/healthz")).status == 200);
}

TEST_CASE("the admin plane reports routers and decisions by name") {
  FakeService service;
  const auto plane = MakeAdminPlane(service);
  CHECK(json::parse(Ask(plane, Get("/v1/routers")).body)["routers"][0]["name"] == "a b");
  CHECK(json::parse(Ask(plane, Get("/v1/routers/a%20b")).body)["name"] == "a b");
  CHECK(json::parse(Ask(plane, Get("/v1/decisions/d-1")).body)["decision_id"] == "d-1");
  for (const char* target :
       {"/v1/routers/", "/v1/routers/none", "/v1/routers/%", "/v1/routers/%4", "/v1/decisions/",
        "/v1/decisions/d-2", "/v1/decisions/%FF", "/v1/route", "/", "/healthz/"}) {
    INFO(target);
    ProblemOf(Ask(plane, Get(target)), 404);
  }
}

TEST_CASE("what is only read is not written") {
  FakeService service;
  const auto plane = MakeAdminPlane(service);
  for (const std::string path : {"/healthz", "/readyz", "/metrics", "/v1/routers", "/v1/routers/a",
                                 "/v1/decisions/d-1", "/v1/routers/a/arms/trial/statistics"}) {
    INFO(path);
    CHECK(Ask(plane, {.method = "HEAD", .target = path}).status == Ask(plane, Get(path)).status);
    for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "OPTIONS", ""}) {
      const HttpResponse response = Ask(plane, {.method = method, .target = path});
      ProblemOf(response, 405);
      CHECK(Header(response, "Allow") == "GET, HEAD");
    }
  }
  ProblemOf(Ask(plane, {.target = "/nothing"}), 404);
}

struct ChangeRow {
  const char* method;
  const char* target;
  const char* body;
  const char* allow;
};

// Every call that changes something, each with a body that it takes.
const std::vector<ChangeRow>& Changes() {
  static const std::vector<ChangeRow> rows = {
      {"POST", "/v1/routers/default:freeze", "{}", "POST"},
      {"POST", "/v1/routers/default:unfreeze", "{}", "POST"},
      {"POST", "/v1/routers/default:rollback", R"({"position": 3})", "POST"},
      {"POST", "/v1/routers/default:reset", R"({"arm": "trial"})", "POST"},
      {"POST", "/v1/routers/default:refit", "{}", "POST"},
      {"POST", "/v1/routers/default:promote", R"({"challenger": "bold"})", "POST"},
      {"POST", "/v1/routers/default:demote", "{}", "POST"},
      {"POST", "/v1/routers/default:stop", R"({"challenger": "bold"})", "POST"},
      {"PUT", "/v1/routers/default/arms/trial",
       R"({"model": "m", "price_output_per_million_usd": 1})", "PUT, DELETE"},
      {"DELETE", "/v1/routers/default/arms/trial", "{}", "PUT, DELETE"},
      {"POST", "/v1/config:reload", "{}", "POST"},
  };
  return rows;
}

Call CallOf(const ChangeRow& row) {
  return {.method = row.method, .target = row.target, .body = row.body};
}

TEST_CASE("an operation on a router comes to the service with its router and fields") {
  FakeService service;
  const auto plane = MakeAdminPlane(service);
  for (const ChangeRow& row : Changes()) {
    INFO(row.method << " " << row.target);
    CHECK(Ask(plane, CallOf(row)).status == 200);
  }
  constexpr AdminOperation kOrder[] = {AdminOperation::kFreeze,   AdminOperation::kUnfreeze,
                                       AdminOperation::kRollback, AdminOperation::kReset,
                                       AdminOperation::kRefit,    AdminOperation::kPromote,
                                       AdminOperation::kDemote,   AdminOperation::kStop};
  REQUIRE(service.operated.size() == std::size(kOrder));
  for (std::size_t i = 0; i < std::size(kOrder); ++i) {
    CHECK(service.operated[i].operation == kOrder[i]);
    CHECK(service.operated[i].router == "default");
  }
  CHECK(service.operated[2].position == 3U);
  CHECK(service.operated[3].arm == "trial");
  REQUIRE(service.put.size() == 1);
  CHECK(service.put[0].router == "default");
  CHECK(service.put[0].arm == "trial");
  CHECK(service.put[0].model == "m");
  CHECK(service.deleted == std::vector<std::string>{"default/trial"});
  CHECK(service.reloads == 1);
}

TEST_CASE("what a change did is answered with its place in the log") {
  FakeService service;
  const auto plane = MakeAdminPlane(service);
  const HttpResponse frozen = Ask(plane, {.target = "/v1/routers/a%20b:freeze"});
  CHECK(frozen.content_type == "application/json");
  CHECK(frozen.body == R"({"position":7,"detail":"frozen"})");
  CHECK(service.operated.at(0).router == "a b");
  CHECK(json::parse(Ask(plane, {.target = "/v1/config:reload"}).body)["changes"][0]["effect"] ==
        "live");
}

TEST_CASE("a change needs no body and no content type unless it puts an arm") {
  for (const ChangeRow& row : Changes()) {
    INFO(row.method << " " << row.target);
    FakeService service;
    const bool puts = std::string(row.method) == "PUT";
    for (const char* type : {"", "text/plain"}) {
      const HttpResponse response =
          Ask(MakeAdminPlane(service),
              {.method = row.method, .target = row.target, .content_type = type});
      CHECK(response.status == (puts ? 400 : 200));
    }
  }
}

TEST_CASE("a change answers to its own methods only") {
  for (const ChangeRow& row : Changes()) {
    for (const std::string method :
         {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "", "PUT, DELETE", "post"}) {
      if (method == row.method ||
          (std::string(row.allow) != "POST" && (method == "PUT" || method == "DELETE"))) {
        continue;
      }
      INFO(method << " " << row.target);
      FakeService service;
      Call call = CallOf(row);
      call.method = method;
      const HttpResponse response = Ask(MakeAdminPlane(service), call);
      ProblemOf(response, 405);
      CHECK(Header(response, "Allow") == row.allow);
      CHECK(service.changes() == 0);
    }
  }
}

TEST_CASE("paths that look like changes are not") {
  FakeService service;
  const auto plane = MakeAdminPlane(service);
  for (const char* target :
       {"/v1/routers/default:melt", "/v1/routers/default:", "/v1/routers/default:freeze/",
        "/v1/routers/:freeze", "/v1/routers/%:freeze", "/v1/routers/default%3Afreeze2/arms",
        "/v1/routers/default/arms", "/v1/routers/default/arms/", "/v1/routers/default/arms/%FF",
        "/v1/routers//arms/x", "/v1/routers/default/arms/x/", "/v1/routers/default/arms/x/y",
        "/v1/routers/default/arms/x/statistics/", "/v1/routers/default/legs/x",
        "/v1/config:reload/", "/v1/config", "/v1/config:save"}) {
    for (const char* method : {"POST", "PUT", "DELETE", "GET"}) {
      INFO(method << " " << target);
      const HttpResponse response =
          Ask(plane, {.method = method, .target = target, .body = R"({"model": "m",
            "price_output_per_million_usd": 1})"});
      CHECK((response.status == 404 || response.status == 405));
    }
  }
  CHECK(service.changes() == 0);
}

TEST_CASE("a change that is refused says where and never reaches the service") {
  FakeService service;
  const auto plane = MakeAdminPlane(service);
  for (const ChangeRow& row : Changes()) {
    INFO(row.method << " " << row.target);
    Call call = CallOf(row);
    call.body = R"({"no_such_field": 1})";
    CHECK(ProblemOf(Ask(plane, call), 422)["pointer"] == "/no_such_field");
    call.body = "{";
    ProblemOf(Ask(plane, call), 400);
    call.body = "[]";
    ProblemOf(Ask(plane, call), 422);
  }
  const std::string arm = R"({"model": "m", "price_output_per_million_usd": 1})";
  for (const std::string& name :
       {std::string("a%20b"), std::string("a%2Fb"), std::string("%C3%A9"), std::string("a:b")}) {
    ProblemOf(
        Ask(plane, {.method = "PUT", .target = "/v1/routers/default/arms/" + name, .body = arm}),
        422);
  }
  CHECK(service.changes() == 0);
}

TEST_CASE("a change of what the service does not know is answered as it says") {
  FakeService service;
  const auto plane = MakeAdminPlane(service);
  ProblemOf(Ask(plane, {.target = "/v1/routers/nowhere:freeze"}), 404);
  ProblemOf(Ask(plane, {.method = "DELETE", .target = "/v1/routers/nowhere/arms/x"}), 404);
  ProblemOf(Ask(plane, Get("/v1/routers/nowhere/arms/trial/statistics")), 404);
  ProblemOf(Ask(plane, Get("/v1/routers/default/arms/none/statistics")), 404);
}

TEST_CASE("the statistics of an arm are handed out in base64") {
  FakeService service;
  const HttpResponse response =
      Ask(MakeAdminPlane(service), Get("/v1/routers/default/arms/trial/statistics"));
  CHECK(response.status == 200);
  CHECK(json::parse(response.body) == json{{"statistics", test::Base64(service.statistics)}});
}

// -- Web pages ------------------------------------------------------------------------------------

TEST_CASE("a web page changes nothing") {
  FakeService service;
  const auto plane = MakeAdminPlane(service);
  for (const ChangeRow& row : Changes()) {
    INFO(row.method << " " << row.target);
    Call call = CallOf(row);
    call.has_origin = true;
    ProblemOf(Ask(plane, call), 403);
    call.body.clear();
    ProblemOf(Ask(plane, call), 403);
  }
  CHECK(service.changes() == 0);
}

TEST_CASE("a form changes nothing") {
  FakeService service;
  const auto plane = MakeAdminPlane(service);
  for (const ChangeRow& row : Changes()) {
    for (const char* type : {"text/plain", "application/x-www-form-urlencoded",
                             "multipart/form-data; boundary=x", "application/jsonp", ""}) {
      INFO(row.method << " " << row.target << " as " << type);
      Call call = CallOf(row);
      call.content_type = type;
      ProblemOf(Ask(plane, call), 415);
    }
  }
  CHECK(service.changes() == 0);
}

TEST_CASE("a name that was made to resolve to the loopback changes nothing") {
  FakeService service;
  const auto plane = MakeAdminPlane(service);
  for (const ChangeRow& row : Changes()) {
    INFO(row.method << " " << row.target);
    Call call = CallOf(row);
    call.host = "rebound.example:8081";
    ProblemOf(Ask(plane, call), 403);
    call.body.clear();
    ProblemOf(Ask(plane, call), 403);
  }
  CHECK(service.changes() == 0);
  Call read = Get("/v1/routers");
  read.host = "metrics.example";
  read.has_origin = true;
  CHECK(Ask(plane, read).status == 200);
}

TEST_CASE("only the loopback is called so") {
  for (const char* host : {"localhost", "LocalHost:8081", "127.0.0.1", "127.0.0.1:8081",
                           "127.1.2.3:1", "[::1]", "[::1]:8081", "[0:0:0:0:0:0:0:1]:65535"}) {
    INFO(host);
    CHECK(IsLoopbackHost(host));
  }
  for (const char* host : {"",
                           ":8081",
                           "example.com",
                           "localhost.example.com",
                           "127.0.0.1.example.com:8081",
                           "example.com:127",
                           "localhost:",
                           "localhost:x",
                           "localhost:8081:8081",
                           "localhost:123456",
                           "10.0.0.1",
                           "0.0.0.0",
                           "126.255.255.255",
                           "128.0.0.1",
                           "127.1",
                           "2130706433",
                           "0x7f.0.0.1",
                           "[::]",
                           "[::2]:1",
                           "::1",
                           "[127.0.0.1]",
                           "[::1",
                           "[]",
                           "[",
                           "alocalhost",
                           "localhost.",
                           "127.0.0.1.",
                           "xn--localhost"}) {
    INFO(host);
    CHECK_FALSE(IsLoopbackHost(host));
  }
  CHECK_FALSE(IsLoopbackHost(std::string(1000, '1')));
}

TEST_CASE("over a connection the headers of a web page are seen") {
  FakeService service;
  HttpServer server({}, MakeAdminPlane(service));
  server.Start();
  const auto status = [&](const std::string& head) {
    test::RawConnection connection(server.port());
    const auto response =
        connection.Exchange("POST /v1/routers/default:freeze HTTP/1.1\r\n" + head + "\r\n");
    return response ? response->status : 0;
  };
  CHECK(status("Host: evil.example\r\n") == 403);
  CHECK(status("Host: localhost\r\nOrigin: http://evil.example\r\n") == 403);
  CHECK(status("Host: localhost\r\norigin: null\r\n") == 403);
  CHECK(status("Host: localhost\r\nOrigin:\r\n") == 403);
  CHECK(status("Host: localhost\r\nContent-Length: 2\r\n\r\n{}") == 415);
  CHECK(status("Host: localhost\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}") ==
        415);
  CHECK(service.operated.empty());
  CHECK(status("Host: localhost:" + std::to_string(server.port()) + "\r\n") == 200);
  CHECK(service.operated.size() == 1);
  server.Stop(std::chrono::milliseconds(0));
}

TEST_CASE("what one request says of its page does not stay for the next") {
  FakeService service;
  HttpServer server({}, MakeAdminPlane(service));
  server.Start();
  test::RawConnection connection(server.port());
  const std::string line = "POST /v1/routers/default:freeze HTTP/1.1\r\n";
  CHECK(connection.Exchange(line + "Host: localhost\r\nOrigin: null\r\n\r\n")->status == 403);
  CHECK(connection.Exchange(line + "Host: localhost\r\n\r\n")->status == 200);
  CHECK(connection.Exchange(line + "Host: evil.example\r\n\r\n")->status == 403);
  server.Stop(std::chrono::milliseconds(0));
}

}  // namespace
}  // namespace sluice::api
