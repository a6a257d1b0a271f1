// Values that stand in several answers, written. Private to the wire files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/messages.h"
#include "api/wire_writer.h"

namespace sluice::api {

void WriteStrings(const std::vector<std::string>& values, JsonWriter& json);
void WriteNarrowings(const std::vector<Narrowing>& narrowings, JsonWriter& json);
void WriteScalars(const Params& params, JsonWriter& json);                           // an object
void WritePolicy(const std::string& kind, std::uint64_t version, JsonWriter& json);  // with its key
void WriteExplanation(const Explanation& explanation, JsonWriter& json);

// With its key, or not at all.
void WriteOptional(const char* key, const std::optional<double>& value, JsonWriter& json);

}  // namespace sluice::api
