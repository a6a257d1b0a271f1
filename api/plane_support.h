// What both planes share: answers from problems, and reading targets. Private to the planes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/http_server.h"
#include "api/messages.h"

namespace sluice::api {

HttpResponse JsonResponse(int status, std::string body);
HttpResponse ProblemResponse(const Problem& problem);
HttpResponse MethodNotAllowed(std::string_view allowed);  // as the Allow header writes it

// Parameters, such as a charset, are not looked at.
bool IsJson(std::string_view content_type);

// "%2F" becomes "/". Nothing when an escape is broken, or when the text that comes out is empty,
// longer than bytes_max, not UTF-8 or has control characters.
std::optional<std::string> DecodePercent(std::string_view text, std::size_t bytes_max);

// The value of a parameter of a query, not decoded; nothing when it is not there. The first wins.
std::optional<std::string_view> QueryParameter(std::string_view query, std::string_view name);

}  // namespace sluice::api
