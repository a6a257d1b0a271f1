// What operators ask for, read.
#include <algorithm>
#include <span>
#include <utility>

#include "api/wire.h"
#include "api/wire_base64.h"
#include "api/wire_fields.h"
#include "api/wire_json.h"

namespace sluice::api {
namespace {

using Value = const JsonValue&;
using At = const Place&;

constexpr NumberRange kPrice{.min = 0, .max = kPriceMax};

// -- An arm's own values --------------------------------------------------------------------------

// What a person may have to read: models, capabilities, keys of parameters.
bool IsLabel(std::string_view text) {
  return !text.empty() && text.size() <= kNameBytesMax && text.front() != ' ' &&
         text.back() != ' ' &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

constexpr const char* kLabelForm =
    "1 to 128 printable ASCII characters without a blank at either end were expected";

Fault ReadLabel(Value value, At place, std::string& out) {
  const auto text = value.String();
  if (!text || !IsLabel(*text)) {
    return Invalid(place, kLabelForm);
  }
  out = *text;
  return std::nullopt;
}

Fault ReadCapabilities(Value value, At place, std::vector<std::string>& out) {
  if (!value.IsArray() || value.size() > kCapabilitiesMax) {
    return Invalid(place, "an array of at most 64 strings was expected");
  }
  for (JsonCursor item(value); item.Next();) {
    const Place at = place.Item(out.size());
    std::string capability;
    if (Fault fault = ReadLabel(item.value(), at, capability)) {
      return fault;
    }
    if (std::find(out.begin(), out.end(), capability) != out.end()) {
      return Invalid(at, "this capability stands there twice");
    }
    out.push_back(std::move(capability));
  }
  return std::nullopt;
}

// An integer stays one: 1 is not 1.0 to who gets the parameter.
Fault ReadScalar(Value value, At place, Scalar& out) {
  if (const auto text = value.String()) {
    if (text->size() > kParamBytesMax) {
      return Invalid(place, "a string of at most 1024 bytes was expected");
    }
    out = std::string(*text);
  } else if (const auto flag = value.Boolean()) {
    out = *flag;
  } else if (value.IsWhole()) {
    const auto integer = value.Integer();
    if (!integer) {
      return Invalid(place, "an integer of 64 bits with its sign was expected");
    }
    out = *integer;
  } else {
    double number = 0;
    if (ReadNumber(value, place, {}, number)) {
      return Invalid(place, "true, false, a number or a string was expected");
    }
    out = number;
  }
  return std::nullopt;
}

// Sorted by key, so that the order of the text makes no difference.
Fault ReadParams(Value value, At place, Params& out) {
  if (!value.IsObject()) {
    return Invalid(place, "an object was expected");
  }
  for (JsonCursor field(value); field.Next();) {
    const Place at = place.Field(field.key());
    if (out.size() == kParamsMax) {
      return Invalid(place, "at most 32 parameters were expected");
    }
    if (!IsLabel(field.key())) {
      return Invalid(at, kLabelForm);
    }
    Scalar scalar;
    if (Fault fault = ReadScalar(field.value(), at, scalar)) {
      return fault;
    }
    out.emplace_back(field.key(), std::move(scalar));
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return std::nullopt;
}

Fault ReadBytes(Value value, At place, std::string& out) {
  const auto text = value.String();
  const auto bytes = text ? Base64Bytes(*text) : std::nullopt;
  out.resize(bytes.value_or(0));
  const auto writable = std::as_writable_bytes(std::span(out));
  if (out.empty() || !DecodeBase64(*text, writable)) {
    return Invalid(place, "bytes in base64 were expected");
  }
  return std::nullopt;
}

// -- Prices ---------------------------------------------------------------------------------------

struct PriceFields {
  ArmPut::Price price;
  bool has_from = false;
  bool has_input = false;
  bool has_output = false;
};

constexpr FieldRule<PriceFields> kPriceRows[] = {
    {"from",
     [](Value v, At at, PriceFields& out) {
       out.has_from = true;
       return ReadTime(v, at, out.price.from_us);
     }},
    {"input_per_million_usd",
     [](Value v, At at, PriceFields& out) {
       out.has_input = true;
       return ReadNumber(v, at, kPrice, out.price.input_per_million_usd);
     }},
    {"output_per_million_usd",
     [](Value v, At at, PriceFields& out) {
       out.has_output = true;
       return ReadNumber(v, at, kPrice, out.price.output_per_million_usd);
     }},
};
constexpr ObjectRules<PriceFields> kPriceRules{kPriceRows, {}};

constexpr const char* kNotFree =
    "one of the two prices is above 0: costs are learnt as a multiple of the list price";

Fault ReadPrice(Value value, At place, ArmPut::Price& out) {
  PriceFields fields;
  if (Fault fault = ReadObject(value, place, kPriceRules, fields)) {
    return fault;
  }
  if (!fields.has_from || !fields.has_input || !fields.has_output) {
    return Invalid(place, "from, input_per_million_usd and output_per_million_usd were expected");
  }
  out = fields.price;
  const bool free = out.input_per_million_usd == 0 && out.output_per_million_usd == 0;
  return free ? Invalid(place.Field("output_per_million_usd"), kNotFree) : std::nullopt;
}

Fault ReadPriceChanges(Value value, At place, std::vector<ArmPut::Price>& out) {
  if (!value.IsArray() || value.size() > kPriceChangesMax) {
    return Invalid(place, "an array of at most 64 price changes was expected");
  }
  for (JsonCursor item(value); item.Next();) {
    const Place at = place.Item(out.size());
    ArmPut::Price price;
    if (Fault fault = ReadPrice(item.value(), at, price)) {
      return fault;
    }
    if (!out.empty() && price.from_us <= out.back().from_us) {
      return Invalid(at.Field("from"), "a time after the change before was expected");
    }
    out.push_back(price);
  }
  return std::nullopt;
}

// -- Arms -----------------------------------------------------------------------------------------

constexpr std::string_view kStates[] = {"active", "paused", "draining"};

constexpr FieldRule<ArmPut> kArmRows[] = {
    {"model", [](Value v, At at, ArmPut& out) { return ReadLabel(v, at, out.model); }},
    {"tier", [](Value v, At at,
                ArmPut& out) { return ReadInteger(v, at, {.min = 1, .max = kTierMax}, out.tier); }},
    {"price_input_per_million_usd",
     [](Value v, At at, ArmPut& out) {
       return ReadNumber(v, at, kPrice, out.price_input_per_million_usd);
     }},
    {"price_output_per_million_usd",
     [](Value v, At at, ArmPut& out) {
       return ReadNumber(v, at, kPrice, out.price_output_per_million_usd);
     }},
    {"price_changes",
     [](Value v, At at, ArmPut& out) { return ReadPriceChanges(v, at, out.price_changes); }},
    {"capabilities",
     [](Value v, At at, ArmPut& out) { return ReadCapabilities(v, at, out.capabilities); }},
    {"params", [](Value v, At at, ArmPut& out) { return ReadParams(v, at, out.params); }},
    {"state", [](Value v, At at, ArmPut& out) { return ReadChoice(v, at, kStates, out.state); }},
    {"start", [](Value v, At at, ArmPut& out) { return ReadPlainName(v, at, out.start); }},
    {"start_strength",
     [](Value v, At at, ArmPut& out) {
       return ReadNumber(v, at, {.min = 1, .max = kStartStrengthMax}, out.start_strength);
     }},
    {"statistics", [](Value v, At at, ArmPut& out) { return ReadBytes(v, at, out.statistics); }},
};
constexpr ObjectRules<ArmPut> kArmRules{kArmRows, {}};

// What no single field can tell.
Fault CheckArm(const ArmPut& arm, At place) {
  if (arm.model.empty()) {
    return Invalid(place.Field("model"), "model is missing; it is what callers are told to use");
  }
  if (arm.price_input_per_million_usd == 0 && arm.price_output_per_million_usd == 0) {
    return Invalid(place.Field("price_output_per_million_usd"), kNotFree);
  }
  return std::nullopt;
}

// -- Operations -----------------------------------------------------------------------------------

constexpr FieldRule<AdminRequest> kRollbackRows[] = {
    {"position",
     [](Value v, At at, AdminRequest& out) -> Fault {
       const auto position = v.Integer();
       if (!position || *position < 0) {
         return Invalid(at, "a position in the log, an integer of at least 0, was expected");
       }
       out.position = static_cast<std::uint64_t>(*position);
       return std::nullopt;
     }},
};

constexpr FieldRule<AdminRequest> kResetRows[] = {
    {"arm", [](Value v, At at, AdminRequest& out) { return ReadName(v, at, out.arm); }},
};

constexpr FieldRule<AdminRequest> kChallengerRows[] = {
    {"challenger",
     [](Value v, At at, AdminRequest& out) { return ReadName(v, at, out.challenger); }},
};

ObjectRules<AdminRequest> RulesOf(AdminOperation operation) {
  switch (operation) {
    case AdminOperation::kRollback:
      return {kRollbackRows, {}};
    case AdminOperation::kReset:
      return {kResetRows, {}};
    case AdminOperation::kPromote:
    case AdminOperation::kStop:
      return {kChallengerRows, {}};
    case AdminOperation::kFreeze:
    case AdminOperation::kUnfreeze:
    case AdminOperation::kRefit:
    case AdminOperation::kDemote:
    case AdminOperation::kRecommend:
      break;
  }
  return {};
}

template <class Out>
Fault ReadBody(std::string_view body, const ObjectRules<Out>& rules, Out& out) {
  auto document = ParseJson(body);
  if (auto* problem = std::get_if<Problem>(&document)) {
    return std::move(*problem);
  }
  return ReadObject(std::get<JsonValue>(document), Place(), rules, out);
}

}  // namespace

std::variant<AdminRequest, Problem> ParseAdmin(AdminOperation operation, std::string_view body) {
  AdminRequest request;
  request.operation = operation;
  if (TrimJson(body).empty()) {
    return request;
  }
  if (Fault fault = ReadBody(body, RulesOf(operation), request)) {
    return *std::move(fault);
  }
  return request;
}

std::optional<Problem> ParseEmpty(std::string_view body) {
  AdminRequest nothing;
  return TrimJson(body).empty() ? std::nullopt
                                : ReadBody(body, ObjectRules<AdminRequest>{}, nothing);
}

std::variant<ArmPut, Problem> ParseArm(std::string_view body) {
  ArmPut arm;
  Fault fault = ReadBody(body, kArmRules, arm);
  if (!fault) {
    fault = CheckArm(arm, Place());
  }
  if (fault) {
    return *std::move(fault);
  }
  return arm;
}

}  // namespace sluice::api
