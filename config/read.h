// TOML text to options: the only place that knows the parser. Private to config/.
#pragma once

#include <span>
#include <string_view>

#include "config/findings.h"

namespace sluice::config {

// Reads a whole file into `options`, which holds the values of a silent one. What is wrong, or
// where a field stands, goes to `findings`; a field that is wrong keeps its value.
void ReadOptions(std::string_view toml, Options& options, Findings& findings);

// The same for text that has routers only, and `others` at its top, which are passed over;
// `routers` is filled as it stands there.
void ReadRouters(std::string_view toml, std::span<const std::string_view> others,
                 std::vector<RouterOptions>& routers, Findings& findings);

}  // namespace sluice::config
