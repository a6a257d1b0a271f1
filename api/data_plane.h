// The plane that callers use: POST /v1/route, /v1/route:batch, /v1/route:chat, /v1/feedback.
#pragma once

#include "api/http_server.h"
#include "api/service.h"

namespace sluice::api {

// The service must outlive the server that runs the handler.
HttpHandler MakeDataPlane(Service& service);

}  // namespace sluice::api
