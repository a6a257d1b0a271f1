// Builds the problems (RFC 9457) that this folder answers by itself, and knows the status phrases.
#pragma once

#include <string>
#include <string_view>

#include "api/messages.h"

namespace sluice::api {

// The phrase of RFC 9110 for a status; "Unknown" for one that is never answered here.
std::string_view StatusPhrase(int status);

// A problem titled with its status's phrase. A 503 asks to come back after a second.
Problem MakeProblem(int status, std::string detail, std::string pointer = {});

}  // namespace sluice::api
