// The document is the truth about the wire: every example in it is sent to the real daemon on its
// defaults, and every answer is checked against the schema that the document gives for its status.
#include "tests/support/openapi.h"

#include <set>
#include <string>
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
  std::string body;  // POST; empty: GET
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

// An operation without a body is asked once for each example of its parameter, and once without
// when it can do without.
void AddReads(const OpenApi& api, const std::string& path, const json& operation,
              std::vector<Example>& examples) {
  const json parameters = operation.value("parameters", json::array());
  bool required = false;
  for (const json& given : parameters) {
    const json& parameter = api.Resolve(given);
    required = required || parameter.value("required", false);
    for (const auto& [name, example] : parameter["examples"].items()) {
      examples.push_back({name, TargetWith(path, parameter, example["value"].get<std::string>()),
                          "", example["x-expect-status"].get<int>()});
    }
  }
  if (!required) examples.push_back({"plain", path, "", 200});
}

void AddWrites(const OpenApi& api, const std::string& path, const json& operation,
               std::vector<Example>& examples) {
  std::string target = path;
  for (const json& given : operation.value("parameters", json::array())) {
    const json& parameter = api.Resolve(given);
    target = TargetWith(target, parameter, parameter["example"].get<std::string>());
  }
  const json& content = operation["requestBody"]["content"]["application/json"];
  for (const auto& [name, example] : content["examples"].items()) {
    examples.push_back(
        {name, target, example["value"].dump(), example["x-expect-status"].get<int>()});
    // What is promised to be taken fits the schema of requests as well, but for a list that shows
    // what happens to a wrong item.
    const bool fits = !example.contains("x-wrong-item");
    if (fits && example["x-expect-status"].get<int>() < 300) {
      CAPTURE(path, name);
      CHECK(api.Check(example["value"], content["schema"]) == std::vector<std::string>{});
    }
  }
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

std::string NewDecision(httplib::Client& client) {
  const auto answer = client.Post("/v1/route", R"({"query": "hello"})", "application/json");
  REQUIRE(answer);
  return json::parse(answer->body)["decision_id"].get<std::string>();
}

}  // namespace

TEST_CASE("every example of the document gets the status and the shape that it promises") {
  const OpenApi api(tests::LoadYaml(SLUICE_OPENAPI_PATH));
  const tests::TemporaryDirectory directory;
  const tests::DaemonProcess process(directory.File("data"));
  httplib::Client data("127.0.0.1", process.data_port());
  httplib::Client admin("127.0.0.1", process.admin_port());
  for (auto* client : {&data, &admin}) client->set_read_timeout(30, 0);
  const std::string decision_id = NewDecision(data);

  std::size_t sent = 0;
  std::set<int> statuses;
  for (const auto& [path, item] : api.document()["paths"].items()) {
    for (const auto& [method, operation] : item.items()) {
      if (method != "get" && method != "post") continue;
      std::vector<Example> examples;
      method == "get" ? AddReads(api, path, operation, examples)
                      : AddWrites(api, path, operation, examples);
      REQUIRE_FALSE(examples.empty());
      for (const Example& example : examples) {
        const std::string target = Replaced(example.target, "{decision_id}", decision_id);
        const std::string body = Replaced(example.body, "{decision_id}", decision_id);
        CAPTURE(path, example.name, body);
        const auto answer = method == "get" ? admin.Get(target.c_str())
                                            : data.Post(target, body, "application/json");
        REQUIRE(answer);
        CAPTURE(answer->body);
        CHECK(answer->status == example.status);
        CheckAnswer(api, operation, *answer);
        statuses.insert(answer->status);
        ++sent;
      }
    }
  }
  CHECK(sent >= 40);
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

TEST_CASE("the examples of answers in the document fit their own schemas") {
  const OpenApi api(tests::LoadYaml(SLUICE_OPENAPI_PATH));
  std::size_t checked = 0;
  for (const auto& [path, item] : api.document()["paths"].items()) {
    for (const auto& [method, operation] : item.items()) {
      if (method != "get" && method != "post") continue;
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
  CHECK(checked >= 2);
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
