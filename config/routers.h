// Routers that stand in a file of somebody else, beside tables that are not of a configuration.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace sluice::config {

// Reads every [[router]] as Parse does. The keys `others` at the top are passed over; all that is
// left is refused. None there: none.
Checked<std::vector<RouterOptions>> ParseRouters(std::string_view toml, std::string_view file,
                                                 std::span<const std::string_view> others);

}  // namespace sluice::config
