// The document is the truth about the wire: every example in it is sent to the real daemon on its
// defaults, and every answer is checked against the schema that the document gives for its status.
#include "tests/support/openapi.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>
#include <httplib.h>
#include <nlohmann/json.hpp>

#include "tests/support/daemon_process.h"
#include "tests/support/temporary_directory.h"

namespace sluice {

namespace {

using json = nlohmann::ordered_json;
using tests::OpenApi;

// One request that the document shows, and the status that it promises.
struct Example {
  std::string name;
  std::string target;
  std::string body;
  int status = 200;
};

std::string Replaced(std::string text, const std::string& what, const std::string& with) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
  return text;
}

// Fits an OpenAPI parameter's value into the path or the query.
std::string TargetWith(const std::string& path, const json& parameter, const std::string& value) {
  const auto name = parameter["name"].get<std::string>();
  if (parameter["in"] == "path") return Replaced(path, "{" + name + "}", value);
  return path + (path.find('?') == std::string::npos ? "?" : "&") + name + "=" + value;
}

// The path with every parameter that has one value: the example's own, or its operation's.
std::string TargetOf(const OpenApi& api, const std::string& path, const json& operation,
                     const json& example) {
  const json own = example.value("x-parameters", json::object());
  std::string target = path;
  for (const json& given : operation.value("parameters", json::array())) {
    const json& parameter = api.Resolve(given);
    const auto name = parameter["name"].get<std::string>();
    if (own.contains(name)) {
      target = TargetWith(target, parameter, own[name].get<std::string>());
    } else if (parameter.contains("example")) {
      target = TargetWith(target, parameter, parameter["example"].get<std::string>());
    }
  }
  return target;
}

// An operation without a body is asked once for each example of its parameter, and once without
// when it can do without.
void AddWithoutBody(const OpenApi& api, const std::string& path, const json& operation,
                    std::vector<Example>& examples) {
  bool required = false;
  for (const json& given : operation.value("parameters", json::array())) {
    const json& parameter = api.Resolve(given);
    required = required || parameter.value("required", false);
    const json all = parameter.value("examples", json::object());
    for (const auto& [name, example] : all.items()) {
      const std::string target = TargetOf(api, path, operation, example);
      examples.push_back({name, TargetWith(target, parameter, example["value"].get<std::string>()),
                          "", example["x-expect-status"].get<int>()});
    }
  }
  if (!required) examples.push_back({"plain", path, "", 200});
}

void AddWithBody(const OpenApi& api, const std::string& path, const json& operation,
                 std::vector<Example>& examples) {
  const json& content = operation["requestBody"]["content"]["application/json"];
  for (const auto& [name, example] : content["examples"].items()) {
    const std::string target = TargetOf(api, path, operation, example);
    const auto status = example["x-expect-status"].get<int>();
    const bool has_body = !example.value("x-no-body", false);
    examples.push_back({name, target, has_body ? example["value"].dump() : "", status});
    // What is promised to be taken fits the schema of requests as well, but for a list that shows
    // what happens to a wrong item.
    if (has_body && !example.contains("x-wrong-item") && status < 300) {
      CAPTURE(path, name);
      CHECK(api.Check(example["value"], content["schema"]) == std::vector<std::string>{});
    }
  }
}

std::vector<Example> ExamplesOf(const OpenApi& api, const std::string& path,
                                const json& operation) {
  std::vector<Example> examples;
  operation.contains("requestBody") ? AddWithBody(api, path, operation, examples)
                                    : AddWithoutBody(api, path, operation, examples);
  return examples;
}

bool IsMethod(const std::string& key) {
  return key == "get" || key == "post" || key == "put" || key == "delete";
}

httplib::Result Send(httplib::Client& client, const std::string& method, const Example& example) {
  const char* type = example.body.empty() ? "" : "application/json";
  if (method == "get") return client.Get(example.target);
  if (method == "post") return client.Post(example.target, example.body, type);
  if (method == "put") return client.Put(example.target, example.body, type);
  return client.Delete(example.target, example.body, type);
}

// What the document says of an answer: the schema for its status and content type.
void CheckAnswer(const OpenApi& api, const json& operation, const httplib::Response& answer) {
  const std::string status = std::to_string(answer.status);
  REQUIRE(operation["responses"].contains(status));
  const json& response = api.Resolve(operation["responses"][status]);
  const std::string type = answer.get_header_value("Content-Type");
  CAPTURE(type);
  REQUIRE(response["content"].contains(type));
  if (type.starts_with("text/plain")) return;
  const json& schema = response["content"][type]["schema"];
  CHECK(api.Check(json::parse(answer.body), schema) == std::vector<std::string>{});
}

// The daemon on its defaults, and a client for each plane.
struct Planes {
  Planes()
      : process(directory.File("data")),
        data("127.0.0.1", process.data_port()),
        admin("127.0.0.1", process.admin_port()) {
    for (auto* client : {&data, &admin}) client->set_read_timeout(30, 0);
  }

  httplib::Client& Of(const json& operation) {
    return operation["tags"][0] == "admin" ? admin : data;
  }

  tests::TemporaryDirectory directory;
  tests::DaemonProcess process;
  httplib::Client data;
  httplib::Client admin;
};

// What the examples' placeholders stand for.
std::vector<std::pair<std::string, std::string>> PlaceholdersOf(Planes& planes) {
  const auto decision = planes.data.Post("/v1/route", R"({"query": "hello"})", "application/json");
  REQUIRE(decision);
  const auto statistics = planes.admin.Get("/v1/routers/default/arms/economy/statistics");
  REQUIRE(statistics);
  CAPTURE(decision->body, statistics->body);
  REQUIRE(statistics->status == 200);
  return {{"{decision_id}", json::parse(decision->body)["decision_id"].get<std::string>()},
          {"{statistics}", json::parse(statistics->body)["statistics"].get<std::string>()}};
}

}  // namespace

TEST_CASE("every example of the document gets the status and the shape that it promises") {
  const OpenApi api(tests::LoadYaml(SLUICE_OPENAPI_PATH));
  Planes planes;
  const auto placeholders = PlaceholdersOf(planes);
  std::size_t sent = 0;
  std::set<int> statuses;
  for (const auto& [path, item] : api.document()["paths"].items()) {
    for (const auto& [method, operation] : item.items()) {
      if (!IsMethod(method)) continue;
      const std::vector<Example> examples = ExamplesOf(api, path, operation);
      REQUIRE_FALSE(examples.empty());
      for (Example example : examples) {
        for (const auto& [what, with] : placeholders) {
          example.target = Replaced(example.target, what, with);
          example.body = Replaced(example.body, what, with);
        }
        CAPTURE(path, method, example.name, example.target, example.body);
        const auto answer = Send(planes.Of(operation), method, example);
        REQUIRE(answer);
        CAPTURE(answer->body);
        CHECK(answer->status == example.status);
        CheckAnswer(api, operation, *answer);
        statuses.insert(answer->status);
        ++sent;
      }
    }
  }
  CHECK(sent >= 90);
  CHECK(statuses == std::set<int>{200, 202, 404, 409, 421, 422});
}

TEST_CASE("what is wrong before a body is understood is answered as the document says") {
  const OpenApi api(tests::LoadYaml(SLUICE_OPENAPI_PATH));
  const tests::TemporaryDirectory directory;
  const tests::DaemonProcess process(directory.File("data"));
  for (const std::string path :
       {"/v1/route", "/v1/route:batch", "/v1/route:chat", "/v1/feedback"}) {
    CAPTURE(path);
    const json& operation = api.document()["paths"][path]["post"];
    const auto send = [&](const std::string& body, const char* type) {
      httplib::Client client("127.0.0.1", process.data_port());
      client.set_read_timeout(30, 0);
      return client.Post(path, body, type);
    };
    const std::vector<std::pair<int, httplib::Result>> answers = [&] {
      std::vector<std::pair<int, httplib::Result>> all;
      all.emplace_back(400, send("{\"query\": ", "application/json"));
      all.emplace_back(415, send("query=hello", "application/x-www-form-urlencoded"));
      all.emplace_back(405, httplib::Client("127.0.0.1", process.data_port()).Get(path));
      return all;
    }();
    for (const auto& [status, answer] : answers) {
      CAPTURE(status);
      REQUIRE(answer);
      CHECK(answer->status == status);
      CheckAnswer(api, operation, *answer);
    }
    CHECK(answers.back().second->get_header_value("Allow") == "POST");
  }
}

TEST_CASE("what may come from a web page is answered as the document says") {
  const OpenApi api(tests::LoadYaml(SLUICE_OPENAPI_PATH));
  Planes planes;
  std::size_t changes = 0;
  for (const auto& [path, item] : api.document()["paths"].items()) {
    for (const auto& [method, operation] : item.items()) {
      if (!IsMethod(method) || method == "get" || operation["tags"][0] != "admin") continue;
      std::string target = Replaced(path, "{name}", "default");
      target = Replaced(target, "{arm}", "trial");
      CAPTURE(method, target);
      const auto send = [&](const httplib::Headers& headers, const char* type) {
        httplib::Client client("127.0.0.1", planes.process.admin_port());
        client.set_read_timeout(30, 0);
        if (method == "put") return client.Put(target, headers, "{}", type);
        if (method == "delete") return client.Delete(target, headers, "{}", type);
        return client.Post(target, headers, "{}", type);
      };
      const std::pair<int, httplib::Result> answers[] = {
          {403, send({{"Origin", "http://evil.example"}}, "application/json")},
          {403, send({{"Host", "evil.example"}}, "application/json")},
          {415, send({}, "text/plain")}};
      for (const auto& [status, answer] : answers) {
        CAPTURE(status);
        REQUIRE(answer);
        CHECK(answer->status == status);
        CheckAnswer(api, operation, *answer);
      }
      ++changes;
    }
  }
  CHECK(changes == 11);
}

TEST_CASE("the examples of answers in the document fit their own schemas") {
  const OpenApi api(tests::LoadYaml(SLUICE_OPENAPI_PATH));
  std::size_t checked = 0;
  for (const auto& [path, item] : api.document()["paths"].items()) {
    for (const auto& [method, operation] : item.items()) {
      if (!IsMethod(method)) continue;
      for (const auto& [status, given] : operation["responses"].items()) {
        const json& response = api.Resolve(given);
        for (const auto& [type, content] : response["content"].items()) {
          const json examples = content.value("examples", json::object());
          for (const auto& [name, example] : examples.items()) {
            CAPTURE(path, status, name);
            CHECK(api.Check(example["value"], content["schema"]) == std::vector<std::string>{});
            ++checked;
          }
        }
      }
    }
  }
  CHECK(checked >= 60);
}

TEST_CASE("a value that does not fit a schema is told so") {
  const json document = {{"components", {{"schemas", {{"Name", {{"type", "string"}}}}}}}};
  const OpenApi api(document);
  const json schema = {{"type", "object"},
                       {"required", {"a"}},
                       {"additionalProperties", false},
                       {"properties",
                        {{"a", {{"$ref", "#/components/schemas/Name"}}},
                         {"b", {{"type", "integer"}, {"minimum", 2}}}}}};
  CHECK(api.Check({{"a", "x"}, {"b", 2}}, schema).empty());
  CHECK_FALSE(api.Check({{"b", 2}}, schema).empty());
  CHECK_FALSE(api.Check({{"a", 1}}, schema).empty());
  CHECK_FALSE(api.Check({{"a", "x"}, {"b", 1}}, schema).empty());
  CHECK_FALSE(api.Check({{"a", "x"}, {"c", 1}}, schema).empty());
  CHECK_FALSE(api.Check({{"a", "x"}}, json{{"oneOf", json::array()}}).empty());
  CHECK_FALSE(api.Check("x", json{{"unheardOf", 1}}).empty());
}

}  // namespace sluice
