#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "api/data_plane.h"
#include "tests/support/fake_service.h"
#include "tests/support/plane_calls.h"

namespace sluice::api {
namespace {

using nlohmann::json;
using test::Ask;
using test::FakeService;
using test::Header;
using test::ProblemOf;

TEST_CASE("a route answer stands in the body and in headers") {
  FakeService service;
  const HttpResponse response =
      Ask(MakeDataPlane(service), {.target = "/v1/route", .body = R"({"query": "hi"})"});
  CHECK(response.status == 200);
  CHECK(response.content_type == "application/json");
  CHECK(json::parse(response.body)["decision_id"] == "d-1");
  CHECK(Header(response, "x-sluice-decision-id") == "d-1");
  CHECK(Header(response, "x-sluice-arm") == "economy");
  CHECK(Header(response, "x-sluice-tier") == "1");
  CHECK(Header(response, "x-sluice-reason") == "policy");
  REQUIRE(service.routed.size() == 1);
  CHECK(service.routed[0].text == "hi");
}

TEST_CASE("a service's refusal is answered as it is") {
  FakeService service;
  const auto plane = MakeDataPlane(service);
  const json problem =
      ProblemOf(Ask(plane, {.target = "/v1/route", .body = R"({"router": "nowhere"})"}), 404);
  CHECK(problem["pointer"] == "/router");
  service.route_reply = Problem{.status = 503,
                                .title = "Service Unavailable",
                                .detail = "the log's queue is full",
                                .pointer = "",
                                .retry_after_s = 3};
  const HttpResponse response = Ask(plane, {.target = "/v1/route", .body = "{}"});
  ProblemOf(response, 503);
  CHECK(Header(response, "Retry-After") == "3");
}

TEST_CASE("a batch answers each item in its place") {
  FakeService service;
  const HttpResponse response = Ask(
      MakeDataPlane(service), {.target = "/v1/route:batch",
                               .body = R"([{"query": "a"}, {"query": 1}, {"router": "nowhere"}])"});
  CHECK(response.status == 200);
  const json body = json::parse(response.body);
  REQUIRE(body.size() == 3);
  CHECK(body[0]["decision_id"] == "d-1");
  CHECK(body[1]["problem"]["pointer"] == "/1/query");
  CHECK(body[2]["problem"]["pointer"] == "/2/router");
  CHECK(service.routed.size() == 2);
}

TEST_CASE("a chat request names its router in the query") {
  FakeService service;
  const auto plane = MakeDataPlane(service);
  const std::string body = R"({"messages": [{"role": "user", "content": "x"}]})";
  const auto status = [&](const std::string& query) {
    return Ask(plane, {.target = "/v1/route:chat" + query, .body = body}).status;
  };
  CHECK(status("") == 200);
  CHECK(status("?x=y&router=a%20b&router=c") == 200);
  CHECK(service.routed[0].router == "default");
  CHECK(service.routed[1].router == "a b");
  CHECK(status("?router=nowhere") == 404);
  CHECK(status("?router=") == 422);
  CHECK(status("?router") == 422);
  CHECK(status("?router=%") == 422);
  CHECK(status("?router=%zz") == 422);
  CHECK(status("?router=%00") == 422);
  CHECK(status("?router=%FF") == 422);
  CHECK(status("?router=" + std::string(kNameBytesMax, 'x')) == 200);
  CHECK(status("?router=" + std::string(kNameBytesMax + 1, 'x')) == 422);
}

const std::string kEvent = R"({"decision_id": "d", "event_id": "e", "reward": 1})";

TEST_CASE("accepted feedback is answered with 202") {
  FakeService service;
  const HttpResponse response =
      Ask(MakeDataPlane(service), {.target = "/v1/feedback", .body = kEvent});
  CHECK(response.status == 202);
  CHECK(json::parse(response.body) ==
        json::parse(R"({"accepted": 1, "duplicates": 0, "rejected": []})"));
  CHECK(std::get<FeedbackEvent>(service.items.at(0)).event_id == "e");
}

TEST_CASE("a single event that is rejected answers with its own status") {
  FakeService service;
  service.feedback_reply = FeedbackAnswer{.rejected = {{0, FakeService::NotFound("/decision_id")}}};
  const json problem =
      ProblemOf(Ask(MakeDataPlane(service), {.target = "/v1/feedback", .body = kEvent}), 404);
  CHECK(problem["pointer"] == "/decision_id");
}

TEST_CASE("in a list each rejected event is pointed to") {
  FakeService service;
  service.feedback_reply =
      FeedbackAnswer{.accepted = 1, .rejected = {{1, FakeService::NotFound("/decision_id")}}};
  const HttpResponse response = Ask(
      MakeDataPlane(service), {.target = "/v1/feedback",
                               .body = R"({"events": [)" + kEvent + "," + kEvent +
                                       R"(,{"decision_id": "d", "event_id": "e", "reward": 2}]})"});
  CHECK(response.status == 202);
  const json rejected = json::parse(response.body)["rejected"];
  CHECK(rejected[0]["pointer"] == "/events/1/decision_id");
  CHECK(rejected[1]["pointer"] == "/events/2/reward");
  CHECK(std::holds_alternative<Problem>(service.items.at(2)));
}

TEST_CASE("a refusal of a whole feedback call answers with its status") {
  FakeService service;
  service.feedback_reply = Problem{.status = 503, .title = "t", .detail = "d", .retry_after_s = 1};
  const HttpResponse response =
      Ask(MakeDataPlane(service),
          {.target = "/v1/feedback", .body = R"({"events": [)" + kEvent + "]}"});
  ProblemOf(response, 503);
  CHECK(Header(response, "Retry-After") == "1");
}

TEST_CASE("a data path takes JSON by POST and nothing else") {
  FakeService service;
  const auto plane = MakeDataPlane(service);
  for (const std::string path :
       {"/v1/route", "/v1/route:batch", "/v1/route:chat", "/v1/feedback"}) {
    INFO(path);
    const HttpResponse wrong = Ask(plane, {.method = "GET", .target = path});
    ProblemOf(wrong, 405);
    CHECK(Header(wrong, "Allow") == "POST");
    ProblemOf(Ask(plane, {.target = path, .body = "{}", .content_type = "text/plain"}), 415);
    ProblemOf(Ask(plane, {.target = path, .body = "{}", .content_type = "application/jsonp"}), 415);
    ProblemOf(Ask(plane, {.target = path, .body = "{"}), 400);
    ProblemOf(Ask(plane, {.target = path, .body = "", .content_type = ""}), 400);
    ProblemOf(Ask(plane, {.target = path, .body = "7"}), 422);
  }
  CHECK(
      Ask(plane,
          {.target = "/v1/route", .body = "{}", .content_type = "Application/JSON; charset=utf-8"})
          .status == 200);
  CHECK(Ask(plane, {.target = "/v1/route", .body = "{}", .content_type = ""}).status == 200);
  for (const std::string path :
       {"/", "/v1/route/", "/v1/routes", "/v1/route%3Abatch", "/healthz", "*"}) {
    INFO(path);
    ProblemOf(Ask(plane, {.target = path, .body = "{}"}), 404);
    ProblemOf(Ask(plane, {.method = "GET", .target = path}), 404);
  }
}

}  // namespace
}  // namespace sluice::api
