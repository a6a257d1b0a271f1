// Keeps web pages out of the calls that change something. The admin plane asks for no key on the
// loopback, and a browser there will send requests for any page that its user looks at: with an
// Origin header, with the content types of forms, or to a name of the page's own that was made to
// resolve to the loopback (DNS rebinding). Private to the admin plane.
#pragma once

#include <optional>
#include <string_view>

#include "api/http_server.h"
#include "api/messages.h"

namespace sluice::api {

// "localhost", "127.0.0.1" and the rest of 127/8, "[::1]"; each with a port or without.
bool IsLoopbackHost(std::string_view host);

// Why a request that would change something is refused before its body is looked at: 403 for an
// Origin or for a Host that is not the loopback, 415 for a body that is not application/json.
std::optional<Problem> RefuseChange(const HttpRequest& request);

}  // namespace sluice::api
