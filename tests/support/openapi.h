// Reads an OpenAPI document and checks values against the schemas in it: as much of JSON Schema as
// the document uses. An unknown keyword fails the check, so that none is passed over silently.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace sluice::tests {

// YAML as JSON; plain scalars become null, booleans and numbers as in YAML's core schema.
nlohmann::ordered_json LoadYaml(const std::string& path);

class OpenApi {
 public:
  explicit OpenApi(nlohmann::ordered_json document) : document_(std::move(document)) {}

  const nlohmann::ordered_json& document() const { return document_; }
  // The node itself, or what its $ref points to.
  const nlohmann::ordered_json& Resolve(const nlohmann::ordered_json& node) const;
  // What is wrong with the value, each with its place; empty when it fits.
  std::vector<std::string> Check(const nlohmann::ordered_json& value,
                                 const nlohmann::ordered_json& schema) const;

 private:
  struct Place {
    std::string path;
    std::vector<std::string>& wrong;
    void Say(const std::string& what) const { wrong.push_back(path + ": " + what); }
  };

  void Check(const nlohmann::ordered_json& value, const nlohmann::ordered_json& schema,
             Place place) const;
  void CheckObject(const nlohmann::ordered_json& value, const nlohmann::ordered_json& schema,
                   Place place) const;
  void CheckArray(const nlohmann::ordered_json& value, const nlohmann::ordered_json& schema,
                  Place place) const;
  void CheckBounds(const nlohmann::ordered_json& value, const nlohmann::ordered_json& schema,
                   Place place) const;
  void CheckChoices(const nlohmann::ordered_json& value, const nlohmann::ordered_json& schema,
                    Place place) const;

  nlohmann::ordered_json document_;
};

}  // namespace sluice::tests
