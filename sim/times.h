// Points in time as RFC 3339 has them. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::sim {

// Microseconds since 1970 of "2026-01-31T12:00:00Z", with a fraction of up to six digits or an
// offset ("+01:00") where it has one; a date alone is its first moment in UTC.
std::optional<std::uint64_t> ParseTime(std::string_view text);
// In UTC, to the microsecond.
std::string PrintTime(std::uint64_t time_us);

}  // namespace sluice::sim
