// Calls of a plane's handler without a server, and what is looked at in its answers.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "api/http_server.h"

namespace sluice::test {

struct Call {
  std::string method = "POST";
  std::string target;
  std::string body;
  std::string content_type = "application/json";
  std::string host = "127.0.0.1:8081";
  bool has_origin = false;
};

// The plane's answer, which must come at once and once.
inline api::HttpResponse Ask(const api::HttpHandler& plane, const Call& call) {
  const std::size_t mark = std::min(call.target.find('?'), call.target.size());
  const std::string_view target = call.target;
  const api::HttpRequest request{.method = call.method,
                                 .path = target.substr(0, mark),
                                 .query = target.substr(std::min(mark + 1, target.size())),
                                 .host = call.host,
                                 .has_origin = call.has_origin,
                                 .content_type = call.content_type,
                                 .body = call.body,
                                 .reader = 0};
  std::vector<api::HttpResponse> responses;
  plane(request, [&](api::HttpResponse response) { responses.push_back(std::move(response)); });
  REQUIRE(responses.size() == 1);
  return responses.front();
}

inline std::string Header(const api::HttpResponse& response, const std::string& name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) {
      return value;
    }
  }
  return "";
}

inline nlohmann::json ProblemOf(const api::HttpResponse& response, int status) {
  CHECK(response.status == status);
  CHECK(response.content_type == "application/problem+json");
  nlohmann::json body = nlohmann::json::parse(response.body);
  CHECK(body["status"] == status);
  CHECK_FALSE(body["title"].get<std::string>().empty());
  return body;
}

inline Call Get(const std::string& target) {
  return {.method = "GET", .target = target};
}

}  // namespace sluice::test
