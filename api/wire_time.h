// Points in time as the wire writes them: RFC 3339. Private to the wire files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::api {

// Microseconds since 1970 of "2026-01-31T12:00:00.25+01:00"; a time zone is required. Nothing when
// the text is not such a time, or lies before 1970.
std::optional<std::uint64_t> ParseTime(std::string_view text);

// "2026-01-31T11:00:00.250000Z".
std::string FormatTime(std::uint64_t time_us);

}  // namespace sluice::api
