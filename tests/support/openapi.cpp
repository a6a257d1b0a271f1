#include "tests/support/openapi.h"

#include <algorithm>
#include <regex>
#include <set>
#include <stdexcept>

#include <yaml-cpp/yaml.h>

namespace sluice::tests {

using json = nlohmann::ordered_json;

namespace {

json ScalarOf(const YAML::Node& node) {
  const std::string text = node.Scalar();
  if (node.Tag() == "!") return text;  // quoted
  if (text == "null" || text == "~" || text.empty()) return nullptr;
  if (text == "true") return true;
  if (text == "false") return false;
  static const std::regex kInteger("[-+]?[0-9]+");
  static const std::regex kNumber(R"([-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?)");
  if (std::regex_match(text, kInteger)) return std::stoll(text);
  if (std::regex_match(text, kNumber)) return std::stod(text);
  return text;
}

json JsonOf(const YAML::Node& node) {
  if (node.IsNull()) return nullptr;
  if (node.IsScalar()) return ScalarOf(node);
  if (node.IsSequence()) {
    json array = json::array();
    for (const auto& item : node) array.push_back(JsonOf(item));
    return array;
  }
  json object = json::object();
  for (const auto& entry : node) object[entry.first.Scalar()] = JsonOf(entry.second);
  return object;
}

bool HasType(const json& value, const std::string& type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "null") return value.is_null();
  if (type == "number") return value.is_number();
  if (type == "integer") return value.is_number_integer();
  throw std::runtime_error("unknown type in the document: " + type);
}

const std::set<std::string> kKnown = {"$ref",
                                      "type",
                                      "properties",
                                      "required",
                                      "additionalProperties",
                                      "items",
                                      "enum",
                                      "const",
                                      "minimum",
                                      "maximum",
                                      "exclusiveMinimum",
                                      "minLength",
                                      "maxLength",
                                      "minItems",
                                      "maxItems",
                                      "pattern",
                                      "oneOf",
                                      "anyOf",
                                      "allOf",

                                      "format",
                                      "description",
                                      "default",
                                      "example",
                                      "examples",
                                      "title",
                                      "deprecated",

                                      "contentEncoding"};

}  // namespace

json LoadYaml(const std::string& path) {
  return JsonOf(YAML::LoadFile(path));
}

const json& OpenApi::Resolve(const json& node) const {
  const auto reference = node.find("$ref");
  if (reference == node.end()) return node;
  const auto pointer = reference->get<std::string>();
  return Resolve(document_.at(json::json_pointer(pointer.substr(1))));
}

std::vector<std::string> OpenApi::Check(const json& value, const json& schema) const {
  std::vector<std::string> wrong;
  Check(value, schema, Place{"", wrong});
  return wrong;
}

void OpenApi::Check(const json& value, const json& given, Place place) const {
  if (given.is_boolean()) {
    if (!given.get<bool>()) place.Say("nothing is allowed here");
    return;
  }
  const json& schema = Resolve(given);
  for (const auto& [keyword, unused] : schema.items()) {
    if (!kKnown.contains(keyword) && !keyword.starts_with("x-")) {
      place.Say("the schema says '" + keyword + "', which this check does not know");
    }
  }
  if (const auto type = schema.find("type"); type != schema.end()) {
    const json types = type->is_array() ? *type : json::array({*type});
    bool fits = false;
    for (const auto& one : types) fits = fits || HasType(value, one.get<std::string>());
    if (!fits) return place.Say("is not of type " + types.dump() + ": " + value.dump());
  }
  if (schema.contains("enum")) {
    const auto& allowed = schema["enum"];
    if (std::find(allowed.begin(), allowed.end(), value) == allowed.end()) {
      place.Say(value.dump() + " is none of " + allowed.dump());
    }
  }
  if (schema.contains("const") && schema["const"] != value) place.Say("is not the constant");
  CheckBounds(value, schema, place);
  CheckChoices(value, schema, place);
  if (value.is_object()) CheckObject(value, schema, place);
  if (value.is_array()) CheckArray(value, schema, place);
}

void OpenApi::CheckObject(const json& value, const json& schema, Place place) const {
  const json none = json::object();
  const json& properties = schema.contains("properties") ? schema["properties"] : none;
  if (schema.contains("required")) {
    for (const auto& name : schema["required"]) {
      if (!value.contains(name.get<std::string>())) place.Say("lacks " + name.dump());
    }
  }
  for (const auto& [name, member] : value.items()) {
    const Place inside{place.path + "/" + name, place.wrong};
    if (properties.contains(name)) {
      Check(member, properties[name], inside);
    } else if (schema.contains("additionalProperties")) {
      Check(member, schema["additionalProperties"], inside);
    }
  }
}

void OpenApi::CheckArray(const json& value, const json& schema, Place place) const {
  if (schema.contains("minItems") && value.size() < schema["minItems"].get<std::size_t>()) {
    place.Say("has too few items");
  }
  if (schema.contains("maxItems") && value.size() > schema["maxItems"].get<std::size_t>()) {
    place.Say("has too many items");
  }
  if (!schema.contains("items")) return;
  for (std::size_t i = 0; i < value.size(); ++i) {
    Check(value[i], schema["items"], {place.path + "/" + std::to_string(i), place.wrong});
  }
}

void OpenApi::CheckBounds(const json& value, const json& schema, Place place) const {
  if (value.is_number()) {
    const double number = value.get<double>();
    if (schema.contains("minimum") && number < schema["minimum"].get<double>()) {
      place.Say("is below the minimum");
    }
    if (schema.contains("maximum") && number > schema["maximum"].get<double>()) {
      place.Say("is above the maximum");
    }
    if (schema.contains("exclusiveMinimum") && number <= schema["exclusiveMinimum"].get<double>()) {
      place.Say("is not above the bound");
    }
  }
  if (!value.is_string()) return;
  const auto text = value.get<std::string>();
  if (schema.contains("minLength") && text.size() < schema["minLength"].get<std::size_t>()) {
    place.Say("is too short");
  }
  if (schema.contains("maxLength") && text.size() > schema["maxLength"].get<std::size_t>()) {
    place.Say("is too long");
  }
  if (schema.contains("pattern") &&
      !std::regex_search(text, std::regex(schema["pattern"].get<std::string>()))) {
    place.Say("does not match the pattern");
  }
}

void OpenApi::CheckChoices(const json& value, const json& schema, Place place) const {
  for (const std::string keyword : {"oneOf", "anyOf", "allOf"}) {
    if (!schema.contains(keyword)) continue;
    std::size_t fitting = 0;
    std::string reasons;
    for (const auto& choice : schema[keyword]) {
      const auto wrong = Check(value, choice);
      if (wrong.empty()) {
        ++fitting;
      } else {
        reasons += " [" + wrong.front() + "]";
      }
    }
    const bool fits = keyword == "oneOf"   ? fitting == 1
                      : keyword == "anyOf" ? fitting >= 1
                                           : fitting == schema[keyword].size();
    if (!fits) {
      place.Say("fits " + std::to_string(fitting) + " schemas of its " + keyword + reasons);
    }
  }
}

}  // namespace sluice::tests
