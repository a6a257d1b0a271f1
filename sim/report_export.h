// A logged decision with its outcomes as one line of JSON, for a notebook. Pure.
#pragma once

#include <string>

#include "sim/logged.h"

namespace sluice::sim {

// Without the line's end. Times are RFC 3339 in UTC, costs USD, probabilities of 1; what is not
// known is null.
std::string ExportLine(const LoggedRouter& router, const store::DecisionStory& story);

}  // namespace sluice::sim
